"""Colors as histograms of hue and chroma, and back: what a colorizer can predict instead of one color.

After Larsson, Maire and Shakhnarovich, "Learning Representations for Automatic Colorization", ECCV 2016. Here hue and
chroma are those of Lab: the angle of (a, b) and its length. Every pixel divides its vote between the two bins whose
centers enclose it, in proportion to nearness, so that the histogram of a single color still shows where the color is
between them. A hard vote would be off by up to half a bin. The vote for the hue is weighted by the chroma: gray has no
hue.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.color import arguments
from course_lib.color.scale import AB_BOUND, BEYOND, CHROMA_BOUND
from course_lib.integers import as_integer

FADING = 0.03  # of Larsson et al.: where the hues agree less than this, the color fades to gray
FEWEST = 3  # bins: two hues opposite to each other have no mean


def hue_chroma_histogram(ab: ArrayLike, bins: int = 32) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make the histograms of hue and of chroma of some pixels.

    Parameters
    ----------
    ab : array_like
        Shape ``(..., N, 2)``, floats: the channels a and b, not normalized, of the N pixels of a histogram.
        A chroma above 134 counts as 134.
    bins : int
        Of each histogram, 3 or more. The centers of hue are ``2 pi / bins`` apart, the first at hue 0 (a > 0, b = 0);
        those of chroma divide [0, 134], which contains the gamut of sRGB, the first at gray, the last at 134.

    Returns
    -------
    hue : ndarray
        Shape ``(..., bins)``, float32, in [0, 1]; sums to 1. Each pixel is weighted by its chroma, so that gray does
        not count. If all N pixels are exactly gray, the histogram is uniform.
    chroma : ndarray
        As ``hue``, but each pixel counts the same.

    Raises
    ------
    ValueError
        If the shape is different, the values are not floats, one is NaN or far outside the gamut, or there are
        too few bins.
    """
    most = AB_BOUND * (1 + BEYOND)
    array = arguments.bounded(ab, 2, f"ab in [-{AB_BOUND:g}, {AB_BOUND:g}]", -most, most).astype(np.float64)
    if array.ndim < 2 or array.shape[-2] == 0:
        raise ValueError(f"expected ab of shape (..., N, 2) with at least one pixel, got {array.shape}")
    number = as_integer(bins)
    if number is None or number < FEWEST:
        raise ValueError(f"expected {FEWEST} bins or more, as a whole number, got {bins!r}")
    a, b = array[..., 0], array[..., 1]
    turns = np.arctan2(b, a) / math.tau
    chroma = np.minimum(np.hypot(a, b) / CHROMA_BOUND, 1)
    return _vote(turns * number, chroma, number), _vote(chroma * (number - 1), np.ones_like(chroma), number)


def _vote(places: NDArray[np.float64], weights: NDArray[np.float64], bins: int) -> NDArray[np.float32]:
    """Make a histogram from places ``(..., N)`` in units of a bin, with centers at 0, 1, ... that wrap around.

    It is uniform if all weights are 0.
    """
    *leading, _ = places.shape
    histograms = math.prod(leading)
    lower = np.floor(places)
    share = places - lower
    starts = bins * np.arange(histograms).reshape(*leading, 1)
    counts = np.zeros(histograms * bins)
    for near, part in ((lower, 1 - share), (lower + 1, share)):
        index = starts + near.astype(np.int64) % bins
        counts += np.bincount(index.ravel(), (weights * part).ravel(), len(counts))
    counts = counts.reshape(*leading, bins)
    total = counts.sum(axis=-1, keepdims=True)
    shares = np.divide(counts, total, out=np.full_like(counts, 1 / bins), where=total > 0)
    return shares.astype(np.float32)


def histogram_to_ab(hue: ArrayLike, chroma: ArrayLike) -> NDArray[np.float32]:
    """Decode histograms into one color each: the median chroma, at the circular mean of the hues.

    With 32 bins, the histograms of a single color reproduce it to 0.02; those of many pixels give their median chroma
    to within a bin, 4.3. If the hues contradict each other, that is, if their mean vector is shorter than 0.03, the
    chroma is reduced in proportion.

    Parameters
    ----------
    hue : array_like
        Shape ``(..., bins)``, floats of 0 or more that sum to 1, with centers as in `hue_chroma_histogram`.
    chroma : array_like
        As ``hue``; it may have another number of bins.

    Returns
    -------
    ndarray
        Shape ``(..., 2)``, float32: a and b, not normalized.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, or a histogram has fewer than 3 bins, another sum, or values that are
        negative, NaN or not floats.
    """
    hues, chromas = (_sum_to_1(histograms) for histograms in distributions(hue, chroma))
    angles = math.tau * np.arange(hues.shape[-1]) / hues.shape[-1]
    mean = np.stack([hues @ np.cos(angles), hues @ np.sin(angles)], axis=-1)
    length = np.hypot(mean[..., :1], mean[..., 1:])
    median = _median(chromas) * CHROMA_BOUND / (chromas.shape[-1] - 1)
    return (median[..., None] * mean / np.maximum(length, FADING)).astype(np.float32)


def distributions(hue: ArrayLike, chroma: ArrayLike) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Check histograms of hue and of chroma as `histogram_to_ab` does, for any type of floats.

    Parameters
    ----------
    hue, chroma : array_like
        As for `histogram_to_ab`.

    Returns
    -------
    hue, chroma : ndarray
        The same, as arrays.

    Raises
    ------
    ValueError
        As for `histogram_to_ab`.
    """
    hues, chromas = _distribution(hue, "hue"), _distribution(chroma, "chroma")
    if hues.shape[:-1] != chromas.shape[:-1]:
        raise ValueError(f"expected as many histograms of hue as of chroma, got {hues.shape} and {chromas.shape}")
    return hues, chromas


def _distribution(histogram: ArrayLike, name: str) -> NDArray[np.floating]:
    """Check histograms of one kind."""
    array = np.asarray(histogram)
    if array.ndim == 0 or array.shape[-1] < FEWEST:
        raise ValueError(
            f"expected histograms of {name} of shape (..., bins) with {FEWEST} bins or more, got {array.shape}"
        )
    values = arguments.bounded(array, array.shape[-1], f"histograms of {name} in [0, 1]", 0, 1 + arguments.ROUNDING)
    sums = values.sum(axis=-1)
    if array.size and np.abs(sums - 1).max() > arguments.ROUNDING:
        raise ValueError(
            f"expected histograms of {name} that sum to 1, got sums from {sums.min():.6g} to {sums.max():.6g}"
        )
    return values


def _sum_to_1(histograms: NDArray[np.floating]) -> NDArray[np.float64]:
    """Remove rounding errors from the sums."""
    return histograms / histograms.sum(axis=-1, keepdims=True, dtype=np.float64)


def _median(histograms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the median of each histogram, in units of a bin.

    Half of a bin's mass lies below its center; between centers the mass below grows linearly. This is exact if one
    value divided its vote between two bins.
    """
    bins = histograms.shape[-1]
    below = np.cumsum(histograms, axis=-1) - histograms / 2
    # The entry in front means no mass below the first center, so that each median has a neighbor on its left.
    below = np.insert(below, 0, 0, axis=-1)
    places = np.insert(np.arange(bins, dtype=float), 0, 0)
    right = np.minimum((below < 0.5).sum(axis=-1), bins)
    low, high = (np.take_along_axis(below, side[..., None], axis=-1)[..., 0] for side in (right - 1, right))
    return places[right - 1] + (0.5 - low) / (high - low) * (places[right] - places[right - 1])
