"""A map with a frame of NaN, and what a sampler reads of both."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike

from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure, sentence
from course_lib.plots.neighbors import check_pairs

MOST = 8  # rows or columns
FRAME = 3  # entries, at most
READ, OUTSIDE, UNREAD, NAN = COLORS[5], COLORS[3], "white", "#dddddd"


def sentinel(
    values: ArrayLike,
    positions: ArrayLike,
    reads: ArrayLike | None = None,
    *,
    title: str = "A frame of NaN shows every read outside",
) -> DescribedFigure:
    """Draw a map inside a frame of NaN, positions, and the entries that a sampler reads for them.

    Parameters
    ----------
    values : array_like
        One channel of a map, ``(H, W)``; up to 8 rows and columns.
    positions : array_like
        y and x on the map, shape ``(L, 2)``; outside of it too.
    reads : array_like, optional
        Row and column of each entry that is read, integers of shape ``(N, 2)``, negative ones and those from H or W
        on in the frame. By default those of a sampler without a clamp: floor and floor + 1 of each coordinate.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        The text alternative names the reads outside.

    Raises
    ------
    ValueError
        If an argument is not as above, or a read lies more than 3 entries outside.
    """
    numbers = np.asarray(values, float)
    if numbers.ndim != 2 or not 1 <= min(numbers.shape) <= max(numbers.shape) <= MOST:
        raise ValueError(f"expected one channel (H, W) of up to {MOST} × {MOST}, got shape {numbers.shape}")
    places = check_pairs("positions", positions)
    if reads is None:
        low = np.floor(places)[:, None] + np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        reads = low.reshape(-1, 2).astype(int)
    pairs = np.unique(check_pairs("reads", reads).astype(int), axis=0)
    shape = np.array(numbers.shape)
    away = max(1, int(-pairs.min()), int((pairs - shape + 1).max()))
    if away > FRAME:
        raise ValueError(f"expected reads at most {FRAME} entries outside of the map, got {away}")
    inside = ((pairs >= 0) & (pairs < shape)).all(axis=1)
    rows, columns = numbers.shape
    side = min(0.6, (WIDTH - 3) / (columns + 2 * away))
    figure, (ax,) = new_figure(1, side * (rows + 2 * away) + 1.6)
    for row in range(-away, rows + away):
        for column in range(-away, columns + away):
            known = 0 <= row < rows and 0 <= column < columns
            read = (pairs == (row, column)).all(axis=1).any()
            color = (READ if known else OUTSIDE) if read else (UNREAD if known else NAN)
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor="#999999"))
            word = f"{numbers[row, column]:.3g}" if known else "NaN"
            ax.text(column - 0.42, row - 0.42, word, ha="left", va="top", fontsize=8)
    ax.add_patch(Rectangle((-0.5, -0.5), columns, rows, fill=False, edgecolor="black", linewidth=2.5))
    ax.plot(places[:, 1], places[:, 0], "o", color="white", markeredgecolor="black", markersize=7)
    ax.set(xlim=(-away - 0.6, columns + away - 0.4), ylim=(rows + away - 0.4, -away - 0.6), aspect="equal")
    ax.set(xticks=range(-away, columns + away), yticks=range(-away, rows + away), xlabel="column", ylabel="row")
    outside = [f"({row}, {column})" for row, column in pairs[~inside]]
    words = f"{inside.sum()} entries read inside, {len(outside)} outside"
    ax.set_title(f"{title}\n{words}")
    figure.legend(
        handles=[
            Line2D([], [], marker="o", linestyle="", color="white", markeredgecolor="black", label="position"),
            Patch(color=READ, label="entry that is read"),
            Patch(color=OUTSIDE, label="read outside of the map"),
        ],
        loc="outside lower center",
        ncols=3,
    )
    figure.alternative = f"{sentence(title)} A map of {rows} × {columns}. {words}: {', '.join(outside) or 'none'}."
    return figure
