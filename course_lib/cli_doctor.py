"""The command ``course doctor``."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from course_lib import doctor as doctor_rows
from course_lib.errors import ArgumentError
from course_lib.foreign.course import ForeignCourse, open_course
from course_lib.foreign.diagnosis import Diagnosis, diagnose_course
from course_lib.grading.models import printable
from course_lib.terminal import console


def doctor(
    course: Annotated[
        Path | None, typer.Option("--course", help="A folder with nbgrader_config.py: say whether it can be graded.")
    ] = None,
) -> None:
    """Say what is installed, and what to install; with --course, where an nbgrader course's tests run."""
    if course is not None:
        raise typer.Exit(_look_at(course))
    rows = doctor_rows.diagnose()
    table = Table(title="Pixelwise", title_justify="left")
    table.add_column("what", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("found, or what to do", overflow="fold")
    for row in rows:
        table.add_row(row.name, row.verdict, row.found if row.ok else row.advice)
    console.print(table)
    raise typer.Exit(0 if doctor_rows.is_healthy(rows) else 1)


def _look_at(folder: Path) -> int:
    """Print what is known of a course; return the exit status."""
    course = open_course(folder)
    if not isinstance(course, ForeignCourse):
        raise ArgumentError(
            f"expected a course with source/<assignment>/<notebook>.ipynb, got one with solutions/ in {course.root}: "
            "`course release --check` looks at its units"
        )
    found = diagnose_course(course, os.cpu_count() or 1)
    for each in found:
        console.print(_table(each) if each.tests else f"{each.name}: no tests")
        for line in [*each.notes, *(f"cannot be graded: {problem}" for problem in each.problems)]:
            console.print(f"  {printable(line)}", soft_wrap=True)
    bad = [each.name for each in found if each.problems]
    tests = [why for each in found for why in each.tests.values()]
    inside = sum(map(bool, tests))
    places = f"{len(tests) - inside} tests run apart from the learner's code, {inside} in the learner's process"
    verdict = f"not all of it can be graded: {', '.join(bad)}" if bad else "it can be graded: `course grade`"
    console.print(f"{course.root}: {places}; {verdict}", soft_wrap=True)
    return int(bool(bad))


def _table(found: Diagnosis) -> Table:
    table = Table(title=found.name, title_justify="left")
    table.add_column("test", no_wrap=True)
    table.add_column("runs", no_wrap=True)
    table.add_column("why", overflow="fold")
    for name, why in found.tests.items():
        table.add_row(name, "in the learner's process" if why else "apart", printable(why))
    return table
