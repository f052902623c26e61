import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.utils import determine_grade

from course_lib.cells import ANSWER_STUB, exercise_of
from course_lib.grading.report import verdict
from course_lib.grading.scores import (
    FAULT,
    ExerciseScore,
    cell_points,
    faults,
    normalize_outputs,
    score,
)
from tests.support.cells import graded_cell

# Keras shows its variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
PASSED = new_output("stream", name="stdout", text="✓ one: 2 points\n")
ERROR = new_output("error", ename="ValueError", evalue="bad", traceback=["Traceback", "ValueError: bad"])
CHECK = new_output("error", ename="CheckFailed", evalue="one(x=1)\n  got: 2", traceback=["x"])


def graded(grade_id: str, points: float, *outputs: NotebookNode, ran: bool = True) -> NotebookNode:
    """A test cell after a run, as nbgrader marks it."""
    return graded_cell("test()", grade_id, points, outputs, execution_count=1 if ran else None)


def question(text: str, grade_id: str, points: float) -> NotebookNode:
    """A cell with words, which a person grades."""
    mark = graded(f"test_{grade_id}", points).metadata.nbgrader
    return new_markdown_cell(text, metadata={"nbgrader": {**mark, "grade_id": grade_id, "solution": True}})


def result(text: str) -> NotebookNode:
    """What a cell shows for its last line."""
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


def only(*cells: NotebookNode) -> ExerciseScore:
    """The score of a notebook of one exercise, without those of its cells."""
    (exercise,) = score(new_notebook(cells=list(cells)))
    return replace(exercise, tests={})


def test_tests_belong_to_exercises() -> None:
    assert [exercise_of(test) for test in ("test_one", "test_one_hidden", "test_test_x")] == ["one", "one", "test_x"]


def test_a_score_keeps_the_points_of_each_cell() -> None:
    cells = graded("test_one", 2, PASSED), graded("test_one_hidden", 1, PASSED), graded("test_two", 1, ran=False)
    faulty = graded("test_three", 2, result("3.0"))
    exercises = score(new_notebook(cells=[*cells, faulty]))
    expected = [{"test_one": 2, "test_one_hidden": 1}, {"test_two": 0}, {"test_three": None}]
    assert [exercise.tests for exercise in exercises] == expected


def test_both_tests_of_an_exercise_add_up() -> None:
    assert only(graded("test_one", 2, PASSED), graded("test_one_hidden", 1, PASSED)) == ExerciseScore("one", 3, 3, "")


def test_exercises_keep_their_order_and_other_cells_do_not_count() -> None:
    cells = [graded("test_b", 1, PASSED), new_code_cell("1 / 0", outputs=[ERROR]), graded("test_a", 2, ERROR)]
    scores = score(new_notebook(cells=cells))
    assert [(s.name, s.points, s.max_points) for s in scores] == [("b", 1, 1), ("a", 0, 2)]


SCALARS: list[Callable[[float], Any]] = [
    float,
    np.float16,
    np.float32,
    np.float64,
    np.longdouble,
    ml_dtypes.bfloat16,
    np.array,
    lambda x: np.array(x, np.float32),
    lambda x: np.array(x, ml_dtypes.bfloat16),
    tf.constant,
    lambda x: tf.constant(x, tf.float16),
    lambda x: tf.constant(x, tf.bfloat16),
    lambda x: tf.constant(x, tf.float64),
    tf.Variable,
    keras.Variable,
]


@pytest.mark.parametrize("kind", SCALARS)
def test_partial_credit_of_any_number_is_exact(kind: Callable[[float], Any]) -> None:
    assert only(graded("test_one", 2, result(repr(kind(1.25))))).points == 1.25


@pytest.mark.parametrize("kind", [int, np.int64, np.uint8, np.intc, tf.constant])
def test_partial_credit_of_whole_numbers(kind: Callable[[int], Any]) -> None:
    assert only(graded("test_one", 2, result(repr(kind(1))))).points == 1


def test_results_that_are_no_numbers_are_left_alone() -> None:
    texts = ["'np.float64(0.5)'", "'0.5'", repr(np.zeros(2)), repr(tf.zeros(2)), "True", repr(np.True_), "np.str_('1')"]
    for text in texts:
        cell = graded("test_one", 2, result(text))
        normalize_outputs(cell)
        assert cell.outputs == [result(text)]
        assert only(cell).points == 2


def test_a_result_without_words_is_no_number() -> None:
    picture = new_output("execute_result", data={"image/png": "iVBORw0KGgo="}, execution_count=1)
    assert only(graded("test_one", 2, picture)).points == 2


