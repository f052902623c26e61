"""Entries of a map as squares, and what squares around positions cover of them.

An entry (i, j) is drawn as the square around (i, j). A square of the same size around a position covers its four
neighbors by their bilinear weights.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from course_lib.plots.neighbors import Entry, Floats

GRID = "#999999"
HIGH, LETTER, NEAR = 0.2, 0.09, 0.2  # inches: a line of numbers, a letter, and from a position to a number


def draw_cells(ax: Axes, rows: Sequence[int], columns: Sequence[int]) -> None:
    """Draw entries as squares, and number their rows and columns."""
    for row in rows:
        for column in columns:
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="white", edgecolor=GRID))
    ax.set(xlim=(columns[0] - 0.6, columns[-1] + 0.6), ylim=(rows[-1] + 0.6, rows[0] - 0.6), aspect="equal")
    ax.set(xticks=columns, yticks=rows, xlabel="column of the map (entries)", ylabel="row of the map (entries)")


def draw_square(
    ax: Axes, place: Floats, entries: Sequence[Entry], weights: Floats, colors: Sequence[str], opaque: bool
) -> None:
    """Draw the parts of the square around a position, each in the color of its entry."""
    for entry, weight, color in zip(entries, weights, colors, strict=True):
        if weight:
            left, top, right, bottom = _part(place, entry)
            face = to_rgba(color, 0.85 if opaque else 0.45)
            edge = "black" if opaque else color
            ax.add_patch(
                Rectangle((left, top), right - left, bottom - top, facecolor=face, edgecolor=edge, linewidth=1.5)
            )


def _part(place: Floats, entry: Entry) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the part of an entry that the square around a position covers."""
    (y, x), (row, column) = place, entry
    return max(x, column) - 0.5, max(y, row) - 0.5, min(x, column) + 0.5, min(y, row) + 0.5


def write_areas(
    ax: Axes, place: Floats, entries: Sequence[Entry], weights: Floats, inks: Sequence[str], inch: float
) -> None:
    """Write the areas of parts that have room for a number, beside the position's dot; an entry is ``inch`` wide."""
    for entry, weight, ink in zip(entries, weights, inks, strict=True):
        left, top, right, bottom = _part(place, entry)
        word = f"{weight:.3g}"
        x, y = (left + right) / 2, (top + bottom) / 2
        if abs(y - place[0]) < NEAR / inch and abs(x - place[1]) < (LETTER * len(word) / 2 + 0.08) / inch:
            y = place[0] + (NEAR if y >= place[0] else -NEAR) / inch
        room = min(y - top, bottom - y) * inch
        if weight and (right - left) * inch > LETTER * len(word) and room > HIGH / 2:
            ax.text(x, y, word, ha="center", va="center", color=ink)


def draw_dot(ax: Axes, place: Floats, samples: int = 1) -> None:
    """Mark a position, and how many samples are taken there if it is more than one."""
    y, x = place
    ax.plot(x, y, "o", color="white", markeredgecolor="black", markersize=6 if samples == 1 else 12)
    if samples > 1:
        ax.text(x, y, str(samples), ha="center", va="center_baseline", fontsize=8.5)


def short(number: float) -> str:
    """Write a number with three significant digits, or rounded to an integer of four or five digits."""
    return f"{number:.0f}" if 1000 <= abs(number) < 99_999.5 else f"{number:.3g}"


def at(place: Sequence[float]) -> str:
    """Return a place in words."""
    return f"({place[0]:.3g}, {place[1]:.3g})"
