"""Saying what a learner's code raised, and where."""

import re
from collections.abc import Callable
from typing import Any

from course_lib.checks.failure import CheckFailed, rendered
from course_lib.checks.names import notebook_scope
from course_lib.checks.remote import kind_of, line_of

# TensorFlow names the operation's place on the machine before it says what is wrong.
_PLACE = re.compile(r"\{\{[^{}]*\}\}\s*")


def invoke(function: Callable[..., Any], given: str, *args: object, owner: object = None, **kwargs: object) -> Any:
    """Call a function, and turn whatever it raises into words.

    Parameters
    ----------
    function, *args, **kwargs
        The learner's, and plain data.
    given : str
        The call in words.
    owner : object, optional
        Whose code runs, where that is not the function's own.

    Returns
    -------
    object
        What the function returned.

    Raises
    ------
    CheckFailed
        If it raises.
    NotImplementedError
        If it is not written yet.
    """
    try:
        return function(*args, **kwargs)
    except Exception as error:
        raise unexpected(error, function if owner is None else owner, given) from None


def unexpected(error: Exception, owner: object, given: str) -> Exception:
    """Make the error for a test out of one that a learner's code raised.

    Parameters
    ----------
    error : Exception
        What was raised.
    owner : object
        The function, class or object whose code it is.
    given : str
        What was called, in words.

    Returns
    -------
    NotImplementedError or CheckFailed
        To be raised.
    """
    if isinstance(error, NotImplementedError):
        return unwritten(error, owner)
    kind = "class" if kind_of(owner) == "class" or hasattr(owner, "__iter__") else "function"
    return CheckFailed(f"{given}\n  your {kind} raised {where(error, owner)}")


def name_of(function: object) -> str:
    """Name a function, or the class of an object."""
    return str(getattr(function, "__name__", type(function).__name__))


def unwritten(error: NotImplementedError, function: object) -> NotImplementedError:
    """Give an error a short text in the notebook: which function is not written yet."""
    line = line_of(error, notebook_scope(function))
    name = line.function if line else name_of(function)
    text = not_written(name)
    error._render_traceback_ = lambda: rendered(text)  # type: ignore[attr-defined]
    return error


def not_written(name: str) -> str:
    """Say that a function is as it was handed out."""
    return f"{name} is not written yet: replace the line `raise NotImplementedError` by your code"


def where(error: Exception, function: object) -> str:
    """Say what was raised, and in which line of the learner's code."""
    text = _PLACE.sub("", f"{type(error).__name__}: {error}").rstrip(": ")
    if isinstance(error, MemoryError) or "OOM" in text:
        text += "\n  likely cause: it asks for more memory than there is; look for an array that is mostly zeros"
    line = line_of(error, notebook_scope(function))
    return f"{text}\n  in line {line.number} of its cell: {line.text}" if line else text
