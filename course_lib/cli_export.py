"""The command ``course export``."""

from pathlib import Path
from typing import Annotated

import typer

from course_lib.classroom.export.run import System
from course_lib.classroom.export.run import export as export_class
from course_lib.course import Course
from course_lib.terminal import console, escaped


def export(
    to: Annotated[System, typer.Option("--to", help="What the files are for.")],
    units: Annotated[
        list[str] | None, typer.Argument(help="Units, in whole or in part; all graded ones by default.")
    ] = None,
    template: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="A file that Moodle or Canvas exported, to fill in.")
    ] = None,
) -> None:
    """Write points and feedback into classroom/export/, for Moodle, Canvas, Gradescope, or as a table."""
    written = export_class(Course.find(), to, units or (), template)
    for line in [*map(str, written.files), *written.notes, *written.lines]:
        console.print(escaped(line), soft_wrap=True)
    raise typer.Exit(int(bool(written.lines)))
