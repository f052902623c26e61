"""Bilinear sampling by areas: what a position takes from four entries, and where its gradient lands."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from course_lib.plots.base import COLORS, DescribedFigure, new_figure, sentence
from course_lib.plots.neighbors import CORNERS, Floats, Neighbors, check_pairs, neighbors
from course_lib.plots.palette import ink_on

MOST = 8  # rows or columns
MOST_POSITIONS = 8
GRID = "#999999"
ROOM = 0.045  # area of an entry: with less, its number would not fit


def bilinear_cell(values: ArrayLike, position: ArrayLike, *, title: str = "Areas are weights") -> DescribedFigure:
    """Draw the four entries around a position, how much of each a square around it covers, and the sum.

    Parameters
    ----------
    values : array_like
        One channel of a map, ``(H, W)``; up to 8 rows and columns.
    position : array_like
        y and x on the map, shape ``(2,)``, in [0, H - 1] and [0, W - 1].
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Each entry is a square around its place. The text alternative gives weights, products and the sum.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    numbers = _numbers(values)
    places = check_pairs("position", np.asarray(position, float)[None])
    _check_inside(places, numbers.shape)
    found = neighbors(places, numbers.shape)
    figure, axes = new_figure(2, 4.2)
    figure.suptitle(title)
    _draw_numbers(axes[0], numbers)
    _draw_square(axes[0], places[0], found, 0, COLORS[:4])
    axes[0].set_title(f"position ({places[0, 0]:.3g}, {places[0, 1]:.3g})")
    figure.alternative = _draw_products(axes[1], numbers, found, title)
    return figure


def scattered(
    upstream: ArrayLike, positions: ArrayLike, shape: tuple[int, int], *, title: str = "Where the gradient lands"
) -> DescribedFigure:
    """Draw the gradients of samples at their positions, and beside it what lands on each entry of the map.

    Parameters
    ----------
    upstream : array_like
        The gradient of each sample, shape ``(L,)``; up to eight.
    positions : array_like
        y and x on the map, shape ``(L, 2)``, in [0, H - 1] and [0, W - 1]; some may be the same.
    shape : (int, int)
        Rows and columns of the map, up to 8.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        The text alternative gives the sum on each entry that a gradient lands on.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    numbers = _numbers(np.zeros(shape))
    places = check_pairs("positions", positions, MOST_POSITIONS)
    gradients = np.asarray(upstream, float)
    if gradients.shape != places.shape[:1] or not np.isfinite(gradients).all():
        raise ValueError(f"expected a finite gradient for each of {len(places)} positions, got {gradients.shape}")
    _check_inside(places, numbers.shape)
    found = neighbors(places, numbers.shape)
    np.add.at(numbers, (found.rows, found.columns), found.weights * gradients[:, None])
    figure, axes = new_figure(2, 4.2)
    figure.suptitle(title)
    _draw_numbers(axes[0], np.full(shape, np.nan))
    for index, place in enumerate(places):
        _draw_square(axes[0], place, found, index, [COLORS[index % len(COLORS)]] * 4)
    axes[0].set_title("gradient of each sample")
    _draw_numbers(axes[1], numbers)
    axes[1].set_title("gradient of the map")
    landed = [f"({row}, {column}) {value:.3g}" for (row, column), value in np.ndenumerate(numbers) if value]
    figure.alternative = f"{sentence(title)} On a map of {shape[0]} × {shape[1]}: {', '.join(landed) or 'nothing'}."
    return figure


def _numbers(values: ArrayLike) -> Floats:
    array = np.asarray(values, float)
    if array.ndim != 2 or not 1 <= min(array.shape) <= max(array.shape) <= MOST:
        raise ValueError(f"expected one channel (H, W) of up to {MOST} × {MOST}, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("expected values that are finite, got others")
    return array


def _check_inside(places: Floats, shape: tuple[int, ...]) -> None:
    last = np.array(shape) - 1
    outside = places[((places < 0) | (places > last)).any(axis=1)]
    if outside.size:
        raise ValueError(f"expected positions in [0, {last[0]}] and [0, {last[1]}], got {tuple(outside[0].tolist())}")


def _draw_numbers(ax: Axes, numbers: Floats) -> None:
    rows, columns = numbers.shape
    for (row, column), number in np.ndenumerate(numbers):
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="white", edgecolor=GRID))
        if np.isfinite(number):
            ax.text(column - 0.42, row - 0.42, f"{number:.3g}", ha="left", va="top", fontsize=10)
    ax.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal", xlabel="column", ylabel="row")
    ax.set(xticks=range(columns), yticks=range(rows))


def _draw_square(ax: Axes, place: Floats, found: Neighbors, index: int, colors: list[str] | tuple[str, ...]) -> None:
    y, x = place
    for row, column, weight, color in zip(
        found.rows[index], found.columns[index], found.weights[index], colors, strict=True
    ):
        if not weight:
            continue
        left, right = max(x - 0.5, column - 0.5), min(x + 0.5, column + 0.5)
        top, bottom = max(y - 0.5, row - 0.5), min(y + 0.5, row + 0.5)
        ax.add_patch(Rectangle((left, top), right - left, bottom - top, facecolor=color, alpha=0.85, edgecolor="black"))
        if weight > ROOM:
            middle = ((left + right) / 2, (top + bottom) / 2)
            ax.text(*middle, f"{weight:.3g}", ha="center", va="center", color=ink_on(color))
    ax.plot(x, y, "o", color="white", markeredgecolor="black", markersize=7)


def _draw_products(ax: Axes, numbers: Floats, found: Neighbors, title: str) -> str:
    values = numbers[found.rows[0], found.columns[0]]
    weights = found.weights[0]
    bars = ax.barh(range(4), weights, color=COLORS[:4])
    products = [f"{w:.3g} · {v:.3g} = {w * v:.3g}" for w, v in zip(weights, values, strict=True)]
    ax.bar_label(bars, products, padding=4)
    ax.set(
        title=f"sum: {weights @ values:.3g}", xlabel="weight (area)", ylabel="entry", xlim=(0, 1.4), ylim=(3.6, -0.6)
    )
    ax.set_yticks(range(4), CORNERS)
    words = "; ".join(f"{corner} {product}" for corner, product in zip(CORNERS, products, strict=True))
    return f"{sentence(title)} {words}; sum {weights @ values:.3g}."
