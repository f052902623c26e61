"""The usual slips, recognized by the result instead of what was expected."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def close(got: Array, expected: Array, tolerance: float) -> bool:
    """Whether two arrays of one shape agree, absolutely and relatively; NaN agrees with NaN."""
    return bool(np.allclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True))


def name_shape_slip(got: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """Name the likely cause of a wrong shape; empty if none is known.

    Parameters
    ----------
    got, expected : tuple of int
        Two different shapes.
    """
    if (1, *got) == expected:
        return "the batch axis is missing"
    if got == (1, *expected):
        return "there is a batch axis too many"
    if (*got, 1) == expected:
        return "the channel axis is missing"
    if got == (*expected, 1):
        return "there is a channel axis too many"
    if got in permutations(expected):
        return "the axes are in another order (transposed)"
    if len(got) == len(expected) and all(abs(a - b) <= 1 for a, b in zip(got, expected, strict=True)):
        return "a size is off by one"
    if len(got) != len(expected):
        return f"it has {len(got)} axes instead of {len(expected)}"
    return ""


def name_value_slip(got: Array, expected: Array, tolerance: float) -> str:
    """Name the likely cause of wrong values; empty if none is known.

    Parameters
    ----------
    got, expected : ndarray
        Of one shape, finite, not close.
    tolerance : float
        How close is close.
    """
    if "c" in (got.dtype.kind, expected.dtype.kind):
        return ""
    whole = got.dtype.kind in "biu"
    got, expected = got.astype(float), expected.astype(float)
    with np.errstate(all="ignore"):
        for candidate, cause in _rearranged(expected):
            if close(got, candidate, tolerance):
                return cause
        return (
            _constant(got, expected, min(tolerance, 0.01))
            or _rounded(got, expected, tolerance, whole)
            or ("every value is 0" if got.size > 1 and not got.any() else "")
            or _border(got, expected, tolerance)
            or _off_by_one(got, expected, tolerance)
            or _half_pixel(got, expected)
        )


def _rearranged(expected: Array) -> Iterator[tuple[Array, str]]:
    """Yield what the usual rearrangements of the right values would give."""
    if expected.ndim >= 3 and expected.shape[-1] == 3:
        yield expected[..., ::-1], "the channels are swapped (RGB against BGR)"
    for axis in range(expected.ndim - 1):
        if expected.shape[axis] == expected.shape[axis + 1]:
            which = "rows and columns" if axis == 0 and expected.ndim <= 3 else f"axes {axis} and {axis + 1}"
            yield np.swapaxes(expected, axis, axis + 1), f"{which} are transposed"
    for axis in range(min(expected.ndim, 3)):
        yield np.flip(expected, axis), f"the values are flipped along axis {axis}"


def _constant(got: Array, expected: Array, tolerance: float) -> str:
    """Recognize one factor or one difference everywhere."""
    largest = float(np.abs(got).max())
    scale = float(np.sum(got * expected) / np.sum(expected**2)) if np.any(expected) else 0.0
    if scale and np.abs(got - scale * expected).max() <= tolerance * largest:
        if np.isclose(scale, -1):
            return "the sign is wrong everywhere" if got.size > 1 else "the sign is wrong"
        if np.isclose(scale, 255, rtol=1e-3):
            return "it is 255 times too large: the values were not scaled to 0–1"
        if np.isclose(scale, 1 / 255, rtol=1e-3):
            return "it is 255 times too small: the values were scaled to 0–1 once too often"
        if got.size > 1:
            return f"every value is {scale:.4g} times what it should be"
    if got.size > 3 and largest > 2 and np.abs(got - 255 * expected).max() <= 1:
        return "it is 255 times too large, and rounded: the values were not scaled to 0–1"
    difference = got - expected
    offset = float(np.median(difference))
    if got.size > 1 and np.abs(difference - offset).max() <= tolerance * max(1.0, float(np.abs(expected).max())):
        return f"every value is {abs(offset):.4g} too {'large' if offset > 0 else 'small'}"
    return ""


def _rounded(got: Array, expected: Array, tolerance: float, whole: bool) -> str:
    """Recognize values without their decimals; a single one, and zeros, may be so by chance."""
    if (whole or (got.size > 1 and got.any())) and (
        close(got, np.trunc(expected), tolerance) or close(got, np.round(expected), tolerance)
    ):
        return "the values lost what stands behind the decimal point: an integer type on the way?"
    return ""


def _image_axes(ndim: int) -> tuple[int, ...]:
    """Axes of the rows and columns: after the batch, if there is one."""
    return (1, 2) if ndim == 4 else tuple(range(min(ndim, 2)))


def _border(got: Array, expected: Array, tolerance: float) -> str:
    """Recognize values that are right everywhere but at the border."""
    axes = _image_axes(expected.ndim)
    if len(axes) < 2:
        return ""
    for width in sorted({1, 2, min(expected.shape[axis] for axis in axes) // 4} - {0}):
        inner = tuple(slice(width, -width) if axis in axes else slice(None) for axis in range(expected.ndim))
        large_enough = min(expected[inner].shape[axis] for axis in axes) >= 3
        if large_enough and close(got[inner], expected[inner], tolerance):
            return f"only the border differs, {width} wide: look at what lies outside the image"
    return ""


def _neighbors(got: Array, expected: Array) -> Iterator[tuple[int, str, Array, Array, Array]]:
    """Yield, for each axis and direction, the result with what belongs there and what belongs beside it."""
    for axis in range(min(expected.ndim, 3)):
        if expected.shape[axis] >= 4:
            a, b = np.swapaxes(expected, 0, axis), np.swapaxes(got, 0, axis)
            yield axis, "late", b[1:], a[1:], a[:-1]
            yield axis, "early", b[:-1], a[:-1], a[1:]


def _off_by_one(got: Array, expected: Array, tolerance: float) -> str:
    """Recognize values that lie one place beside their own, whatever fills the gap."""
    for axis, _, there, own, beside in _neighbors(got, expected):
        if close(there, beside, tolerance) and not close(there, own, tolerance) and np.ptp(beside) > tolerance:
            return f"the values are shifted by one along axis {axis} (off by one)"
    return ""


def _half_pixel(got: Array, expected: Array) -> str:
    """Recognize values that lie half a sample beside their place (linear interpolation explains them)."""
    for axis, when, there, own, beside in _neighbors(got, expected):
        if axis in _image_axes(expected.ndim):
            plain, between = float(np.sum((there - own) ** 2)), (own + beside) / 2
            if plain and float(np.sum((there - between) ** 2)) < 0.02 * plain:
                return f"it looks shifted by half a pixel along axis {axis} (half a sample too {when})"
    return ""
