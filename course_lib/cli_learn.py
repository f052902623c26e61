"""The commands for learners: ``course lab``, ``course check`` and ``course progress``."""

import os
import sys
from typing import Annotated

import typer
from rich.table import Table

from course_lib import lab as jupyterlab
from course_lib import workspace
from course_lib.grading.outcome import printable
from course_lib.terminal import console, open_course, stop


def lab(
    context: typer.Context,
    fresh: Annotated[str | None, typer.Option(help="Start this unit anew; the old copy is kept aside.")] = None,
) -> None:
    """Open JupyterLab on your own copies; what you wrote is never overwritten. Other options go to JupyterLab."""
    course = open_course()
    try:
        units = course.units()
        first = course.unit(fresh) if fresh else None
    except ValueError as error:
        stop(error, 2)
    try:
        if first:
            kept = workspace.start_anew(course, first)
            console.print(f"kept your old copy: {kept}" if kept else "there was no copy yet", soft_wrap=True)
        for unit in workspace.hand_out(course, units):
            console.print(f"new in work/: {unit}")
            first = first or unit
    except ValueError as error:
        stop(error)
    sys.stdout.flush()
    os.chdir(course.work)
    os.execve(sys.executable, jupyterlab.command(course, first, context.args), jupyterlab.environment())


def check(
    unit: Annotated[str, typer.Argument(help="A unit, in whole or in part: 03, upsampling, 03_upsampling.")],
) -> None:
    """Run the visible checks of your notebook of a unit, and say what each found."""
    course = open_course()
    try:
        name = course.unit(unit)
    except ValueError as error:
        stop(error, 2)
    try:
        with console.status(f"running {name}"):
            exercises = workspace.check(course, name)
    except ValueError as error:
        stop(error)
    hidden = workspace.hidden_points(course, name)
    points, possible = sum(e.points for e in exercises), sum(e.max_points for e in exercises)
    table = _table(name, "exercise", points, possible, sum(hidden.values()))
    table.add_column("verdict", overflow="fold")
    table.show_lines = True
    for exercise in exercises:
        full = exercise.points == exercise.max_points
        verdict = "✓" if full else printable(exercise.message) or "not run"
        table.add_row(
            exercise.name, *_cells(exercise.points, exercise.max_points, hidden.get(exercise.name, 0)), verdict
        )
    console.print(table)
    console.print(_summary(points, possible, sum(hidden.values())), soft_wrap=True)
    raise typer.Exit(int(points < possible))


def progress() -> None:
    """Show your points in every unit: those of the visible checks, and what the hidden tests can add."""
    course = open_course()
    try:
        with console.status("running your notebooks"):
            units = workspace.progress(course)
    except ValueError as error:
        stop(error)
    points, possible = sum(row.points for row in units.values()), sum(row.max_points for row in units.values())
    hidden = sum(row.hidden for row in units.values())
    table = _table("Your points", "unit", points, possible, hidden)
    for unit, row in units.items():
        table.add_row(unit, *_cells(row.points, row.max_points, row.hidden))
    console.print(table)
    console.print(_summary(points, possible, hidden), soft_wrap=True)
    problems = [row.problem for row in units.values() if row.problem]
    for problem in problems:
        console.print(printable(problem), soft_wrap=True)
    raise typer.Exit(int(bool(problems)))


def _table(title: str, rows: str, points: float, possible: float, hidden: float) -> Table:
    """Begin a table of points with their total."""
    visible, more = _cells(points, possible, hidden)
    table = Table(title=title, title_justify="left", show_footer=True)
    table.add_column(rows, "total", no_wrap=True)
    table.add_column("points", visible, justify="right", no_wrap=True)
    table.add_column("hidden", more, justify="right", no_wrap=True)
    return table


def _cells(points: float, possible: float, hidden: float) -> tuple[str, str]:
    return f"{points:g}/{possible:g}", f"+{hidden:g}" if hidden else ""


def _summary(points: float, possible: float, hidden: float) -> str:
    """Say what the visible checks gave, and what the grade will add."""
    more = f"; up to {hidden:g} more from hidden tests when your work is graded" if hidden else ""
    return f"Points: {points:g} of {possible:g} from visible checks{more}."
