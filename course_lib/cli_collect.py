"""The command ``course collect``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from course_lib.classroom.intake.collecting import collect as collect_downloads
from course_lib.classroom.intake.report import Row
from course_lib.course import Course
from course_lib.terminal import INTERRUPTED, console, end_orderly, escaped, stop

_LETTERS = 1_000  # the most of a line that are shown


def collect(
    files: Annotated[list[Path], typer.Argument(help="Zip files from Moodle, Canvas or Gradescope, or folders.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Put submissions from downloads into classroom/submitted/<student>/<unit>; earlier attempts are kept."""
    try:
        with end_orderly():
            collected = collect_downloads(Course.find(), files)
    except KeyboardInterrupt:
        stop("stopped: the same command collects the rest", INTERRUPTED)
    if as_json:
        typer.echo(collected.to_json())
    else:
        if collected.rows:
            console.print(_table(collected.rows))
        for line in collected.notes:
            console.print(_shown(line), soft_wrap=True)
    for line in collected.refused:
        typer.echo(f"not placed: {_shown(line)}", err=True)
    raise typer.Exit(int(bool(collected.refused)))


def _table(rows: list[Row]) -> Table:
    table = Table(title="Collected", title_justify="left")
    for column in ("student", "unit", "file", "handed in", "outcome"):
        table.add_column(column, overflow="fold")
    for row in rows:
        time = f"{row.time} ({row.time_from})"
        cells = (row.student, row.unit, row.file, time, "; ".join([row.outcome, *row.notes]))
        table.add_row(*map(_shown, cells))
    return table


def _shown(text: str) -> str:
    return escaped(text if len(text) <= _LETTERS else f"{text[:_LETTERS]}…")
