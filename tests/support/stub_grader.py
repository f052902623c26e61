"""A grader that does what the submission says, for tests of what is around it; as a program, a run with it."""

import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_notebook, new_output

from course_lib.course import Course
from course_lib.grading import base_grading
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.cache import grader_version
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.grade import Run, grade_class
from course_lib.grading.models import GradingJob, GradingResult, not_graded
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.scores import answer_checksums, score
from tests.support.cells import graded_cell

TESTS = [graded_cell("pass", "test_one", 2), graded_cell("pass", "test_one_hidden", 1)]
SOURCE = nbformat.writes(new_notebook(cells=TESTS))


def job(student: str = "ada", limits: Limits | None = None, **orders: Any) -> GradingJob:
    """A submission that tells the stub what to do."""
    limits = limits or Limits(submission_s=60)
    submission = json.dumps(orders).encode()
    return GradingJob(student, "01_doubling", submission, SOURCE, limits, grader_version(), isolated=False)


def obey_here(job: GradingJob) -> GradingResult:
    """Do what the submission says, in this process; by default, give it its points."""
    orders = json.loads(job.submission)
    if "begun" in orders:
        with Path(orders["begun"]).open("a", encoding="utf-8") as log:
            log.write(f"{job.student} {os.getpid()}\n")
    if "problem" in orders:
        return not_graded(job, orders["problem"], final=orders.get("final", True))
    time.sleep(orders.get("sleep", 0))
    return result(job, orders.get("points", 3))


def obey(job: GradingJob) -> GradingResult:
    """Do what the submission says, also to processes."""
    orders = json.loads(job.submission)
    parent = multiprocessing.parent_process()
    assert parent is not None
    match orders.get("do"):
        case "die":
            os.kill(os.getpid(), orders["signal"])
        case "exit":
            os._exit(3)
        case "raise":
            raise KeyError("a mistake of the grader")
        case "kill the worker":
            assert parent.pid is not None
            os.kill(parent.pid, signal.SIGKILL)
            time.sleep(60)
        case "tell":
            return not_graded(job, "told", log=f"{os.environ['PIXELWISE_NOW']} in {Path.cwd()}")
        case "leave a file":
            return not_graded(job, "left", log=tempfile.mkstemp()[1])
    return obey_here(job)


def result(job: GradingJob, points: float) -> GradingResult:
    """Run the tests of a submission: they earn as much of the 2 and 1 points as they are told."""
    notebook = nbformat.reads(job.source, as_version=4)
    for cell in notebook.cells:
        if "points" in cell.metadata.get("nbgrader", {}):
            earned = min(points, cell.metadata.nbgrader["points"])
            points -= earned
            cell.outputs = [new_output("execute_result", data={"text/plain": repr(earned)}, execution_count=1)]
            cell.execution_count = 1
    text = nbformat.writes(notebook)
    took = time.monotonic()  # another each time
    return GradingResult(
        job.student,
        job.unit,
        None,
        score(notebook),
        answer_checksums(notebook),
        text,
        log="done",
        seconds=took,
        isolated=job.isolated,
    )


def run(course: Course, folder: Path, jobs: int = 2, force: bool = False) -> Run:
    """Grade a folder with the stub, without a sandbox."""
    settings = GradeOptions(jobs, isolated=False, force=force, grader=obey)
    return grade_class(course, find_submissions(course, [folder]), settings, lambda _: None)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grade in this process, where processes of their own are not what is tested."""
    monkeypatch.setattr(base_grading, "grade_all", lambda grader, jobs, *_: ((job, obey_here(job)) for job in jobs))


if __name__ == "__main__":
    from tests.support import stub_grader  # under this name other processes find it

    stub_grader.run(Course(Path(sys.argv[1])), Path(sys.argv[2]))
