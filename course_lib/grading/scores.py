"""Points and messages, read off an executed notebook."""

import logging
import re
from copy import deepcopy
from dataclasses import dataclass

from nbformat import NotebookNode
from nbgrader import utils

log = logging.getLogger(__name__)

# How NumPy 2 and TensorFlow show a single number, for example ``np.float64(0.5)``.
_NUMPY_SCALAR = re.compile(r"np\.\w+\((?P<number>.*)\)")
_TENSOR_SCALAR = re.compile(r"<tf\.Tensor: shape=\(\), dtype=\w+, numpy=(?P<number>.*)>")


@dataclass(frozen=True)
class ExerciseScore:
    """What one exercise earned.

    Attributes
    ----------
    name : str
        The exercise, as its solution cell is called.
    points, max_points : float
        Earned and possible, over the visible check and the hidden test.
    message : str
        What the first failing test said; empty where every point was earned.
    """

    name: str
    points: float
    max_points: float
    message: str


def exercise_of(test_id: str) -> str:
    """Name the exercise that a test cell belongs to (``test_x`` and ``test_x_hidden`` test ``x``)."""
    return test_id.removeprefix("test_").removesuffix("_hidden")


def without_hidden_tests(notebook: NotebookNode) -> NotebookNode:
    """Copy a learner's notebook without its hidden tests, which are empty there and so would earn their points."""
    visible = deepcopy(notebook)
    visible.cells = [
        cell for cell in visible.cells if not str(cell.metadata.get("nbgrader", {}).get("grade_id")).endswith("_hidden")
    ]
    return visible


def normalize_outputs(cell: NotebookNode) -> None:
    """Mend, in place, the outputs of a test cell that nbgrader misreads.

    nbgrader 0.9.6 gives 0 points for any word on stderr, where TensorFlow logs, and full marks for
    a partial credit that NumPy 2 shows as ``np.float64(0.5)``.
    """
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and output.name == "stderr":
            output.name = "stdout"
        elif output.output_type == "execute_result" and "text/plain" in output.data:
            text = output.data["text/plain"]
            scalar = _NUMPY_SCALAR.fullmatch(text) or _TENSOR_SCALAR.fullmatch(text)
            if scalar:
                output.data["text/plain"] = scalar["number"]


def _message(cell: NotebookNode) -> str:
    errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    if not errors:
        return ""
    error = errors[-1]  # a cell that was stopped has two: the interrupt, and then the reason
    return error.evalue if error.ename == "CheckFailed" else f"{error.ename}: {error.evalue}".rstrip(": ")


def score(notebook: NotebookNode) -> list[ExerciseScore]:
    """Add up what every exercise of an executed notebook earned.

    Parameters
    ----------
    notebook : NotebookNode
        With outputs; the test cells' outputs are normalized in place.

    Returns
    -------
    list of ExerciseScore
        In the order of the notebook. A test cell that was not executed earns nothing.
    """
    scores: dict[str, ExerciseScore] = {}
    for cell in notebook.cells:
        if not utils.is_grade(cell):
            continue
        name = exercise_of(cell.metadata.nbgrader["grade_id"])
        normalize_outputs(cell)
        points, maximum = utils.determine_grade(cell, log)
        if cell.get("execution_count") is None:
            points = 0
        before = scores.get(name, ExerciseScore(name, 0, 0, ""))
        message = before.message or (_message(cell) if points != maximum else "")
        scores[name] = ExerciseScore(name, before.points + float(points or 0), before.max_points + maximum, message)
    return list(scores.values())
