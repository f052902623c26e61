"""The command ``course grade``."""

import os
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from course_lib.grading import report, runner
from course_lib.grading.outcome import GRADED, Outcome, printable
from course_lib.grading.submission.find import find_submissions, without_notebooks
from course_lib.terminal import console, open_course, stop


def grade(
    paths: Annotated[list[Path], typer.Argument(help="Notebooks, or folders <student>/<unit>/<unit>.ipynb.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Submissions run at once.")] = os.cpu_count() or 1,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A Dask scheduler whose workers grade: tcp://HOST:PORT.")
    ] = None,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run the learners' code with your rights; results are marked.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Grade again what was graded before.")] = False,
) -> None:
    """Grade notebooks into classroom/: gradebook, feedback, grades.csv. What was graded before is not graded again."""
    course = open_course()
    try:
        submissions = find_submissions(course, paths)
    except ValueError as error:
        stop(error, 2)
    screen = Console(stderr=True)
    settings = runner.Settings(jobs, scheduler, not no_sandbox, force)
    _end_orderly()
    try:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(),
            console=screen,
            transient=True,
            disable=not screen.is_terminal,
        ) as bar:
            task = bar.add_task("grading", total=len(submissions))
            left = {(submission.student, submission.unit) for submission in submissions}

            def tell(outcome: Outcome) -> None:
                left.discard((outcome.student, outcome.unit))
                last = ", ".join(printable(student) for student, _ in sorted(left)) if len(left) <= jobs else ""
                bar.update(task, advance=1, description=f"grading {last}".rstrip())
                if not screen.is_terminal:  # a log of the night
                    number = f"{bar.tasks[task].completed:g}/{len(submissions)}"
                    typer.echo(f"{number} {report.line(outcome)}", err=True)

            run = runner.grade(course, submissions, settings, on_outcome=tell)
    except (ValueError, OSError) as error:
        stop(error)
    if as_json:
        typer.echo(report.to_json(run.outcomes))
    else:
        console.print(report.table(run.outcomes))
        if len(run.outcomes) == 1:
            console.print(report.exercise_table(run.outcomes[0].unit, run.outcomes[0].exercises))
        console.print(report.summary(run.outcomes, run.before, run.entries), soft_wrap=True)
        if (course.classroom / "submitted").resolve() in map(Path.resolve, paths):
            for name in without_notebooks(course, submissions):
                console.print(f"nothing was found in classroom/submitted/{printable(name)}", soft_wrap=True)
        console.print(f"feedback, grades.csv, logs: {course.classroom}", soft_wrap=True)
    raise typer.Exit(int(any(outcome.status != GRADED for outcome in run.outcomes)))


def _end_orderly() -> None:
    """Let what ends a program, such as a lost connection, end this one as Ctrl-C does: with nothing left behind."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # under nohup it is not
            signal.signal(number, signal.default_int_handler)
