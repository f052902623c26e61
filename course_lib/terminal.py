"""What the commands share: error messages, progress, and ending when interrupted."""

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn
from typer.core import TyperGroup

from course_lib.errors import ArgumentError, CourseError

INTERRUPTED = 128 + signal.SIGINT  # the exit status, as in shells

console = Console(highlight=False, markup=False)


def stop(message: object, status: int = 1) -> NoReturn:
    """Say what is wrong, and end."""
    typer.echo(message, err=True)
    raise typer.Exit(status)


class Commands(TyperGroup):
    """Commands that end with the message of a `CourseError`, or of a file that cannot be read or written.

    The exit status is 2 if an argument was wrong, otherwise 1.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except CourseError as error:
            stop("\n".join(map(escaped, str(error).split("\n"))), 2 if isinstance(error, ArgumentError) else 1)
        except OSError as error:
            if error.filename is None:
                raise
            stop(escaped(f"{error.filename}: {error.strerror}"))


def show_log(screen: Console) -> None:
    """Show what the course logs."""
    plain = logging.StreamHandler()
    handler = RichHandler(console=screen, show_path=False, show_level=False) if screen.is_terminal else plain
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    logger = logging.getLogger("course_lib")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)


def escaped(text: str) -> str:
    r"""Escape unprintable characters, such as a line end in a file's name, as Python does: ``\n``."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def bar(screen: Console, *more: ProgressColumn) -> Progress:
    """Make the line that shows progress on a terminal; additional columns come at its end."""
    fixed = [TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn()]
    return Progress(*fixed, *more, console=screen, transient=True, expand=True, disable=not screen.is_terminal)


@contextmanager
def end_orderly() -> Iterator[None]:
    """Make every signal that ends a program, such as a lost connection, act like one Ctrl-C, so that it cleans up."""

    def end(*_: object) -> NoReturn:
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    ours = (signal.SIG_DFL, signal.default_int_handler)  # under nohup, for example, one of them is ignored
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) in ours}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is end:  # not after an interrupt: the exit must not be interrupted again
                signal.signal(number, handler)
