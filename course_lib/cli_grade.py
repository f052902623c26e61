"""The command ``course grade``."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from course_lib.grading import report, runner
from course_lib.grading.outcome import GRADED
from course_lib.grading.submission.find import find_submissions
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
) -> None:
    """Grade notebooks into classroom/: gradebook, feedback, grades.csv. What was graded before is not graded again."""
    course = open_course()
    try:
        submissions = find_submissions(course, paths)
    except ValueError as error:
        stop(error, 2)
    screen = Console(stderr=True)
    settings = runner.Settings(jobs, scheduler, not no_sandbox)
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
            run = runner.grade(course, submissions, settings, on_outcome=lambda _: bar.advance(task))
    except ValueError as error:
        stop(error)
    if as_json:
        typer.echo(report.to_json(run.outcomes))
    else:
        console.print(report.table(run.outcomes))
        if len(run.outcomes) == 1:
            console.print(report.exercise_table(run.outcomes[0].unit, run.outcomes[0].exercises))
        console.print(report.summary(run.outcomes, run.before), soft_wrap=True)
        console.print(f"feedback, grades.csv, logs: {course.classroom}", soft_wrap=True)
    raise typer.Exit(int(any(outcome.status != GRADED for outcome in run.outcomes)))
