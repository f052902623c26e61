"""One exercise graded again gives what a run of the whole notebook with the new tests gives, cell by cell."""

import re
from dataclasses import asdict, fields, replace
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.grading.models import GradingJob, GradingResult
from course_lib.grading.one_exercise import ExerciseJob, grade_exercise
from course_lib.grading.pipeline import grade_submission
from course_lib.grading.sandbox.limits import Limits
from course_lib.release import KERNEL
from tests.support.cells import graded_cell

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

HIDDEN = "test_quadruple_hidden"
NAMES = ("double", "quadruple", "negate")
TESTS = {"double": "assert double(2) == 4, 'four'", "negate": "assert negate(1) == -1, 'minus one'"}
OLD = "assert quadruple(1) == 4, 'four'\nassert quadruple(-1) == 4, 'the mistake of this test'"
NEW = "assert quadruple(1) == 4, 'four'\nassert quadruple(-1) == -4, 'minus four'\nassert quadruple(0.5) == 2, 'two'"
RIGHT = {
    "double": "def double(x):\n    return 2 * x",
    "quadruple": "def quadruple(x):\n    return 4 * x",
    "negate": "def negate(x):\n    return -x",
}
STUB = "def {name}(x):\n    raise NotImplementedError"


def unit(tests: str) -> NotebookNode:
    """An instructor's notebook of three exercises; the second one has these tests."""
    cells = [new_code_cell("import numpy as np"), new_markdown_cell("# Three")]
    for name in NAMES:
        test = TESTS.get(name, tests)
        cells += [
            graded_cell(f"def {name}(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION", name),
            graded_cell(test.splitlines()[0], f"test_{name}", 1),
            graded_cell(f"### BEGIN HIDDEN TESTS\n{test}\n### END HIDDEN TESTS", f"test_{name}_hidden", 2),
        ]
    cells.insert(5, new_code_cell("shown = np.arange(3)\nshown"))
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


def job(tests: str, cells: dict[str, str], more: str = "", **changed: Any) -> GradingJob:
    """A submission with some answers, and a cell before the second one."""
    source = unit(tests)
    handed_in = nbformat.from_dict(unit(OLD))
    for cell in handed_in.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name in NAMES:
            cell.source = cells.get(name, STUB.format(name=name))
        elif name.endswith("_hidden"):
            cell.source = ""
    if more:
        handed_in.cells.insert(6, new_code_cell(more))
    content, limits = nbformat.writes(handed_in).encode(), Limits(cell_s=120, submission_s=600)
    return replace(GradingJob("ada", "01_unit", content, nbformat.writes(source), limits, "1"), **changed)


def without_hidden(notebook: str) -> str:
    """Take the hidden test of the second exercise out of a notebook."""
    read = nbformat.reads(notebook, as_version=4)
    read.cells = [cell for cell in read.cells if cell.metadata.get("nbgrader", {}).get("grade_id") != HIDDEN]
    return str(nbformat.writes(read))


def again(new: GradingJob, earlier: GradingResult | None) -> GradingResult:
    """Grade the second exercise alone."""
    whole = {each.name: getattr(new, each.name) for each in fields(new)}
    return grade_exercise(ExerciseJob(**whole, exercise="quadruple", earlier=earlier, replaces="k", date="2026-05-04"))


def comparable(result: GradingResult) -> dict[str, Any]:
    """Everything that both ways of grading must agree on; the kernel's own numbers of cells are not the notebook's."""
    told = asdict(result)
    notebook = re.sub(r"In\[\d+\]", "In[]", re.sub(r"\\u001b\[[\d;]*m", "", told.pop("notebook")))
    for each in told["exercises"]:
        del each["corrected"]
    cells = nbformat.reads(notebook, as_version=4).cells
    for name in ("log", "seconds", "scope", "replaces"):
        del told[name]
    return {**told, "cells": [{**cell, "id": ""} for cell in cells]}


