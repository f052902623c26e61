"""The command ``course grade``."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import ProgressColumn, Task
from rich.table import Column
from rich.text import Text

from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.foreign.collect import collect
from course_lib.foreign.course import ForeignCourse, open_course
from course_lib.foreign.grade import grade_foreign_class
from course_lib.foreign.scores import where_tests_ran
from course_lib.grading import report
from course_lib.grading.collect.find import Submission, find_submissions
from course_lib.grading.collect.leftovers import Leftovers, leftovers
from course_lib.grading.grade import GradeOptions, Run, grade_class
from course_lib.grading.models import GradingResult, printable
from course_lib.grading.progress import Running
from course_lib.terminal import INTERRUPTED, bar, console, end_orderly, show_log, stop

SLOW_S = 300  # after so many seconds a submission gets a line in a log
LOOK_S = 1  # between looks


def grade(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Notebooks, or folders <student>/<unit>/<unit>.ipynb.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Submissions run at once.")] = os.cpu_count() or 1,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler whose workers grade: tcp://HOST:PORT.")
    ] = None,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run the learners' code with your rights; results are marked.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Grade again what was graded before.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what the grader does, step by step.")] = False,
) -> None:
    """Grade notebooks into classroom/: gradebook, feedback, grades.csv. What was graded before is not graded again."""
    absolute = [path.absolute() for path in paths or ()]
    course = open_course()
    if isinstance(course, ForeignCourse):
        submissions, unused = _found_in_foreign(course, absolute)
    elif paths:
        submissions = _found(course, paths)
        unused = leftovers(course, paths, submissions)
    else:
        raise ArgumentError("expected notebooks, or folders of submissions such as classroom/submitted")
    screen = Console(stderr=True)
    if verbose:
        show_log(screen)
    run = _grade(course, submissions, GradeOptions(jobs, scheduler, not no_sandbox, force), screen)
    if as_json:
        typer.echo(report.to_json(run.results, run.entries))
    else:
        _print(run)
        console.print(_places(course), soft_wrap=True)
    for line in unused.errors + unused.lines:
        typer.echo(printable(line), err=as_json)
    raise typer.Exit(int(bool(unused.errors) or any(result.error is not None for result in run.results)))


def _places(course: Course | ForeignCourse) -> str:
    """Say where the records are."""
    if isinstance(course, ForeignCourse):
        return f"gradebook, autograded, feedback: at nbgrader's places; cells.csv, logs: {course.classroom}"
    return f"feedback, grades.csv, logs: {course.classroom}"


def _grade(
    course: Course | ForeignCourse, submissions: list[Submission], options: GradeOptions, screen: Console
) -> Run:
    """Grade, and show how far it is: with a bar on a terminal, else with a line for each submission."""
    done = 0
    running = Running()
    try:
        with end_orderly(), bar(screen, _Longest(running)) as progress, _slow_ones(screen, running):
            task = progress.add_task("grading", total=len(submissions))

            def tell(result: GradingResult) -> None:
                nonlocal done
                done += 1
                running.end(result.student, result.unit)
                progress.update(task, advance=1)
                if not screen.is_terminal:  # a log of the night
                    number = f"{progress.tasks[task].completed:g}/{len(submissions)}"
                    typer.echo(f"{number} {report.line(result)}", err=True)

            if isinstance(course, ForeignCourse):
                return grade_foreign_class(course, submissions, options, tell, running.begin)
            return grade_class(course, submissions, options, tell, running.begin)
    except KeyboardInterrupt:
        here = f"{done} of {len(submissions)} submissions are done, {len(submissions) - done} are left"
        stop(f"stopped: {here}; the same command grades them", INTERRUPTED)


def _print(run: Run) -> None:
    """Show the points of all submissions; for a single one, also those of each exercise."""
    console.print(report.table(run.results, run.entries))
    if len(run.results) == 1:
        (result,) = run.results
        console.print(report.exercise_table(result.unit, report.counting(result, run.entries)))
    console.print(report.summary(run.results, run.before, run.entries), soft_wrap=True)
    for text in [*where_tests_ran(run.results), *run.withdrawn]:
        console.print(printable(text), soft_wrap=True)


def _found(course: Course, paths: list[Path]) -> list[Submission]:
    """Find submissions; if there are no submissions, end, and name what was found instead."""
    course.units_with_solutions()  # otherwise there is nothing to grade by
    try:
        return find_submissions(course, paths)
    except CourseError as error:
        unused = leftovers(course, filter(Path.exists, paths), [])
        raise ArgumentError("\n".join([str(error), *map(printable, unused.errors + unused.lines)])) from None


def _found_in_foreign(course: ForeignCourse, paths: list[Path]) -> tuple[list[Submission], Leftovers]:
    """Find the submissions of any nbgrader course, and say what else was handed in."""
    found = collect(course, paths)
    return found.submissions, Leftovers(found.lines)


class _Longest(ProgressColumn):
    """Names the submissions that run the longest."""

    max_refresh = 0.5

    def __init__(self, running: Running) -> None:
        super().__init__(Column(no_wrap=True, overflow="ellipsis", ratio=1))
        self.running = running

    def render(self, task: Task) -> Text:
        """Write them in a line."""
        return Text(self.running.line(), no_wrap=True, overflow="ellipsis")


@contextmanager
def _slow_ones(screen: Console, running: Running) -> Iterator[None]:
    """Write a line for each submission that takes very long, if there is no terminal."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_S):
            for named in running.slow(SLOW_S):
                typer.echo(f"still running: {named}", err=True)

    if not screen.is_terminal:
        threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()
