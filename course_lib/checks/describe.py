"""Values in words: short, with shapes, types and ranges."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALL = 36  # numbers of an array that are written out as a table
FEW = 8  # and in one line


def as_array(value: object) -> NDArray[Any]:
    """View a number, list, NumPy array or TensorFlow tensor as a NumPy array.

    Raises
    ------
    ValueError
        If it holds anything but numbers or truth values, or rows of different lengths.
    """
    array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
    if array.dtype.kind not in "biufc":
        raise ValueError(f"expected numbers, got {type(value).__name__}: {str(value)[:60]}")
    return array


def describe(value: object) -> str:
    """Describe a value in one line, or a small table with its numbers.

    Parameters
    ----------
    value : object
        Anything; numbers, arrays and tensors are described best.

    Returns
    -------
    str
        For example ``array 4×6 float32, from 0 to 1``; arrays of up to 36 numbers are written out.
    """
    if value is None or isinstance(value, str | dict | bool):
        return repr(value)
    try:
        array = as_array(value)
    except ValueError:
        return f"{type(value).__name__} {str(value)[:60]}"
    if array.ndim == 0:
        return f"{array.item():.6g}" if array.dtype.kind in "iuf" else str(array.item())
    head = f"array {'×'.join(map(str, array.shape))} {array.dtype}"
    if array.size == 0:
        return f"{head}, empty"
    if array.size <= SMALL and array.ndim <= 2:
        numbers = np.array2string(array, precision=4, suppress_small=True, max_line_width=100)
        return f"{head}\n{numbers}" if array.ndim > 1 else f"{head} {numbers}"
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return f"{head}, {np.count_nonzero(~np.isfinite(array))} of them not finite"
    return f"{head}, from {array.min():.4g} to {array.max():.4g}"


def describe_call(name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> str:
    """Write a call the way a learner would: ``bilinear_kernel(factor=3)``; arrays by shape and range."""
    parts = [_short(arg) for arg in args] + [f"{key}={_short(value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(parts)})"


def _short(value: object) -> str:
    if isinstance(value, list | tuple):
        return repr(value) if len(repr(value)) <= 60 else f"{type(value).__name__} of {len(value)}"
    try:
        array = as_array(value)
    except ValueError:
        return describe(value)
    if array.ndim > 0 and 0 < array.size <= FEW and array.dtype.kind in "iuf":
        return str(np.round(array, 4).tolist())
    return describe(value).splitlines()[0]
