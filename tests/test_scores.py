import numpy as np
import pytest
import tensorflow as tf
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_lib.grading.scores import ExerciseScore, exercise_of, normalize_outputs, score

PASSED = new_output("stream", name="stdout", text="✓ one: 2 points\n")
ERROR = new_output("error", ename="ValueError", evalue="bad", traceback=["Traceback", "ValueError: bad"])
CHECK = new_output("error", ename="CheckFailed", evalue="one(x=1)\n  came: 2", traceback=["x"])


def graded(grade_id: str, points: float, *outputs: NotebookNode, ran: bool = True) -> NotebookNode:
    """A test cell after a run, as nbgrader marks it."""
    mark = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "grade_id": grade_id}
    made = new_code_cell("test()", metadata={"nbgrader": {**mark, "points": points}}, outputs=list(outputs))
    made.execution_count = 1 if ran else None
    return made


def result(text: str) -> NotebookNode:
    """What a cell shows for its last line."""
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


def only(*cells: NotebookNode) -> ExerciseScore:
    """The score of a notebook of one exercise."""
    (exercise,) = score(new_notebook(cells=list(cells)))
    return exercise


def test_tests_belong_to_exercises() -> None:
    assert [exercise_of(test) for test in ("test_one", "test_one_hidden", "test_test_x")] == ["one", "one", "test_x"]


def test_both_tests_of_an_exercise_add_up() -> None:
    assert only(graded("test_one", 2, PASSED), graded("test_one_hidden", 1, PASSED)) == ExerciseScore("one", 3, 3, "")


def test_exercises_keep_their_order_and_other_cells_do_not_count() -> None:
    cells = [graded("test_b", 1, PASSED), new_code_cell("1 / 0", outputs=[ERROR]), graded("test_a", 2, ERROR)]
    scores = score(new_notebook(cells=cells))
    assert [(s.name, s.points, s.max_points) for s in scores] == [("b", 1, 1), ("a", 0, 2)]


@pytest.mark.parametrize(
    "credit",
    [0.5, np.float64(0.5), np.float32(0.25), np.float16(1.5), np.int64(1), np.float64(0), np.float64(2)],
    ids=repr,
)
def test_partial_credit_of_numbers_is_exact(credit: float) -> None:
    assert only(graded("test_one", 2, result(repr(credit)))).points == float(credit)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_partial_credit_of_tensors_is_exact(dtype: str) -> None:
    credit = tf.cast(tf.constant(1.25), dtype)
    assert only(graded("test_one", 2, result(repr(credit)))).points == float(credit)


def test_other_results_are_left_alone() -> None:
    texts = ["'np.float64(0.5)'", repr(np.zeros(2)), repr(tf.zeros(2)), "0.5"]
    for text in texts:
        cell = graded("test_one", 2, result(text))
        normalize_outputs(cell)
        assert cell.outputs[0].data["text/plain"] == text


def test_more_credit_than_points_is_an_error() -> None:
    with pytest.raises(ValueError, match="partial credit cannot be greater than maximum points"):
        only(graded("test_one", 2, result(repr(np.float64(2.5)))))


def test_words_on_stderr_cost_nothing() -> None:
    warning = new_output("stream", name="stderr", text="I0000 TensorFlow says something\n")
    assert only(graded("test_one", 2, warning, PASSED)) == ExerciseScore("one", 2, 2, "")
    assert only(graded("test_one", 2, warning, result("np.float64(0.5)"))).points == 0.5


def test_a_test_that_did_not_run_earns_nothing() -> None:
    assert only(graded("test_one", 2, ran=False)) == ExerciseScore("one", 0, 2, "")
    assert only(graded("test_one", 2, result("2"), ran=False)).points == 0


def test_the_message_is_the_first_failure() -> None:
    came = only(graded("test_one", 2, CHECK), graded("test_one_hidden", 1, ERROR))
    assert came == ExerciseScore("one", 0, 3, "one(x=1)\n  came: 2")
    came = only(graded("test_one", 2, PASSED), graded("test_one_hidden", 1, ERROR))
    assert came == ExerciseScore("one", 2, 3, "ValueError: bad")


def test_an_error_without_words_has_its_name() -> None:
    silent = new_output("error", ename="NotImplementedError", evalue="", traceback=[])
    assert only(graded("test_one", 2, silent)).message == "NotImplementedError"


def test_a_stopped_test_says_why() -> None:
    interrupt = new_output("error", ename="KeyboardInterrupt", evalue="", traceback=[])
    reason = new_output("error", ename="TimeoutError", evalue="stopped after 2 s", traceback=[])
    assert only(graded("test_one", 2, interrupt, reason)).message == "TimeoutError: stopped after 2 s"


@pytest.mark.parametrize("points", [0.1, 1e-3, 1 / 3])
def test_points_are_not_rounded(points: float) -> None:
    assert only(graded("test_one", points, PASSED)).points == points
