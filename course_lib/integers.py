"""Integer arguments: of Python, NumPy or TensorFlow, and no truth values."""

import operator
from typing import Any


def as_integer(value: Any) -> int | None:
    """Return an integer as Python's `int`, and None for anything else.

    Parameters
    ----------
    value : object
        Everything with ``__index__`` counts: Python's and NumPy's integers, also as arrays of no axes, and scalar
        tensors of integers. A bool does not, nor does a float that happens to be whole.

    Returns
    -------
    int or None
        The same number, or None.
    """
    if isinstance(value, bool):
        return None
    try:
        return operator.index(value)
    except (TypeError, AttributeError):  # the latter from a tensor of truth values
        return None


def count(name: str, number: Any, least: int = 1) -> int:
    """Take in a whole number, such as how many there are of something.

    Parameters
    ----------
    name : str
        What the error calls it: the name of the argument.
    number : object
        As `as_integer` takes it.
    least : int
        The smallest number that is allowed.

    Returns
    -------
    int
        The same number.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    whole = as_integer(number)
    if whole is None or whole < least:
        raise ValueError(f"expected {name} to be a whole number of {least} or more, got {number!r}")
    return whole
