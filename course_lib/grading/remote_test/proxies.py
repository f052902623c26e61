"""The learner's functions and objects as a test sees them from its own process."""

import inspect
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from course_lib.checks import CheckFailed
from course_lib.checks.remote import Remote
from course_lib.grading.remote_test.reconstruct import MAX_TEXT, signature_of

MAX_ITEMS = 100_000  # the most items that a test may take from one iterator


class Asked(Protocol):
    """What a proxy needs from its session; see `course_lib.grading.remote_test.session.Session`."""

    by_text: bool

    def ask(self, operation: str, *operands: object) -> Any:
        """Send a request to the learner's process; return the answer, or raise the error that it reports."""

    def names_used(self, name: str) -> set[str]:
        """Return the names that the function or object of a global name uses, according to its text."""

    def in_cpp(self, name: str) -> bool:
        """Tell whether a cell of C++ makes the function of a global name."""


class Proxy(Remote):
    """An object in the learner's process.

    A test can read its attributes. It is equal only to itself, and it is neither true nor false nor a number, whatever
    the learner's class defines.
    """

    __array_ufunc__ = None  # NumPy leaves comparisons and sums to Python, which refuses them

    def __init__(self, session: Asked, number: int, root: str, kind: str, name: str | None) -> None:
        own = {"remote_session": session, "remote_number": number, "remote_root": root, "remote_taken": 0}
        vars(self).update(own, remote_kind=kind, **({} if name is None else {"__name__": name}))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):  # Python and NumPy look these up themselves
            raise AttributeError(f"{type(self).__name__} has no {name} for a test")
        return self.remote_session.ask("attribute", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a test may not set {name}: the object is the learner's")

    def __bool__(self) -> bool:
        raise TypeError(f"expected True or False, got something of type {type(self).__name__}")

    def __array__(self, dtype: object = None, copy: object = None) -> Any:
        raise TypeError(f"expected numbers, got something of type {type(self).__name__}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of the notebook>"

    def __copy__(self) -> "Proxy":
        return self

    def __deepcopy__(self, memo: object) -> "Proxy":
        return self

    @cached_property
    def __signature__(self) -> inspect.Signature | None:
        return signature_of(self.remote_session.ask("signature", self))

    def remote_describe(self) -> str:
        """Return its description from the learner's process."""
        return str(self.remote_session.ask("describe", self))[:MAX_TEXT]

    def remote_array(self) -> NDArray[Any]:
        """Fetch its numbers as a NumPy array; a learner's function could have returned them as well."""
        got = self.remote_session.ask("array", self)
        if not isinstance(got, np.ndarray):
            raise ValueError("expected an array, got something else")
        return got

    def remote_names_used(self) -> set[str]:
        """Return the names that it can reach, from the text of the learner's cells and from the live object.

        The learner's process can only add names.
        """
        told = self.remote_session.ask("names", self)
        live = {name for name in told if isinstance(name, str)} if isinstance(told, list) else set()
        written = self.remote_session.names_used(self.remote_root)
        self.remote_session.by_text |= not written <= live
        return written | live

    def remote_as_written(self, name: str) -> str:
        """Ask for the expression through which the learner's code uses a name; it only affects a message."""
        told = self.remote_session.ask("written", self, name)
        return told[:MAX_TEXT] if isinstance(told, str) else name

    def remote_is_empty(self) -> bool:
        """Ask whether it has no code yet."""
        return self.remote_session.ask("empty", self) is True

    def remote_in_cpp(self) -> bool:
        """Tell, by the text of the learner's cells, whether a C++ cell makes it."""
        return self.remote_session.in_cpp(self.remote_root)

    def remote_is_exception(self) -> bool:
        """Ask whether it is an error."""
        return self.remote_session.ask("exception", self) is True


def _call(self: Any, *args: object, **kwargs: object) -> Any:
    return self.remote_session.ask("call", self, args, kwargs)


def _getitem(self: Any, key: object) -> Any:
    return self.remote_session.ask("item", self, key)


def _iter(self: Any) -> Any:
    return self.remote_session.ask("iterate", self)


def _len(self: Any) -> Any:
    return self.remote_session.ask("length", self)


def _next(self: Any) -> Any:
    vars(self)["remote_taken"] += 1
    if self.remote_taken > MAX_ITEMS:
        raise CheckFailed(f"{MAX_ITEMS} items came, and no end\n  likely cause: an iterator that never ends")
    return self.remote_session.ask("next", self)


_METHODS = {"__call__": _call, "__getitem__": _getitem, "__iter__": _iter, "__len__": _len, "__next__": _next}


def make_proxy(
    session: Asked, number: int, root: str, class_name: str, name: object, kind: object, methods: list[object]
) -> Proxy:
    """Make a proxy of a new class with the methods of the learner's class.

    Parameters
    ----------
    session : Asked
        The session, which sends requests to the learner's process.
    number : int
        The object's number for the agent.
    root : str
        The global name through which it was reached.
    class_name : str
        The name of its class.
    name : str or None
        Its own name.
    kind : str
        ``class``, ``function`` or ``object``.
    methods : list of str
        Its methods with underscores; those that Proxy does not know are ignored.
    """
    own = {method: _METHODS[method] for method in methods if isinstance(method, str) and method in _METHODS}
    made = type(class_name[:100] if class_name.isidentifier() else "object", (Proxy,), own)
    if not isinstance(name, str):
        return made(session, number, root, "object", None)
    return made(session, number, root, str(kind) if kind in ("class", "function") else "object", name[:100])
