"""Entries of a map whose values say where they lie, and what sampling with two offsets makes of them."""

import numpy as np
from matplotlib.axes import Axes

from course_lib.integers import count
from course_lib.plots.base import COLORS, DescribedFigure, new_figure

CONVENTIONS = ("half pixel centers", "upper left corners")


def aligned_ramps(entries: int = 4, scale: int = 4) -> DescribedFigure:
    """Draw a row of entries at their places in the image, in two conventions, and what sampling with two offsets gives.

    Parameters
    ----------
    entries : int
        In the row of the map, 2 or more.
    scale : int
        Pixels of the image for one step of the map, 2 or more.

    Returns
    -------
    DescribedFigure
        The value of an entry is its column in the image, so that a sample at a column should be that column. The text
        alternative gives the places, and how far off samples are.

    Raises
    ------
    ValueError
        If a number is not as above.
    """
    size, step = count("entries", entries, 2), count("scale", scale, 2)
    half = (step - 1) / 2
    figure, axes = new_figure(2, 4.2)
    words = []
    for ax, convention, right in zip(axes, CONVENTIONS, (half, 0.0), strict=True):
        words.append(_draw(ax, convention, size, step, right))
    axes[0].legend(loc="upper left")
    figure.alternative = " ".join(words)
    return figure


def _draw(ax: Axes, convention: str, size: int, step: int, right: float) -> str:
    half = (step - 1) / 2
    columns = np.arange(size * step)
    places = step * np.arange(size) + right
    for offset, color, style in ((0.0, COLORS[3], "s"), (half, COLORS[0], "o")):
        samples = np.interp((columns - offset) / step, np.arange(size), places)
        ax.plot(columns, samples, style, color=color, label=f"samples with offset {offset:g}", markersize=4)
    ax.plot(places, places, "D", color="black", label="entries of the map", markersize=8, fillstyle="none")
    ax.set(title=convention, xlabel="column (pixels)", ylabel="value: column (pixels)")
    ax.grid(alpha=0.3)
    off = half if right == 0 else -half
    return f"{convention}: entries at {', '.join(f'{place:g}' for place in places)}; the other offset is {off:g} off."
