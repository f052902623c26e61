"""Grading one exercise of a submission again, after its tests have changed; the rest is as in the earlier result."""

import time
from dataclasses import dataclass, replace
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_lib.cells import exercise_of, is_test
from course_lib.errors import CourseError
from course_lib.grading.models import GradingJob, GradingResult, not_graded, printable
from course_lib.grading.needed_cells import plan
from course_lib.grading.notebook_runner import run_notebook
from course_lib.grading.pipeline import grade_submission, scored
from course_lib.grading.restore.normalize import normalize
from course_lib.grading.restore.template import Template
from course_lib.grading.sandbox.kernel_client import KernelStartError

STOPPED = {"KernelDied", "TimeoutError"}  # after these, what a cell does depends on the cells before it in other ways
WHOLE = "the whole notebook"


@dataclass(frozen=True)
class ExerciseJob(GradingJob):
    """A submission of which one exercise is graded again.

    Attributes
    ----------
    exercise : str
        The exercise.
    earlier : GradingResult or None
        The result for the same work with other tests of this exercise; None if it was never graded.
    replaces : str
        The key of that result.
    date : str
        Of today, for the learner.
    """

    exercise: str = ""
    earlier: GradingResult | None = None
    replaces: str = ""
    date: str = ""


class _NotAlone(CourseError):
    """The exercise cannot be graded alone; the message says why."""


def grade_exercise(job: GradingJob) -> GradingResult:
    """Grade one exercise of a submission, and take the rest from its earlier result.

    Parameters
    ----------
    job : GradingJob
        An `ExerciseJob`; any other job is graded as a whole.

    Returns
    -------
    GradingResult
        The same as after a run of the whole notebook: where that cannot be had from the exercise alone, the whole
        notebook runs. `GradingResult.scope` says which.
    """
    if not isinstance(job, ExerciseJob):
        return grade_submission(job)
    if job.earlier is None:
        return replace(grade_submission(job), scope=f"{WHOLE}: no earlier result of this file, grader and limits")
    try:
        result = _alone(job, job.earlier)
    except _NotAlone as reason:
        result = grade_submission(job)
        scope = f"{WHOLE}: {reason}"
        result = replace(result, scope=scope, log=f"graded again: {scope}\n{result.log}")
    before = {exercise.name: exercise.corrected for exercise in job.earlier.exercises} | {job.exercise: job.date}
    exercises = [replace(each, corrected=before.get(each.name, "")) for each in result.exercises]
    return replace(result, exercises=exercises, replaces=job.replaces)


def _alone(job: ExerciseJob, earlier: GradingResult) -> GradingResult:
    """Run only what the exercise needs; raise `_NotAlone` if that is not enough."""
    start = time.monotonic()
    source = nbformat.reads(job.source, as_version=4)
    if not earlier.notebook:
        raise _NotAlone("it could not be graded before")
    executed = nbformat.reads(earlier.notebook, as_version=4)
    try:
        restored = normalize(job.submission, source)
    except CourseError:
        raise _NotAlone("it cannot be read") from None
    if _rest(restored.notebook, job.exercise) != _rest(executed, job.exercise):
        raise _NotAlone("other cells of the unit have changed, too")
    if stopped := _stopped(executed):
        raise _NotAlone(f"{stopped} was stopped, or killed its kernel")
    released = {cell.source.strip() for cell in Template.of(source).cells}
    try:
        planned = plan(restored.notebook.cells, job.exercise, released)
    except RecursionError:
        raise _NotAlone("its code is nested too deeply") from None
    if planned.whole:
        raise _NotAlone(planned.whole)
    try:
        run = run_notebook(job, restored.notebook, planned.cells)
    except KernelStartError as failed:
        return not_graded(job, f"the kernel did not start: {failed}", final=False)
    if run.deaths or (stopped := _stopped(restored.notebook)):
        raise _NotAlone("; ".join(run.deaths) or f"{stopped} was stopped")
    ran = [place + 1 for place in sorted(planned.cells)]
    scope = f"{job.exercise} alone: cells {', '.join(map(str, ran))}"
    if planned.reason:
        scope = f"{job.exercise} alone, after all cells before it: {planned.reason}"
    _take_over(restored.notebook, executed, job.exercise)
    run.log.insert(0, f"graded again: {scope}; the rest is that of the result before")
    return replace(scored(job, source, restored, run, time.monotonic() - start), scope=scope)


def _is_own(cell: NotebookNode, exercise: str) -> bool:
    """Tell whether a cell is a test of the exercise."""
    return is_test(cell) and exercise_of(str(cell.metadata.nbgrader["grade_id"])) == exercise


def _rest(notebook: NotebookNode, exercise: str) -> list[Any]:
    """Return what decides how the rest of a notebook runs and is graded: everything but the tests of the exercise."""
    return [
        (cell.cell_type, printable(cell.source), cell.metadata.get("tags", []), _mark(cell))
        for cell in notebook.cells
        if not _is_own(cell, exercise)
    ]


def _mark(cell: NotebookNode) -> dict[str, Any]:
    return {name: value for name, value in cell.metadata.get("nbgrader", {}).items() if name != "checksum"}


def _stopped(notebook: NotebookNode) -> str:
    """Name the first cell that was stopped or killed its kernel; empty if none was."""
    for number, cell in enumerate(notebook.cells, start=1):
        if any(output.get("ename") in STOPPED for output in cell.get("outputs", [])):
            return f"cell {number}"
    return ""


def _take_over(notebook: NotebookNode, executed: NotebookNode, exercise: str) -> None:
    """Give the rest of a notebook the outputs of its earlier run; figures of cells that did not run are added later."""
    others = iter(cell for cell in executed.cells if not _is_own(cell, exercise))
    for number, cell in enumerate(notebook.cells, start=1):
        if _is_own(cell, exercise):
            continue
        before = next(others)
        if cell.cell_type == "code":
            ran = before.execution_count is not None
            cell.outputs, cell.execution_count = (before.outputs, number) if ran else ([], None)
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = number
