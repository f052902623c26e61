"""Calling a learner's function, and saying what went wrong inside it."""

import ast
import copy
import inspect
import textwrap
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.checks.came import Came
from course_lib.checks.describe import describe, describe_call
from course_lib.checks.failure import CheckFailed, rendered


def call(function: Callable[..., object], *args: object, **kwargs: object) -> Came:
    """Call a learner's function and keep what came with what went in.

    Parameters
    ----------
    function : callable
        The learner's.
    *args, **kwargs : object
        Plain data: numbers, strings, lists, NumPy arrays, TensorFlow tensors.

    Returns
    -------
    Came
        To be compared.

    Raises
    ------
    CheckFailed
        If the call does not fit the signature, the function raises, returns nothing, or changes
        what it was given.
    NotImplementedError
        If the function is not written yet.
    """
    name = getattr(function, "__name__", str(function))
    given = describe_call(name, args, kwargs)
    before = copy.deepcopy((args, kwargs))
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise CheckFailed(
            f"{given}\n  the call does not fit your function: {error}\n"
            f"  likely cause: the first line of the function was changed; yours is {name}{inspect.signature(function)}"
        ) from None
    try:
        value = function(*args, **kwargs)
    except NotImplementedError as error:
        text = f"{name} is not written yet: replace the line `raise NotImplementedError` by your code"
        error._render_traceback_ = lambda: rendered(text)  # type: ignore[attr-defined]
        raise
    except Exception as error:
        raise CheckFailed(f"{given}\n  your function raised {_where(error)}") from None
    if value is None:
        raise CheckFailed(f"{given}\n  came: None\n  likely cause: a `return` is missing")
    if not _same(before, (args, kwargs)):
        raise CheckFailed(
            f"{given}\n  your function changed its input\n  likely cause: it writes into the array that it was given; "
            "work on a copy"
        )
    return Came(value, given)


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
    given = describe_call(getattr(function, "__name__", str(function)), args, kwargs)
    try:
        value = function(*args, **kwargs)
    except error as raised:
        if not str(raised):
            raise CheckFailed(
                f"{given}\n  expected: a {error.__name__} that says what is wrong\n  came: no message"
            ) from None
    except NotImplementedError:
        raise
    except Exception as raised:
        raise CheckFailed(f"{given}\n  expected: {error.__name__}\n  came: {_where(raised)}") from None
    else:
        raise CheckFailed(
            f"{given}\n  expected: {error.__name__}\n  came: {describe(value)}\n"
            "  likely cause: the input is not checked before it is used"
        )


def own_work(function: Callable[..., object], *forbidden: str) -> None:
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
    used = _names_used(function, set())
    for name in forbidden:
        if name in used:
            raise CheckFailed(
                f"{getattr(function, '__name__', function)} uses `{name}`, which does the exercise for you\n"
                "  expected: your own code; the statement says what you may use"
            )


def _names_used(function: Callable[..., object], seen: set[object]) -> set[str]:
    """Collect the names in a function's body and in the helpers from the same notebook that it calls."""
    seen.add(function)
    body = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0].body  # type: ignore[attr-defined]
    scope = getattr(function, "__globals__", {})
    local = getattr(getattr(function, "__code__", None), "co_varnames", ())
    used: set[str] = set()
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Name) and node.id not in local:
            meant = scope.get(node.id)
            used |= {node.id, *getattr(meant, "__name__", node.id).split(".")}
            if callable(meant) and getattr(meant, "__globals__", None) is scope and meant not in seen:
                used |= _names_used(meant, seen)
        elif isinstance(node, ast.Attribute):
            used.add(node.attr)
        elif isinstance(node, ast.alias):
            used |= set(node.name.split("."))
        elif isinstance(node, ast.ImportFrom) and node.module:
            used |= set(node.module.split("."))
    return used


def _where(error: Exception) -> str:
    """Say what was raised, and in which line of the learner's code."""
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, MemoryError) or "OOM" in text:
        text += "\n  likely cause: it asks for more memory than there is; look for an array that is mostly zeros"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)[1:] if "site-packages" not in frame.filename]
    return f"{text}\n  in line {frames[-1].lineno} of its cell: {frames[-1].line}" if frames else text


def _same(before: Any, after: Any) -> bool:
    """Whether plain data is still what it was."""
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_same(before[key], after[key]) for key in before)
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
    return True
