"""Errors and signatures of a learner's functions, made anew from what another process tells of them."""

import builtins
import inspect
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from course_lib.checks.lines import Line

MAX_TEXT = 10_000  # characters of an error's message and the like
MAX_NAME = 100
MAX_PARAMETERS = 100
MAX_LINES = 2  # that an error came through

# The errors that a learner's error may be one of. Not those that end a program: they would not count as failures.
_ERRORS = {
    name: error
    for name, error in vars(builtins).items()
    if isinstance(error, type) and issubclass(error, Exception) and not issubclass(error, BaseExceptionGroup)
}


def error_of(names: Iterable[object], message: str, lines: object) -> Exception:
    """Make an error of what is told of one.

    Parameters
    ----------
    names : iterable of str
        Of its class and the classes that this is derived from. Of these only Python's own errors count, and the name
        of the first: an error called CheckFailed or SystemExit is an error like any other.
    message : str
        Its words.
    lines : tuple
        Where it came from, as `Line` has it.

    Returns
    -------
    Exception
        It is of the first of Python's own classes, and is called like the first of all.
    """
    told = [str(name) for name in names]
    base = next((_ERRORS[name] for name in told if name in _ERRORS), Exception)
    name = told[0][:MAX_NAME] if told and told[0].isidentifier() else base.__name__
    words = message[:MAX_TEXT]
    # A class of its own: some of Python's errors take other arguments, or quote their message.
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
    """Make a signature of what is told of one, with its defaults and annotations in words.

    Parameters
    ----------
    told : object
        A list of parameters (name, kind, default, annotation), and what is returned.

    Returns
    -------
    inspect.Signature or None
        None if that is no signature.
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
    """Something of which only the words are known."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __repr__(self) -> str:
        return self.words


def _words(told: object) -> Any:
    return inspect.Parameter.empty if told is None else _Words(str(told)[:MAX_TEXT])
