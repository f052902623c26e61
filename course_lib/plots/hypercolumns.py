"""The column of activations above one pixel, drawn through the layers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Affine2D, Transform
from numpy.typing import ArrayLike

from course_lib.plots.attribution_maps import check_picture
from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure, sentence
from course_lib.plots.neighbors import Floats, GridMap, Offset, check_locations, grid_maps, neighbors

MOST = 6  # maps
COLORMAP = "cividis"
LAYERS = (COLORS[3], COLORS[0], COLORS[2], COLORS[4], COLORS[1], COLORS[5])
# Inches: words, a sheet with its slant, lines to the bar, the bar, and all sheets.
WORDS, SHEET, LEADERS, BAR, TALLEST = 1.55, 4.8, 0.75, 1.0, 6.0
GAP, LOWEST, LINE = 0.14, 0.45, 0.18  # between sheets; the height of one, at least; from line to line of words
DEPTH, SLANT = 0.26, 0.36  # of the height of the picture as it would lie flat: how high, and how far to the right
HALO = [withStroke(linewidth=3, foreground="white")]


def hypercolumn(
    image: ArrayLike,
    location: ArrayLike,
    maps: Mapping[str, ArrayLike],
    scales: Sequence[float],
    offsets: Sequence[Offset],
    *,
    title: str = "The column above a pixel",
) -> DescribedFigure:
    """Draw a photograph and maps of a network above it, and the column of numbers that they hold for one location.

    Parameters
    ----------
    image : array_like
        Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or in [0, 1].
    location : array_like
        y and x in pixels of the image, shape ``(2,)``.
    maps : mapping of str to array_like
        Name of each layer and its output, ``(h, w, C)``; up to six, the lowest first.
    scales : sequence of float
        For each map, pixels of the image for one of its steps.
    offsets : sequence of float or (float, float)
        For each map, where its entry (0, 0) lies in pixels of the image: (y, x), or one number for both.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Of each map, the channel that is largest in size at the location is drawn, with the entries that take part
        outlined; on the right, the column, with a bar for each channel. The text alternative gives, for each layer,
        how many numbers it adds, how many of them are zero, and which is the largest.

    Raises
    ------
    ValueError
        If an argument is not as above, or the location lies outside of the image.
    """
    picture = check_picture("the image", image)
    (place,) = check_locations(np.asarray(location, float)[None], picture.shape)
    grids = grid_maps(maps, scales, offsets, MOST)
    view = _View.of(picture.shape[:2], len(grids) + 1)
    columns = [grid.sampled(place) for grid in grids]
    height = (len(grids) + 1) * view.step
    figure, (ax,) = new_figure(1, height + 1.2)
    _draw_sheet(ax, view, 0, picture, place)
    ax.text(WORDS - 0.1, view.deep / 2, f"image\n{_by(picture.shape[:2])} pixels", ha="right", va="center", fontsize=9)
    for index, (grid, column) in enumerate(zip(grids, columns, strict=True), start=1):
        channel = _largest(column)
        _draw_sheet(ax, view, index, grid.values[..., channel], place, grid)
        words = f"{grid.name}\n{_by(grid.values.shape)}\nchannel {channel}"
        ax.text(WORDS - 0.1, index * view.step + view.deep / 2, words, ha="right", va="center", fontsize=9)
    _draw_column(ax, view, grids, columns, height - GAP)
    ax.set(title=title, xlim=(0, WIDTH), ylim=(-0.45, height), aspect="equal")
    ax.axis("off")
    scale = figure.colorbar(
        ScalarMappable(cmap=COLORMAP), ax=ax, location="bottom", shrink=0.35, aspect=35, pad=0.01, ticks=[0, 1]
    )
    scale.ax.set_xticklabels(["smallest value of the map", "largest value"])
    figure.alternative = _described(title, picture, place, grids, columns)
    return figure


@dataclass(frozen=True)
class _View:
    """Sheets one above the other, seen from the front and from above: all sizes in inches."""

    size: tuple[int, int]  # of the picture, in pixels
    wide: float
    deep: float
    slant: float

    @classmethod
    def of(cls, size: tuple[int, int], sheets: int) -> "_View":
        """Make sheets as large as there is room for."""
        ratio = size[0] / size[1]
        wide = min(SHEET / (1 + SLANT * ratio), (TALLEST / sheets - GAP) / (DEPTH * ratio))
        return cls(size, wide, max(DEPTH * ratio * wide, LOWEST), SLANT * ratio * wide)

    @property
    def step(self) -> float:
        """From sheet to sheet."""
        return self.deep + GAP

    def sheet(self, index: int) -> Transform:
        """Return the transform from (column, row) in pixels of the image to inches on a sheet."""
        height, width = self.size
        pixel = Affine2D().translate(0.5, 0.5).scale(1 / width, -1 / height).translate(0, 1)
        left = WORDS + (SHEET - self.wide - self.slant) / 2
        return pixel + Affine2D.from_values(self.wide, 0, self.slant, self.deep, left, index * self.step)


def _by(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _draw_sheet(ax: Axes, view: _View, index: int, values: Floats, place: Floats, grid: GridMap | None = None) -> None:
    """Draw a picture or one channel of a map, which hides what is below, the location, and its entries."""
    sheet, order = view.sheet(index), 10 * index
    entries = Affine2D() if grid is None else _entries(grid)
    height, width = values.shape[:2]
    drawn = ax.imshow(
        values,
        cmap="gray" if grid is None else COLORMAP,
        extent=(-0.5, width - 0.5, height - 0.5, -0.5),
        interpolation="antialiased" if grid is None else "nearest",
        zorder=order,
    )
    drawn.set_transform(entries + sheet + ax.transData)
    style: dict[str, Any] = {"edgecolor": "black" if grid is None else LAYERS[index - 1], "linewidth": 1.5}
    ax.add_patch(_outline(entries + sheet, (0, height - 1), (0, width - 1), zorder=order + 1, **style))
    x, y = sheet.transform(place[::-1])
    if grid is not None:
        found = neighbors(grid.positions(place[None]), values.shape)
        rows, columns = (found.rows.min(), found.rows.max()), (found.columns.min(), found.columns.max())
        ax.add_patch(_outline(entries + sheet, rows, columns, zorder=order + 2, path_effects=HALO, **style))
        ax.plot([x, x], [y - view.step, y], color="black", linewidth=1.6, path_effects=HALO, zorder=order - 2)
    ax.plot(x, y, "o", color="white", markeredgecolor="black", markersize=5, zorder=order + 9)


def _entries(grid: GridMap) -> Affine2D:
    """Return the transform from (column, row) on a map to pixels of the image."""
    return Affine2D().scale(grid.scale).translate(grid.offset[1], grid.offset[0])


def _outline(place: Transform, rows: tuple[int, int], columns: tuple[int, int], **style: Any) -> Polygon:
    """Return the outline of all entries from the first to the last row and column."""
    (top, bottom), (left, right) = ((low - 0.5, high + 0.5) for low, high in (rows, columns))
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return Polygon(place.transform(np.array(corners, float)), fill=False, joinstyle="miter", **style)


def _draw_column(ax: Axes, view: _View, grids: Sequence[GridMap], columns: Sequence[Floats], height: float) -> None:
    """Draw all numbers one above the other, each as a share of its layer's largest, with lines to the sheets."""
    counts = [len(column) for column in columns]
    step = height / sum(counts)
    left = WORDS + SHEET + LEADERS
    ends = step * np.cumsum([0, *counts])
    middles = (ends[:-1] + ends[1:]) / 2
    for index, (column, low, middle, color) in enumerate(zip(columns, ends, middles, LAYERS, strict=False), start=1):
        places = low + step * (np.arange(len(column)) + 0.5)
        sizes = np.abs(column) / (np.abs(column).max() or 1.0)
        corner, high = (left, low), step * len(column)
        ax.add_patch(Rectangle(corner, BAR, high, facecolor="#f4f4f4", edgecolor=color, linewidth=1.5))
        ax.hlines(places, left, left + BAR * sizes, color=color, linewidth=max(0.5, 40 * step))
        ax.plot(left + BAR + 0.07, places[_largest(column)], "<", color="black", markersize=4)
        grid = grids[index - 1]
        x, y = (_entries(grid) + view.sheet(index)).transform((grid.values.shape[1] - 0.5, -0.5))
        ax.plot([x, left], [y, middle], color=color, linewidth=1)
    for grid, number, y in zip(grids, counts, _spread(middles, LINE, height), strict=True):
        ax.text(left + BAR + 0.17, y, f"{grid.name}: {number}", va="center", fontsize=9)
    words = f"{sum(counts):,} numbers, by size, as a share\nof the layer's largest (◂ its channel is shown)"
    ax.text(left + BAR / 2, -0.08, words, ha="center", va="top", fontsize=9)


def _spread(heights: Floats, least: float, top: float) -> Floats:
    """Move heights as little as they must to be at least so far apart, and none above the top."""
    spread = heights.copy()
    for index in range(1, len(spread)):
        spread[index] = max(spread[index], spread[index - 1] + least)
    spread[-1] = min(spread[-1], top)
    for index in range(len(spread) - 2, -1, -1):
        spread[index] = min(spread[index], spread[index + 1] - least)
    return spread


def _largest(column: Floats) -> int:
    """Return the channel whose value is largest in size."""
    return int(np.argmax(np.abs(column)))


def _described(title: str, picture: Floats, place: Floats, grids: Sequence[GridMap], columns: Sequence[Floats]) -> str:
    words = (
        f"{grid.name}, {_by(grid.values.shape)}: {len(column)} numbers, {(column == 0).mean():.0%} of them zero, "
        f"the largest {column[_largest(column)]:.3g} in channel {_largest(column)}"
        for grid, column in zip(grids, columns, strict=True)
    )
    return (
        f"{sentence(title)} An image of {_by(picture.shape[:2])} pixels with maps above it; at row {place[0]:.4g}, "
        f"column {place[1]:.4g} they hold {sum(map(len, columns)):,} numbers. {'; '.join(words)}."
    )
