"""Grading one notebook of any course: restore it, run it, score it."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import nbformat

from course_lib.errors import CourseError
from course_lib.foreign.runner import UNPLANNED, ForeignJob, ForeignRunner, see_files
from course_lib.foreign.scores import nothing_earned, score_cells
from course_lib.grading.models import GradingJob, GradingResult, printable
from course_lib.grading.notebook_runner import NotebookRun, run_notebook
from course_lib.grading.restore.normalize import restore
from course_lib.grading.restore.template import Template
from course_lib.grading.sandbox.kernel_client import KernelStartError
from course_lib.grading.sandbox.limits import limits_in_use
from course_lib.grading.scores import ExerciseScore, answer_checksums, faults

LOOK = "ran in the learner's process, where a learner can influence it; look at the answer"


def grade_foreign(job: GradingJob) -> GradingResult:
    """Grade a notebook; the result says what is wrong with it, if anything.

    Parameters
    ----------
    job : ForeignJob
        The submission, and everything that is needed to grade it. This process must be one that grades nothing else.
    """
    assert isinstance(job, ForeignJob), "the caller makes the jobs"
    start = time.monotonic()
    source = nbformat.reads(job.source, as_version=4)
    try:
        restored = restore(job.submission, Template(source.cells, source.metadata))
    except CourseError as refused:
        return refused_result(job, printable(str(refused)))
    try:
        with tempfile.TemporaryDirectory(prefix="pixelwise-", ignore_cleanup_errors=True) as folder:
            see_files(job, Path(folder))
            run = run_notebook(job, restored.notebook, kind=lambda _, place: ForeignRunner(job, place))
    except KernelStartError as failed:
        return refused_result(job, f"the kernel did not start: {failed}", final=False)
    notebook = nbformat.reads(printable(nbformat.writes(restored.notebook)), as_version=4)
    notes = {name: printable(why) for name, why in run.in_process.items()}
    exercises = score_cells(notebook, notes)
    unplanned = [name for name, why in notes.items() if why.startswith(UNPLANNED)]
    result = GradingResult(
        job.student,
        job.unit,
        _error(run, [*faults(notebook)]),
        exercises,
        answer_checksums(notebook),
        nbformat.writes(notebook),
        [printable(text) for text in restored.changes],
        [printable(text) for text in (*job.audit_flags, *restored.audit_flags)]
        + [f"the test {name} {LOOK}: {notes[name]}" for name in unplanned],
        seconds=time.monotonic() - start,
        isolated=job.isolated,
    )
    return replace(result, log=_log(job, result, run.log))


def refused_result(job: GradingJob, reason: str, *, final: bool = True) -> GradingResult:
    """Make the result of a notebook that could not be graded."""
    exercises = nothing_earned(nbformat.reads(job.source, as_version=4))
    about = (job.student, job.unit, reason, exercises)
    return GradingResult(*about, log=reason, isolated=job.isolated, final=final)


def _error(run: NotebookRun, wrong: list[str]) -> str | None:
    found = [f"the kernel died in {death}" for death in run.deaths] + wrong
    return printable("; ".join(found)) if found else None


def _log(job: ForeignJob, result: GradingResult, cells: Sequence[str]) -> str:
    """Write a log that explains the result to an instructor."""
    limits = f"limits: {job.limits}; memory and processes kept by {limits_in_use()}" if job.isolated else "not isolated"
    changes = (f"change: {text}" for text in result.changes)
    flags = (f"flag: {text}" for text in result.audit_flags)
    tests = (_where(exercise) for exercise in result.exercises if not exercise.question)
    points = f"{result.points:g} of {result.max_points:g} points, {result.seconds:.1f} s"
    return "\n".join([job.version, limits, *changes, *flags, *map(printable, cells), *tests, result.status, points, ""])


def _where(exercise: ExerciseScore) -> str:
    where = exercise.note or "apart from the learner's code"
    return f"test {exercise.name}: {where}"
