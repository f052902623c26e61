"""Grading one submission: restore it, run it, score it."""

import time
from collections.abc import Sequence
from dataclasses import replace

import nbformat
from nbformat import NotebookNode

from course_lib.cells import cpp_exercises
from course_lib.errors import CourseError
from course_lib.grading.models import GradingJob, GradingResult, not_graded, printable
from course_lib.grading.notebook_runner import NotebookRun, run_notebook
from course_lib.grading.restore.figures import add_figures
from course_lib.grading.restore.normalize import Normalized, normalize
from course_lib.grading.sandbox.compiler import none_in_grade
from course_lib.grading.sandbox.kernel_client import KernelStartError
from course_lib.grading.sandbox.limits import limits_in_use
from course_lib.grading.scores import ExerciseScore, answer_checksums, faults, score, withhold_cpp


def grade_submission(job: GradingJob) -> GradingResult:
    """Grade a submission; the result says what is wrong with it, if anything.

    Parameters
    ----------
    job : GradingJob
        The submission, and everything that is needed to grade it.

    Returns
    -------
    GradingResult
        If a kernel died, it has the points of all tests that finished.
    """
    start = time.monotonic()
    source = nbformat.reads(job.source, as_version=4)
    try:
        restored = normalize(job.submission, source)
    except CourseError as refused:
        return not_graded(job, printable(str(refused)))
    try:
        run = run_notebook(job, restored.notebook)
    except KernelStartError as failed:
        return not_graded(job, f"the kernel did not start: {failed}", final=False)
    return scored(job, source, restored, run, time.monotonic() - start)


def scored(
    job: GradingJob, source: NotebookNode, restored: Normalized, run: NotebookRun, seconds: float
) -> GradingResult:
    """Make the result of a submission whose notebook has been run.

    Parameters
    ----------
    job : GradingJob
        The submission.
    source : NotebookNode
        The instructor's notebook.
    restored : Normalized
        The restored submission; its notebook has outputs.
    run : NotebookRun
        How the run went.
    seconds : float
        What it took.

    Returns
    -------
    GradingResult
        The points, and everything that the gradebook and the feedback need.
    """
    notebook = nbformat.reads(printable(nbformat.writes(restored.notebook)), as_version=4)
    add_figures(notebook, job.submission)
    if cpp_exercises(source) and (reason := none_in_grade(job.isolated)):
        withhold_cpp(notebook, source, reason)
    return result_of(job, restored, run, notebook, score(notebook, restored.missing), seconds)


def result_of(
    job: GradingJob,
    restored: Normalized,
    run: NotebookRun,
    notebook: NotebookNode,
    exercises: list[ExerciseScore],
    seconds: float,
) -> GradingResult:
    """Make the result of a notebook that has its points; see `scored`. `notebook` is the executed one, printable."""
    result = GradingResult(
        job.student,
        job.unit,
        _error(run, notebook, exercises),
        exercises,
        answer_checksums(notebook),
        nbformat.writes(notebook),
        [printable(text) for text in restored.changes],
        [printable(text) for text in (*job.audit_flags, *restored.audit_flags)],
        seconds=seconds,
        isolated=job.isolated,
    )
    return replace(result, log=_log(job, result, run.log))


def _error(run: NotebookRun, notebook: NotebookNode, exercises: Sequence[ExerciseScore]) -> str | None:
    """Say what went wrong; None if there was no error."""
    wrong = [f"the kernel died in {death}" for death in run.deaths] + faults(notebook)
    wrong += [f"{each.name}: {each.message}" for each in exercises if each.undecided]
    return printable("; ".join(wrong)) if wrong else None


def _log(job: GradingJob, result: GradingResult, cells: Sequence[str]) -> str:
    """Write a log that explains the result to an instructor."""
    limits = f"limits: {job.limits}; memory and processes kept by {limits_in_use()}" if job.isolated else "not isolated"
    changes = (f"change: {text}" for text in result.changes)
    flags = (f"flag: {text}" for text in result.audit_flags)
    points = f"{result.points:g} of {result.max_points:g} points, {result.seconds:.1f} s"
    return "\n".join([job.version, limits, *changes, *flags, *map(printable, cells), result.status, points, ""])
