"""How an array lies in memory."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from course_lib.integers import as_integer
from course_lib.plots.base import COLORS, DescribedFigure, new_mosaic
from course_lib.plots.neighbors import check_sides

MOST = 24  # entries whose numbers can be read side by side
PALE = 0.55  # how much white is in the color of a row
INK = "black"


def row_major(shape: tuple[int, int, int], at: tuple[int, int]) -> DescribedFigure:
    """Draw a small map as its channels and as the row of numbers that it is in memory.

    Each entry holds its index: how many numbers lie before it. Every row of the map has a color of its own.

    Parameters
    ----------
    shape : (int, int, int)
        Rows, columns and channels of the map, at most 24 entries in all.
    at : (int, int)
        Row and column of the place to outline.

    Returns
    -------
    DescribedFigure
        Its text alternative says which indices the outlined place has.

    Raises
    ------
    ValueError
        If a number is not as above, or the place is not on the map.
    """
    height, width, channels = check_sides(shape, "rows", "columns", "channels")
    if height * width * channels > MOST:
        raise ValueError(f"expected a map of up to {MOST} entries, got the shape {shape}")
    if len(at) != 2 or None in map(as_integer, at) or not (0 <= at[0] < height and 0 <= at[1] < width):
        raise ValueError(f"expected a row and a column of a map of {height} × {width}, got {at}")
    index = np.arange(height * width * channels).reshape(shape)
    names = [f"channel {channel}" for channel in range(channels)]
    figure, axes = new_mosaic([names, ["memory"] * channels], [0.9 + 0.45 * height, 1.35])
    for channel, name in enumerate(names):
        ax = axes[name]
        for row, column in np.ndindex(height, width):
            _entry(ax, row, column, int(index[row, column, channel]), row)
        _outline(ax, at[0], at[1], 1)
        ax.set(title=name, xlabel="column x", ylabel="row y", xticks=range(width), yticks=range(height))
        ax.set(xlim=(-0.6, width - 0.4), ylim=(height - 0.4, -0.6), aspect="equal")
    ax = axes["memory"]
    for row, column, channel in np.ndindex(shape):
        _entry(ax, 0, int(index[row, column, channel]), int(index[row, column, channel]), row)
    first = int(index[at[0], at[1], 0])
    _outline(ax, 0, first, channels)
    ax.set(title="the same map in memory", xlabel="index (how many numbers lie before it)", xticks=[], yticks=[])
    ax.set(xlim=(-0.6, index.size - 0.4), ylim=(0.6, -0.6), aspect="equal")
    own = ", ".join(str(first + channel) for channel in range(channels))
    figure.alternative = (
        f"A map of {height} rows, {width} columns and {channels} channels, and the row of {index.size} numbers that it "
        f"is in memory: row by row, in each row column by column, and the channels of a place side by side. "
        f"Row {at[0]}, column {at[1]} is outlined; the indices of its channels are {own}."
    )
    return figure


def _entry(ax: Axes, row: int, column: int, number: int, color: int) -> None:
    """Draw an entry with its index, in the color of its row on the map."""
    red, green, blue = PALE + (1 - PALE) * np.array(to_rgb(COLORS[color % len(COLORS)]))
    ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=(red, green, blue), edgecolor="white"))
    ax.text(column, row, str(number), ha="center", va="center", fontsize=9, color=INK)


def _outline(ax: Axes, row: int, column: int, entries: int) -> None:
    ax.add_patch(Rectangle((column - 0.5, row - 0.5), entries, 1, fill=False, edgecolor=INK, linewidth=2.2, zorder=3))
