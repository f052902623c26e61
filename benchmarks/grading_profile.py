"""Where the time of one submission goes: each step, each cell, each test, and waiting for the learner's process."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import psutil
from rich.table import Table

from course_lib.course import Course
from course_lib.grading import notebook_runner, pipeline
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.grade import grade_class
from course_lib.grading.gradebook.recorder import Recorder
from course_lib.grading.models import GradingJob, GradingResult
from course_lib.grading.remote_test.session import Session
from course_lib.grading.sandbox.kernel_client import KernelClient

MOST = 15  # cells that are shown


@dataclass
class Part:
    """A part of the work.

    Attributes
    ----------
    name : str
        The step, or the cell.
    seconds : float
        Wall time.
    processor_s : float
        Processor time of the grading process alone: what runs in the learner's kernel is wall time here.
    """

    name: str
    seconds: float
    processor_s: float


def profile(course: Course) -> Iterator[Table]:
    """Grade the one submission of a course twice, and lay out where the time went the second time.

    Parameters
    ----------
    course : Course
        With one submission in its classroom.

    Yields
    ------
    rich.table.Table
        The steps; then the cells that took longest.
    """
    submissions = find_submissions(course, [course.classroom / "submitted"])
    seconds, processor = list[float](), list[float]()
    recorded: list[Part] = []
    logs: list[str] = []
    _time(Recorder, "record", "record: gradebook, feedback, log", recorded)
    for _ in range(2):  # the first run starts the processes that others are forked from
        start, before = time.perf_counter(), psutil.cpu_times()
        options = GradeOptions(force=True, grader=timed)
        grade_class(course, submissions, options, lambda result: logs.append(result.log))
        after = psutil.cpu_times()
        seconds.append(time.perf_counter() - start)
        processor.append(after.user + after.system - before.user - before.system)
    times, _ = json.JSONDecoder().raw_decode(logs[-1])  # the grading process adds its own log
    steps, cells = ([Part(**part) for part in parts] for parts in times)
    start_up = Part("start, once for all submissions", seconds[0] - seconds[1], processor[0] - processor[1])
    whole = Part("all of one submission, in all processes", seconds[1], processor[1])
    yield _table("One submission", [start_up, *steps, recorded[-1], whole])
    slowest = sorted(cells, key=lambda cell: cell.seconds, reverse=True)[:MOST]
    yield _table("The cells and tests that take longest", slowest)


def timed(job: GradingJob) -> GradingResult:
    """Grade, and put the times into the log."""
    parts: list[Part] = []
    cells: list[Part] = []
    _time(pipeline, "normalize", "restore", parts)
    _time(KernelClient, "__enter__", "kernel: start", parts)
    _time(KernelClient, "run_cell", "kernel: cells", parts)
    _time(notebook_runner, "run_test", "tests", parts)
    _time(Session, "ask", "tests: asking the learner's process", parts)
    _time(KernelClient, "__exit__", "kernel: end", parts)
    _time(pipeline, "score", "score", parts)
    _time(notebook_runner.Runner, "run_cell", _name, cells)
    result = pipeline.grade_submission(job)
    steps = [
        Part(name, sum(p.seconds for p in parts if p.name == name), sum(p.processor_s for p in parts if p.name == name))
        for name in dict.fromkeys(part.name for part in parts)
    ]
    return replace(result, log=json.dumps([[vars(part) for part in found] for found in (steps, cells)]))


def _name(_runner: object, number: int, cell: Any) -> str:
    """Name a cell by its exercise or its first line."""
    first_line = cell.source.partition("\n")[0]
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or f"{number}: {first_line[:40]}")


def _time(owner: Any, name: str, part: str | Callable[..., str], parts: list[Part]) -> None:
    """Let a function or method write down how long it takes, each time."""
    function = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        start, processor = time.perf_counter(), time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            title = part if isinstance(part, str) else part(*args)
            parts.append(Part(title, time.perf_counter() - start, time.process_time() - processor))

    setattr(owner, name, wrapped)


def _table(title: str, parts: list[Part]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("part")
    table.add_column("seconds", justify="right")
    table.add_column("processor s", justify="right")
    for part in parts:
        table.add_row(part.name, f"{part.seconds:.3f}", f"{part.processor_s:.3f}")
    return table
