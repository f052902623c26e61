"""A learner's function or object that lives in another process than its test."""

import inspect
import linecache
import traceback
from typing import Any, NamedTuple

from numpy.typing import NDArray


class Remote:
    """Base of what stands in a test for something in the learner's process.

    What can be read off a live function, it answers by itself.

    Attributes
    ----------
    remote_kind : str
        As from `kind_of`. A class or function has a ``__name__``.
    """

    remote_kind: str

    def remote_describe(self) -> str:
        """Describe it in words, as `describe` does."""
        raise NotImplementedError

    def remote_array(self) -> NDArray[Any]:
        """View it as an array of numbers, as `as_array` does; raise `ValueError` if it holds none."""
        raise NotImplementedError

    def remote_names_used(self) -> set[str]:
        """Collect the names that it can reach, as `names_used` does."""
        raise NotImplementedError


def kind_of(value: object) -> str:
    """Tell whether something is a ``class``, a ``function`` or another ``object``."""
    if isinstance(value, Remote):
        return value.remote_kind
    return "class" if inspect.isclass(value) else "function" if inspect.isroutine(value) else "object"


class Line(NamedTuple):
    """Where in a learner's code an error came from: the function, the line's number in its cell, and its text."""

    function: str
    number: int
    text: str


def line_of(error: BaseException, scope: dict[str, object] | None) -> Line | None:
    """Find the innermost line of the learner's own code that an error came through.

    Parameters
    ----------
    error : BaseException
        With its traceback; or one from elsewhere, which has brought its ``learners_line``.
    scope : dict or None
        The global names of the learner's notebook.

    Returns
    -------
    Line or None
        None if the error came through none of it.
    """
    brought = getattr(error, "learners_line", None)
    if isinstance(brought, Line):
        return brought
    own = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_globals is scope]
    if not own:
        return None
    code, number = own[-1]
    return Line(code.co_name, number, linecache.getline(code.co_filename, number).strip())
