"""The commands for learners: ``course lab``, ``check``, ``progress`` and ``solution``."""

import os
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.syntax import Syntax
from rich.table import Table

from course_lib import lab as jupyterlab
from course_lib import worked_answers, workspace
from course_lib.cells import is_cpp
from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.grading.models import printable
from course_lib.grading.report import verdict
from course_lib.grading.scores import points_of
from course_lib.learner_pages import pages as learner_pages
from course_lib.schedule import NO_SCHEDULE, Schedule, ScheduleError, local, next_due, read_schedule
from course_lib.terminal import console


def lab(
    context: typer.Context,
    fresh: Annotated[str | None, typer.Option(help="Start this unit over; the old copy is kept.")] = None,
) -> None:
    """Open JupyterLab on your own copies; what you wrote is never overwritten. Other options go to JupyterLab."""
    course = Course.find()
    units = course.units()
    first = course.unit(fresh) if fresh else None
    if first:
        kept = workspace.start_anew(course, first)
        console.print(f"kept your old copy: {kept}" if kept else "there was no copy yet", soft_wrap=True)
    for unit in workspace.hand_out(course, units):
        console.print(f"new in work/: {unit}")
        first = first or unit
    schedule = _schedule(course)
    if due := next_due(schedule, datetime.now(UTC)):
        console.print(f"due next: {due}, {local(schedule.due[due])}")
    if first and jupyterlab.open_at_first_start(course, first):
        first = None
    console.print("to stop JupyterLab, press Ctrl + C twice")
    sys.stdout.flush()
    os.chdir(course.work)
    os.execve(sys.executable, jupyterlab.command(course, first, context.args), jupyterlab.environment())


def check(
    unit: Annotated[str, typer.Argument(help="A unit, in whole or in part: 03, upsampling, 03_upsampling.")],
) -> None:
    """Run the visible checks of your notebook of a unit, and say what each found."""
    course = Course.find()
    name = course.unit(unit)
    with console.status(f"running {name}"):
        exercises = workspace.check(course, name)
    counted = workspace.count(course, name, exercises)
    more = workspace.points_to_come(course, name)
    table = _table(name, "exercise", counted.points, counted.max_points, counted.more)
    table.add_column("verdict", overflow="fold")
    table.show_lines = True
    for exercise in exercises:
        said = verdict(exercise) + ("\n(worked answer opened)" if exercise.name in counted.opened else "")
        earned = points_of(exercise) if exercise.max_points else ""
        table.add_row(exercise.name, earned, _to_come(more.get(exercise.name, 0)), said)
    console.print(table)
    console.print(_summary(counted.points, counted.max_points, counted.more), soft_wrap=True)
    console.print(
        f"The same as a page, with hints: {learner_pages.write_checks(course, name, counted)}", soft_wrap=True
    )
    units = workspace.progress(course, run=False)
    units[name] = counted._replace(begun=units[name].begun)  # it is not kept where a compiler is missing
    learner_pages.write_progress(course, units, _schedule(course))
    raise typer.Exit(int(counted.points < counted.max_points))


def progress() -> None:
    """Show your points in every unit: those of the visible checks, and what a grade can add."""
    course = Course.find()
    with console.status("running your notebooks"):
        units = workspace.progress(course)
    points, possible = sum(row.points for row in units.values()), sum(row.max_points for row in units.values())
    more = sum(row.more for row in units.values())
    table = _table("Your points", "unit", points, possible, more)
    schedule = _schedule(course)
    due = {unit: local(time) for unit, time in schedule.due.items()}
    if due:
        table.add_column("due", no_wrap=True)
    any_opened = any(row.opened for row in units.values())
    if any_opened:
        table.add_column("worked answers opened", overflow="fold")
    for unit, row in units.items():
        more_cells = [due.get(unit, "")] if due else []
        more_cells += [", ".join(row.opened)] if any_opened else []
        table.add_row(unit, *_cells(row.points, row.max_points, row.more), *more_cells)
    console.print(table)
    console.print(_summary(points, possible, more), soft_wrap=True)
    problems = [row.problem for row in units.values() if row.problem]
    for problem in problems:
        console.print(printable(problem), soft_wrap=True)
    console.print(
        f"As a page, with what is next: {learner_pages.write_progress(course, units, schedule)}", soft_wrap=True
    )
    raise typer.Exit(int(bool(problems)))


def solution(
    unit: Annotated[str, typer.Argument(help="A unit, in whole or in part: 03, upsampling, 03_upsampling.")],
    exercise: Annotated[str, typer.Argument(help="An exercise or a question; left out, they are listed.")] = "",
) -> None:
    """Show the instructor's answer and its explanation; `course check` and `course progress` note that you saw it."""
    course = Course.find()
    if not course.solutions.is_dir():
        raise CourseError("this copy of the course has no worked answers")
    name = course.unit_with_solutions(unit)
    answers = worked_answers.worked_answers(course, name)
    if exercise not in answers:
        given = repr(exercise) if exercise else "none"
        raise ArgumentError(f"expected an exercise of {name}, one of {', '.join(answers)}; got {given}")
    worked_answers.note_opened(course, name, exercise)
    answer = answers[exercise]
    if answer.code:
        shown = Syntax(
            "", "cpp" if is_cpp(answer.code) else "python", theme="ansi_dark", background_color="default"
        ).highlight(answer.code)
        console.print(shown, soft_wrap=True)
    console.print(Markdown(answer.words))


def _schedule(course: Course) -> Schedule:
    """Read the due dates; if they cannot be read, say so, and do without: a learner's points do not need them."""
    try:
        return read_schedule(course)
    except ScheduleError as error:
        console.print(printable(str(error)), soft_wrap=True)
        return NO_SCHEDULE


def _table(title: str, rows: str, points: float, possible: float, more: float) -> Table:
    """Begin a table of points with their total."""
    earned, to_come = _cells(points, possible, more)
    table = Table(title=title, title_justify="left", show_footer=True)
    table.add_column(rows, "total", no_wrap=True)
    table.add_column("points", earned, justify="right", no_wrap=True)
    table.add_column("graded later", to_come, justify="right", no_wrap=True)
    return table


def _cells(points: float, possible: float, more: float) -> tuple[str, str]:
    return f"{points:g}/{possible:g}" if possible else "", _to_come(more)


def _to_come(more: float) -> str:
    return f"+{more:g}" if more else ""


def _summary(points: float, possible: float, more: float) -> str:
    """Say how many points the visible checks gave, and how many the grade will add."""
    to_come = f"; up to {more:g} more when your work is graded" if more else ""
    return f"Points: {points:g} of {possible:g} from visible checks{to_come}."
