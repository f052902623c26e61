"""Integer arguments: those of Python, NumPy or TensorFlow, but no truth values."""

import operator
from typing import Any


def as_integer(value: Any) -> int | None:
    """Return an integer as a Python `int`, and None for anything else.

    Parameters
    ----------
    value : object
        Everything with ``__index__`` counts: Python's and NumPy's integers, arrays of integers without axes, and scalar
        tensors of integers. A bool does not, and neither does a float with an integer value.

    Returns
    -------
    int or None
        The same number, or None.
    """
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except (TypeError, AttributeError):  # the latter for a tensor of truth values
        return None


def count(name: str, number: Any, least: int = 1) -> int:
    """Check an integer, such as a number of items.

    Parameters
    ----------
    name : str
        The name of the argument, for the error.
    number : object
        As for `as_integer`.
    least : int
        The smallest number that is allowed.

    Returns
    -------
    int
        The same number.

    Raises
    ------
    ValueError
        If it is not an integer of at least ``least``.
    """
    whole = as_integer(number)
    if whole is None or whole < least:
        raise ValueError(f"expected {name} to be a whole number of {least} or more, got {number!r}")
    return whole
