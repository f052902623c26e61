"""What a run leaves for the page of a CI job: ``summary.md``."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ci.comparison import CellChange, Comparison
from ci.verdict import Outcome, points_of, status_of
from course_lib.files import write_aside

SLOWEST = 10
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>|~&#$]")


def write_summary(
    outcomes: Sequence[Outcome], seconds: float, folder: Path, title: str, comparison: Comparison | None
) -> None:
    """Write ``summary.md``: all units, the slowest cells, and what has changed, in GitHub's Markdown.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One per notebook.
    seconds : float
        Wall time of the run.
    folder : Path
        Where the file goes.
    title : str
        What was run.
    comparison : Comparison or None
        What has changed since the last run, if there was one.
    """
    blocks = [f"## {escape(title)}", _units(outcomes), f"All in {seconds:.1f} s.", *_slowest(outcomes)]
    if comparison is not None:
        blocks += ["### Since the last run", *_changes(comparison)]
    write_aside(folder / "summary.md", "\n\n".join(blocks) + "\n")


def escape(text: str) -> str:
    """Write a text so that Markdown shows it as it is, in one line; in a table too."""
    return _SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw a table; a column whose name ends with a colon is aligned to the right, without the colon.

    Parameters
    ----------
    columns : sequence of str
        Their names.
    rows : sequence of sequence of str
        The texts of the cells, which are escaped here.
    """
    rule = ["---:" if column.endswith(":") else "---" for column in columns]
    lines = [[column.removesuffix(":") for column in columns], rule, *([escape(text) for text in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _units(outcomes: Sequence[Outcome]) -> str:
    rows = [[o.unit, status_of(o), f"{o.seconds:.1f}", str(o.peak_mb), points_of(o)] for o in outcomes]
    return table(["unit", "status", "seconds:", "peak MB:", "points:"], rows)


def _slowest(outcomes: Sequence[Outcome]) -> Iterator[str]:
    cells = [(outcome.unit, cell) for outcome in outcomes for cell in outcome.cells]
    slowest = sorted(cells, key=lambda pair: pair[1].seconds, reverse=True)[:SLOWEST]
    if slowest:
        rows = [[unit, str(c.number), c.name, f"{c.seconds:.1f}", str(c.peak_mb)] for unit, c in slowest]
        yield "### Slowest cells"
        yield table(["unit", "cell:", "name", "seconds:", "peak MB:"], rows)


def _changes(comparison: Comparison) -> Iterator[str]:
    if comparison.empty:
        yield "Points and figures are the same, and no cell takes much more time or memory."
    if comparison.new_units:
        yield f"Not in the last run: {', '.join(map(escape, comparison.new_units))}."
    if comparison.points:
        rows = [[c.unit, "{:g}/{:g}".format(*c.before), "{:g}/{:g}".format(*c.now)] for c in comparison.points]
        yield "Points:"
        yield table(["unit", "before:", "now:"], rows)
    if comparison.slower:
        yield "Slower cells, in seconds:"
        yield _cells(comparison.slower, "{:.1f}")
    if comparison.more_memory:
        yield "Cells with more memory, in MB:"
        yield _cells(comparison.more_memory, "{:.0f}")
    if comparison.figures:
        rows = [[c.unit, str(c.cell.number), c.cell.name, str(c.number)] for c in comparison.figures]
        yield "Changed figures, side by side in `index.html`:"
        yield table(["unit", "cell:", "name", "figure:"], rows)


def _cells(changes: Sequence[CellChange], form: str) -> str:
    rows = [[c.unit, str(c.cell.number), c.cell.name, form.format(c.before), form.format(c.now)] for c in changes]
    return table(["unit", "cell:", "name", "before:", "now:"], rows)
