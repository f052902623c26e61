"""Lab on the scale of a network: every channel in [-1, 1]; and its parts, lightness and color."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.color import arguments

# Over all 256**3 colors of sRGB, a lies in [-86.18, 98.23], b in [-107.86, 94.48], and the chroma, sqrt(a² + b²),
# in [0, 133.80]; all of these are met at corners of the cube. The bounds leave a little room.
AB_BOUND = 110.0
CHROMA_BOUND = 134.0

# x = lab / HALF - MIDDLE
HALF = np.array([50.0, AB_BOUND, AB_BOUND], np.float32)
MIDDLE = np.array([1.0, 0.0, 0.0], np.float32)

BEYOND = 0.02  # of a normalized value, if Lab comes from an image
FAR_BEYOND = 10.0  # if it comes from a network, whose last layer may not be bounded; unnormalized Lab is mostly larger


def normalized(values: ArrayLike, count: int, what: str) -> NDArray[np.floating]:
    """Check Lab, or some of its channels, on the scale of `normalize_lab`.

    Parameters
    ----------
    values : array_like
        Shape ``(..., count)``, floats in [-1, 1]; rounding errors up to 0.02 are allowed.
    count : int
        The number of channels.
    what : str
        Their name in the error, such as "normalized ab".

    Returns
    -------
    ndarray
        The values.

    Raises
    ------
    ValueError
        If they are not as above.
    """
    hint = ": normalized L is L / 50 - 1, normalized ab is ab / 110"
    return arguments.bounded(values, count, f"{what} in [-1, 1]", -1 - BEYOND, 1 + BEYOND, hint)


def split_lab(lab: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Split Lab, normalized or not, into lightness and color.

    Parameters
    ----------
    lab : ndarray
        Shape ``(..., 3)``.

    Returns
    -------
    L : ndarray
        Shape ``(..., 1)``, a view.
    ab : ndarray
        Shape ``(..., 2)``, a view.

    Raises
    ------
    ValueError
        If the last axis is not 3 long.
    """
    array = arguments.channels(lab, 3, "Lab")
    return array[..., :1], array[..., 1:]


def normalize_lab(lab: ArrayLike) -> NDArray[np.float32]:
    """Scale Lab so that every channel lies in [-1, 1].

    L becomes ``L / 50 - 1``, and a and b are both divided by 110, a bound for the whole gamut of sRGB; gray stays at 0.

    Parameters
    ----------
    lab : array_like
        Shape ``(..., 3)``, floats: L in [0, 100], a and b in [-110, 110].

    Returns
    -------
    ndarray
        Shape ``(..., 3)``, float32, in [-1, 1].

    Raises
    ------
    ValueError
        If the last axis is not 3 long, the values are not floats, or one is NaN or outside by more than 2 %
        of the bound.
    """
    array = arguments.bounded(lab, 3, "Lab", -np.inf, np.inf)
    normalized = array.astype(np.float32) / HALF - MIDDLE
    if array.size and np.abs(normalized).max() > 1 + BEYOND:
        extremes = zip("Lab", array.reshape(-1, 3).min(axis=0), array.reshape(-1, 3).max(axis=0), strict=True)
        ranges = ", ".join(f"{name} from {least:.6g} to {most:.6g}" for name, least, most in extremes)
        raise ValueError(f"expected Lab with L in [0, 100] and a, b in [-{AB_BOUND:g}, {AB_BOUND:g}], got {ranges}")
    return normalized


def denormalize_lab(normalized: ArrayLike) -> NDArray[np.float32]:
    """Undo `normalize_lab`.

    Parameters
    ----------
    normalized : array_like
        Shape ``(..., 3)``, floats in [-1, 1]. Predictions of a network may be outside, up to 10.

    Returns
    -------
    ndarray
        Shape ``(..., 3)``, float32: Lab.

    Raises
    ------
    ValueError
        If the last axis is not 3 long, the values are not floats, or one is NaN or outside [-10, 10].
    """
    hint = ": is this Lab that was not normalized?"
    array = arguments.bounded(normalized, 3, "normalized Lab in [-1, 1]", -FAR_BEYOND, FAR_BEYOND, hint)
    return (array.astype(np.float32) + MIDDLE) * HALF
