"""Reporting which exception a learner's code raised, and where."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from course_lib.checks.exceptions import name_exception_cause, plain_words
from course_lib.checks.failure import CheckFailed, rendered
from course_lib.checks.lines import Line, lines_of
from course_lib.checks.names import cell_of, in_cpp, notebook_scope
from course_lib.checks.remote import kind_of

Raised = TypeVar("Raised", bound=BaseException)
_MISSING = re.compile(r"^'(\w+)' object has no attribute '(\w+)'")
# Errors of `course_lib.native`: if a learner's C++ is wrong, and if it cannot be compiled on this machine.
KERNEL_ERROR, NO_COMPILER = "KernelError", "NoCompiler"
_REFUSAL = re.compile(r"raise \w+\(|assert\b")  # a line that raises an error itself


def invoke(function: Callable[..., Any], given: str, *args: object, owner: object = None, **kwargs: object) -> Any:
    """Call a function, and turn any exception into a message.

    Parameters
    ----------
    function, *args, **kwargs
        The learner's function, and plain data.
    given : str
        The call in words.
    owner : object, optional
        The function, class or object whose code runs, if it is not the function itself.

    Returns
    -------
    object
        What the function returned.

    Raises
    ------
    CheckFailed
        If it raises an exception.
    NotImplementedError
        If it is not written yet.
    """
    try:
        return function(*args, **kwargs)
    except (Exception, SystemExit) as error:
        raise unexpected(error, function if owner is None else owner, given) from None
    except KeyboardInterrupt as error:
        raise interrupted(error, function if owner is None else owner, given) from None


def unexpected(error: Exception | SystemExit, owner: object, given: str) -> Exception | SystemExit:
    """Turn an exception of a learner's code into the error of a test.

    Parameters
    ----------
    error : Exception
        The exception.
    owner : object
        The function, class or object whose code raised it.
    given : str
        What was called, in words.

    Returns
    -------
    NotImplementedError or CheckFailed
        The error to raise; the exception itself if C++ cannot be compiled on this machine.
    """
    if isinstance(error, NotImplementedError):
        return unwritten(error, owner)
    if type(error).__name__ == NO_COMPILER:
        return _show(error, f"not graded: {error}")
    if type(error).__name__ == KERNEL_ERROR:  # it already contains the line, and advice
        return CheckFailed("\n  ".join([given, *f"your C++: {error}".splitlines()]))
    kind = "class" if kind_of(owner) == "class" or hasattr(owner, "__iter__") else "function"
    lines = _lines(error, owner)
    said = [f"your {kind} raised {in_words(error)}", *_places(lines), *_cause(error, lines)]
    return CheckFailed("\n  ".join([given, *said]))


def _cause(error: BaseException, lines: tuple[Line, ...]) -> list[str]:
    """Name the likely cause of an error."""
    cause = name_exception_cause(type(error).__name__, str(error))
    missing = _MISSING.search(str(error)) if isinstance(error, AttributeError) else None
    if _is_refusal(lines):
        cause = "your own code refuses this input, which the statement allows"
    elif lines and not lines[-1].own and missing and f"self.{missing[2]}" in lines[-1].text:
        cause = (
            f"`{missing[1]}` has no `{missing[2]}` yet: "
            "is it kept with `self.`, or must another method be called first?"
        )
    return [f"likely cause: {cause}"] if cause else []


def refused(error: BaseException, function: object) -> bool:
    """Tell whether an error was raised by a line of the learner's code that raises errors itself."""
    return _is_refusal(_lines(error, function))


def _is_refusal(lines: tuple[Line, ...]) -> bool:
    return bool(lines) and lines[-1].own and _REFUSAL.match(lines[-1].text) is not None


def interrupted(error: KeyboardInterrupt, owner: object, given: str) -> KeyboardInterrupt:
    """Give an interrupt a short message in the notebook: which call was stopped, and where."""
    text = "\n  ".join([f"{given} was interrupted", *_places(_lines(error, owner))])
    return _show(error, text)


def name_of(function: object) -> str:
    """Name a function, or the class of an object."""
    return str(getattr(function, "__name__", type(function).__name__))


def unwritten(error: NotImplementedError, function: object) -> NotImplementedError:
    """Give an error a short message in the notebook: which function is not written yet."""
    lines = _lines(error, function)
    name = lines[-1].function.split(".")[-1] if lines else name_of(function)
    return _show(error, not_written(name, cpp=in_cpp(function)))


def _show(error: Raised, text: str) -> Raised:
    """Let a notebook show a short text instead of an error's traceback."""
    error._render_traceback_ = lambda: rendered(text)  # type: ignore[attr-defined]
    return error


def not_written(name: str, *, cpp: bool = False) -> str:
    """Say that a function is not written yet."""
    line = "that begins with `#error`" if cpp else "`raise NotImplementedError`"
    return f"{name} is not written yet: replace the line {line} with your code"


def in_words(error: BaseException) -> str:
    """Return the class and message of an error, without details that only developers of TensorFlow can use."""
    return f"{type(error).__name__}: {plain_words(str(error))}".rstrip(": ")


def where(error: BaseException, function: object) -> str:
    """Say what was raised, and in which lines of the learner's code."""
    return "\n".join([in_words(error), *_places(_lines(error, function))])


def _lines(error: BaseException, owner: object) -> tuple[Line, ...]:
    return lines_of(error, notebook_scope(owner), cell_of(owner))


def _places(lines: tuple[Line, ...]) -> list[str]:
    """Say in which line of its cell an error arose; for another cell, which may be given, also in which function."""
    places = []
    for line in lines:
        if line.own:
            places.append(f"in line {line.number} of its cell: {line.text}")
        else:
            there = "from there in" if places else "in"
            places.append(f"{there} `{line.function}`, line {line.number} of another cell: {line.text}")
        if line.values and not _REFUSAL.match(line.text):
            places.append(f"with {line.values}")
    return places
