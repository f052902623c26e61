"""Hints: the colors of a few pixels, given by a person, and how far they spread.

A hint spreads along paths through the picture. The length of a path is its length in the plane plus its length in
lightness, so crossing an outline is far, and moving over a smooth backdrop is not. Pixels that are near by such paths
most likely belong to the same thing [1]_. The histograms of a pixel then become a weighted mean of its own and those of
the hints.

References
----------
.. [1] Yatziv and Sapiro, "Fast Image and Video Colorization Using Chrominance Blending", IEEE Transactions on Image
   Processing 15(5), 2006. They spread colors by such distances; here, histograms are spread.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from skimage.graph import MCP_Geometric

from course_lib.color import hue_chroma_histogram
from course_lib.color.histogram import distributions
from course_lib.color.scale import AB_BOUND, normalized
from course_lib.hypercolumn_colorizer.features import lightness
from course_lib.integers import as_integer

Floats = NDArray[np.float32]

GRAIN = 1 / 400  # of the longer side: lightness is first smoothed by this, or film grain would make every path long
OWN = 1e-6  # the remaining weight of a hinted pixel's own histograms


class Hint(NamedTuple):
    """The color of one pixel.

    Attributes
    ----------
    row, column : int
        The pixel, counted from 0 at the top left.
    ab : (float, float)
        Its color, normalized.
    """

    row: int
    column: int
    ab: tuple[float, float]


def influence(L: ArrayLike, hints: Sequence[Hint]) -> Floats:
    """Return how similar each pixel is to each hinted one: the influence of each hint alone.

    It is ``exp(-d⁴)``: nearly 1 up to d = 0.5, and nearly 0 from d = 1.5 on. The distance d is the length of the
    shortest path from the hinted pixel, where the longer side of the picture is 1, and the distance from black to white
    is 2.

    Parameters
    ----------
    L : array_like
        Shape ``(H, W, 1)``, floats: normalized lightness.
    hints : sequence of Hint
        N of them.

    Returns
    -------
    ndarray
        Shape ``(H, W, N)``, float32, in [0, 1]: 1 at the hinted pixel itself.

    Raises
    ------
    ValueError
        If L has another shape or is not normalized, or a hint lies outside the picture.
    """
    array = lightness(L)[..., 0]
    longer = max(array.shape)
    slope = ndimage.gaussian_gradient_magnitude(array, max(1, GRAIN * longer))
    paths = MCP_Geometric(1 / longer + slope)
    result = np.empty((*array.shape, len(hints)), np.float32)
    for i, hint in enumerate(hints):
        distance, _ = paths.find_costs([_place(hint, array.shape)])  # the next call overwrites it
        result[..., i] = np.exp(-(distance**4))
    return result


def apply_hints(hue: ArrayLike, chroma: ArrayLike, L: ArrayLike, hints: Sequence[Hint]) -> tuple[Floats, Floats]:
    """Spread hints over the histograms of a picture.

    A pixel's histograms become a weighted mean: its own have weight 1, and those of each hint's color ``w / (1 - w)``,
    where w is the hint's `influence` there. So a single hint contributes the fraction w; and of many hints, one that is
    much nearer than the others dominates.

    Parameters
    ----------
    hue : array_like
        Shape ``(H, W, bins)``, floats: the predictions for each pixel, as from `hue_chroma_histogram`.
    chroma : array_like
        As ``hue``; it may have another number of bins.
    L : array_like
        Shape ``(H, W, 1)``, floats: normalized lightness.
    hints : sequence of Hint
        In any order.

    Returns
    -------
    hue, chroma : ndarray
        As given, float32. The expected color of a hinted pixel is the hint's, to 0.5 %.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, the histograms do not sum to 1, L or a hint is not as for `influence`,
        or a hint's color is not normalized.
    """
    hues, chromas = distributions(hue, chroma)
    if hues.shape[:-1] != np.shape(L)[:2]:
        raise ValueError(f"expected histograms of each pixel of L, got shapes {hues.shape} and {np.shape(L)}")
    weights = influence(L, hints)
    odds = weights / (1 - weights + np.float32(OWN))
    own = 1 / (1 + odds.sum(axis=-1, keepdims=True))
    given = [normalized(np.array(hint.ab, float), 2, "a hint's normalized ab") for hint in hints]
    colors = np.reshape(given, (-1, 1, 2)) * AB_BOUND
    hue_of_hints, _ = hue_chroma_histogram(colors, hues.shape[-1])
    _, chroma_of_hints = hue_chroma_histogram(colors, chromas.shape[-1])
    shares = odds * own
    return _blend(hues, hue_of_hints, own, shares), _blend(chromas, chroma_of_hints, own, shares)


def _blend(histograms: NDArray[np.floating], of_hints: Floats, own: Floats, shares: Floats) -> Floats:
    """Return the weighted mean of each pixel's histogram and the hints'."""
    blended = (histograms * own).astype(np.float32, copy=False)
    for row, share in enumerate(shares):  # one at a time: this needs no other array of that size
        blended[row] += share @ of_hints
    return blended


def _place(hint: Hint, size: tuple[int, ...]) -> tuple[int, int]:
    """Return the pixel of a hint."""
    row, column = as_integer(hint.row), as_integer(hint.column)
    if row is None or column is None or not (0 <= row < size[0] and 0 <= column < size[1]):
        raise ValueError(
            f"expected a hint in a picture of {size[0]} x {size[1]} pixels, got row {hint.row!r} and column "
            f"{hint.column!r}"
        )
    return row, column
