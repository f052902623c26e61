"""Values in words: short, with shapes, types and ranges."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.checks.remote import Remote, kind_of

SMALL = 36  # numbers of an array that are written out as a table
FEW = 9  # and in one line
MOST_ARRAYS = 3  # of a list whose arrays are described one by one
# How numbers are written, regardless of NumPy's settings in the notebook.
PRINT: dict[str, Any] = {
    "precision": 4,
    "suppress": True,
    "threshold": SMALL,
    "linewidth": 100,
    "sign": "-",
    "floatmode": "maxprec",
    "nanstr": "nan",
    "infstr": "inf",
    "formatter": {},
    "legacy": False,
}


def as_array(value: object) -> NDArray[Any]:
    """View a number, list, NumPy array or TensorFlow tensor as a NumPy array.

    Raises
    ------
    ValueError
        If it contains anything but numbers or truth values, or rows of different lengths.
    """
    if isinstance(value, Remote):
        return value.remote_array()
    try:
        array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
    except (ValueError, TypeError, NotImplementedError, AttributeError) as error:
        if isinstance(error, ValueError) and isinstance(value, list | tuple):
            raise ValueError(f"this {type(value).__name__} has parts of different shapes") from None
        array = np.asarray(None)  # a symbolic tensor has no numbers yet
    if array.dtype.kind not in "biufc":
        raise ValueError(f"there are no numbers in something of type {type(value).__name__}")
    return array


def describe(value: object, *, typed: bool = True) -> str:
    """Describe a value in one line, or a small table with its numbers.

    Parameters
    ----------
    value : object
        Anything; numbers, arrays and tensors are described best.
    typed : bool
        Whether the element type of an array is named.

    Returns
    -------
    str
        For example ``array 4×6 float32, from 0 to 1``; arrays of up to 36 numbers are written in full.
    """
    if value is None or isinstance(value, str | dict | bool):
        return shorten(repr(value))
    if value is Ellipsis:
        return "..."
    if kind_of(value) != "object":
        return f"the {kind_of(value)} {getattr(value, '__name__', '')}"
    if isinstance(value, Remote):
        return value.remote_describe()
    try:
        array = as_array(value)
    except ValueError:
        return _thing(value)
    if array.ndim == 0:
        return f"{array.item():.6g}" if array.dtype.kind == "f" else str(array.item())
    if 0 < array.size <= SMALL and array.ndim <= 2:
        numbers = _numbers(array, " ")
        head = _head(array, typed)
        return f"{head}\n{numbers}" if array.ndim > 1 else f"{head} {numbers}"
    return shorten(repr(value)) if array.size == 0 and isinstance(value, list | tuple) else _outline(array, typed)


def describe_size(value: object) -> str:
    """Describe an array by its shape and type only, and a number or None by itself."""
    if value is None or isinstance(value, bool | int | float):
        return shorten(repr(value), 20)
    if isinstance(value, list | tuple):
        return repr(value) if len(repr(value)) <= 30 else f"{type(value).__name__} of {len(value)}"
    try:
        array = as_array(value)
    except ValueError:
        return ""
    return f"{'×'.join(map(str, array.shape))} {array.dtype}" if array.ndim else str(array)


def _thing(value: object) -> str:
    """Describe something that is not a number; an object of a notebook's class by its own `repr`."""
    if isinstance(value, BaseException):
        return shorten(repr(value))
    if type(value).__repr__ is object.__repr__:
        return f"a {type(value).__name__}"
    if type(value).__module__ == "__main__":
        return shorten(repr(value))
    return f"{type(value).__name__} {shorten(' '.join(str(value).split()))}"


def _numbers(array: NDArray[Any], separator: str) -> str:
    """Write an array in full."""
    with np.printoptions(**PRINT):
        return np.array2string(array, separator=separator)


def _head(array: NDArray[Any], typed: bool) -> str:
    return f"array {'×'.join(map(str, array.shape))}{f' {array.dtype}' if typed else ''}"


def _outline(array: NDArray[Any], typed: bool = True) -> str:
    """Describe an array without its numbers."""
    head = _head(array, typed)
    if array.size == 0:
        return f"{head}, empty"
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return f"{head}, {np.count_nonzero(~np.isfinite(array))} of them not finite"
    return f"{head}, from {array.min():.4g} to {array.max():.4g}"


def shorten(text: str, width: int = 60) -> str:
    """Cut a text that is too long for one line."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def describe_call(name: str, args: tuple[object, ...], kwargs: dict[str, object]) -> str:
    """Write a call the way a learner would: ``bilinear_kernel(factor=3)``; arrays by shape and range."""
    parts = [_short(arg) for arg in args] + [f"{key}={_short(value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(parts)})"


def _short(value: object) -> str:
    if kind_of(value) != "object":
        return str(getattr(value, "__name__", ""))
    if isinstance(value, list) and 0 < len(value) <= MOST_ARRAYS and {type(item) for item in value} == {np.ndarray}:
        return f"[{', '.join(map(_short, value))}]"
    if isinstance(value, list | tuple):
        return repr(value) if len(repr(value)) <= 60 else f"{type(value).__name__} of {len(value)}"
    try:
        array = as_array(value)
    except ValueError:
        return describe(value)
    if array.ndim == 0:
        return describe(value)
    if 0 < array.size <= FEW and array.dtype.kind in "iuf":
        return " ".join(_numbers(array, ", ").split())
    return _outline(array)
