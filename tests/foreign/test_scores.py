"""Points of graded cells, against nbgrader's own rule."""

from copy import deepcopy

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.utils import compute_checksum, determine_grade

from course_lib.foreign.scores import STDERR, score_cells, test_points
from tests.support.cells import graded_cell


def result(text: str) -> NotebookNode:
    """Make the value of a cell's last line."""
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


OUT = new_output("stream", name="stdout", text="words")
ERR = new_output("stream", name="stderr", text="a warning")
FAILED = new_output("error", ename="AssertionError", evalue="no", traceback=["no"])


@pytest.mark.parametrize(
    "outputs", [[], [OUT], [ERR], [FAILED], [OUT, FAILED], [result("0.5")], [result("0")], [result("'words'")]]
)
def test_points_are_nbgraders(outputs: list[NotebookNode]) -> None:
    cell = graded_cell("x", "test_x", 2, outputs, execution_count=1)
    assert test_points(deepcopy(cell)) == determine_grade(cell)[0]


@pytest.mark.parametrize(("text", "points"), [("np.float64(0.5)", 0.5), ("3.5", None), ("-1", None)])
def test_partial_credit_that_nbgrader_misreads(text: str, points: float | None) -> None:
    assert test_points(graded_cell("x", "test_x", 2, [result(text)], execution_count=1)) == points


def test_a_cell_that_did_not_run_has_no_points() -> None:
    assert test_points(graded_cell("x", "test_x", 2)) == 0


def by_hand(source: str, *, released: str) -> NotebookNode:
    """Make a cell that a person grades."""
    mark = {"schema_version": 3, "grade_id": "why", "grade": True, "solution": True, "locked": False, "points": 3}
    cell = new_markdown_cell(released, metadata={"nbgrader": mark})
    cell.metadata.nbgrader.checksum = compute_checksum(cell)
    cell.source = source
    return cell


def test_each_graded_cell_has_its_own_points() -> None:
    answers = [graded_cell("def f(): ...", "f"), graded_cell("def g(): ...", "g")]
    tests = [
        graded_cell("f()", "test_f", 1, execution_count=3),
        graded_cell("g()", "test_f_hidden", 2, [FAILED], execution_count=4),
        graded_cell("g()", "test_g", 4, [ERR], execution_count=5),
    ]
    notebook = new_notebook(cells=[*answers, *tests, new_code_cell("1"), by_hand("text", released="")])
    scores = score_cells(notebook, {"test_g": "it uses magic"})
    assert [(score.name, score.points, score.max_points) for score in scores] == [
        ("test_f", 1, 1),
        ("test_f_hidden", 0, 2),
        ("test_g", 0, 4),
        ("why", 0, 3),
    ]
    assert [score.cells for score in scores] == [["f", "g", "test_f"], ["test_f_hidden"], ["test_g"], ["why"]]
    assert scores[1].message == "AssertionError: no"
    assert (scores[2].message, scores[2].note) == (STDERR, "in the learner's process: it uses magic")
    assert scores[3].tests == {"why": None}


def test_an_untouched_answer_has_no_points_and_needs_nobody() -> None:
    (score,) = score_cells(new_notebook(cells=[by_hand("Your answer", released="Your answer")]), {})
    assert score.tests == {"why": 0}
    assert not score.undecided
