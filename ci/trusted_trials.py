"""Try every answer of a unit's bank as it is graded: the answer in a kernel, its tests in this process."""

from collections.abc import Sequence

from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from ci.trials import LIMIT_S, Trial
from course_lib.answers import Answer
from course_lib.grading.kernel.learner import Learner
from course_lib.grading.kernel.limits import Limits
from course_lib.grading.scores import exercise_of
from course_lib.grading.trusted.run import run_test

# One kernel tries all answers; between them its global names are put back.
KEEP = "__import__('builtins').kept = dict(globals())"
PUT_BACK = "(lambda names, kept: (names.clear(), names.update(kept)))(globals(), __import__('builtins').kept)"


def try_answers_apart(notebook: NotebookNode, answers: Sequence[Answer], limit: int = LIMIT_S) -> list[Trial]:
    """Do what `ci.trials.try_answers` does, with the tests in another process than the answers.

    Parameters
    ----------
    notebook : NotebookNode
        The instructor's.
    answers : sequence of Answer
        For any of its exercises.
    limit : int
        Seconds that one answer or test may take.

    Returns
    -------
    list of Trial
        In the order of the notebook, then of the answers.

    Raises
    ------
    RuntimeError
        If a cell of the notebook itself fails.
    """
    tests = [cell for cell in notebook.cells if is_grade(cell)]
    trials: list[Trial] = []
    cells: list[str] = []
    with Learner(Limits(cell_s=limit, submission_s=float("inf")), isolated=False) as learner:
        for cell in notebook.cells:
            if cell.cell_type != "code" or is_grade(cell) or "demo" in cell.metadata.get("tags", []):
                continue
            if is_solution(cell):
                exercise = cell.metadata.nbgrader["grade_id"]
                own = [test for test in tests if exercise_of(test.metadata.nbgrader["grade_id"]) == exercise]
                for answer in answers:
                    if answer.exercise == exercise:
                        learner.run_cell(KEEP)
                        trials.append(_try(answer, own, learner, cells, limit))
                        learner.run_cell(PUT_BACK)
            failure = _failure(learner.run_cell(cell.source))
            if failure:
                raise RuntimeError(f"cell {cell.id}: {failure}")
            cells.append(cell.source)
    return trials


def _try(answer: Answer, tests: list[NotebookNode], learner: Learner, cells: list[str], limit: int) -> Trial:
    """Run one answer and its exercise's tests."""
    failure = _failure(learner.run_cell(answer.code))
    if failure:
        return Trial(answer, 0, len(tests), failure)
    failures = [_failure(run_test(test.source, learner, [*cells, answer.code], limit)) for test in tests]
    messages = [failure for failure in failures if failure]
    return Trial(answer, len(tests) - len(messages), len(tests), "\n".join(messages))


def _failure(outputs: list[NotebookNode]) -> str:
    """Say what error the outputs hold; empty if none."""
    errors = [output for output in outputs if output.output_type == "error"]
    if not errors:
        return ""
    return str(errors[-1].evalue if errors[-1].ename == "CheckFailed" else f"{errors[-1].ename}: {errors[-1].evalue}")
