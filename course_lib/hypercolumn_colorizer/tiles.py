"""Histograms and colors of whole pictures of any size, in tiles without seams.

The trunk reads a tile with a margin. It is wide enough that every entry from which the tile's pixels are interpolated
has the same receptive field as in the whole picture. At the picture's own border there is no margin: the trunk pads
there.
"""

from collections.abc import Iterator

import keras
import numpy as np
from numpy.typing import NDArray

from course_lib.hypercolumn_colorizer.decoding import expected_color
from course_lib.hypercolumn_colorizer.dense import Folded, strips
from course_lib.hypercolumn_colorizer.features import MULTIPLE, maps

Floats = NDArray[np.float32]
Place = tuple[slice, slice]

SIDE = 768  # the largest side of a tile without its margins: a multiple of 16
# Entries of block5_conv3 lie 16 pixels apart and see 196 pixels. The outermost one that a pixel of a tile is
# interpolated from has its center 8.5 pixels outside the tile, and sees 106.
MARGIN = 112


def histograms(trunk: keras.Model, folded: Folded, L: Floats) -> tuple[Floats, Floats]:
    """Predict the histograms of every pixel.

    Parameters
    ----------
    trunk : keras.Model
        As `features.trunk` makes it.
    folded : Folded
        Heads for its hypercolumns, as `dense.fold` makes them.
    L : ndarray
        Normalized, ``(H, W, 1)``, of any size.

    Returns
    -------
    hue, chroma : ndarray
        Shape ``(H, W, bins)``, float32: averaged over the heads. Each sums to 1.

    Raises
    ------
    ValueError
        As for `features.maps`.
    """
    bins = folded.logits_bias.shape[-1] // 2
    hue, chroma = (np.empty((*L.shape[:2], bins), np.float32) for _ in range(2))
    for place, both in _strips(trunk, folded, L):
        hue[place], chroma[place] = both[..., :bins], both[..., bins:]
    return hue, chroma


def colors(trunk: keras.Model, folded: Folded, L: Floats) -> Floats:
    """Predict the expected color of every pixel, with the histograms of a few rows in memory.

    Parameters
    ----------
    trunk, folded, L
        As for `histograms`.

    Returns
    -------
    ndarray
        Shape ``(H, W, 2)``, float32: a and b in the units of Lab.

    Raises
    ------
    ValueError
        As for `features.maps`.
    """
    ab = np.empty((*L.shape[:2], 2), np.float32)
    for place, both in _strips(trunk, folded, L):
        ab[place] = expected_color(*np.split(both, 2, axis=-1))
    return ab


def _strips(trunk: keras.Model, folded: Folded, L: Floats) -> Iterator[tuple[Place, Floats]]:
    """Yield a few rows of a tile at a time: their position, and both histograms ``(rows, columns, 2 * bins)``."""
    sides = L.shape[:2]
    padded = np.pad(L, [(0, -side % MULTIPLE) for side in sides] + [(0, 0)], "symmetric")
    for rows in _parts(padded.shape[0]):
        for columns in _parts(padded.shape[1]):
            tile = tuple(_with_margin(part, side) for part, side in zip((rows, columns), padded.shape, strict=False))
            inside = [
                slice(part.start - each.start, part.stop - each.start)
                for part, each in zip((rows, columns), tile, strict=True)
            ]
            for number, strip in enumerate(strips(folded, maps(trunk, padded[tile]), *inside)):
                first = rows.start + number * MULTIPLE
                place = slice(first, min(first + MULTIPLE, sides[0])), slice(columns.start, min(columns.stop, sides[1]))
                yield place, strip[: place[0].stop - first, : place[1].stop - columns.start].numpy()


def _parts(side: int) -> list[slice]:
    """Divide a side, a multiple of 16, into parts of about the same length, multiples of 16."""
    edges = np.linspace(0, side // MULTIPLE, -(-side // SIDE) + 1).round().astype(int) * MULTIPLE
    return [slice(first, last) for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]


def _with_margin(part: slice, side: int) -> slice:
    """Widen a part of a side, as far as the side goes."""
    return slice(max(part.start - MARGIN, 0), min(part.stop + MARGIN, side))
