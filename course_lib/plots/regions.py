"""The regions of a label map: which classes touch, where there is room for a number, and how they are drawn."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray
from skimage.measure import label, regionprops

from course_lib.plots.palette import ink_on

Map = NDArray[np.integer]
HATCHED = "none"  # the color of ignored pixels: the hatched rectangle behind the map is seen through them
HATCH: dict[str, Any] = {"facecolor": "white", "edgecolor": "#777777", "hatch": "////", "linewidth": 0, "zorder": -1}


def check_labels(label_map: ArrayLike, classes: int, ignore: int | None) -> Map:
    """Return a label map as an array, or say what is wrong with it as a `ValueError`."""
    labels = np.asarray(label_map)
    if labels.ndim != 2 or not labels.size or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"expected a 2-D map of integers, got shape {labels.shape} and type {labels.dtype}")
    wrong = [value for value in np.unique(labels).tolist() if not 0 <= value < classes and value != ignore]
    if wrong:
        raise ValueError(f"expected labels from 0 to {classes - 1}, one for each name, got {wrong[0]}")
    return labels


def neighbors(label_map: Map, classes: int) -> list[set[int]]:
    """Return for each of the labels 0 … ``classes - 1`` the others that share an edge of a pixel with it."""
    touching: list[set[int]] = [set() for _ in range(classes)]
    for one, other in ((label_map[1:], label_map[:-1]), (label_map[:, 1:], label_map[:, :-1])):
        for a, b in np.unique(np.stack([one[one != other], other[one != other]], axis=1), axis=0).tolist():
            touching[a].add(b)
            touching[b].add(a)
    return touching


def borders(label_map: Map) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y of the pixels' edges between two labels, with NaN behind each edge, so that one line draws all."""
    step = np.array([-0.5, 0.5, np.nan])
    y, x = np.nonzero(label_map[1:] != label_map[:-1])
    across = x[:, None] + step, y[:, None] + 0.5 + 0 * step
    y, x = np.nonzero(label_map[:, 1:] != label_map[:, :-1])
    down = x[:, None] + 0.5 + 0 * step, y[:, None] + step
    return np.concatenate([across[0], down[0]], axis=None), np.concatenate([across[1], down[1]], axis=None)


def rooms(label_map: Map, height: int, width: int) -> Iterator[tuple[int, float, float]]:
    """Yield label, row and column of the middle of a box in each connected region that has room for one."""
    regions = label(label_map, connectivity=1, background=-1)
    regions[np.bincount(regions.ravel())[regions] < height * width] = 0
    for region in regionprops(regions):
        if region.image.shape[0] < height or region.image.shape[1] < width:
            continue
        sums = np.pad(region.image.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        inside = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
        corners = np.argwhere(inside == height * width)
        if len(corners):
            middle = corners[np.argmin(np.linalg.norm(corners - corners.mean(axis=0), axis=1))]
            row, column = middle + region.bbox[:2] + (np.array([height, width]) - 1) / 2
            yield int(label_map[tuple(region.coords[0])]), float(row), float(column)


def draw_map(ax: Axes, label_map: Map, colors: Sequence[str], numbers: Sequence[str], pixels_an_inch: float) -> None:
    """Draw a map of labels from 0, each with its color, its borders, and its number where there is room for it."""
    height, width = label_map.shape
    ax.add_patch(Rectangle((-0.5, -0.5), width, height, **HATCH))
    ax.imshow(np.array([to_rgba(color) for color in colors])[label_map], interpolation="nearest")
    draw_borders(ax, label_map, min(1, height / pixels_an_inch / 3))
    box = round(max(1, 0.19 * pixels_an_inch)), round(max(1, 0.25 * pixels_an_inch))
    for place, row, column in rooms(label_map, *box):
        ax.text(column, row, numbers[place], ha="center", va="center", fontsize=9, color=ink_on(colors[place]))


def draw_borders(ax: Axes, label_map: Map, width: float = 1) -> None:
    """Draw where two labels meet, in white with a black edge, visible on every picture; the width in points."""
    x, y = borders(label_map)
    ax.plot(x, y, color="white", linewidth=width, path_effects=[withStroke(linewidth=2.2 * width, foreground="black")])
