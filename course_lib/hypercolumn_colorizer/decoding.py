"""One color from histograms of hue and chroma, and its uncertainty.

The histograms describe a random color: its hue is drawn from one, its chroma from the other, independently. Its mean
is the color with the least expected squared error. `course_lib.color.histogram_to_ab` takes the median chroma instead,
which is more vivid. Everything here is in the units of Lab, not normalized.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.color.histogram import distributions
from course_lib.color.scale import CHROMA_BOUND


def expected_color(hue: ArrayLike, chroma: ArrayLike) -> NDArray[np.float32]:
    """Decode histograms into the mean of their colors: mean chroma times the mean vector of the hues.

    For the histograms of some pixels, it is the mean color of the pixels, to 0.5 % of their mean chroma with 32 bins.

    Parameters
    ----------
    hue : array_like
        Shape ``(..., bins)``, floats of 0 or more that sum to 1, with centers as in `hue_chroma_histogram`.
    chroma : array_like
        As ``hue``; it may have another number of bins.

    Returns
    -------
    ndarray
        Shape ``(..., 2)``, float32: a and b.

    Raises
    ------
    ValueError
        If the shapes do not fit each other, a histogram has fewer than 3 bins, values that are negative, NaN or no
        floats, or another sum.
    """
    hues, chromas = distributions(hue, chroma)
    return _mean_chroma(chromas)[..., None] * _mean_vector(hues)


def uncertainty(hue: ArrayLike, chroma: ArrayLike) -> NDArray[np.float32]:
    """Return the typical distance between a color drawn from the histograms and the expected color.

    Parameters
    ----------
    hue, chroma : array_like
        As for `expected_color`.

    Returns
    -------
    ndarray
        Shape ``(...)``, float32: the root of the expected squared distance, to 0.1. It is 0 if both histograms are
        certain, and also if the color is certainly gray, whatever its hue; at most 134.

    Raises
    ------
    ValueError
        As for `expected_color`.
    """
    hues, chromas = distributions(hue, chroma)
    length = np.linalg.norm(_mean_vector(hues), axis=-1)
    # E|x|² - |E x|², and |x| is the chroma.
    variance = _mean_chroma(chromas, power=2) - np.square(_mean_chroma(chromas) * length)
    return np.sqrt(np.maximum(variance, 0))


def _mean_chroma(chroma: NDArray[np.floating], power: int = 1) -> NDArray[np.float32]:
    """Return the mean of a power of the chroma, ``(...)``."""
    centers = np.linspace(0, CHROMA_BOUND, chroma.shape[-1], dtype=np.float32)
    return chroma.astype(np.float32, copy=False) @ centers**power


def _mean_vector(hue: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the mean of the hues' unit vectors, ``(..., 2)``."""
    angles = math.tau * np.arange(hue.shape[-1]) / hue.shape[-1]
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)
    return hue.astype(np.float32, copy=False) @ vectors
