"""What a class got wrong: a class is made of known answers, and the page must list exactly these."""

import json
from pathlib import Path

import pytest

from course_lib.course import Course
from course_lib.grading.gradebook.entries import recorded
from course_lib.insight.class_results import recorded_results
from course_lib.insight.unit import UnitInsight, unit_insight
from tests.support.graded_class import GradedClass
from tests.support.tiny_course import QUESTION, TEXT, UNIT, make_course, write_bank

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

# A second exercise, which may use the first.
TRIPLE = TEXT.partition("import numpy as np\n```\n")[2].replace("double", "triple").replace("Twice", "Three times")
TRIPLE = TRIPLE.replace("return 2 *", "return 3 *").replace("equals(4.0)", "equals(6.0)").replace("2.0 *", "3.0 *")
TRIPLE = TRIPLE.replace("equals([2.0", "equals([3.0")


def make(path: Path) -> Course:
    def banks(unit: Path) -> None:
        write_bank(unit)
        write_bank(unit, "triple")

    return make_course(path, text=TEXT + TRIPLE + QUESTION, bank=banks)


def double(expression: str) -> str:
    return f"def double(x):\n    return {expression}"


def triple(expression: str) -> str:
    return f"def triple(x):\n    return {expression}"


RIGHT = {"double": double("2 * np.asarray(x)"), "triple": triple("3 * np.asarray(x)")}
