"""The command ``course grade``."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

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
from course_lib.grading import gains, report
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.collect.attempts import to_grade
from course_lib.grading.collect.find import Submission, find_submissions
from course_lib.grading.collect.leftovers import Leftovers, leftovers
from course_lib.grading.grade import Run, grade_class
from course_lib.grading.models import GradingResult, printable
from course_lib.grading.parallel import OnStart
from course_lib.grading.progress import Running
from course_lib.grading.regrade import Regrade, RegradeOptions, prepare_regrade
from course_lib.terminal import INTERRUPTED, bar, console, end_orderly, show_log, stop

SLOW_S = 300  # after so many seconds a submission gets a line in a log
LOOK_S = 1  # between looks
Done = TypeVar("Done")


def grade(  # noqa: PLR0913 - the options of the command
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Notebooks, or folders <student>/<unit>/<unit>.ipynb.")
    ] = None,
    *,
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
    exercise: Annotated[
        str | None, typer.Option(metavar="NAME", help="Grade this exercise again, whose tests have changed.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --exercise: show what changes, record nothing.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --exercise: record it even if somebody loses points.")
    ] = False,
) -> None:
    """Grade notebooks into classroom/: gradebook, feedback, grades.csv. What was graded before is not graded again."""
    if not exercise and (dry_run or yes):
        raise ArgumentError("expected --exercise NAME with --dry-run and --yes, got none")
    if exercise and force:
        raise ArgumentError("expected --exercise or --force, got both: --force grades whole units again")
    screen = Console(stderr=True)
    if verbose:
        show_log(screen)
    absolute = [path.absolute() for path in paths or ()]
    course = open_course()
    whole = GradeOptions(jobs, scheduler, not no_sandbox, force)
    if isinstance(course, ForeignCourse):
        if exercise:
            raise ArgumentError("expected --exercise in a course with solutions/, got one of nbgrader")
        submissions, unused = _found_in_foreign(course, absolute)
        run = _watched(len(submissions), screen, partial(grade_foreign_class, course, submissions, whole))
    else:
        if not paths and not exercise:
            raise typer.BadParameter(
                "expected notebooks or folders, such as classroom/submitted, got none", param_hint="PATHS"
            )
        paths = paths or [course.classroom / "submitted"]
        found = _found(course, paths)
        unused = leftovers(course, paths, found)
        submissions = to_grade(course, found)
        if exercise:
            options = RegradeOptions(jobs, scheduler, not no_sandbox, exercise=exercise, dry_run=dry_run)
            raise typer.Exit(_grade_again(course, submissions, options, screen, as_json, yes))
        run = _watched(len(submissions), screen, partial(grade_class, course, submissions, whole))
    if as_json:
        typer.echo(report.to_json(run.results, run.entries))
    else:
        _print(run)
        console.print(_places(course), soft_wrap=True)
    for line in unused.errors + unused.lines + run.surprises:
        typer.echo(printable(line), err=as_json)
    raise typer.Exit(int(bool(unused.errors) or any(result.error is not None for result in run.results)))


def _places(course: Course | ForeignCourse) -> str:
    """Say where the records are."""
    if isinstance(course, ForeignCourse):
        return f"gradebook, autograded, feedback: at nbgrader's places; cells.csv, logs: {course.classroom}"
    return f"feedback, grades.csv, logs: {course.classroom}"


def _watched(
    submissions: int, screen: Console, work: Callable[[Callable[[GradingResult], None], OnStart], Done]
) -> Done:
    """Grade, and show how far it is: with a bar on a terminal, else with a line for each submission."""
    done = 0
    running = Running()
    try:
        with end_orderly(), bar(screen, _Longest(running)) as progress, _slow_ones(screen, running):
            task = progress.add_task("grading", total=submissions)

            def tell(result: GradingResult) -> None:
                nonlocal done
                done += 1
                running.end(result.student, result.unit)
                progress.update(task, advance=1)
                if not screen.is_terminal:  # a log of the night
                    number = f"{progress.tasks[task].completed:g}/{submissions}"
                    typer.echo(f"{number} {report.line(result)}", err=True)

            return work(tell, running.begin)
    except KeyboardInterrupt:
        here = f"{done} of {submissions} submissions are done, {submissions - done} are left"
        stop(f"stopped: {here}; the same command grades them", INTERRUPTED)


def _grade_again(
    course: Course, submissions: list[Submission], options: RegradeOptions, screen: Console, as_json: bool, yes: bool
) -> int:
    """Grade one exercise again, show what changes, and record it; return the exit status."""
    with prepare_regrade(course, submissions, options) as run:
        changes = _watched(len(run.wanted), screen, run.compare)
        if not as_json:
            console.print(gains.table(options.exercise, changes))
            console.print(gains.counts(changes))
        losing = sum(change.gain < 0 for change in changes)
        recorded = not options.dry_run and (yes or not losing or (not as_json and _agreed(losing, len(changes))))
        if recorded:
            _record(run)
    if as_json:
        typer.echo(gains.to_json(changes, recorded))
    if recorded:
        typer.echo(f"recorded; feedback, grades.csv, logs: {course.classroom}", err=as_json)
    elif options.dry_run:
        typer.echo("nothing is recorded: --dry-run", err=True)
    else:
        typer.echo(f"nothing is recorded, because {losing} lose points; --yes records it", err=True)
    refused = not recorded and not options.dry_run
    return int(refused or any(change.error is not None for change in changes))


def _record(run: Regrade) -> None:
    try:
        with end_orderly():
            run.record()
    except KeyboardInterrupt:
        stop("stopped while recording; the same command records the rest", INTERRUPTED)


def _agreed(losing: int, all_of_them: int) -> bool:
    """Ask on a terminal; anywhere else, nobody agrees."""
    if not (sys.stdin.isatty() and console.is_terminal):
        return False
    return typer.confirm(f"{losing} lose points. Record all {all_of_them} results?")


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
