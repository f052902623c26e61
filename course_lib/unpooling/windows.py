"""Windows of a map: their size, the steps from one to the next, and the padding."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.integers import as_integer

Shape = tuple[int | None, ...]


def window(
    pool_size: int | Sequence[int], strides: int | Sequence[int] | None, padding: str
) -> tuple[tuple[int, int], tuple[int, int], str]:
    """Return a window, its strides and the padding, in the form that layers store."""
    if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
        raise ValueError(f'expected padding "valid" or "same", got {padding!r}')
    windows = pair(pool_size, "pool_size")
    return windows, windows if strides is None else pair(strides, "strides"), padding.lower()


def pair(value: int | Sequence[int], name: str) -> tuple[int, int]:
    """Return two positive integers."""
    several = isinstance(value, tuple | list | np.ndarray) and np.ndim(value) > 0
    pair: Any = tuple(value) if several else (value, value)  # type: ignore[arg-type]
    numbers = [as_integer(each) or 0 for each in pair]
    if len(pair) != 2 or min(numbers) < 1:
        raise ValueError(f"expected {name} as one or two whole numbers of 1 or more, got {value!r}")
    return numbers[0], numbers[1]
