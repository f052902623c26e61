"""Calling a learner's function, and finding forbidden names in it."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from course_lib.checks.describe import describe_call
from course_lib.checks.errors import invoke, name_of
from course_lib.checks.failure import CheckFailed
from course_lib.checks.learners import require_function
from course_lib.checks.names import as_written, in_cpp, is_empty, names_used
from course_lib.checks.remote import kind_of
from course_lib.checks.results import Result
from course_lib.checks.timeout import with_timeout

SCALARS = (int, float, complex, str, np.number)


def call(function: Callable[..., object], *args: object, **kwargs: object) -> Result:
    """Call a learner's function and keep its result together with the call.

    Parameters
    ----------
    function : callable
        The learner's.
    *args, **kwargs : object
        Plain data: numbers, strings, lists, NumPy arrays, TensorFlow tensors.

    Returns
    -------
    Result
        The result, to be compared.

    Raises
    ------
    CheckFailed
        If the call does not fit the signature, the function raises an exception, returns None, or changes its
        arguments.
    NotImplementedError
        If the function is not written yet.
    """
    return _call(function, args, kwargs, returns=True)


def call_for_effect(function: Callable[..., object], *args: object, **kwargs: object) -> Result:
    """Call a learner's function for its effect, such as writing a file; it need not return anything.

    Parameters
    ----------
    function, *args, **kwargs
        As for `call`.

    Returns
    -------
    Result
        What it returned, which may be None, together with the call.

    Raises
    ------
    CheckFailed
        If the call does not fit the signature, the function raises an exception, or changes its arguments.
    NotImplementedError
        If the function is not written yet.
    """
    return _call(function, args, kwargs, returns=False)


def forbid_names(function: Callable[..., object], *forbidden: str) -> None:
    """Check that a function does not use what its statement forbids.

    Parameters
    ----------
    function : callable
        The learner's.
    *forbidden : str
        Names of functions or modules that would solve the exercise, such as ``"conv2d_transpose"``.

    Raises
    ------
    CheckFailed
        If the function, or a helper from the same notebook that it calls, uses one of them, directly or under another
        name.
    """
    require_function(function)
    used = names_used(function)
    for name in forbidden:
        if name in used:
            written = as_written(function, name)
            what = f"`{name}`" if name == written.rpartition(".")[2] else f"`{written}` (`{name}`)"
            raise CheckFailed(
                f"{name_of(function)} uses {what}, which the statement does not allow\n"
                "  expected: your own code; the statement says what you may use"
            )


def require_cpp(function: Callable[..., object]) -> None:
    """Check that a function is written in C++, in a cell that begins with ``%%cpp`` and its name.

    Parameters
    ----------
    function : callable
        The learner's.

    Raises
    ------
    CheckFailed
        If it is something else.
    """
    require_function(function)
    if not in_cpp(function):
        name = name_of(function)
        raise CheckFailed(
            f"{name} is not written in C++\n"
            f"  expected: a cell that begins with `%%cpp {name}`, and no later cell that defines {name} again"
        )


def _call(
    function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object], *, returns: bool
) -> Result:
    """Call a learner's function, and require a result if asked to."""
    require_function(function)
    name = name_of(function)
    given = describe_call(name, args, kwargs)
    before = _copy((args, kwargs))
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        kind, line = ("class", "`__init__`") if kind_of(function) == "class" else ("function", "the function")
        raise CheckFailed(
            f"{given}\n  the call does not fit your {kind}: {error}\n"
            f"  likely cause: the first line of {line} was changed; yours is {name}{inspect.signature(function)}"
        ) from None
    except ValueError:
        pass  # some of NumPy's own functions have no signature
    if kind_of(function) == "class":
        value = with_timeout(lambda: invoke(function, given, *args, **kwargs), given)
    else:
        value = invoke(function, given, *args, **kwargs)
    if returns and value is None:
        raise CheckFailed(f"{given}\n  got: None\n  likely cause: {_no_result(function)}")
    if changed := _changed(before, (args, kwargs)):
        raise CheckFailed(
            f"{given}\n  your function changed its input\n  likely cause: it writes into the {changed} that it was "
            "given; work on a copy"
        )
    return Result(value, given)


def _no_result(function: Callable[..., object]) -> str:
    """Say why a function has returned None."""
    used = names_used(function)
    if ending := sorted(used & {"exit", "quit"}):
        return f"`{ending[0]}()` does not hand back a result: use `return`"
    if is_empty(function):
        return "a `return` is missing: there is nothing yet that makes a result"
    if "print" in used:
        return "`print` only shows a value: hand it back with `return`"
    return "a `return` is missing, or was not reached"


def _copy(value: Any) -> Any:
    """Copy plain data, and keep other objects as they are: a file's writer, for example, cannot be copied."""
    if isinstance(value, list | tuple):
        return [_copy(item) for item in value]
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return value.copy() if isinstance(value, np.ndarray) else value


def _changed(before: Any, after: Any, within: str = "") -> str:
    """Say which array, list or dict has been changed; empty if plain data is unchanged."""
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return "list" if len(before) != len(after) else _first_changed(zip(before, after, strict=True), "list")
    if isinstance(before, dict) and isinstance(after, dict):
        return (
            "dict"
            if before.keys() != after.keys()
            else _first_changed(((before[key], after[key]) for key in before), "dict")
        )
    if isinstance(before, np.ndarray):
        return "" if np.array_equal(before, after, equal_nan=before.dtype.kind in "fc") else "array"
    if isinstance(before, SCALARS) and isinstance(after, SCALARS):
        return "" if before == after or before != before else within  # noqa: PLR0124  (NaN differs from itself)
    return within if isinstance(before, (*SCALARS, list, tuple, dict)) else ""


def _first_changed(pairs: Iterable[tuple[Any, Any]], within: str) -> str:
    """Say what has been changed first."""
    return next((kind for pair in pairs if (kind := _changed(*pair, within))), "")
