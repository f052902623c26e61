"""Grading one notebook of any course: restore it, run it, score it."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import nbformat

from course_lib.errors import CourseError
from course_lib.foreign.runner import UNPLANNED, ForeignJob, ForeignRunner, see_files
from course_lib.foreign.scores import score_cells
from course_lib.grading.models import GradingJob, GradingResult, not_graded, printable
from course_lib.grading.notebook_runner import run_notebook
from course_lib.grading.pipeline import result_of
from course_lib.grading.restore.normalize import restore
from course_lib.grading.restore.template import Template
from course_lib.grading.sandbox.kernel_client import KernelStartError

APART = "apart from the learner's code"
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
        return not_graded(job, printable(str(refused)))
    try:
        with tempfile.TemporaryDirectory(prefix="pixelwise-", ignore_cleanup_errors=True) as folder:
            see_files(job, Path(folder))
            run = run_notebook(job, restored.notebook, kind=lambda _, place: ForeignRunner(job, place))
    except KernelStartError as failed:
        return not_graded(job, f"the kernel did not start: {failed}", final=False)
    notebook = nbformat.reads(printable(nbformat.writes(restored.notebook)), as_version=4)
    notes = {name: printable(why) for name, why in run.in_process.items()}
    exercises = score_cells(notebook, notes)
    flags = [f"the test {name} {LOOK}: {why}" for name, why in notes.items() if why.startswith(UNPLANNED)]
    where = [f"test {each.name}: {each.note or APART}" for each in exercises if not each.question]
    restored = replace(restored, audit_flags=[*restored.audit_flags, *flags])
    run = replace(run, log=[*run.log, *where])
    return result_of(job, restored, run, notebook, exercises, time.monotonic() - start)
