"""The display of a run's progress, and the table at its end."""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ci.verdict import Outcome, points_of, status_of


class Monitor:
    """Progress of several notebooks: a live bar for each on a terminal, plain lines elsewhere.

    Parameters
    ----------
    console : Console
        Where to show it.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tasks: dict[str, TaskID] = {}
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[place]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, unit: str) -> None:
        """Report that a notebook starts."""
        self._tasks[unit] = self._progress.add_task(unit, total=None, place="kernel starts")
        if not self._console.is_terminal:
            self._say(f"{unit}: running")

    def cell(self, unit: str, number: int, total: int) -> None:
        """Report that a notebook reaches a cell."""
        self._progress.update(self._tasks[unit], completed=number, total=total, place=f"cell {number} of {total}")

    def end(self, outcome: Outcome) -> None:
        """Report the outcome of a notebook, with all details if it failed."""
        self._progress.remove_task(self._tasks[outcome.unit])
        self._say(f"{outcome.unit}: {status_of(outcome)}, {points_of(outcome)} points, {outcome.seconds:.1f} s")
        if outcome.error:
            self._say("".join(f"    {line}\n" for line in outcome.error.splitlines()).rstrip())
        if outcome.error and outcome.notebook.is_file():
            self._say(f"    its outputs so far: {outcome.notebook}")

    def _say(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)


def table(outcomes: Sequence[Outcome], title: str) -> Table:
    """Draw the summary: unit, status, seconds, peak memory, points."""
    summary = Table(title=title, title_justify="left")
    summary.add_column("unit")
    summary.add_column("status")
    summary.add_column("seconds", justify="right")
    summary.add_column("peak MB", justify="right")
    summary.add_column("points", justify="right")
    for outcome in outcomes:
        status = Text(status_of(outcome), style="green" if outcome.status == "ok" else "bold red")
        seconds, peak = f"{outcome.seconds:.1f}", str(outcome.peak_mb)
        summary.add_row(Text(outcome.unit), status, seconds, peak, points_of(outcome))
    return summary
