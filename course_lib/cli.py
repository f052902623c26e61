"""The command ``course``."""

import os
import sys
from typing import Annotated

import typer
from rich.table import Table

from course_lib import cli_grade, cli_ops, workspace
from course_lib import doctor as doctor_rows
from course_lib import lab as jupyterlab
from course_lib.course import Course
from course_lib.grading import report
from course_lib.release import release as release_units
from course_lib.terminal import console, open_course, stop

app = typer.Typer(
    help="Pixelwise: learn, release and grade.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)

Unit = Annotated[str, typer.Argument(help="A unit, in whole or in part: 03, upsampling, 03_upsampling.")]


def named(course: Course, unit: str) -> str:
    """Complete a unit's name, or end."""
    try:
        return course.unit(unit)
    except ValueError as error:
        stop(error, 2)


@app.command()
def doctor() -> None:
    """Say what is installed, and what to install."""
    rows = doctor_rows.diagnose()
    table = Table(title="Pixelwise", title_justify="left")
    table.add_column("what", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("found, or what to do", overflow="fold")
    for row in rows:
        table.add_row(row.name, row.verdict, row.found if row.ok else row.advice)
    console.print(table)
    raise typer.Exit(0 if doctor_rows.is_healthy(rows) else 1)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(
    context: typer.Context,
    fresh: Annotated[str | None, typer.Option(help="Start this unit anew; the old copy is kept aside.")] = None,
) -> None:
    """Open JupyterLab on your own copies; what you wrote is never overwritten. Other options go to JupyterLab."""
    course = open_course()
    try:
        first = named(course, fresh) if fresh else None
        if first:
            kept = workspace.start_anew(course, first)
            console.print(f"kept your old copy: {kept}" if kept else "there was no copy yet", soft_wrap=True)
        for unit in workspace.hand_out(course, course.units()):
            console.print(f"new in work/: {unit}")
            first = first or unit
    except ValueError as error:
        stop(error)
    sys.stdout.flush()
    os.chdir(course.work)
    os.execve(sys.executable, jupyterlab.command(course, first, context.args), jupyterlab.environment())


@app.command()
def check(unit: Unit) -> None:
    """Run the visible checks of your notebook of a unit, and say what each found."""
    course = open_course()
    name = named(course, unit)
    try:
        with console.status(f"running {name}"):
            exercises = workspace.check(course, name)
    except ValueError as error:
        stop(error)
    console.print(report.exercise_table(name, exercises))
    raise typer.Exit(int(any(exercise.points < exercise.max_points for exercise in exercises)))


@app.command()
def progress() -> None:
    """Show your points in every unit: those of the visible checks."""
    course = open_course()
    table = Table(title="Your points in the visible checks", title_justify="left")
    table.add_column("unit", no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    try:
        with console.status("running your notebooks"):
            points = workspace.progress(course)
    except ValueError as error:
        stop(error)
    for unit, (earned, possible) in points.items():
        table.add_row(unit, f"{earned:g}/{possible:g}")
    console.print(table)


@app.command()
def release(
    units: Annotated[list[str] | None, typer.Argument(help="Units, in whole or in part; all by default.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where notebooks/ differs.")] = False,
) -> None:
    """Make notebooks/ anew from solutions/."""
    course = open_course()
    try:
        changed = release_units(course, [named(course, unit) for unit in units or course.units()], check)
    except ValueError as error:
        stop(error)
    for unit in changed:
        console.print(f"{unit}: {'differs; run `course release`' if check else 'released'}")
    if not changed:
        console.print("notebooks/ is up to date")
    raise typer.Exit(int(check and bool(changed)))


app.command()(cli_grade.grade)
app.add_typer(cli_ops.app, name="ops")

if __name__ == "__main__":
    app()
