"""The command ``course``."""

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from course_lib import (
    cli_answers,
    cli_collect,
    cli_colorize,
    cli_doctor,
    cli_export,
    cli_grade,
    cli_insight,
    cli_learn,
    cli_ops,
    cli_review,
    cli_similar,
)
from course_lib.course import Course
from course_lib.errors import ArgumentError
from course_lib.pack import pack as write_pack
from course_lib.release import release as release_units
from course_lib.terminal import Commands, console

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


def show_version(asked: bool) -> None:
    """Print the version of the installed course, and end."""
    if asked:
        typer.echo(f"pixelwise {metadata.version('pixelwise')}")
        raise typer.Exit


@app.callback()
def course(
    _version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Pixelwise: learn, release and grade."""


app.command()(cli_doctor.doctor)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(cli_learn.lab)
app.command()(cli_learn.check)
app.command()(cli_learn.progress)
app.command()(cli_learn.solution)
app.command()(cli_colorize.colorize)


@app.command()
def release(
    units: Annotated[list[str] | None, typer.Argument(help="Units, in whole or in part; all by default.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where notebooks/ differs.")] = False,
) -> None:
    """Generate notebooks/ from solutions/."""
    course = Course.find()
    names = [course.unit_with_solutions(unit) for unit in units or course.units_with_solutions()]
    changed = release_units(course, names, check)
    for unit in changed:
        console.print(f"{unit}: {'differs; run `course release`' if check else 'released'}")
    if not changed:
        console.print(f"{course.notebooks} is up to date", soft_wrap=True)
    raise typer.Exit(int(check and bool(changed)))


@app.command()
def pack(
    file: Annotated[Path | None, typer.Argument(help="The zip file; build/pixelwise.zip by default.")] = None,
) -> None:
    """Write a zip file to hand out: notebooks, library and set-up, without solutions, tests and answers."""
    course = Course.find()
    target = file or course.root / "build" / "pixelwise.zip"
    if target.is_dir():
        raise ArgumentError(f"expected the name of a zip file, got the folder {target}")
    units = write_pack(course, target)
    console.print(f"packed {', '.join(units)}: {target}", soft_wrap=True)


app.command()(cli_collect.collect)
app.command()(cli_grade.grade)
app.command()(cli_review.review)
app.command()(cli_insight.insight)
app.command()(cli_similar.similar)
app.command()(cli_export.export)
app.add_typer(cli_answers.app, name="answers")
app.add_typer(cli_ops.app, name="ops")

if __name__ == "__main__":
    app()
