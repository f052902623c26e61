"""Colors that sRGB cannot show, brought inside its gamut."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.color import arguments
from course_lib.color.lab import FARTHEST, Floats, in_chunks, linear_light
from course_lib.color.scale import CHROMA_BOUND

HALVINGS = 14  # bisections of the interval of the chroma: to 0.01
# How far outside [0, 1] linear light may lie: the matrix's digits put white 0.00008 outside,
# and float32 rounds. Clipping that changes L by less than 0.01.
OUTSIDE = 1e-5, 1e-4


def clip_chroma(lab: ArrayLike) -> Floats:
    """Reduce the chroma of colors that sRGB cannot show, at the same lightness and hue, until it is in the gamut.

    `lab_to_rgb` clips red, green and blue, which changes the lightness: for a light saturated blue, L = 80 becomes 71.
    A color within the gamut is not changed.

    Parameters
    ----------
    lab : array_like
        Shape ``(..., 3)``, floats: L in [0, 100]; a and b of any finite size up to 2000.

    Returns
    -------
    ndarray
        Shape ``(..., 3)``, float32: the same L, clipped to [0, 100], and a and b times the same number in [0, 1].

    Raises
    ------
    ValueError
        If the last axis is not 3 long, the values are not floats, or one is NaN or beyond 2000.
    """
    return in_chunks(arguments.bounded(lab, 3, "Lab with L in [0, 100]", -FARTHEST, FARTHEST), _clip_chunk)


def _clip_chunk(lab: NDArray[np.floating], clipped: Floats) -> None:
    """Fill ``clipped`` with the colors of ``lab``."""
    clipped[:] = lab
    np.clip(lab[:, 0], 0, 100, out=clipped[:, 0])
    outside = np.flatnonzero(~_in_gamut(clipped))
    clipped[outside] = _reduced(clipped[outside])


def _in_gamut(lab: Floats) -> NDArray[np.bool_]:
    light = linear_light(lab)
    below, above = OUTSIDE
    return np.asarray((light.min(axis=-1) >= -below) & (light.max(axis=-1) <= 1 + above))


def _reduced(lab: Floats) -> Floats:
    """Bisect the fraction of the chroma that is kept: gray is inside the gamut, and the color to reduce is outside."""
    chroma = np.hypot(lab[:, 1:2], lab[:, 2:])
    inside, outside = np.zeros_like(chroma), np.minimum(1, CHROMA_BOUND / chroma)
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        fits = _in_gamut(_scaled(lab, middle))[:, None]
        inside, outside = np.where(fits, middle, inside), np.where(fits, outside, middle)
    return _scaled(lab, inside)


def _scaled(lab: Floats, share: NDArray[np.floating]) -> Floats:
    return np.concatenate([lab[:, :1], lab[:, 1:] * share], axis=1, dtype=np.float32)