@pytest.mark.parametrize("kind", SCALARS)
@pytest.mark.parametrize(
    ("credit", "shown"), [(2.5, "2.5"), (-0.5, "-0.5"), (math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")]
)
def test_impossible_credit_is_an_error_of_the_test(kind: Callable[[float], Any], credit: float, shown: str) -> None:
    cell = graded("test_one", 2, PASSED, result(repr(kind(credit))))
    assert cell_points(cell) is None
    words = f"expected partial credit from 0 to 2, got {shown}: the test is wrong, not your answer"
    assert only(cell) == ExerciseScore("one", 0, 2, f"{FAULT}: {words}")
    assert faults(new_notebook(cells=[new_markdown_cell(), cell])) == [f"test_one: {words}"]


def test_a_whole_test_has_no_faults() -> None:
    cells = [graded("test_one", 2, result("2")), graded("test_two", 1, ERROR), graded("test_three", 1, CHECK)]
    assert faults(new_notebook(cells=cells)) == []


def test_of_a_cell_that_shows_every_value_the_last_one_counts_and_an_error_counts_more() -> None:
    """A notebook does so after ``%config InteractiveShell.ast_node_interactivity = "all"``."""
    for outputs, points in [
        ((result("Result(2)"), PASSED), 2),
        ((result("Result(2)"), result("0.5")), 0.5),
        ((result("0.5"), result("1.5"), PASSED), 1.5),
        ((result("Result(2)"), CHECK), 0),
        ((result("2"), ERROR), 0),
    ]:
        cell = graded("test_one", 2, *outputs)
        assert only(cell).points == points
        assert determine_grade(cell) == (points, 2)


def test_nbgrader_reads_the_same_points() -> None:
    for shown, points in [("np.float64(0.5)", 0.5), ("nan", 0), ("3", 0), ("-1", 0), ("'word'", 2)]:
        cell = graded("test_one", 2, result(shown))
        normalize_outputs(cell)
        assert determine_grade(cell) == (points, 2)


def test_a_person_decides_on_a_written_answer() -> None:
    written = question("Because.", "essay", 4)
    assert cell_points(written) is None
    assert only(written) == ExerciseScore("essay", 0, 4, "answered", question=True)


@pytest.mark.parametrize(
    ("text", "points", "said"),
    [
        ("Because.", 0, "answered"),
        (f"{ANSWER_STUB}\n\nBecause.", 0, "answered"),
        (ANSWER_STUB, 4, "not answered"),
        (f"\n{ANSWER_STUB}  \n", 4, "not answered"),
        (" \n", 4, "not answered"),
        (ANSWER_STUB, 0, "not answered"),
    ],
)
def test_an_answer_needs_nobody_where_it_is_missing_or_worth_nothing(text: str, points: float, said: str) -> None:
    written = question(text, "question_x", points)
    assert cell_points(written) == 0
    assert only(written) == ExerciseScore("question_x", 0, points, said, question=True)


def test_words_on_stderr_cost_nothing() -> None:
    warning = new_output("stream", name="stderr", text="I0000 TensorFlow says something\n")
    assert only(graded("test_one", 2, warning, PASSED)) == ExerciseScore("one", 2, 2, "")
    assert only(graded("test_one", 2, warning, result("np.float64(0.5)"))).points == 0.5


def test_a_test_without_points_still_says_what_is_wrong() -> None:
    failed, passed = only(graded("test_one", 0, CHECK)), only(graded("test_one", 0, PASSED))
    assert (failed, verdict(failed)) == (ExerciseScore("one", 0, 0, "one(x=1)\n  got: 2"), "one(x=1)\n  got: 2")
    assert (passed, verdict(passed)) == (ExerciseScore("one", 0, 0, ""), "✓")
    assert only(graded("test_one", 0, result("0.5"))) == passed


def test_a_test_that_did_not_run_earns_nothing() -> None:
    assert only(graded("test_one", 2, ran=False)) == ExerciseScore("one", 0, 2, "")
    assert only(graded("test_one", 2, result("2"), ran=False)).points == 0


def test_the_message_is_the_first_failure() -> None:
    got = only(graded("test_one", 2, CHECK), graded("test_one_hidden", 1, ERROR))
    assert got == ExerciseScore("one", 0, 3, "one(x=1)\n  got: 2")
    got = only(graded("test_one", 2, PASSED), graded("test_one_hidden", 1, ERROR))
    assert got == ExerciseScore("one", 2, 3, "ValueError: bad")


def test_an_error_without_words_has_its_name() -> None:
    silent = new_output("error", ename="RuntimeError", evalue="", traceback=[])
    assert only(graded("test_one", 2, silent)).message == "RuntimeError"


def test_a_stopped_test_says_why() -> None:
    interrupt = new_output("error", ename="KeyboardInterrupt", evalue="", traceback=[])
    reason = new_output("error", ename="TimeoutError", evalue="stopped after 2 s", traceback=[])
    assert only(graded("test_one", 2, interrupt, reason)).message == "TimeoutError: stopped after 2 s"


@pytest.mark.parametrize("points", [0.1, 1e-3, 1 / 3])
def test_points_are_not_rounded(points: float) -> None:
    assert only(graded("test_one", points, PASSED)).points == points
