"""Checks of arguments that are arrays: each is converted, or refused with an error that says what was expected."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

ROUNDING = 1e-3  # how far an RGB value may be outside its range: resizing and half floats round


def channels(values: ArrayLike, count: int, what: str) -> NDArray[Any]:
    """Return an array whose last axis has `count` entries."""
    array = np.asarray(values)
    if array.ndim == 0 or array.shape[-1] != count:
        raise ValueError(f"expected {what} of shape (..., {count}), got {array.shape}")
    return array


def bounded(values: ArrayLike, count: int, what: str, low: float, high: float, hint: str = "") -> NDArray[np.floating]:
    """Return floats with ``count`` channels, within two bounds."""
    array = channels(values, count, what)
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"expected {what} as floats, got {array.dtype}")
    if array.size:
        least, most = array.min(), array.max()
        if np.isnan(least):
            raise ValueError(f"expected {what}, got NaN among the values")
        if least < low or most > high:
            raise ValueError(f"expected {what}, got values from {least:.6g} to {most:.6g}{hint}")
    return array


def rgb(values: ArrayLike) -> NDArray[Any]:
    """Return RGB unchanged: uint8, or floats in [0, 1]."""
    array = channels(values, 3, "RGB")
    if array.dtype == np.uint8:
        return array
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"expected RGB as uint8 or as floats in [0, 1], got {array.dtype}")
    hint = ": divide by 255" if array.size and 2 < array.max() <= 255 else ""
    return bounded(array, 3, "RGB in [0, 1]", -ROUNDING, 1 + ROUNDING, hint)
