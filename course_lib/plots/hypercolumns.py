"""The column of activations above one pixel, drawn through the layers."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Affine2D
from numpy.typing import ArrayLike

from course_lib.plots.attribution_maps import check_picture
from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure, sentence
from course_lib.plots.neighbors import Floats, GridMap, Offset, check_pairs, grid_maps, neighbors

MOST = 6  # maps
COLORMAP = "cividis"
LAYERS = (COLORS[3], COLORS[0], COLORS[2], COLORS[4], COLORS[1], COLORS[5])
# Inches: words on the left, a sheet with its slant, lines to the bar, the bar.
WORDS, SHEET, LEADERS, BAR = 2.05, 4.3, 0.9, 0.6
GAP = 0.14
DEPTH, SLANT = 0.24, 0.36  # of the height of the picture, as it would lie flat: how high and how far it reaches


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
        Of each map, the channel that is largest at the location is drawn, with the entries that take part outlined;
        on the right, the column, as high as there are channels. The text alternative gives, for each layer, how many
        numbers it adds, how many of them are zero, and which is the largest.

    Raises
    ------
    ValueError
        If an argument is not as above, or the location lies outside of the image.
    """
    picture = check_picture("the image", image)
    (place,) = check_pairs("location", np.asarray(location, float)[None])
    if not ((place > -0.5) & (place < np.array(picture.shape[:2]) - 0.5)).all():
        raise ValueError(f"expected a location in an image of {picture.shape[:2]} pixels, got {place.tolist()}")
    grids = grid_maps(maps, scales, offsets, MOST)
    view = _View(picture.shape[:2])
    height = view.step * (len(grids) + 1)
    figure, (ax,) = new_figure(1, height + 1.1)
    columns = [grid.sampled(place) for grid in grids]
    chosen = [int(np.argmax(column)) for column in columns]
    _draw_sheet(ax, view, 0, picture, place)
    _label(ax, view, 0, f"image\n{picture.shape[0]} × {picture.shape[1]} pixels", "black")
    for index, (grid, channel) in enumerate(zip(grids, chosen, strict=True), start=1):
        _draw_sheet(ax, view, index, grid.values[..., channel], place, grid)
        size = " × ".join(map(str, grid.values.shape))
        _label(ax, view, index, f"{grid.name}\n{size}\nchannel {channel}", LAYERS[index - 1])
    _draw_bar(ax, view, grids, columns, height)
    ax.set(title=title, xlim=(0, WIDTH), ylim=(-0.15, height), aspect="equal")
    ax.axis("off")
    scale = figure.colorbar(
        ScalarMappable(cmap=COLORMAP), ax=ax, location="bottom", shrink=0.35, aspect=35, pad=0.01, ticks=[0, 1]
    )
    scale.ax.set_xticklabels(["smallest value", "largest value\n(of each map and of its part of the column)"])
    figure.alternative = _described(title, picture, place, grids, columns)
    return figure


class _View:
    """Sheets one above the other, seen from the front and from above: inches from places in the image."""

    def __init__(self, size: Sequence[int]) -> None:
        height, width = size
        tall = height / width / (1 + SLANT * height / width)
        self.size = size
        self.wide = SHEET / (1 + SLANT * height / width)
        self.deep, self.slant = DEPTH * tall * SHEET, SLANT * tall * SHEET
        self.step = self.deep + GAP

    def place(self, sheet: int) -> Affine2D:
        """Return the transform from (column, row) in pixels of the image to inches."""
        height, width = self.size
        pixel = Affine2D().translate(0.5, 0.5).scale(1 / width, -1 / height).translate(0, 1)
        slanted = Affine2D.from_values(self.wide, 0, self.slant, self.deep, WORDS, sheet * self.step)
        return pixel + slanted

    def middle_right(self, sheet: int) -> tuple[float, float]:
        """Return the middle of the right edge of a sheet, in inches."""
        return WORDS + self.wide + self.slant / 2, sheet * self.step + self.deep / 2


