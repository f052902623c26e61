"""Bilinear sampling by areas: what a position takes from four entries, and where its gradient lands.

An entry (i, j) is drawn as the square around (i, j). A square of the same size around a position covers its four
neighbors by their bilinear weights.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgba
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from course_lib.integers import count
from course_lib.plots.base import COLORS, DescribedFigure, new_figure, sentence
from course_lib.plots.neighbors import CORNERS, Entry, Floats, Neighbors, check_channel, check_pairs, neighbors, short
from course_lib.plots.palette import ink_on

MOST = 6  # rows or columns of a map that a gradient lands on
MOST_SAMPLES = 8
ACROSS = 4  # samples in a line of the legend
WIDEST, LARGEST = 3.8, 1.25  # inches: a map, an entry
SMALLEST = 7.5  # points: the letters of terms
GRID = "#999999"
HIGH, LETTER, NEAR = 0.2, 0.09, 0.2  # inches: a line of numbers, a letter, and from a position to a number
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
    (place,) = _inside(check_pairs("position", np.asarray(position, float)[None]), numbers.shape)
    found = neighbors(place[None], numbers.shape)
    (entries,), (weights,) = found.entries(), found.weights
    taken = [numbers[entry] for entry in entries]
    figure, axes = new_figure(2, 4.1)
    figure.suptitle(title)
    _draw_cells(axes[0], sorted({row for row, _ in entries}), sorted({column for _, column in entries}))
    _draw_square(axes[0], place, entries, weights, COLORS[:4], opaque=True)
    _draw_dot(axes[0], place)
    _write_areas(axes[0], place, entries, weights, [ink_on(color) for color in COLORS[:4]], inch=1.4)
    for entry in set(entries):
        _write_value(axes[0], entry, entries, numbers[entry])
    axes[0].set_title(f"a square around {_at(place)}")
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
    figure.alternative = f"{sentence(title)} Around {_at(place)}, area times value: {words}. Sum: {total}."
    return figure


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
    rows, columns = (count(name, side) for name, side in zip(("rows", "columns"), shape, strict=True))
    if max(rows, columns) > MOST:
        raise ValueError(f"expected a map of up to {MOST} × {MOST}, got {rows} × {columns}")
    places = _inside(check_pairs("positions", positions, MOST_SAMPLES), (rows, columns))
    gradients = np.asarray(upstream, float)
    if gradients.shape != places.shape[:1] or not np.isfinite(gradients).all():
        raise ValueError(
            f"expected a gradient that is finite for each of {len(places)} positions, got shape {gradients.shape}"
        )
    terms = _terms(gradients, neighbors(places, (rows, columns)))
    total = np.zeros((rows, columns))
    for entry, landed in terms.items():
        total[entry] = sum(landed)
    distinct = np.array(list(dict.fromkeys(map(tuple, places.tolist()))))
    lines = -(-len(distinct) // ACROSS)
    inch = min(WIDEST / (columns + 0.2), LARGEST)
    figure, axes = new_figure(2, 2.2 + 0.25 * lines + (rows + 0.2) * inch)
    figure.suptitle(title)
    _draw_samples(axes[0], places, distinct, (rows, columns), inch)
    _draw_sums(axes[1], total, terms, inch)
    axes[0].set_title("areas around the samples")
    axes[1].set_title("gradient of the map")
    from_above = [f"{_joined(gradients[(places == place).all(axis=1)])} at {_at(place)}" for place in distinct]
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


def _inside(places: Floats, shape: Sequence[int]) -> Floats:
    """Return positions that lie on a map, or say which does not as a `ValueError`."""
    last = np.array(shape) - 1
    outside = places[((places < 0) | (places > last)).any(axis=1)]
    if outside.size:
        raise ValueError(f"expected positions in [0, {last[0]}] and [0, {last[1]}], got {tuple(outside[0].tolist())}")
    return places


def _draw_cells(ax: Axes, rows: Sequence[int], columns: Sequence[int]) -> None:
    for row in rows:
        for column in columns:
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="white", edgecolor=GRID))
    ax.set(xlim=(columns[0] - 0.6, columns[-1] + 0.6), ylim=(rows[-1] + 0.6, rows[0] - 0.6), aspect="equal")
    ax.set(xticks=columns, yticks=rows, xlabel="column of the map (entries)", ylabel="row of the map (entries)")


def _draw_square(
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
    """Return left, top, right and bottom of what the square around a position covers of an entry."""
    (y, x), (row, column) = place, entry
    return max(x, column) - 0.5, max(y, row) - 0.5, min(x, column) + 0.5, min(y, row) + 0.5


def _write_areas(
    ax: Axes, place: Floats, entries: Sequence[Entry], weights: Floats, inks: Sequence[str], inch: float
) -> None:
    """Write the areas of the parts that have room for a number, beside the dot of the position; ``inch`` an entry."""
    for entry, weight, ink in zip(entries, weights, inks, strict=True):
        left, top, right, bottom = _part(place, entry)
        word = f"{weight:.3g}"
        x, y = (left + right) / 2, (top + bottom) / 2
        if abs(y - place[0]) < NEAR / inch and abs(x - place[1]) < (LETTER * len(word) / 2 + 0.08) / inch:
            y = place[0] + (NEAR if y >= place[0] else -NEAR) / inch
        room = min(y - top, bottom - y) * inch
        if weight and (right - left) * inch > LETTER * len(word) and room > HIGH / 2:
            ax.text(x, y, word, ha="center", va="center", color=ink)


def _draw_dot(ax: Axes, place: Floats, samples: int = 1) -> None:
    """Mark a position, and how many samples are taken there if it is more than one."""
    y, x = place
    ax.plot(x, y, "o", color="white", markeredgecolor="black", markersize=6 if samples == 1 else 12)
    if samples > 1:
        ax.text(x, y, str(samples), ha="center", va="center_baseline", fontsize=8.5)


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


def _draw_samples(ax: Axes, places: Floats, distinct: Floats, shape: Sequence[int], inch: float) -> None:
    """Draw one square for all samples at the same position, with its areas unless another covers it."""
    _draw_cells(ax, range(shape[0]), range(shape[1]))
    found = neighbors(distinct, shape)
    for place, entries, weights, color in zip(distinct, found.entries(), found.weights, COLORS, strict=False):
        _draw_square(ax, place, entries, weights, [color] * 4, opaque=False)
    for place, entries, weights in zip(distinct, found.entries(), found.weights, strict=True):
        _draw_dot(ax, place, int((places == place).all(axis=1).sum()))
        if (np.abs(distinct - place).max(axis=1) < 1).sum() == 1:
            _write_areas(ax, place, entries, weights, ["black"] * 4, inch)


def _draw_sums(ax: Axes, total: Floats, terms: dict[Entry, list[float]], inch: float) -> None:
    """Draw what lands on each entry, and below it the terms of a sum, or how many there are."""
    rows, columns = total.shape
    _draw_cells(ax, range(rows), range(columns))
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


def _at(place: Sequence[float]) -> str:
    return f"({place[0]:.3g}, {place[1]:.3g})"
