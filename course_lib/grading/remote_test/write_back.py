"""Repeating changes in place that were made in another process."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray


def carry_back(before: Any, after: Any) -> Any:
    """Change data in place so that it equals a changed copy of it.

    Parameters
    ----------
    before : object
        The original. Arrays, lists, dicts, sets and variables in it are changed.
    after : object
        The copy.

    Returns
    -------
    object
        The new value of ``before``: the same object, or the copy if it is of another kind.
    """
    if isinstance(before, tuple) and isinstance(after, tuple):
        for old, new in zip(before, after, strict=False):
            carry_back(old, new)
    elif isinstance(before, list) and isinstance(after, list):
        kept = [carry_back(old, new) for old, new in zip(before, after, strict=False)]
        before[:] = kept + after[len(kept) :]
    elif isinstance(before, dict) and isinstance(after, dict):
        changed = {key: carry_back(before[key], value) if key in before else value for key, value in after.items()}
        before.clear()
        before.update(changed)
    elif isinstance(before, set) and isinstance(after, set):
        before.clear()
        before.update(after)
    elif isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        _carry_array(before, after)
    elif "tensorflow" in sys.modules and isinstance(before, sys.modules["tensorflow"].Variable):
        before.assign(after)
    else:
        return after
    return before


def _carry_array(before: NDArray[Any], after: NDArray[Any]) -> None:
    if not before.flags.writeable or before.dtype != after.dtype:
        return
    if before.shape != after.shape and before.flags.owndata:
        before.resize(after.shape, refcheck=False)
    if before.shape == after.shape:
        before[...] = after
