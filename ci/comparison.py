"""What has changed since the last run: slower cells, more memory, other points, other figures."""

import base64
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path

import nbformat
from PIL import Image

from ci.cells import Cell
from ci.figures import Figure, figures
from ci.verdict import Outcome

# A cell is slower, or takes more memory, if it exceeds this factor and this difference.
RATIO = 1.5
MORE_SECONDS = 1
MORE_MB = 200


@dataclass(frozen=True)
class Record:
    """What is compared of a unit: its points, its cells, and their figures."""

    points: tuple[float, float]
    cells: tuple[Cell, ...]
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class CellChange:
    """A cell that takes more than before; ``before`` and ``now`` are seconds or megabytes."""

    unit: str
    cell: Cell
    before: float
    now: float


@dataclass(frozen=True)
class PointsChange:
    """Points and possible points of a unit, where one of them has changed."""

    unit: str
    before: tuple[float, float]
    now: tuple[float, float]


@dataclass(frozen=True)
class FigureChange:
    """A figure that differs, by its number in the cell; None where it was not drawn before, or no longer is."""

    unit: str
    cell: Cell
    number: int
    before: Figure | None
    now: Figure | None


@dataclass(frozen=True)
class Comparison:
    """All changes since the last run, and the units that it did not run."""

    slower: tuple[CellChange, ...]
    more_memory: tuple[CellChange, ...]
    points: tuple[PointsChange, ...]
    figures: tuple[FigureChange, ...]
    new_units: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing has changed."""
        return not any((self.slower, self.more_memory, self.points, self.figures, self.new_units))

    def as_json(self) -> dict[str, object]:
        """Write it for ``report.json``, without the pictures."""
        return {
            "slower": [_cell(c) | {"before": c.before, "now": c.now} for c in self.slower],
            "more_memory": [_cell(c) | {"before": c.before, "now": c.now} for c in self.more_memory],
            "points": [{"unit": c.unit, "before": c.before, "now": c.now} for c in self.points],
            "figures": [_cell(c) | {"figure": c.number} for c in self.figures],
            "new_units": self.new_units,
        }


def _cell(change: CellChange | FigureChange) -> dict[str, object]:
    return {"unit": change.unit, "cell": change.cell.number, "name": change.cell.name}


def read_run(folder: Path) -> dict[str, Record] | None:
    """Read what the last run left, before it is removed.

    Parameters
    ----------
    folder : Path
        Where its report is.

    Returns
    -------
    dict or None
        A record for each unit; None if there is no report, or none that can be read: a run that was interrupted
        leaves none, and one of an older version has no cells.
    """
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        return {
            notebook["unit"]: Record(
                (notebook["points"], notebook["max_points"]),
                tuple(Cell(**cell) for cell in notebook["cells"]),
                _figures(folder / f"{notebook['unit']}.ipynb"),
            )
            for notebook in report["notebooks"]
        }
    except (OSError, ValueError, LookupError, TypeError):
        return None


def record(outcome: Outcome) -> Record:
    """Collect what is compared of a unit that has just run."""
    return Record((outcome.points, outcome.max_points), outcome.cells, _figures(outcome.notebook))


def _figures(path: Path) -> tuple[Figure, ...]:
    return tuple(figures(nbformat.read(path, as_version=4))) if path.is_file() else ()


def compare(before: Mapping[str, Record], outcomes: Sequence[Outcome]) -> Comparison:
    """Compare a run with the last one.

    Parameters
    ----------
    before : mapping
        The last run's units.
    outcomes : sequence of Outcome
        One per notebook of this run.

    Returns
    -------
    Comparison
        What has changed. Cells that were not there before, and cells that are gone, are not compared.
    """
    both = [(outcome.unit, before[outcome.unit], record(outcome)) for outcome in outcomes if outcome.unit in before]
    return Comparison(
        slower=_more(both, lambda cell: cell.seconds, MORE_SECONDS),
        more_memory=_more(both, lambda cell: cell.peak_mb, MORE_MB),
        points=tuple(PointsChange(unit, old.points, new.points) for unit, old, new in both if old.points != new.points),
        figures=tuple(change for unit, old, new in both for change in changed_figures(unit, old, new)),
        new_units=tuple(outcome.unit for outcome in outcomes if outcome.unit not in before),
    )


def _more(
    both: Iterable[tuple[str, Record, Record]], value: Callable[[Cell], float], difference: float
) -> tuple[CellChange, ...]:
    """Find the cells whose value has grown by a factor and by a difference."""
    return tuple(
        CellChange(unit, now, value(before), value(now))
        for unit, old, new in both
        for before, now in paired(old.cells, new.cells)
        if value(now) > RATIO * value(before) and value(now) > value(before) + difference
    )


def paired(before: Sequence[Cell], now: Sequence[Cell]) -> Iterator[tuple[Cell, Cell]]:
    """Pair the cells of two runs of a unit.

    Cells of one id belong together. An edited cell has another id: cells in a row without a counterpart belong to those
    in their place, if these are as many.
    """
    matcher = SequenceMatcher(None, [cell.id for cell in before], [cell.id for cell in now], autojunk=False)
    for _, start, stop, new_start, new_stop in matcher.get_opcodes():
        if stop - start == new_stop - new_start:
            yield from zip(before[start:stop], now[new_start:new_stop], strict=True)


def changed_figures(unit: str, before: Record, now: Record) -> Iterator[FigureChange]:
    """Find the figures of a unit that differ from those of the last run, cell by cell."""
    for old, new in paired(before.cells, now.cells):
        drawn = [figure for figure in before.figures if figure.cell == old.id]
        redrawn = [figure for figure in now.figures if figure.cell == new.id]
        for number, (was, now_is) in enumerate(zip_longest(drawn, redrawn), 1):
            if was is None or now_is is None or not same_picture(was.png, now_is.png):
                yield FigureChange(unit, new, number, was, now_is)


def same_picture(png: str, other: str) -> bool:
    """Tell whether two PNGs in base64 have equal pixels, however they are written.

    One that cannot be decoded equals only itself.
    """
    if png == other:
        return True
    try:
        return _pixels(png) == _pixels(other)
    except (OSError, SyntaxError, ValueError):  # what Pillow and base64 raise on damaged data
        return False


def _pixels(png: str) -> tuple[tuple[int, int], bytes]:
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        deep = image.mode.startswith("I")  # grays of 16 bits, which RGBA would cut
        return image.size, (image if deep else image.convert("RGBA")).tobytes()
