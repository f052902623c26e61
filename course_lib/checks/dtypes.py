"""Slips that the result's element type explains."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.close import close

Array = NDArray[Any]

DECIMALS = (1, 2, 3)  # to which the result may have been rounded
HALF = 2e-3  # errors of float16, absolute and relative


def name_dtype_slip(got: Array, expected: Array, tolerance: float) -> str:
    """Name the likely cause of wrong values if it is the type of the result; empty if it is not.

    Parameters
    ----------
    got, expected : ndarray
        Of the same shape, not close.
    tolerance : float
        The tolerance of `close`.
    """
    kind, name = got.dtype.kind, got.dtype.name
    if kind in "cb" and expected.dtype.kind != kind:
        what = "complex numbers" if kind == "c" else "truth values instead of numbers"
        return f"the result has {what} ({name})"
    if not np.isfinite(expected).all():
        return ""
    if name == "float16" and expected.dtype != got.dtype:
        return _half(got, expected)
    return _whole(got, expected, tolerance) if kind in "iu" and expected.dtype.kind != "c" else ""


def _half(got: Array, expected: Array) -> str:
    """Recognize the rounding of float16."""
    if not np.isfinite(got).all() and np.abs(expected).max() > np.finfo(np.float16).max:
        return "float16 ends at 65504: use float32"
    return "float16 keeps about three digits: use float32" if close(got, expected, HALF) else ""


def _whole(got: Array, expected: Array, tolerance: float) -> str:
    """Recognize truncation and wrap-around of integer types."""
    if close(got, np.trunc(expected), tolerance) or close(got, np.round(expected), tolerance):
        return f"the decimals are lost: the result has an integer type ({got.dtype})"
    if np.abs(expected).max(initial=0) < 2.0**62 and np.array_equal(got, expected.astype(np.int64).astype(got.dtype)):
        bounds = np.iinfo(got.dtype)
        return f"numbers outside {bounds.min} to {bounds.max} wrapped around: the result is {got.dtype}"
    return ""


def name_rounding(got: Array, expected: Array, tolerance: float) -> str:
    """Say to how many decimals floats were rounded, if they were; few numbers, or only zeros, may look so by chance."""
    if got.size < 2 or np.abs(got).max() <= tolerance or got.dtype.kind != "f":
        return ""
    if close(got, np.trunc(expected), tolerance) or close(got, np.round(expected), tolerance):
        return "the decimals are lost: an integer type or a rounding on the way?"
    for decimals in DECIMALS:
        if close(got, np.round(expected, decimals), min(tolerance, 1e-6)):
            return f"the values are rounded to {decimals} decimal{'s' if decimals > 1 else ''}"
    return ""
