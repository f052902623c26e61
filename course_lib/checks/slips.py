"""The usual slips, recognized by what came instead of what was expected."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def close(came: Array, expected: Array, tolerance: float) -> bool:
    """Whether two arrays of one shape agree, absolutely and relatively."""
    return bool(np.allclose(came, expected, rtol=tolerance, atol=tolerance))


def name_shape_slip(came: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """Name the likely cause of a wrong shape; empty if none is known.

    Parameters
    ----------
    came, expected : tuple of int
        Two different shapes.
    """
    if (1, *came) == expected:
        return "the batch axis is missing"
    if came == (1, *expected):
        return "there is a batch axis too many"
    if (*came, 1) == expected:
        return "the channel axis is missing"
    if came == (*expected, 1):
        return "there is a channel axis too many"
    if came in permutations(expected):
        return "the axes are in another order: two of them are transposed"
    if len(came) == len(expected) and all(abs(a - b) <= 1 for a, b in zip(came, expected, strict=True)):
        return "a size is off by one"
    if len(came) != len(expected):
        return f"it has {len(came)} axes instead of {len(expected)}"
    return ""


def name_value_slip(came: Array, expected: Array, tolerance: float) -> str:
    """Name the likely cause of wrong values; empty if none is known.

    Parameters
    ----------
    came, expected : ndarray
        Of one shape, finite, not close.
    tolerance : float
        How close is close.
    """
    came, expected = came.astype(float), expected.astype(float)
    for candidate, cause in _rearranged(expected):
        if close(came, candidate, tolerance):
            return cause
    return (
        _constant(came, expected, tolerance)
        or _rounded(came, expected, tolerance)
        or _border(came, expected, tolerance)
        or _shifted(came, expected)
    )


def _rearranged(expected: Array) -> Iterator[tuple[Array, str]]:
    """Yield what the usual rearrangements of the right values would give."""
    if expected.ndim >= 2 and expected.shape[0] == expected.shape[1]:
        yield np.swapaxes(expected, 0, 1), "rows and columns are transposed"
    if expected.ndim >= 3 and expected.shape[-1] == 3:
        yield expected[..., ::-1], "the channels are swapped (RGB against BGR)"
    for axis in range(min(expected.ndim, 3)):
        yield np.flip(expected, axis), f"the values are flipped along axis {axis}"
    for axis in range(min(expected.ndim, 3)):
        for step in (1, -1):
            yield np.roll(expected, step, axis), f"the values are shifted by one along axis {axis} (off by one)"


def _constant(came: Array, expected: Array, tolerance: float) -> str:
    """Recognize one factor or one difference everywhere."""
    difference = came - expected
    scale = float(np.sum(came * expected) / np.sum(expected**2)) if np.any(expected) else 0.0
    if scale and close(came, scale * expected, tolerance * max(1.0, abs(scale))):
        if np.isclose(scale, -1):
            return "the sign is wrong everywhere"
        if np.isclose(scale, 255, rtol=1e-3):
            return "it is 255 times too large: the values were not scaled to 0–1"
        if np.isclose(scale, 1 / 255, rtol=1e-3):
            return "it is 255 times too small: the values were scaled to 0–1 once too often"
        if came.size > 1:
            return f"every value is {scale:.4g} times what it should be"
    if came.size > 1 and close(difference, np.full_like(difference, difference.flat[0]), tolerance):
        return f"every value is {abs(difference.flat[0]):.4g} too {'large' if difference.flat[0] > 0 else 'small'}"
    return ""


def _rounded(came: Array, expected: Array, tolerance: float) -> str:
    if np.any(expected != np.round(expected)) and (
        close(came, np.trunc(expected), tolerance) or close(came, np.round(expected), tolerance)
    ):
        return "the values lost what stands behind the decimal point: an integer type on the way?"
    return ""


def _border(came: Array, expected: Array, tolerance: float) -> str:
    """Recognize values that are right everywhere but at the border."""
    if expected.ndim < 2 or min(expected.shape[:2]) < 5:
        return ""
    for width in (1, 2, min(expected.shape[:2]) // 4):
        inner = (slice(width, -width), slice(width, -width))
        if width and close(came[inner], expected[inner], tolerance):
            return f"only the border differs, {width} wide: look at what lies outside the image"
    return ""


def _shifted(came: Array, expected: Array) -> str:
    """Recognize values that lie half a sample beside their place (linear interpolation explains them)."""
    plain = float(np.sum((came - expected) ** 2))
    for axis in range(min(expected.ndim, 2)):
        if expected.shape[axis] < 4:
            continue
        a, b = np.swapaxes(expected, 0, axis), np.swapaxes(came, 0, axis)
        between = (a[1:] + a[:-1]) / 2
        for half, name in ((b[1:], "later"), (b[:-1], "earlier")):
            if float(np.sum((half - between) ** 2)) < 0.02 * plain:
                return f"it looks shifted by half a pixel along axis {axis} (drawn half a sample too {name})"
    return ""
