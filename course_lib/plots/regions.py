"""The regions of a label map: which classes touch, where their borders run, and where there is room for words."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label, regionprops

Map = NDArray[np.integer]


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
