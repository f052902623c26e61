"""The command ``course grade``."""

import os
import signal
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from course_lib.grading import report, runner
from course_lib.grading.outcome import GRADED, Outcome, printable
from course_lib.grading.submission.find import find_submissions, without_notebooks
from course_lib.terminal import console, open_course, stop

INTERRUPTED = 128 + signal.SIGINT  # as shells do


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
    done = 0
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
                nonlocal done
                done += 1
                left.discard((outcome.student, outcome.unit))
                last = ", ".join(printable(student) for student, _ in sorted(left)) if len(left) <= jobs else ""
                bar.update(task, advance=1, description=f"grading {last}".rstrip())
                if not screen.is_terminal:  # a log of the night
                    number = f"{bar.tasks[task].completed:g}/{len(submissions)}"
                    typer.echo(f"{number} {report.line(outcome)}", err=True)

            run = runner.grade(course, submissions, settings, on_outcome=tell)
    except (ValueError, OSError) as error:
        stop(error)
    except KeyboardInterrupt:
        here = f"{done} of {len(submissions)} submissions are done, {len(submissions) - done} are left"
        stop(f"stopped: {here}; the same command grades them", INTERRUPTED)
    if as_json:
        typer.echo(report.to_json(run.outcomes, run.entries))
    else:
        console.print(report.table(run.outcomes, run.entries))
        if len(run.outcomes) == 1:
            (outcome,) = run.outcomes
            console.print(report.exercise_table(outcome.unit, report.counting(outcome, run.entries)))
        console.print(report.summary(run.outcomes, run.before, run.entries), soft_wrap=True)
        for text in run.withdrawn:
            console.print(printable(text), soft_wrap=True)
        if (course.classroom / "submitted").resolve() in map(Path.resolve, paths):
            for name in without_notebooks(course, submissions):
                console.print(f"nothing was found in classroom/submitted/{printable(name)}", soft_wrap=True)
        console.print(f"feedback, grades.csv, logs: {course.classroom}", soft_wrap=True)
    raise typer.Exit(int(any(outcome.status != GRADED for outcome in run.outcomes)))


def _end_orderly() -> None:
    """Let what ends a program, such as a lost connection, end this one as Ctrl-C does, once: then it tidies up."""

    def end(*_: object) -> NoReturn:
        for number in caught:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    ours = (signal.SIG_DFL, signal.default_int_handler)  # under nohup, for example, one is neither
    caught = [n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) in ours]
    for number in caught:
        signal.signal(number, end)
