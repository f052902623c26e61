"""Points and messages, read from an executed notebook."""

import logging
import re
from collections.abc import Collection
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils

from course_lib.cells import cpp_exercises, exercise_of, is_answered, is_question, is_test
from course_lib.grading.causes import NOT_GRADED, Causes

log = logging.getLogger(__name__)

# How NumPy 2, TensorFlow and Keras show a single number, for example ``np.float64(0.5)``.
_SHOWN_NUMBERS = [
    re.compile(pattern)
    for pattern in (
        r"(.+)",
        r"np\.(?:float\d+|u?int\d+|longdouble)\('?([^']+?)'?\)",
        r"array\(([^,\[]+)(?:, dtype=\w+)?\)",
        r"<tf\.Tensor: shape=\(\), dtype=\w+, numpy=(.+)>",
        r"<tf\.Variable '.*' shape=\(\) dtype=\w+, numpy=(.+)>",
        r"<Variable path=.*, shape=\(\), dtype=\w+, value=(.+)>",
    )
]
# The messages of questions; the last one if it is worth points.
ANSWERED, UNANSWERED, UNREAD = "answered", "not answered", "answered; nobody has graded it yet"
FAULT = "Faulty test"  # in place of an error's class: the test is wrong, not the learner


@dataclass(frozen=True)
class ExerciseScore:
    """The result of one exercise.

    Attributes
    ----------
    name : str
        The exercise, as its solution cell is called.
    points, max_points : float
        Earned and possible, over the visible check and the hidden test.
    message : str
        Why the first failing test failed, see `Causes.message`; empty if every point was earned. For a question,
        whether it was answered.
    question : bool
        Whether it is answered in words, so that no test gives points.
    graded : bool
        False if this machine cannot decide its points.
    tests : dict of str to float or None
        Points of each graded cell, by its grade_id; see `cell_points`.
    corrected : str
        The date on which it was graded again because its tests had changed; usually empty.
    note : str
        What else to know about it, such as where its test ran; usually empty.
    cells : list of str
        The grade_ids of its cells; if empty, those that `exercise_of` says.
    """

    name: str
    points: float
    max_points: float
    message: str
    question: bool = False
    graded: bool = True
    tests: dict[str, float | None] = field(default_factory=dict)
    corrected: str = ""
    note: str = ""
    cells: list[str] = field(default_factory=list)

    @property
    def undecided(self) -> bool:
        """Tell whether there are points that this machine cannot decide."""
        return not self.graded and self.max_points > 0


def points_of(exercise: ExerciseScore) -> str:
    """Write the points of an exercise, as in ``2/3``; a dash means that they are not decided."""
    earned = "–" if exercise.undecided and not exercise.points else f"{exercise.points:g}"
    return f"{earned}/{exercise.max_points:g}"


def is_hidden_test(cell: NotebookNode) -> bool:
    """Tell whether a cell is a hidden test; in a release it is empty."""
    return is_test(cell) and str(cell.metadata.nbgrader["grade_id"]).endswith("_hidden")


def only_visible_checks(notebook: NotebookNode) -> NotebookNode:
    """Copy a learner's notebook without the cells that count only in a grade.

    Hidden tests are empty in a release, and so would earn their points. Questions are worth nothing until a person has
    read the answers.
    """
    visible = deepcopy(notebook)
    visible.cells = [cell for cell in visible.cells if not is_hidden_test(cell)]
    for cell in filter(is_question, visible.cells):
        cell.metadata.nbgrader.points = 0
    return visible


def withhold_cpp(notebook: NotebookNode, source: NotebookNode, reason: str) -> None:
    """Mark the C++ exercises of an executed notebook as not graded, in place.

    Parameters
    ----------
    notebook : NotebookNode
        With outputs; the reason replaces those of the tests.
    source : NotebookNode
        The instructor's or the released one, which says what these exercises are.
    reason : str
        Why they cannot be graded.
    """
    names = cpp_exercises(source)
    for cell in filter(is_test, notebook.cells):
        if exercise_of(cell.metadata.nbgrader["grade_id"]) in names:
            cell.outputs = [new_output("error", ename=NOT_GRADED, evalue=reason, traceback=[f"{NOT_GRADED}: {reason}"])]


def normalize_outputs(cell: NotebookNode) -> None:
    """Correct, in place, the outputs of a test cell that nbgrader misreads.

    nbgrader 0.9.6 gives 0 points for any word on stderr, where TensorFlow logs, and full marks for a partial credit
    that NumPy 2 shows as ``np.float64(0.5)``, that is negative or not a number. A credit that is not from 0 to the
    cell's points becomes an error of the test. nbgrader also takes the first of several results for the credit, even
    where an error follows; a notebook may be set to show the value of every line.
    """
    if utils.is_grade(cell):
        _keep_last_result(cell)
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and output.name == "stderr":
            output.name = "stdout"
        elif output.output_type == "execute_result" and not output.data.get("text/plain"):
            _display(output)  # nbgrader looks for text in a result
        elif output.output_type == "execute_result":
            credit = _number(output.data["text/plain"])
            if credit is not None:
                output.data["text/plain"] = repr(credit)
    _refuse_faulty_credit(cell)