def _draw_sheet(ax: Axes, view: _View, sheet: int, values: Floats, place: Floats, grid: GridMap | None = None) -> None:
    """Draw a picture or a map as a sheet, the entries that take part, and the line that rises from it."""
    color = "black" if grid is None else LAYERS[sheet - 1]
    scale, offset = (1.0, np.zeros(2)) if grid is None else (grid.scale, grid.offset)
    height, width = values.shape[:2]
    transform = view.place(sheet)
    entries = Affine2D().scale(scale).translate(offset[1], offset[0])
    drawn = ax.imshow(
        values,
        cmap="gray" if grid is None else COLORMAP,
        extent=(-0.5, width - 0.5, height - 0.5, -0.5),
        interpolation="nearest" if grid is not None else "antialiased",
        zorder=3 * sheet,
    )
    drawn.set_transform(entries + transform + ax.transData)
    corners = np.array([(-0.5, -0.5), (width - 0.5, -0.5), (width - 0.5, height - 0.5), (-0.5, height - 0.5)])
    outline = (entries + transform).transform(corners)
    ax.add_patch(Polygon(outline, fill=False, edgecolor=color, linewidth=1.5, zorder=3 * sheet + 0.5))
    halo = [withStroke(linewidth=3.5, foreground="white")]
    if grid is not None:
        found = neighbors(grid.positions(place[None]), values.shape)
        top, bottom = found.rows.min() - 0.5, found.rows.max() + 0.5
        left, right = found.columns.min() - 0.5, found.columns.max() + 0.5
        cell = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        ax.add_patch(
            Polygon(
                (entries + transform).transform(cell),
                fill=False,
                edgecolor=color,
                linewidth=1.8,
                path_effects=halo,
                zorder=3 * sheet + 1,
            )
        )
    x, y = transform.transform(place[::-1])
    ax.plot([x, x], [y, y + view.step], color="black", linewidth=1.6, path_effects=halo, zorder=3 * sheet + 2)
    ax.plot([x], [y], "o", color="white", markeredgecolor="black", markersize=5, zorder=3 * sheet + 2.5)


def _label(ax: Axes, view: _View, sheet: int, words: str, color: str) -> None:
    middle = sheet * view.step + view.deep / 2
    ax.text(WORDS - 0.12, middle, words, ha="right", va="center", fontsize=9, linespacing=1.15, color=color)


def _draw_bar(ax: Axes, view: _View, grids: Sequence[GridMap], columns: Sequence[Floats], height: float) -> None:
    """Draw the numbers of all layers one above the other, and a line from each sheet to its part."""
    total = sum(map(len, columns))
    left = WORDS + SHEET + LEADERS
    low = 0.0
    for index, (grid, column) in enumerate(zip(grids, columns, strict=True), start=1):
        high = low + (height - GAP) * len(column) / total
        color = LAYERS[index - 1]
        ax.imshow(column[::-1, None], cmap=COLORMAP, extent=(left, left + BAR, low, high), interpolation="antialiased")
        ax.add_patch(Rectangle((left, low), BAR, high - low, fill=False, edgecolor=color, linewidth=1.5))
        start = view.middle_right(index)
        ax.plot([start[0], left], [start[1], (low + high) / 2], color=color, linewidth=1)
        ax.text(left + BAR + 0.1, (low + high) / 2, f"{grid.name}: {len(column)}", va="center", fontsize=9)
        low = high
    ax.text(left + BAR / 2, -0.05, f"{total:,} numbers", ha="center", va="top", fontsize=9)


def _described(title: str, picture: Floats, place: Floats, grids: Sequence[GridMap], columns: Sequence[Floats]) -> str:
    words = []
    for grid, column in zip(grids, columns, strict=True):
        size = " × ".join(map(str, grid.values.shape))
        words.append(
            f"{grid.name}, {size}: {len(column)} numbers, {(column == 0).mean():.0%} of them zero, the largest "
            f"{column.max():.3g} in channel {np.argmax(column)}"
        )
    return (
        f"{sentence(title)} An image of {picture.shape[0]} × {picture.shape[1]} pixels with maps above it; at row "
        f"{place[0]:.4g}, column {place[1]:.4g} they hold {sum(map(len, columns)):,} numbers. {'; '.join(words)}."
    )
