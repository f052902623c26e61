"""One exercise graded again gives what a run of the whole notebook with the new tests gives, cell by cell."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.grading.models import GradingJob, GradingResult
from course_lib.grading.one_exercise import ExerciseJob, grade_exercise
from course_lib.grading.parallel import grade_all
from course_lib.grading.pipeline import grade_submission
from course_lib.grading.process import Grader
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


def exercise_job(new: GradingJob, earlier: GradingResult | None) -> ExerciseJob:
    """A job that grades the second exercise alone."""
    whole = {each.name: getattr(new, each.name) for each in fields(new)}
    return ExerciseJob(**whole, exercise="quadruple", earlier=earlier, replaces="k", date="2026-05-04")


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


def graded(grader: Grader, jobs: Iterable[GradingJob]) -> dict[str, GradingResult]:
    """Grade some submissions, each in a process of its own; the results by student."""
    return {job.student: result for job, result in grade_all(grader, jobs, 2)}


def graded_in_three_ways(pairs: Mapping[str, tuple[GradingJob, GradingJob]]) -> dict[str, list[GradingResult]]:
    """Grade with the old tests, with the new ones, and with the new ones after the old ones."""
    both = [[replace(job, student=name) for name, pair in pairs.items() for job in pair[at : at + 1]] for at in (0, 1)]
    earlier, whole = (graded(grade_submission, jobs) for jobs in both)
    again = graded(grade_exercise, (exercise_job(job, earlier[job.student]) for job in both[1]))
    return {name: [earlier[name], whole[name], again[name]] for name in pairs}


@pytest.fixture(scope="module")
def results() -> dict[str, list[GradingResult]]:
    return graded_in_three_ways(
        {kind: (job(OLD, answers, more), job(NEW, answers, more)) for kind, (answers, more, _) in KINDS.items()}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_as_a_run_of_the_whole_notebook(kind: str, results: dict[str, list[GradingResult]]) -> None:
    _, whole, again = results[kind]
    assert comparable(again) == comparable(whole)
    assert again.scope.startswith(KINDS[kind][2])
    assert [exercise.corrected for exercise in again.exercises] == ["", "2026-05-04", ""]


def test_the_new_tests_decide(results: dict[str, list[GradingResult]]) -> None:
    points = {kind: [result.exercises[1].points for result in three] for kind, three in results.items()}
    assert points["right"] == [1, 3, 3]
    assert points["right by the mistake"] == [3, 1, 1]
    assert points["wrong"] == points["untouched"] == [0, 0, 0]


def test_only_the_tests_distinguish_the_keys() -> None:
    old = job(OLD, RIGHT)
    new = replace(old, source=job(NEW, RIGHT).source)
    assert (old.work == new.work, old.key == new.key) == (True, False)
    assert replace(old, submission=b"other").work != old.work


def test_added_tests_changed_ones_and_a_first_grading(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = RIGHT | {"negate": "def negate(x):\n    return x / 0"}
    old, new = job(OLD, answers), job(NEW, answers)
    old = replace(old, source=without_hidden(old.source), submission=without_hidden(old.submission.decode()).encode())
    pairs = {"added": (old, replace(new, submission=old.submission))}
    monkeypatch.setitem(TESTS, "double", "assert double(3) == 6, 'six'")
    pairs["changed"] = (new, job(NEW, answers))
    for name, (_, whole, again) in graded_in_three_ways(pairs).items():
        assert comparable(again) == comparable(whole)
        assert [exercise.max_points for exercise in again.exercises] == [3, 3, 3]
        alone = {"added": "quadruple alone", "changed": "the whole notebook: other cells of the unit have changed, too"}
        assert again.scope.startswith(alone[name])


def test_what_was_never_graded_is_graded_as_a_whole() -> None:
    new = job(NEW, RIGHT)
    (result,) = graded(grade_exercise, [exercise_job(new, None)]).values()
    assert [exercise.points for exercise in result.exercises] == [3, 3, 3]
    assert result.scope.startswith("the whole notebook: no earlier result")
