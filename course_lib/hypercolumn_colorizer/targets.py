"""What the colorizer learns to predict: the histograms of hue and chroma of the window around a site."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.color import hue_chroma_histogram
from course_lib.color.scale import AB_BOUND, CHROMA_BOUND, normalized
from course_lib.integers import as_integer

WINDOW = 5  # pixels
BINS = 32


class Targets(NamedTuple):
    """The targets of N sites.

    Attributes
    ----------
    hue : ndarray
        Shape ``(N, bins)``, float32: the histogram of each window as `hue_chroma_histogram` makes it; sums to 1.
    chroma : ndarray
        As ``hue``.
    weight : ndarray
        Shape ``(N,)``, float32: the weight of each site's hue in the loss, the mean chroma of its window / 134, in
        [0, 1].
    """

    hue: NDArray[np.float32]
    chroma: NDArray[np.float32]
    weight: NDArray[np.float32]


def histogram_targets(ab: ArrayLike, sites: ArrayLike, window: int = WINDOW, bins: int = BINS) -> Targets:
    """Make the targets of some pixels of a photograph.

    Parameters
    ----------
    ab : array_like
        Shape ``(H, W, 2)``, floats: the color of a photograph, normalized. At its border, windows are extended by
        mirroring.
    sites : array_like
        Shape ``(N, 2)``, integers: the row and the column of each site.
    window : int
        Side of a window in pixels, odd. With 1 the targets are those of single pixels.
    bins : int
        Of each histogram, 3 or more.

    Returns
    -------
    Targets
        One row for each site.

    Raises
    ------
    ValueError
        If a shape or a type is different, ab is not normalized, a site is outside the photograph, the window is not a
        positive odd integer, or there are too few bins.

    References
    ----------
    Larsson, Maire and Shakhnarovich, "Learning Representations for Automatic Colorization", ECCV 2016.
    """
    side = as_integer(window)
    if side is None or side < 1 or side % 2 == 0:
        raise ValueError(f"expected an odd window of 1 pixel or more, got {window!r}")
    colors = normalized(ab, 2, "normalized ab")
    if colors.ndim != 3 or 0 in colors.shape:
        raise ValueError(f"expected ab of shape (H, W, 2) with at least one pixel, got {colors.shape}")
    places = _places(sites, colors.shape[:2])
    half = side // 2
    padded = np.pad(colors * AB_BOUND, ((half, half), (half, half), (0, 0)), "symmetric")
    within = np.indices((side, side)).reshape(2, -1)
    rows, columns = (places[:, axis, None] + within[axis] for axis in (0, 1))
    pixels = padded[rows, columns]
    hue, chroma = hue_chroma_histogram(pixels, bins)
    strength = np.hypot(pixels[..., 0], pixels[..., 1]).mean(axis=-1) / CHROMA_BOUND
    return Targets(hue, chroma, np.minimum(strength, 1).astype(np.float32))


def _places(sites: ArrayLike, size: tuple[int, ...]) -> NDArray[np.integer]:
    """Check sites."""
    places = np.asarray(sites)
    if places.ndim != 2 or places.shape[1] != 2:
        raise ValueError(f"expected sites of shape (N, 2), got {places.shape}")
    if not np.issubdtype(places.dtype, np.integer):
        raise ValueError(f"expected sites as integers, rows and columns, got {places.dtype}")
    if len(places) and (places.min() < 0 or (places.max(axis=0) >= size).any()):
        raise ValueError(
            f"expected sites in a photograph of {size[0]} x {size[1]} pixels, got rows from {places[:, 0].min()} to "
            f"{places[:, 0].max()} and columns from {places[:, 1].min()} to {places[:, 1].max()}"
        )
    return places
