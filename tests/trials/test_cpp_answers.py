"""Answers in C++: banks, trying them, adding a learner's, and showing the instructor's."""

import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.answers import read_bank
from course_lib.course import Course
from tests.support.paths import ROOT
from tests.support.tiny_course import UNIT
from tests.support.tiny_cpp import RIGHT, make_course

pytestmark = [pytest.mark.sandbox, pytest.mark.compiler, pytest.mark.slow]
COURSE = str(Path(sys.executable).with_name("course"))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("cpp") / "course")


def run(course: Course, *arguments: str) -> str:
    done = subprocess.run(arguments, cwd=course.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_answer_fares_in_a_notebook_as_in_a_grade(course: Course) -> None:
    said = run(course, sys.executable, str(ROOT / "ci" / "check_answers.py"), "--both", "--no-cache")
    assert said.count("2/2") == 2
    assert said.count("6/6") == 4


def test_a_learners_answer_is_added(course: Course, tmp_path: Path) -> None:
    answer = tmp_path / "answer.cpp"
    answer.write_text(RIGHT.replace("scale *", "9 * scale *"), encoding="utf-8")
    said = run(course, COURSE, "answers", "add", UNIT, "sample", str(answer), "--title", "nine")
    assert "```diff" in said
    added = read_bank(course.solutions / UNIT / "answers" / "sample.md")[-1]
    assert (added.title, added.right, added.code) == ("nine", False, answer.read_text(encoding="utf-8") + "\n")
    assert added.says == ("every value is 9 times what it should be",)


def test_the_worked_answer_has_no_marks(course: Course) -> None:
    shown = run(course, COURSE, "solution", UNIT, "sample")
    assert "out[i] = scale * map[i % channels];" in shown
    assert "SOLUTION" not in shown
