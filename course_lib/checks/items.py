"""Taking a result apart: the values of a tuple, the components of datapoints."""

from typing import Any

from course_lib.checks.describe import describe
from course_lib.checks.results import Result

ORDINALS = ("first", "second", "third", "fourth", "fifth")


def item(result: Result, index: int, count: int, name: str = "") -> Result:
    """Take one of several values that a function returned together.

    Parameters
    ----------
    result : Result
        A list or tuple, as the function returned it.
    index, count : int
        The index of the value, and the required number of values: 5 at most.
    name : str
        What the statement calls this value.

    Returns
    -------
    Result
        That value, to be compared.

    Raises
    ------
    CheckFailed
        If it is not a list or tuple of `count` values.
    """
    return Result(_item(result, index, count), f"the {ORDINALS[index]} result{name and f', {name},'} of {result.given}")


def column(datapoints: Result, index: int, count: int) -> Result:
    """Take one component of every datapoint.

    Parameters
    ----------
    datapoints : Result
        A list of datapoints.
    index, count : int
        The index of the component, and the required number of components: 5 at most.

    Returns
    -------
    Result
        The list of that component, to be compared.

    Raises
    ------
    CheckFailed
        If a datapoint is not a list of `count` components.
    """
    points: Any = datapoints.value
    whose = f"of each datapoint of {datapoints.given}"
    values = [_item(Result(point, f"a datapoint of {datapoints.given}"), index, count) for point in points]
    return Result(values, f"the {ORDINALS[index]} component {whose}")


def _item(result: Result, index: int, count: int) -> object:
    value = result.value
    if not isinstance(value, list | tuple):
        raise result.failed(
            f"a list or tuple of {count}", describe(value), f"{count} results must be returned together"
        )
    if len(value) != count:
        raise result.failed(f"a list or tuple of {count}", f"a {type(value).__name__} of {len(value)}")
    return value[index]
