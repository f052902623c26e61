"""Filters that differ by place."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike, NDArray

from course_lib.integers import as_integer
from course_lib.plots.base import WIDTH, DescribedFigure, new_figure, sentence

Floats = NDArray[np.float64]

MOST = 3
TALLEST = 5.0  # inches
FINE, GAP = 6, 2  # a weight is drawn as so many pixels, and the gap between two filters
BETWEEN = "#9a9a9a"  # the color of gaps; weights of zero are nearly white
LABELS = 8  # places that are numbered, at most


def local_filters(
    kernels: ArrayLike | Mapping[str, ArrayLike],
    *,
    channel: int = 0,
    output: int = 0,
    title: str = "A filter for each place",
) -> DescribedFigure:
    """Draw the filter of every place, at its place.

    Parameters
    ----------
    kernels : array_like or mapping of str to array_like
        Shape ``(OH, OW, KH, KW)``: at each place of the output a filter. Or ``(OH, OW, KH, KW, C, F)``, as
        `LocallyConnected2D` has them. Or title and kernels for up to three panels with one scale.
    channel, output : int
        Which of the C channels and of the F filters is drawn, if there are several.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Rows and columns are those of the output. The text alternative says how large the weights are, and how far the
        filters are from being one and the same.

    Raises
    ------
    ValueError
        If a shape is different, there is no such channel or filter, or a number is not finite.
    """
    given = kernels if isinstance(kernels, Mapping) else {"": kernels}
    if not 1 <= len(given) <= MOST:
        raise ValueError(f"expected 1 to {MOST} panels, got {len(given)}")
    panels = {name: _filters(values, channel, output) for name, values in given.items()}
    limit = max(float(np.abs(filters).max()) for filters in panels.values()) or 1.0
    pictures = {name: _side_by_side(filters) for name, filters in panels.items()}
    share = max(picture.shape[0] / picture.shape[1] for picture in pictures.values())
    figure, axes = new_figure(len(panels), min(TALLEST, ((WIDTH - 1.2) / len(panels) - 0.5) * share) + 1)
    figure.set_layout_engine("compressed")
    if isinstance(kernels, Mapping):
        figure.suptitle(title)
    figure.alternative = sentence(title)
    for ax, (name, filters) in zip(axes, panels.items(), strict=True):
        drawn = _draw(ax, pictures[name], filters, limit)
        rows, columns, height, width = filters.shape
        ax.set_title(name or f"{title}\n{rows} × {columns} places, filters of {height} × {width}")
        figure.alternative += (
            f" {f'{name}: ' if name else ''}{rows} × {columns} places, filters of {height} × {width}, weights from "
            f"{filters.min():.2g} to {filters.max():.2g}; {_variety(filters)}."
        )
    figure.colorbar(drawn, ax=axes, label="weight", shrink=0.8)
    return figure


def _filters(values: ArrayLike, channel: int, output: int) -> Floats:
    """Return one filter a place, ``(OH, OW, KH, KW)``."""
    array = np.asarray(values, float)
    if array.ndim not in (4, 6) or not array.size:
        raise ValueError(f"expected kernels (OH, OW, KH, KW) or (OH, OW, KH, KW, C, F), got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("expected weights that are finite, got others")
    if array.ndim == 6:
        for name, number, count in (("channel", channel, array.shape[4]), ("output", output, array.shape[5])):
            chosen = as_integer(number)
            if chosen is None or not 0 <= chosen < count:
                raise ValueError(f"expected {name} to be a whole number from 0 to {count - 1}, got {number!r}")
        array = array[..., channel, output]
    return array


def _side_by_side(filters: Floats) -> Floats:
    """Join all filters to one picture, with NaN between them."""
    fine = filters.repeat(FINE, axis=2).repeat(FINE, axis=3)
    padded = np.pad(fine, ((0, 0), (0, 0), (0, GAP), (0, GAP)), constant_values=np.nan)
    rows, columns, height, width = padded.shape
    return padded.transpose(0, 2, 1, 3).reshape(rows * height, columns * width)[:-GAP, :-GAP]


def _draw(ax: Axes, picture: Floats, filters: Floats, limit: float) -> AxesImage:
    ax.set_facecolor(BETWEEN)
    drawn = ax.imshow(picture, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest")
    for axis, count, size in zip((ax.yaxis, ax.xaxis), filters.shape[:2], filters.shape[2:], strict=True):
        places = np.arange(0, count, -(-count // LABELS))
        axis.set_ticks(places * (size * FINE + GAP) + (size * FINE - 1) / 2, labels=list(map(str, places)))
    ax.set(xlabel="column", ylabel="row")
    return drawn


def _variety(filters: Floats) -> str:
    """Say how far filters are from their mean, relative to their size."""
    size = np.sqrt(np.square(filters).mean())
    if not size:
        return "all weights are 0"
    away = np.sqrt(np.square(filters - filters.mean(axis=(0, 1))).mean())
    return f"filters differ from their mean by {away / size:.0%} of their size"
