"""Locations on a photograph, and the entries of each map that they are sampled from."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from course_lib.plots.attribution_maps import check_picture, draw_picture
from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure, sentence
from course_lib.plots.neighbors import Floats, GridMap, Offset, check_locations, grid_maps, neighbors

MOST = 8  # maps
ENTRY, LOCATION = COLORS[1], COLORS[0]
FEW = 20  # locations that can be drawn large
TALLEST, TICK = 4.0, 0.45  # inches: a panel; from number to number along an axis
COARSE, FINE = 32, 60  # rows or columns of maps on which large and small dots do not hide their entries


def sampled_locations(
    image: ArrayLike,
    locations: ArrayLike,
    maps: Mapping[str, ArrayLike],
    scales: Sequence[float],
    offsets: Sequence[Offset],
    *,
    title: str = "Which entries a few locations need",
) -> DescribedFigure:
    """Draw locations on a photograph and on each map, in the map's own entries, with those that take part marked.

    Parameters
    ----------
    image : array_like
        Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or in [0, 1].
    locations : array_like
        y and x in pixels of the image, shape ``(L, 2)``.
    maps : mapping of str to array_like
        Name of each layer and its output, ``(h, w, C)``; up to eight.
    scales : sequence of float
        For each map, pixels of the image for one of its steps.
    offsets : sequence of float or (float, float)
        For each map, where its entry (0, 0) lies in pixels of the image: (y, x), or one number for both.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Of each map, the channel that varies most is drawn in gray. The text alternative says for each map how many of
        its entries take part, which is those with a weight above 0.

    Raises
    ------
    ValueError
        If an argument is not as above, or a location lies outside of the image.
    """
    picture = check_picture("the image", image)
    places = check_locations(locations, picture.shape)
    grids = grid_maps(maps, scales, offsets, MOST)
    columns = min(3, len(grids) + 1)
    rows = -(-(len(grids) + 1) // columns)
    width = WIDTH / columns - 0.7
    height = min(width * picture.shape[0] / picture.shape[1], TALLEST)
    width = min(width, height * picture.shape[1] / picture.shape[0])
    figure, axes = new_figure(columns, rows * (height + 1.1) + 0.7, rows)
    figure.suptitle(title)
    draw_picture(axes[0], picture)
    _draw_dots(axes[0], places)
    count = f"{len(places)} location{'s' if len(places) > 1 else ''}"
    axes[0].set_title(f"image, {_by(picture.shape)}\n{count}", fontsize=10.5, pad=9)
    axes[0].set(xlabel="column (pixels)", ylabel="row (pixels)")
    words = []
    for ax, grid in zip(axes[1:], grids, strict=False):
        taking_part = _draw_map(ax, grid, grid.positions(places), picture.shape[0] / picture.shape[1])
        words.append(f"{grid.name}, {_by(grid.values.shape)}: {taking_part}")
    for ax in axes:
        for axis, inches in ((ax.xaxis, width), (ax.yaxis, height)):
            axis.set_major_locator(MaxNLocator(min(8, 1 + int(inches / TICK)), integer=True, min_n_ticks=1))
    for ax in axes[len(grids) + 1 :]:
        ax.axis("off")
    handles = [
        Line2D([], [], marker="o", linestyle="", color=LOCATION, markeredgecolor="white", label="location"),
        Patch(color=ENTRY, label="entry that takes part"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    figure.alternative = (
        f"{sentence(title)} {count.capitalize()} in an image of {_by(picture.shape)} pixels. {'; '.join(words)}."
    )
    return figure


def _by(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape[:2]))


def _draw_dots(ax: Axes, places: Floats) -> None:
    size = 6.5 if len(places) <= FEW else 4.5
    ax.plot(
        *places.T[::-1],
        "o",
        color=LOCATION,
        markeredgecolor="white",
        markeredgewidth=0.8,
        markersize=size,
        clip_on=False,
    )


def _draw_rings(ax: Axes, places: Floats) -> None:
    for color, width in (("white", 3.5), (LOCATION, 1.8)):
        ax.plot(
            *places.T[::-1],
            "o",
            markerfacecolor="none",
            color=color,
            markeredgewidth=width,
            markersize=11,
            clip_on=False,
        )


def _draw_map(ax: Axes, grid: GridMap, positions: Floats, shape: float) -> str:
    """Draw a map in gray, in the shape of the image, with entries that take part in a color; say how many these are."""
    values = grid.values[..., np.argmax(grid.values.var(axis=(0, 1)))]
    span = np.ptp(values) or 1.0
    pale = 0.25 + 0.7 * (values - values.min()) / span
    marked = neighbors(positions, values.shape).take_part(values.shape)
    colors = np.where(marked[..., None], to_rgb(ENTRY), pale[..., None])
    height, width = marked.shape
    ax.imshow(colors, interpolation="nearest", aspect=shape * width / height)
    limits = ax.get_xlim(), ax.get_ylim()
    shown = positions.clip(-0.5, np.array(values.shape) - 0.5)
    few = len(positions) <= FEW
    if max(height, width) <= (COARSE if few else FINE):
        _draw_dots(ax, shown)
    else:
        ax.plot(*np.nonzero(marked)[::-1], "s", color=ENTRY, markersize=2, markeredgewidth=0)
        if few:
            _draw_rings(ax, shown)
    ax.set(xlim=limits[0], ylim=limits[1])
    share = f"{marked.sum():,} of {marked.size:,} entries take part"
    ax.set_title(f"{grid.name}, {_by(values.shape)}\n{share}", fontsize=10.5, pad=9)
    ax.set(xlabel="column (entries)", ylabel="row (entries)")
    return share
