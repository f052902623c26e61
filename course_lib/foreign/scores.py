"""Points of each graded cell, by the rules of nbgrader."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from nbformat import NotebookNode
from nbgrader.utils import determine_grade, is_grade, is_solution

from course_lib.cells import is_test
from course_lib.grading.causes import Causes
from course_lib.grading.models import GradingResult
from course_lib.grading.scores import ANSWERED, FAULT, UNANSWERED, UNREAD, ExerciseScore, normalize_outputs

IN_PROCESS = "in the learner's process"
STDERR = "something was printed on stderr, and nbgrader gives no points for such a test"


def cells_of(cells: Sequence[NotebookNode]) -> dict[str, list[str]]:
    """Find the cells that belong to each graded cell: itself, and those of the answer before it.

    Returns
    -------
    dict of str to list of str
        Their grade_ids, by that of the graded cell.
    """
    found: dict[str, list[str]] = {}
    waiting: list[str] = []
    for cell in cells:
        name = str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if is_grade(cell):
            found[name] = [*waiting, name]
            waiting = []
        elif is_solution(cell):
            waiting.append(name)
    return found


def score_cells(notebook: NotebookNode, in_process: Mapping[str, str]) -> list[ExerciseScore]:
    """Read the points of every graded cell of an executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        With outputs.
    in_process : mapping of str to str
        The tests that ran in the learner's process, and why.

    Returns
    -------
    list of ExerciseScore
        One for each graded cell, in order. A task, which only people grade, is not among them.
    """
    cells = cells_of(notebook.cells)
    scores = [_score(cell, notebook, in_process) for cell in notebook.cells if is_grade(cell)]
    return [replace(score, cells=cells[score.name]) for score in scores]


def _score(cell: NotebookNode, notebook: NotebookNode, in_process: Mapping[str, str]) -> ExerciseScore:
    name, worth = str(cell.metadata.nbgrader.grade_id), float(cell.metadata.nbgrader.points)
    if not is_test(cell) or cell.cell_type != "code":
        points = determine_grade(cell)[0]
        said = UNANSWERED if points is not None else UNREAD if worth else ANSWERED
        return ExerciseScore(name, points or 0.0, worth, said, question=True, tests={name: points})
    points = test_points(cell)
    failed = any(output.output_type == "error" for output in cell.outputs)
    message = Causes(notebook).message(cell, _answer(cell, notebook)) if failed else ""
    if not failed and points == 0 < worth and any(_is_stderr(output) for output in cell.outputs):
        message = STDERR
    note = f"{IN_PROCESS}: {in_process[name]}" if name in in_process else ""
    return ExerciseScore(name, points or 0.0, worth, message, tests={name: points}, note=note)


def _answer(test: NotebookNode, notebook: NotebookNode) -> str:
    """Name the last answer before a test."""
    before = notebook.cells[: next(place for place, cell in enumerate(notebook.cells) if cell is test)]
    return next((str(cell.metadata.nbgrader.grade_id) for cell in reversed(before) if is_solution(cell)), "")


def test_points(cell: NotebookNode) -> float | None:
    """Read the points of a test as nbgrader does, but understand partial credit that NumPy 2 shows.

    nbgrader gives full points for ``np.float64(0.5)``, and stops at a credit that is more than the points.

    Returns
    -------
    float or None
        None if the test itself is wrong, so that a person has to decide.
    """
    if cell.get("execution_count") is None:
        return 0.0
    errors = [output for output in cell.outputs if _is_stderr(output)]
    normalize_outputs(cell)
    for output in errors:  # nbgrader's rule
        output.name = "stderr"
    if any(output.get("ename") == FAULT for output in cell.outputs):
        return None
    points: float | None = determine_grade(cell)[0]
    return points


test_points.__test__ = False  # type: ignore[attr-defined]  # for pytest


def _is_stderr(output: NotebookNode) -> bool:
    return bool(output.output_type == "stream" and output.name == "stderr")


def where_tests_ran(results: Iterable[GradingResult]) -> Iterator[str]:
    """Yield a line for each notebook with tests that ran in the learner's process."""
    found: dict[str, dict[str, int]] = {}
    for result in results:
        for exercise in result.exercises:
            if exercise.note:
                tests = found.setdefault(result.unit, {})
                tests[exercise.name] = tests.get(exercise.name, 0) + 1
    for unit, tests in found.items():
        names = ", ".join(f"{name} ({count})" for name, count in tests.items())
        yield f"{IN_PROCESS} (so often), where the learner's code can influence them: {unit}: {names}"
