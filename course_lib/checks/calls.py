"""Calling a learner's function, and saying what went wrong inside it."""

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks.describe import describe, describe_call
from course_lib.checks.errors import invoke, name_of, unwritten, where
from course_lib.checks.failure import CheckFailed
from course_lib.checks.names import names_used
from course_lib.checks.remote import kind_of
from course_lib.checks.results import Result
from course_lib.checks.timeout import with_timeout


def call(function: Callable[..., object], *args: object, **kwargs: object) -> Result:
    """Call a learner's function and keep its result with what went in.

    Parameters
    ----------
    function : callable
        The learner's.
    *args, **kwargs : object
        Plain data: numbers, strings, lists, NumPy arrays, TensorFlow tensors.

    Returns
    -------
    Result
        To be compared.

    Raises
    ------
    CheckFailed
        If the call does not fit the signature, the function raises, returns nothing, or changes
        what it was given.
    NotImplementedError
        If the function is not written yet.
    """
    _require_function(function)
    name = name_of(function)
    given = describe_call(name, args, kwargs)
    before = copy.deepcopy((args, kwargs))
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise CheckFailed(
            f"{given}\n  the call does not fit your function: {error}\n"
            f"  likely cause: the first line of the function was changed; yours is {name}{inspect.signature(function)}"
        ) from None
    except ValueError:
        pass  # some of NumPy's own functions do not tell their signature
    if kind_of(function) == "class":
        value = with_timeout(lambda: invoke(function, given, *args, **kwargs), given)
    else:
        value = invoke(function, given, *args, **kwargs)
    if value is None:
        raise CheckFailed(f"{given}\n  got: None\n  likely cause: a `return` is missing")
    if not _same(before, (args, kwargs)):
        raise CheckFailed(
            f"{given}\n  your function changed its input\n  likely cause: it writes into the array that it was given; "
            "work on a copy"
        )
    return Result(value, given)


def raises(error: type[Exception], function: Callable[..., object], *args: object, **kwargs: object) -> None:
    """Check that a learner's function refuses bad input.

    Parameters
    ----------
    error : type
        The class of the error that the statement asks for.
    function, *args, **kwargs
        As for `call`.

    Raises
    ------
    CheckFailed
        If it returns, raises another error, or raises without a message.
    NotImplementedError
        If the function is not written yet.
    """
    _require_function(function)
    given = describe_call(name_of(function), args, kwargs)
    try:
        value = function(*args, **kwargs)
    except Exception as raised:
        if isinstance(raised, NotImplementedError) and not issubclass(error, NotImplementedError):
            raise unwritten(raised, function) from None
        if not isinstance(raised, error):
            raise CheckFailed(f"{given}\n  expected: {error.__name__}\n  got: {where(raised, function)}") from None
        if not str(raised):
            raise CheckFailed(
                f"{given}\n  expected: {error.__name__} with a message that says what is wrong\n  got: no message"
            ) from None
    else:
        raise CheckFailed(
            f"{given}\n  expected: {error.__name__}\n  got: {describe(value)}\n"
            "  likely cause: the input is not checked before it is used"
        )


def forbid_names(function: Callable[..., object], *forbidden: str) -> None:
    """Check that a function does not use what its statement rules out.

    Parameters
    ----------
    function : callable
        The learner's.
    *forbidden : str
        Names of functions or modules that would do the exercise, such as ``"conv2d_transpose"``.

    Raises
    ------
    CheckFailed
        If the function, or a helper from the same notebook that it calls, names one of them,
        directly or under another name.
    """
    _require_function(function)
    used = names_used(function)
    for name in forbidden:
        if name in used:
            raise CheckFailed(
                f"{name_of(function)} uses `{name}`, which does the exercise for you\n"
                "  expected: your own code; the statement says what you may use"
            )


def _require_function(function: object) -> None:
    """Say so where the learner has given the name of the exercise to something else."""
    if not callable(function):
        raise CheckFailed(
            f"your function is gone: its name now stands for {describe(function).splitlines()[0]}\n"
            "  likely cause: a cell assigns to this name; use another name there and run your function's cell again"
        )


def _same(before: Any, after: Any) -> bool:
    """Whether plain data is still what it was."""
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_same(before[key], after[key]) for key in before)
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
    if isinstance(before, int | float | complex | str):
        return bool(before == after or before != before)  # noqa: PLR0124  (NaN differs from itself)
    return True