def _keep_last_result(cell: NotebookNode) -> None:
    """Keep only the last result of a test, and no result if it raised an error or has no points."""
    outputs = cell.get("outputs", [])
    results = [output for output in outputs if output.output_type == "execute_result"]
    for output in results if _failed(cell) or not cell.metadata.nbgrader["points"] else results[:-1]:
        _display(output)


def _failed(cell: NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.get("outputs", []))


def _display(output: NotebookNode) -> None:
    """Turn a result into an output that is only displayed."""
    output.output_type = "display_data"
    del output["execution_count"]


def _number(text: str) -> float | None:
    """Read a single number as Python, NumPy or TensorFlow show it."""
    for pattern in _SHOWN_NUMBERS:
        shown = pattern.fullmatch(text)
        if shown:
            with suppress(ValueError):
                return float(shown[1])
    return None


def _refuse_faulty_credit(cell: NotebookNode) -> None:
    """Replace an impossible partial credit by an error."""
    if not utils.is_grade(cell):
        return
    points = float(cell.metadata.nbgrader["points"])
    for index, output in enumerate(cell.get("outputs", [])):
        credit = _number(output.data["text/plain"]) if output.output_type == "execute_result" else None
        if credit is not None and not 0 <= credit <= points:
            words = f"expected partial credit from 0 to {points:g}, got {credit:g}: the test is wrong, not your answer"
            cell.outputs[index] = new_output("error", ename=FAULT, evalue=words, traceback=[f"{FAULT}: {words}"])


def cell_points(cell: NotebookNode) -> float | None:
    """Read the points of a test cell from its outputs, which are normalized in place.

    Parameters
    ----------
    cell : NotebookNode
        A graded cell of an executed notebook.

    Returns
    -------
    float or None
        0 if it was not executed; None if a person has to decide: a written answer, a faulty test, one that this
        machine cannot run. A question without points, or without an answer, needs no decision.
    """
    if is_question(cell):
        return None if is_answered(cell) and float(cell.metadata.nbgrader["points"]) else 0
    normalize_outputs(cell)
    if any(output.get("ename") in (FAULT, NOT_GRADED) for output in cell.get("outputs", [])):
        return None
    if cell.cell_type == "code" and cell.get("execution_count") is None:
        return 0
    points: float | None = utils.determine_grade(cell, log)[0]
    return points


def faults(notebook: NotebookNode) -> list[str]:
    """List the tests of an executed notebook that are themselves wrong, with the error; see `normalize_outputs`."""
    return [
        f"{cell.metadata.nbgrader['grade_id']}: {output.evalue}"
        for cell in notebook.cells
        if is_test(cell)  # in other cells, a learner may call an error by this name
        for output in cell.get("outputs", [])
        if output.get("ename") == FAULT
    ]


def score(notebook: NotebookNode, missing: Collection[str] = ()) -> list[ExerciseScore]:
    """Add up the points of every exercise of an executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        With outputs; the test cells' outputs are normalized in place.
    missing : collection of str
        Exercises whose cells were not in the learner's notebook, and were restored untouched.

    Returns
    -------
    list of ExerciseScore
        Exercises and questions, in the order of the notebook. A test cell that was not executed earns nothing.
    """
    scores: dict[str, ExerciseScore] = {}
    causes = Causes(notebook, missing)
    for cell in notebook.cells:
        if not utils.is_grade(cell):
            continue
        grade_id = str(cell.metadata.nbgrader["grade_id"])
        name = exercise_of(grade_id)
        points, maximum = cell_points(cell), float(cell.metadata.nbgrader["points"])
        before = scores.get(name, ExerciseScore(name, 0, 0, ""))
        tests = before.tests | {grade_id: points}
        if is_question(cell):
            said = ANSWERED if is_answered(cell) else UNANSWERED
            scores[name] = ExerciseScore(name, 0, maximum, said, question=True, tests=tests)
            continue
        message = before.message or (causes.message(cell, name) if points != maximum or _failed(cell) else "")
        earned, possible = before.points + float(points or 0), before.max_points + maximum
        graded = before.graded and not any(out.get("ename") == NOT_GRADED for out in cell.get("outputs", []))
        scores[name] = ExerciseScore(name, earned, possible, message, graded=graded, tests=tests)
    return list(scores.values())


def answer_checksums(notebook: NotebookNode) -> dict[str, str]:
    """Compute nbgrader's checksum of each answer, by grade_id: who has the release's tells which are untouched."""
    answers = filter(utils.is_solution, notebook.cells)
    return {str(cell.metadata.nbgrader["grade_id"]): utils.compute_checksum(cell) for cell in answers}
