"""A learner's function or object that is in a different process from its test."""

import inspect
from typing import Any

from numpy.typing import NDArray


class Remote:
    """Base class of a proxy, in a test, for something in the learner's process.

    It answers itself what could be read from a live function.

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
        """View it as an array of numbers, as `as_array` does; raise `ValueError` if it contains no numbers."""
        raise NotImplementedError

    def remote_names_used(self) -> set[str]:
        """Return the names that it can reach, as `names_used` does."""
        raise NotImplementedError

    def remote_as_written(self, name: str) -> str:
        """Find the expression through which it uses a name, as `as_written` does."""
        raise NotImplementedError

    def remote_is_empty(self) -> bool:
        """Tell whether it has no code yet, as `is_empty` does."""
        raise NotImplementedError

    def remote_in_cpp(self) -> bool:
        """Tell whether a cell of C++ makes it, as `in_cpp` does."""
        raise NotImplementedError

    def remote_is_exception(self) -> bool:
        """Tell whether it is an error, as `is_exception` does."""
        raise NotImplementedError


def kind_of(value: object) -> str:
    """Tell whether something is a ``class``, a ``function`` or another ``object``."""
    if isinstance(value, Remote):
        return value.remote_kind
    return "class" if inspect.isclass(value) else "function" if inspect.isroutine(value) else "object"
