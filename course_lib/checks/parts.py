"""Taking apart what came: the values of a tuple, the components of datapoints."""

from typing import Any

from course_lib.checks.came import Came
from course_lib.checks.describe import describe


def part(came: Came, index: int, count: int) -> Came:
    """Take one of several values that came together.

    Parameters
    ----------
    came : Came
        A list or tuple, as a function returns it.
    index, count : int
        Which value, and how many there must be.

    Returns
    -------
    Came
        That value, to be compared.

    Raises
    ------
    CheckFailed
        If it is no list or tuple of `count` values.
    """
    value = came.value
    if not isinstance(value, list | tuple):
        raise came.failed(f"a list or tuple of {count}", describe(value))
    if len(value) != count:
        raise came.failed(f"a list or tuple of {count}", f"a {type(value).__name__} of {len(value)}")
    return Came(value[index], f"part {index} of {came.given}")


def component(items: Came, index: int, count: int) -> Came:
    """Take one component of every datapoint.

    Parameters
    ----------
    items : Came
        A list of datapoints.
    index, count : int
        Which component, and how many a datapoint must have.

    Returns
    -------
    Came
        The list of that component, to be compared.

    Raises
    ------
    CheckFailed
        If a datapoint is no list of `count` components.
    """
    points: Any = items.value
    parts = [part(Came(point, f"a datapoint of {items.given}"), index, count) for point in points]
    return Came([part.value for part in parts], f"component {index} of {items.given}")
