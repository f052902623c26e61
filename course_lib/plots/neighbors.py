"""The four entries of a map that a bilinear sample is made of, and where locations of an image lie on its maps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.integers import count

Floats = NDArray[np.float64]
Offset = float | Sequence[float]
Entry = tuple[int, int]

CORNERS = ("upper left", "upper right", "lower left", "lower right")


@dataclass(frozen=True)
class Neighbors:
    """Four entries for each of L positions, in the order of `CORNERS`: rows, columns and weights, each ``(L, 4)``."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    weights: Floats

    def entries(self) -> list[list[Entry]]:
        """Return row and column of the four entries of each position."""
        pairs = np.stack([self.rows, self.columns], axis=-1).tolist()
        return [[(row, column) for row, column in four] for four in pairs]

    def take_part(self, shape: Sequence[int]) -> NDArray[np.bool_]:
        """Return, for each entry of a map, whether its weight is above 0 for some position, ``(H, W)``."""
        marks = np.zeros(tuple(shape), bool)
        marks[self.rows[self.weights > 0], self.columns[self.weights > 0]] = True
        return marks


def neighbors(positions: Floats, shape: Sequence[int]) -> Neighbors:
    """Find the entries around positions ``(L, 2)`` on a map ``(H, W, ...)``; what lies outside moves to the border."""
    (top, bottom, down), (left, right, across) = (_along(positions[:, axis], shape[axis]) for axis in (0, 1))
    return Neighbors(
        np.stack([top, top, bottom, bottom], axis=1),
        np.stack([left, right, left, right], axis=1),
        np.stack([(1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across], axis=1),
    )


def _along(places: Floats, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return the lower and the upper entry along one axis, and the way from the lower one, 0 to 1."""
    inside = np.clip(places, 0, size - 1)
    low = np.floor(inside).clip(max=max(size - 2, 0)).astype(np.int64)
    return low, (low + 1).clip(max=size - 1), inside - low


@dataclass(frozen=True)
class GridMap:
    """A map ``(h, w, C)`` of a network, and where its entries lie in the image: ``place = index * scale + offset``."""

    name: str
    values: Floats
    scale: float
    offset: Floats

    def positions(self, locations: Floats) -> Floats:
        """Return where locations ``(L, 2)``, in pixels of the image, lie on the map."""
        return (locations - self.offset) / self.scale

    def sampled(self, location: Floats) -> Floats:
        """Return the column ``(C,)`` at one location."""
        found = neighbors(self.positions(location[None]), self.values.shape)
        return np.einsum("k,kc->c", found.weights[0], self.values[found.rows[0], found.columns[0]])


def grid_maps(
    maps: Mapping[str, ArrayLike], scales: Sequence[float], offsets: Sequence[Offset], most: int
) -> list[GridMap]:
    """Return maps with their places in the image, or say what is wrong with them as a `ValueError`."""
    if not 1 <= len(maps) <= most or not len(maps) == len(scales) == len(offsets):
        raise ValueError(
            f"expected 1 to {most} maps, each with a scale and an offset, "
            f"got {len(maps)} maps, {len(scales)} scales and {len(offsets)} offsets"
        )
    grids = []
    for (name, given), scale, offset in zip(maps.items(), scales, offsets, strict=True):
        values = np.asarray(given, float)
        if values.ndim != 3 or not values.size:
            hint = ": take one image of the batch" if values.ndim == 4 else ""
            raise ValueError(f"expected a map (h, w, C) for {name}, got shape {values.shape}{hint}")
        corner = np.asarray(offset, float)
        if not np.isfinite(values).all() or corner.shape not in ((), (2,)) or not np.isfinite(corner).all():
            raise ValueError(f"expected finite values and an offset, or (y, x), for {name}, got offset {offset!r}")
        number = np.asarray(scale)
        if number.shape or number.dtype.kind not in "fiu" or not (np.isfinite(number) and number > 0):
            raise ValueError(f"expected a scale above 0 for {name}, got {scale!r}")
        grids.append(GridMap(name, values, float(scale), np.broadcast_to(corner, 2)))
    return grids


def check_sides(shape: Sequence[int], *names: str) -> list[int]:
    """Return the sides of a map, each 1 or more, or say what is wrong with them as a `ValueError`."""
    sides = list(shape) if isinstance(shape, Sequence | np.ndarray) else []
    if len(sides) != len(names):
        raise ValueError(f"expected a shape ({', '.join(names)}), got {shape!r}")
    return [count(name, side) for name, side in zip(names, sides, strict=True)]


def check_pairs(name: str, values: ArrayLike, most: int | None = None) -> Floats:
    """Return finite (y, x), shape ``(L, 2)``, or say what is wrong with them as a `ValueError`."""
    pairs = np.asarray(values, float)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not pairs.size or not np.isfinite(pairs).all():
        finite = f"{np.isfinite(pairs).sum()} of {pairs.size} numbers finite"
        raise ValueError(f"expected finite {name} (y, x) of shape (L, 2), got shape {pairs.shape}, {finite}")
    if most is not None and len(pairs) > most:
        raise ValueError(f"expected up to {most} {name}, got {len(pairs)}")
    return pairs


def check_positions(name: str, values: ArrayLike, shape: Sequence[int], most: int | None = None) -> Floats:
    """Return positions ``(L, 2)`` that lie on a map, or say which does not as a `ValueError`."""
    places = check_pairs(name, values, most)
    last = np.array(shape) - 1
    outside = places[((places < 0) | (places > last)).any(axis=1)]
    if outside.size:
        raise ValueError(f"expected positions in [0, {last[0]}] and [0, {last[1]}], got {tuple(outside[0].tolist())}")
    return places


def check_locations(values: ArrayLike, shape: Sequence[int]) -> Floats:
    """Return locations ``(L, 2)`` that lie in an image, or say which does not as a `ValueError`."""
    places = check_pairs("locations", values)
    height, width = shape[:2]
    outside = places[((places < -0.5) | (places > np.array([height, width]) - 0.5)).any(axis=1)]
    if outside.size:
        raise ValueError(f"expected locations in an image of {height} × {width}, got {tuple(outside[0].tolist())}")
    return places


def check_channel(name: str, values: ArrayLike, most: int | None = None) -> Floats:
    """Return one channel ``(H, W)``, or say what is wrong with it as a `ValueError`."""
    array = np.asarray(values, float)
    size = "" if most is None else f" of up to {most} × {most}"
    if array.ndim != 2 or not array.size or (most is not None and max(array.shape) > most):
        raise ValueError(f"expected one channel (H, W){size} for {name}, got shape {array.shape}")
    if not np.isfinite(array).all():
        wrong = array[~np.isfinite(array)][0]
        raise ValueError(f"expected numbers that are finite for {name}, got {wrong}")
    return array
