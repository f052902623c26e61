"""What the commands share: finding the course, and saying what is wrong."""

from typing import NoReturn

import typer
from rich.console import Console

from course_lib.course import Course

console = Console(highlight=False, markup=False)


def stop(message: object, status: int = 1) -> NoReturn:
    """Say what is wrong, and end."""
    typer.echo(message, err=True)
    raise typer.Exit(status)


def open_course() -> Course:
    """Find the course that the command is for."""
    try:
        return Course.find()
    except ValueError as error:
        stop(error, 2)
