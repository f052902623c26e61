"""From units to outcomes: which notebooks to run, and running several at once."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import nbformat

from ci import parameters
from ci.execution import Failure, execute
from ci.kept import Kept
from ci.monitor import Monitor
from ci.pages import write_page
from ci.text import plain
from ci.verdict import Outcome, judge, uncompiled
from course_lib.course import Course
from course_lib.grading.execution import stop_all
from course_lib.release import ReleaseError, build_source, released


@dataclass(frozen=True)
class Job:
    """One notebook to run.

    Attributes
    ----------
    unit : str
        The unit's whole name.
    source, target : Path
        The notebook, and the file to which it is written with its outputs.
    learner : bool
        Whether it is a released notebook.
    timeout : int
        Seconds that one cell may take.
    parameters : mapping
        Values for its cell tagged ``parameters``.
    broken : str, optional
        Why there is no notebook to run.
    """

    unit: str
    source: Path
    target: Path
    learner: bool
    timeout: int
    parameters: Mapping[str, object]
    broken: str | None = None


def report_folder(course: Course, learner: bool) -> Path:
    """Return the folder of the report; released notebooks have a separate one."""
    return course.report / "learner" if learner else course.report


def prepare(course: Course, values: Mapping[str, Mapping[str, object]], learner: bool, timeout: int) -> list[Job]:
    """Find or build the notebooks of some units.

    Parameters
    ----------
    course : Course
        Where the units lie.
    values : mapping
        The parameters of each unit, by its whole name.
    learner : bool
        Take the released notebooks instead of the instructor's.
    timeout : int
        Seconds that one cell may take.

    Returns
    -------
    list of Job
        One per unit. A unit without a proper notebook becomes a broken job.

    Raises
    ------
    CourseError
        If a notebook does not define one of its given parameters.
    """
    folder, jobs = report_folder(course, learner), []
    for unit, given in values.items():
        source, broken = released(course, unit), None
        try:
            source = find_released(course, unit) if learner else build_source(course, unit)
            parameters.check(unit, source, given)
        except ReleaseError as error:
            broken = str(error)
        jobs.append(Job(unit, source, folder / f"{unit}.ipynb", learner, timeout, given, broken))
    return jobs


def find_released(course: Course, unit: str) -> Path:
    """Find the released notebook of a unit.

    Raises
    ------
    ReleaseError
        If the unit is not released.
    """
    path = released(course, unit)
    if not path.is_file():
        raise ReleaseError(f"expected {path.relative_to(course.root)}, found none; `course release {unit}` makes it")
    return path


def remove_report(folder: Path) -> None:
    """Remove the last run's report, so that no report mixes two runs."""
    for pattern in ("*.ipynb", "*.html", "*.json", "*.xml", "*.md"):
        for path in folder.glob(pattern):
            path.unlink()


def run(job: Job, monitor: Monitor, kept: Kept | None) -> Outcome:
    """Run and judge one notebook, and write its page; every failure becomes an outcome, never an exception.

    Parameters
    ----------
    job : Job
        The notebook.
    monitor : Monitor
        It gets a call for every step.
    kept : Kept or None
        Executed notebooks that may be used again, if any.

    Returns
    -------
    Outcome
        The outcome.
    """
    monitor.begin(job.unit)
    start = time.monotonic()
    try:
        before = None if job.broken or kept is None else kept.restore(job.source, job.parameters, job.target)
        stopped = None if before else _execute(job, monitor)
        outcome = judge(job.unit, job.target, stopped, before or time.monotonic() - start, job.learner)
        if before:
            outcome = replace(outcome, kept=True)
        elif kept and outcome.status == "ok":
            kept.keep(job.source, job.parameters, job.target)
        if job.target.is_file():
            write_page(job.target, job.unit, job.target.parent)
    except Exception as error:  # an unreadable notebook, a full disk: the other notebooks go on
        reason = plain(f"{type(error).__name__}: {error}")
        outcome = Outcome(job.unit, "failed", time.monotonic() - start, 0, 0, reason, job.target)
    monitor.end(outcome)
    return outcome


def _execute(job: Job, monitor: Monitor) -> Failure | None:
    """Execute a notebook; return what stopped it."""
    if job.broken:
        return Failure("failed", job.broken)
    past_errors = job.learner or bool(uncompiled(nbformat.read(job.source, as_version=4)))
    on_cell = partial(monitor.cell, job.unit)
    return execute(job.source, job.target, job.parameters, job.timeout, past_errors, on_cell)


def run_all(jobs: Sequence[Job], workers: int, monitor: Monitor, kept: Kept | None = None) -> list[Outcome]:
    """Run notebooks, some of them at once; each has a kernel, so threads are enough here.

    Parameters
    ----------
    jobs : sequence of Job
        The notebooks.
    workers : int
        The number of notebooks that run at once.
    monitor : Monitor
        It gets a call for every step.
    kept : Kept, optional
        Executed notebooks that are used again where nothing has changed.

    Returns
    -------
    list of Outcome
        In the order of the jobs.
    """
    with ThreadPoolExecutor(workers) as pool:
        # The longest notebooks first, so that no worker is left with one at the end.
        futures = {job.unit: pool.submit(run, job, monitor, kept) for job in sorted(jobs, key=_size, reverse=True)}
        try:
            return [futures[job.unit].result() for job in jobs]
        except KeyboardInterrupt:
            stop_all([*futures.values()])
            raise


def _size(job: Job) -> int:
    """Measure a notebook; one that is not there is the smallest."""
    return job.source.stat().st_size if job.source.is_file() else 0
