"""Errors and signatures of a learner's functions, rebuilt from what another process reports."""

import builtins
import inspect
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from course_lib.checks.lines import Line

MAX_TEXT = 10_000  # characters of an error's message and the like
MAX_NAME = 100
MAX_PARAMETERS = 100
MAX_LINES = 2  # the most lines of an error's traceback

# The possible base classes of a learner's error. Not those that end a program: they would not count as failures.
_ERRORS = {
    name: error
    for name, error in vars(builtins).items()
    if isinstance(error, type) and issubclass(error, Exception) and not issubclass(error, BaseExceptionGroup)
}


def error_of(names: Iterable[object], message: str, lines: object) -> Exception:
    """Rebuild an error from a report of it.

    Parameters
    ----------
    names : iterable of str
        The names of its class and its base classes. Only Python's own errors among them count, and the name of the
        first: an error called CheckFailed or SystemExit is an error like any other.
    message : str
        Its words.
    lines : tuple
        Where it came from, as the fields of `Line`.

    Returns
    -------
    Exception
        An instance of the first of Python's own classes, with the name of the first class.
    """
    told = [str(name) for name in names]
    base = next((_ERRORS[name] for name in told if name in _ERRORS), Exception)
    name = told[0][:MAX_NAME] if told and told[0].isidentifier() else base.__name__
    words = message[:MAX_TEXT]
    # A new class, because some of Python's errors take other arguments, or quote their message.
    own: Any = type(name, (base,), {"__str__": lambda _: words, "__module__": "builtins"})
    error: Any = own.__new__(own, words)
    error.learners_lines = tuple(_lines(lines))
    return error


def _lines(told: object) -> Iterator[Line]:
    for each in told[:MAX_LINES] if isinstance(told, list | tuple) else ():
        match each:
            case (str(function), int(number), str(text), bool(own), str(values)):
                yield Line(function[:MAX_NAME], number, text[:MAX_TEXT], own, values[:MAX_TEXT])


def signature_of(told: object) -> inspect.Signature | None:
    """Rebuild a signature from a report of it, with its defaults and annotations as text.

    Parameters
    ----------
    told : object
        A list of parameters (name, kind, default, annotation), and the return annotation.

    Returns
    -------
    inspect.Signature or None
        None if it is not a signature.
    """
    match told:
        case ([*parameters], returned) if len(parameters) <= MAX_PARAMETERS:
            with suppress(ValueError, TypeError):
                return inspect.Signature([_parameter(each) for each in parameters], return_annotation=_words(returned))
    return None


def _parameter(told: Any) -> inspect.Parameter:
    name, kind, default, annotation = told
    return inspect.Parameter(name, kind, default=_words(default), annotation=_words(annotation))


class _Words:
    """Something of which only the text is known."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __repr__(self) -> str:
        return self.words


def _words(told: object) -> Any:
    return inspect.Parameter.empty if told is None else _Words(str(told)[:MAX_TEXT])
