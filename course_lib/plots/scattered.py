"""Where the gradient of bilinear samples lands on a map."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike, NDArray

from course_lib.plots.areas import GRID, at, draw_cells, draw_dot, draw_square, short, write_areas
from course_lib.plots.base import COLORS, DescribedFigure, new_figure, sentence
from course_lib.plots.neighbors import Entry, Floats, Neighbors, check_positions, check_sides, neighbors
from course_lib.plots.palette import ink_on

MOST, MOST_SAMPLES = 6, 8  # rows or columns of a map; samples
ACROSS = 4  # samples in a line of the legend
WIDEST, LARGEST = 4.3, 1.25  # inches: a map, an entry
SMALLEST = 7.5  # points: the letters of terms


def scattered(
    upstream: ArrayLike, positions: ArrayLike, shape: tuple[int, int], *, title: str = "Where the gradient lands"
) -> DescribedFigure:
    """Draw squares around the positions of samples, and beside them what their gradients add to each entry of the map.

    Parameters
    ----------
    upstream : array_like
        The gradient of each sample, shape ``(L,)``; up to eight.
    positions : array_like
        y and x on the map, shape ``(L, 2)``, in [0, H - 1] and [0, W - 1]; some may be the same.
    shape : (int, int)
        Rows and columns of the map, each up to 6.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Positions that are the same share a square. The text alternative gives, for each entry that gradients land
        on, the sum and its terms.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    rows, columns = check_sides(shape, "rows", "columns")
    if max(rows, columns) > MOST:
        raise ValueError(f"expected a map of up to {MOST} × {MOST}, got {rows} × {columns}")
    places = check_positions("positions", positions, (rows, columns), MOST_SAMPLES)
    gradients = np.asarray(upstream, float)
    if gradients.shape != places.shape[:1] or not np.isfinite(gradients).all():
        raise ValueError(
            f"expected a gradient that is finite for each of {len(places)} positions, got shape {gradients.shape}, "
            f"{np.isfinite(gradients).sum()} of {gradients.size} finite"
        )
    terms = _terms(gradients, neighbors(places, (rows, columns)))
    total = np.zeros((rows, columns))
    for entry, landed in terms.items():
        total[entry] = sum(landed)
    distinct = np.array(list(dict.fromkeys(map(tuple, places.tolist()))))
    lines = -(-len(distinct) // ACROSS)
    inch = min(WIDEST / (columns + 0.2), LARGEST)
    figure, axes = new_figure(2, 1.75 + 0.25 * lines + (rows + 0.2) * inch)
    figure.suptitle(title)
    _draw_samples(axes[0], places, distinct, (rows, columns), inch)
    _draw_sums(axes[1], total, terms, inch)
    axes[0].set_title("areas around the samples")
    axes[1].set_title("gradient of the map")
    from_above = [f"{_joined(gradients[(places == place).all(axis=1)])} at {at(place)}" for place in distinct]
    handles = [Patch(color=color, label=words) for color, words in zip(COLORS, from_above, strict=False)]
    figure.legend(
        handles=handles, title="gradient from above", loc="outside lower center", ncols=min(ACROSS, len(handles))
    )
    sums = (
        f"{entry} {_joined(landed)}" + (f" = {short(total[entry])}" if len(landed) > 1 else "")
        for entry, landed in sorted(terms.items())
    )
    figure.alternative = (
        f"{sentence(title)} Gradients {'; '.join(from_above)}. "
        f"On a map of {rows} × {columns} they add: {'; '.join(sums)}."
    )
    return figure


def _terms(gradients: Floats, found: Neighbors) -> dict[Entry, list[float]]:
    """Return what each sample adds to each of its entries, in the order of the samples."""
    terms: dict[Entry, list[float]] = {}
    for gradient, entries, weights in zip(gradients, found.entries(), found.weights, strict=True):
        for entry, weight in zip(entries, weights, strict=True):
            if weight:
                terms.setdefault(entry, []).append(float(weight * gradient))
    return terms


def _draw_samples(ax: Axes, places: Floats, distinct: Floats, shape: Sequence[int], inch: float) -> None:
    """Draw one square for all samples at the same position, with its areas unless another covers it."""
    draw_cells(ax, range(shape[0]), range(shape[1]))
    found = neighbors(distinct, shape)
    for place, entries, weights, color in zip(distinct, found.entries(), found.weights, COLORS, strict=False):
        draw_square(ax, place, entries, weights, [color] * 4, opaque=False)
    for place, entries, weights in zip(distinct, found.entries(), found.weights, strict=True):
        draw_dot(ax, place, int((places == place).all(axis=1).sum()))
        if (np.abs(distinct - place).max(axis=1) < 1).sum() == 1:
            write_areas(ax, place, entries, weights, ["black"] * 4, inch)


def _draw_sums(ax: Axes, total: Floats, terms: dict[Entry, list[float]], inch: float) -> None:
    """Draw what lands on each entry, and below it the terms of a sum, or how many there are."""
    rows, columns = total.shape
    draw_cells(ax, range(rows), range(columns))
    limit = np.abs(total).max() or 1.0
    for (row, column), landed in terms.items():
        value = total[row, column]
        color = to_hex(colormaps["PuOr"](0.5 + 0.4 * value / limit))
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor=GRID))
        style: dict[str, Any] = {"ha": "center", "va": "center", "color": ink_on(color)}
        several = len(landed) > 1
        size = 11 if inch > 0.8 else 8.5
        ax.text(column, row - 0.12 * several, short(value), fontsize=size, weight="bold", **style)
        if several:
            words = _joined(landed)
            letters = 72 * inch / (0.65 * len(words))
            if letters < SMALLEST:
                words, letters = f"{len(landed)} terms", SMALLEST
            ax.text(column, row + 0.24, words, fontsize=min(9.5, letters), **style)


def _joined(numbers: Sequence[float] | NDArray[np.float64]) -> str:
    return " + ".join(short(number) for number in numbers).replace("+ -", "- ")
