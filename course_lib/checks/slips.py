"""The usual slips in values, recognized by comparing the result with the expected values.

A rule names a cause only if the numbers prove it, and if nothing else gives similar numbers. In case of doubt, it says
nothing.
"""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.close import close
from course_lib.checks.dtypes import name_rounding

Array = NDArray[Any]

ENOUGH = 3  # the fewest numbers that make a rule credible
MOST = 100_000  # the most numbers of an array that is tried with every order of its axes
BOUNDS = ((0, np.inf), (0, 1), (-1, 1), (0, 100), (0, 255))  # to which the result may have been clipped


def name_value_slip(got: Array, expected: Array, tolerance: float, *, image: bool = False) -> str:
    """Name the likely cause of wrong values; empty if none is known.

    Parameters
    ----------
    got, expected : ndarray
        Of the same shape, finite, not close.
    tolerance : float
        The tolerance of `close`.
    image : bool
        Whether it is a picture, or a batch of them where there are four axes: only then does it have rows and columns.
    """
    if "c" in (got.dtype.kind, expected.dtype.kind):
        return ""
    sides = image_axes(expected.shape, image=image)
    got, expected = got.astype(float), expected.astype(float)
    with np.errstate(all="ignore"):
        return (
            _rearranged(got, expected, tolerance, sides)
            or _constant(got, expected, min(tolerance, 0.01))
            or name_rounding(got, expected, tolerance)
            or _cut(got, expected, tolerance)
            or _border(got, expected, tolerance, sides)
            or _off_by_one(got, expected, tolerance)
            or _half_pixel(got, expected, sides)
        )


def image_axes(shape: tuple[int, ...], *, image: bool = False) -> tuple[int, ...]:
    """Find the axes of rows and columns; empty if it is not known whether there are any.

    Parameters
    ----------
    shape : tuple of int
        The shape of the result.
    image : bool
        Whether a test says that it is a picture.
    """
    if not image:
        return ()
    return (1, 2) if len(shape) == 4 else (0, 1)


def _rearranged(got: Array, expected: Array, tolerance: float, sides: tuple[int, ...]) -> str:
    """Recognize the right values in other places."""
    if got.size < ENOUGH:
        return ""
    if expected.ndim >= 3 and expected.shape[-1] == 3 and close(got, expected[..., ::-1], tolerance):
        return "the channels are in reverse order (such as BGR for RGB)"
    for axis in range(expected.ndim - 1):
        if expected.shape[axis] == expected.shape[axis + 1]:
            pair = (axis, axis + 1)
            if close(got, np.swapaxes(expected, *pair), tolerance):
                which = "rows and columns" if pair == sides or expected.ndim == 2 else f"axes {axis} and {axis + 1}"
                return f"{which} are transposed"
    for axis in range(expected.ndim):
        if close(got, np.flip(expected, axis), tolerance):
            return f"the values are flipped along axis {axis}" if got.ndim > 1 else "the order of the values is flipped"
    if expected.ndim == 2 and close(got, expected[::-1, ::-1], tolerance):
        return "the values are flipped along both axes (turned by 180 degrees)"
    if expected.size <= MOST and 2 <= expected.ndim <= 4:
        for order in permutations(range(expected.ndim)):
            if close(got, expected.transpose(order).reshape(expected.shape), tolerance):
                return "the values are right, but in another order: a `reshape` where the axes must be transposed?"
    return ""


def _constant(got: Array, expected: Array, tolerance: float) -> str:
    """Recognize one factor or one difference everywhere."""
    largest = float(np.abs(got).max())
    if not largest:
        return "every value is 0" if got.size > 1 else ""
    scale = float(np.sum(got * expected) / np.sum(expected**2)) if np.any(expected) else 0.0
    if scale and np.abs(got - scale * expected).max() <= tolerance * largest:
        if np.isclose(scale, -1):
            return "the sign is wrong everywhere" if got.size > 1 else "the sign is wrong"
        if np.count_nonzero(expected) >= ENOUGH:
            return _factor(scale)
    if got.size < ENOUGH:
        return ""
    if largest > 2 and np.abs(got - 255 * expected).max() <= 1:
        return "it is 255 times too large, and rounded: the values were not scaled to 0–1"
    difference = got - expected
    offset = float(np.median(difference))
    same = np.abs(difference - offset).max() <= tolerance * max(1.0, float(np.abs(expected).max()))
    if same and not _is_ramp(expected, offset):
        return f"every value is {abs(offset):.4g} too {'large' if offset > 0 else 'small'}"
    return ""


