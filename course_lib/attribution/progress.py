"""A progress bar for work that takes seconds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how much is done, in a terminal or a notebook; the bar disappears at the end.

    Parameters
    ----------
    description : str
        What is counted.
    total : int
        How many there are.

    Yields
    ------
    callable
        To call with how many more are done.
    """
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    console = Console()
    shown = console.is_terminal or console.is_jupyter
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        task = progress.add_task(description, total=total)
        yield lambda number: progress.advance(task, number)
