"""Bilinear sampling by areas: what a position takes from four entries."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from course_lib.plots.areas import at, draw_cells, draw_dot, draw_square, short, write_areas
from course_lib.plots.base import COLORS, DescribedFigure, new_figure, sentence
from course_lib.plots.neighbors import CORNERS, Entry, check_channel, check_positions, neighbors
from course_lib.plots.palette import ink_on

HALO = [withStroke(linewidth=2.5, foreground="white")]


def bilinear_cell(values: ArrayLike, position: ArrayLike, *, title: str = "Areas are weights") -> DescribedFigure:
    """Draw the four entries around a position, how much of each a square around it covers, and what that sums to.

    Parameters
    ----------
    values : array_like
        One channel of a map, ``(H, W)``.
    position : array_like
        y and x on the map, shape ``(2,)``, in [0, H - 1] and [0, W - 1].
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Of the map, only these entries are drawn, each as the square around its place. The text alternative gives
        weights, products and their sum.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    numbers = check_channel("values", values)
    (place,) = check_positions("position", np.asarray(position, float)[None], numbers.shape)
    found = neighbors(place[None], numbers.shape)
    (entries,), (weights,) = found.entries(), found.weights
    taken = [numbers[entry] for entry in entries]
    figure, axes = new_figure(2, 4.1)
    figure.suptitle(title)
    draw_cells(axes[0], sorted({row for row, _ in entries}), sorted({column for _, column in entries}))
    draw_square(axes[0], place, entries, weights, COLORS[:4], opaque=True)
    draw_dot(axes[0], place)
    write_areas(axes[0], place, entries, weights, [ink_on(color) for color in COLORS[:4]], inch=1.4)
    for entry in set(entries):
        _write_value(axes[0], entry, entries, numbers[entry])
    axes[0].set_title(f"a square around {at(place)}")
    products = [
        f"{weight:.3g} · {short(value)} = {short(weight * value + 0.0)}"
        for weight, value in zip(weights, taken, strict=True)
    ]
    names = [f"{corner} {entry}" for corner, entry in zip(CORNERS, entries, strict=True)]
    total = short(weights @ taken)
    axes[1].bar_label(axes[1].barh(range(4), weights, color=COLORS[:4]), products, padding=4)
    axes[1].set(title=f"sum: {total}", xlabel="weight (area that is covered)", ylabel="entry")
    axes[1].set(xlim=(0, 1.6), ylim=(3.6, -0.6), xticks=np.linspace(0, 1, 5))
    axes[1].set_yticks(range(4), names)
    words = "; ".join(f"{name} {product}" for name, product in zip(names, products, strict=True))
    figure.alternative = f"{sentence(title)} Around {at(place)}, area times value: {words}. Sum: {total}."
    return figure


def _write_value(ax: Axes, entry: Entry, entries: Sequence[Entry], value: float) -> None:
    """Write the value of an entry into the outer corner of its cell."""
    row, column = entry
    right, down = column > min(column for _, column in entries), row > min(row for row, _ in entries)
    ax.text(
        column + (0.46 if right else -0.46),
        row + (0.45 if down else -0.45),
        short(value),
        ha="right" if right else "left",
        va="bottom" if down else "top",
        fontsize=12,
        weight="bold",
        path_effects=HALO,
    )
