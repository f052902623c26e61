"""A map with a frame of NaN, and the entries that a sampler reads."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike, NDArray

from course_lib.plots.areas import GRID, at, short
from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure, sentence
from course_lib.plots.neighbors import Entry, Floats, check_channel, check_pairs

MOST, FRAME = 8, 3  # rows or columns of the map; of its frame on each side
FARTHEST = 2**31  # entries; positions may lie farther away
CELL, TALLEST = 0.62, 6.0  # inches, at most: an entry, and all of them
READ, OUTSIDE, UNREAD, NAN = COLORS[5], COLORS[3], "white", "#dddddd"
FOUR = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])


def sentinel(
    values: ArrayLike,
    positions: ArrayLike,
    reads: ArrayLike | None = None,
    *,
    title: str = "A frame of NaN shows every read outside of the map",
) -> DescribedFigure:
    """Draw a map inside a frame of NaN, positions, and the entries that a sampler reads for them.

    Parameters
    ----------
    values : array_like
        One channel of a map, ``(H, W)``; up to 8 rows and columns.
    positions : array_like
        y and x on the map, shape ``(L, 2)``; outside of it too.
    reads : array_like, optional
        Row and column of each entry that is read, integers of shape ``(N, 2)``; those below 0 and those from H or W
        on lie in the frame. By default those of a sampler that does not clamp: of each coordinate of a position, the
        floor and the next whole number.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        The square around each position covers the entries that have a weight; an entry may be read without one. What
        lies more than 3 entries outside of the map is counted, but not drawn. The text alternative names the reads
        outside.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    numbers = check_channel("values", values, MOST)
    places = check_pairs("positions", positions)
    entries = _entries(_around(places) if reads is None else reads)
    rows, columns = numbers.shape
    outside = [(row, column) for row, column in entries if not (0 <= row < rows and 0 <= column < columns)]
    away = _frame([*outside, *places.tolist()], numbers.shape)
    side = min(CELL, (WIDTH - 1) / (columns + 2 * away), TALLEST / (rows + 2 * away))
    figure, (ax,) = new_figure(1, side * (rows + 2 * away) + 1.7)
    for row in range(-away, rows + away):
        for column in range(-away, columns + away):
            known = 0 <= row < rows and 0 <= column < columns
            word = short(numbers[row, column]) if known else "NaN"
            _draw_cell(ax, (row, column), word, known, (row, column) in entries)
    ax.add_patch(Rectangle((-0.5, -0.5), columns, rows, fill=False, edgecolor="black", linewidth=2.5))
    for y, x in places:
        ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, linestyle=(0, (3, 2)), linewidth=1.5))
    ax.plot(places[:, 1], places[:, 0], "o", color="white", markeredgecolor="black", markersize=6)
    inside = len(entries) - len(outside)
    words = f"{inside} entr{'y' if inside == 1 else 'ies'} read inside, {len(outside)} outside"
    far = sum(not (-away <= row < rows + away and -away <= column < columns + away) for row, column in outside)
    words += f" ({far} farther away than this shows)" if far else ""
    ax.set(title=f"{title}\n{words}", xlabel="column of the map (entries)", ylabel="row of the map (entries)")
    ax.set(xlim=(-away - 0.6, columns + away - 0.4), ylim=(rows + away - 0.4, -away - 0.6), aspect="equal")
    ax.set(xticks=range(-away, columns + away), yticks=range(-away, rows + away))
    figure.legend(handles=_legend(), loc="outside lower center", ncols=4)
    where = ", ".join(at(place) for place in places)
    figure.alternative = (
        f"{sentence(title)} A map of {rows} × {columns}, and positions {where}. {words}"
        f"{': ' if outside else ''}{', '.join(map(str, outside))}."
    )
    return figure


def _around(places: Floats) -> NDArray[np.int64]:
    """Return the four entries around each position, as a sampler without a clamp finds them."""
    floors = np.floor(places).clip(-FARTHEST, FARTHEST).astype(np.int64)
    return (floors[:, None] + FOUR).reshape(-1, 2)


def _entries(reads: ArrayLike) -> list[Entry]:
    """Return which entries are read, each once, in the order of the map."""
    pairs = np.asarray(reads)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.issubdtype(pairs.dtype, np.integer):
        raise ValueError(
            f"expected reads to be integers (row, column) of shape (N, 2), got {pairs.dtype} of shape {pairs.shape}"
        )
    return sorted({(row, column) for row, column in pairs.tolist()})


def _frame(places: Sequence[Sequence[float]], shape: Sequence[int]) -> int:
    """Return how wide a frame around a map holds all places, from 1 to the widest that is drawn."""
    numbers = np.array(places, float)
    farthest = float(np.maximum(-numbers, numbers - np.subtract(shape, 1)).max())
    return int(np.clip(np.ceil(farthest), 1, FRAME))


def _draw_cell(ax: Axes, entry: Entry, word: str, known: bool, read: bool) -> None:
    row, column = entry
    color = (READ if known else OUTSIDE) if read else (UNREAD if known else NAN)
    ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor=GRID))
    ax.text(column - 0.44, row - 0.42, word, ha="left", va="top", fontsize=8.5)


def _legend() -> list[Line2D | Patch]:
    return [
        Line2D([], [], marker="o", linestyle="", color="white", markeredgecolor="black", label="position"),
        Patch(fill=False, linestyle=(0, (3, 2)), label="its square (areas are weights)"),
        Patch(color=READ, label="entry that is read"),
        Patch(color=OUTSIDE, label="read outside of the map"),
    ]
