"""What counts as an integer argument: one of Python, NumPy or TensorFlow, and no truth value."""

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
