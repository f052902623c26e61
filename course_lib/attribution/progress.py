"""A progress bar for work that takes seconds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from IPython.display import display
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["progress_bar"]

LENGTH = 30  # of the bar in a notebook, in characters


@contextmanager
def progress_bar(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show progress in a terminal or a notebook; the bar disappears at the end.

    Parameters
    ----------
    description : str
        What is counted.
    total : int
        The total number.

    Yields
    ------
    callable
        To be called with the number of items that were just done.
    """
    console = Console()
    if console.is_jupyter:  # Rich would leave a dead widget in the notebook's file
        with _notebook_bar(description, total) as advance:
            yield advance
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(description, total=total)
        yield lambda number: progress.advance(task, number)


@contextmanager
def _notebook_bar(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar made of characters below a notebook's cell."""
    done = 0
    shown = display({"text/plain": description}, raw=True, display_id=True)

    def advance(number: int) -> None:
        nonlocal done
        done += number
        full = LENGTH * done // total
        shown.update({"text/plain": f"{description} {'█' * full}{'░' * (LENGTH - full)} {done}/{total}"}, raw=True)

    try:
        yield advance
    finally:
        shown.update({"text/plain": ""}, raw=True)