def _factor(scale: float) -> str:
    if np.isclose(scale, 255, rtol=1e-3):
        return "it is 255 times too large: the values were not scaled to 0–1"
    if np.isclose(scale, 1 / 255, rtol=1e-3):
        return "it is 255 times too small: the values were scaled to 0–1 once too often"
    text = f"every value is {scale:.4g} times what it should be"
    parts = round(1 / scale) if 0 < scale < 0.6 else 0
    return f"{text}: divided by {parts} once too often" if parts and np.isclose(scale * parts, 1, rtol=1e-3) else text


def _is_ramp(expected: Array, offset: float) -> bool:
    """Tell whether the expected values rise evenly, so that a shift looks like a constant difference."""
    for axis in range(expected.ndim):
        steps = np.diff(expected, axis=axis)
        if steps.size and steps.flat[0] and np.allclose(steps, steps.flat[0]):
            places = offset / steps.flat[0]
            if abs(places - round(places)) < 1e-3:
                return True
    return False


def _cut(got: Array, expected: Array, tolerance: float) -> str:
    """Recognize values that were clipped, or lost their signs."""
    if got.size < ENOUGH or np.ptp(got) == 0:
        return ""
    for low, high in BOUNDS:
        if close(got, np.clip(expected, low, high), tolerance):
            return (
                "the negative values have become 0" if high == np.inf else f"the values are clipped to {low} and {high}"
            )
    return "the negative values have lost their sign" if close(got, np.abs(expected), tolerance) else ""


def _border(got: Array, expected: Array, tolerance: float, sides: tuple[int, ...]) -> str:
    """Recognize values that are right everywhere except at the border of a picture."""
    if not sides:
        return ""
    for width in sorted({1, 2, min(expected.shape[axis] for axis in sides) // 4} - {0}):
        inner = tuple(slice(width, -width) if axis in sides else slice(None) for axis in range(expected.ndim))
        large_enough = min(expected[inner].shape[axis] for axis in sides) >= 3
        if large_enough and close(got[inner], expected[inner], tolerance) and not _one_side(got, expected, tolerance):
            pixels = f"{width} pixel{'s' if width > 1 else ''}"
            return f"only the border of the picture differs, {pixels} wide: what lies outside the picture?"
    return ""


def _one_side(got: Array, expected: Array, tolerance: float) -> bool:
    """Tell whether only a single number differs, which is not a border."""
    return int(np.count_nonzero(~np.isclose(got, expected, rtol=tolerance, atol=tolerance))) == 1


def _neighbors(got: Array, expected: Array) -> Iterator[tuple[int, str, Array, Array, Array]]:
    """Yield, for each axis and direction, the result, the values expected there, and those expected next to them."""
    for axis in range(min(expected.ndim, 3)):
        if expected.shape[axis] >= 4:
            a, b = np.swapaxes(expected, 0, axis), np.swapaxes(got, 0, axis)
            yield axis, "late", b[1:], a[1:], a[:-1]
            yield axis, "early", b[:-1], a[:-1], a[1:]


def _off_by_one(got: Array, expected: Array, tolerance: float) -> str:
    """Recognize values that are shifted by one place, whatever fills the gap; a few labels prove nothing."""
    if len(np.unique(expected)) < 4:
        return ""
    for axis, when, there, own, beside in _neighbors(got, expected):
        if close(there, beside, tolerance) and not close(there, own, tolerance) and np.ptp(beside) > tolerance:
            along = f" along axis {axis}" if got.ndim > 1 else ""
            return f"the values are shifted by one{along} (off by one): each comes one place too {when}"
    return ""


def _half_pixel(got: Array, expected: Array, sides: tuple[int, ...]) -> str:
    """Recognize a picture that is shifted by half a pixel (linear interpolation explains it)."""
    for axis, when, there, own, beside in _neighbors(got, expected):
        if axis in sides:
            plain, between = float(np.sum((there - own) ** 2)), (own + beside) / 2
            if plain and float(np.sum((there - between) ** 2)) < 0.02 * plain:
                return f"it looks shifted by half a pixel along axis {axis} (half a pixel too {when})"
    return ""