KINDS: dict[str, tuple[dict[str, str], str, str]] = {
    "right": (RIGHT, "", "quadruple alone: cells 1, 7, 8, 9"),
    "wrong": (RIGHT | {"quadruple": "def quadruple(x):\n    return 5 * x"}, "", "quadruple alone: cells 1, 7, 8, 9"),
    "right by the mistake": (RIGHT | {"quadruple": "def quadruple(x):\n    return abs(4 * x)"}, "", "quadruple alone"),
    "untouched": ({}, "", "quadruple alone: cells 1, 7, 8, 9"),
    "built on another": (
        RIGHT | {"quadruple": "def quadruple(x):\n    return double(double(x))"},
        "",
        "quadruple alone: cells 1, 3, 7, 8, 9",
    ),
    "built on a wrong one": (
        RIGHT | {"double": STUB.format(name="double"), "quadruple": "def quadruple(x):\n    return double(double(x))"},
        "",
        "quadruple alone: cells 1, 3, 7, 8, 9",
    ),
    "with a helper of its own": (
        RIGHT | {"quadruple": "def quadruple(x):\n    return factor() * x"},
        "def factor():\n    return len(four)\nfour = range(4)",
        "quadruple alone: cells 1, 7, 8, 9, 10",
    ),
    "a star": (
        RIGHT | {"quadruple": "def quadruple(x):\n    return square(2) * x"},
        "from numpy import *",
        "quadruple alone, after all cells before it: cell 7 may change anything: it imports everything",
    ),
    "patched at once": (
        RIGHT | {"quadruple": "def quadruple(x):\n    return np.four * x"},
        "np.four = 4",
        "quadruple alone: cells 1, 7, 8, 9, 10",
    ),
    "patched by another test": (
        RIGHT
        | {
            "double": "def double(x):\n    np.four = 4\n    return 2 * x",
            "quadruple": "def quadruple(x):\n    return np.four * x",
        },
        "",
        "the whole notebook: a function in cell 3 may change np when the tests of other exercises call it",
    ),
    "counting": (
        RIGHT
        | {
            "double": "calls = []\ndef double(x):\n    calls.append(x)\n    return 2 * x",
            "quadruple": "def quadruple(x):\n    return 2 * len(calls) * x",
        },
        "",
        "the whole notebook: a function in cell 3 may change calls when",
    ),
    "killed by another exercise": (
        RIGHT | {"negate": "import os\ndef negate(x):\n    os._exit(1)"},
        "",
        "the whole notebook: cell 11 was stopped, or killed its kernel",
    ),
    "killed by the new test": (
        RIGHT | {"quadruple": "import os\ndef quadruple(x):\n    return 4 * x if x != 0.5 else os._exit(1)"},
        "",
        "the whole notebook: the kernel died in cell 9"
        if False
        else "the whole notebook: cell 9 (test_quadruple_hidden)",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_as_a_run_of_the_whole_notebook(kind: str) -> None:
    answers, more, scope = KINDS[kind]
    old, new = job(OLD, answers, more), job(NEW, answers, more)
    earlier, whole = grade_submission(old), grade_submission(new)
    result = again(new, earlier)
    assert comparable(result) == comparable(whole)
    assert result.scope.startswith(scope)
    assert old.work == new.work
    assert old.key != new.key
    assert [exercise.corrected for exercise in result.exercises] == ["", "2026-05-04", ""]


def test_an_added_test_moves_the_cells_after_it() -> None:
    answers = RIGHT | {"negate": "def negate(x):\n    return x / 0"}
    old, new = job(OLD, answers), job(NEW, answers)
    old = replace(old, source=without_hidden(old.source), submission=without_hidden(old.submission.decode()).encode())
    new = replace(new, submission=old.submission)
    result = again(new, grade_submission(old))
    assert comparable(result) == comparable(grade_submission(new))
    assert result.scope.startswith("quadruple alone")
    assert [exercise.max_points for exercise in result.exercises] == [3, 3, 3]


def test_a_change_of_another_exercise_needs_the_whole_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    old = job(OLD, RIGHT)
    earlier = grade_submission(old)
    monkeypatch.setitem(TESTS, "double", "assert double(3) == 6, 'six'")
    result = again(job(NEW, RIGHT), earlier)
    assert result.scope == "the whole notebook: other cells of the unit have changed, too"


def test_what_was_never_graded_is_graded_as_a_whole() -> None:
    new = job(NEW, RIGHT)
    result = again(new, None)
    assert comparable(result) == comparable(grade_submission(new))
    assert result.scope.startswith("the whole notebook: no earlier result")
