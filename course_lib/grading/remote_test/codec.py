"""Plain data as JSON and .npy, between two processes, one of which does not trust the other.

Numbers, text, arrays, tensors, and lists, tuples, dicts and sets of them are written as a JSON tree with the arrays
beside it. Nothing is pickled. Decoded values consist only of base types, whatever was sent, and are limited in depth
and number.
"""

import sys
from collections.abc import Callable, Collection, Iterable
from itertools import chain
from types import EllipsisType
from typing import Any, NamedTuple

import numpy as np

from course_lib.grading.remote_test.array_codec import KINDS, read_array, tensorflow, write_array

MAX_DEPTH = 40  # of a list in a list
MAX_NODES = 500_000  # values in a message; an array counts as one
MAX_MEMBERS = 10_000  # of a set or dict: with chosen numbers, the time can grow with the square of this
MAX_BITS = 10_000  # of a whole number; Python refuses to read much longer ones

Tree = Any  # JSON: anything except numbers, text and None is a list that begins with its kind
Buffers = list[bytes | bytearray | memoryview]


class ChannelError(Exception):
    """The other process sent something that is not a valid message."""


class _Kind(NamedTuple):
    """A type that is written as a sequence of plain values, and rebuilt from it."""

    type: type
    parts: Callable[[Any], Iterable[object]]
    make: Callable[[list[Any]], object]


def _dict(parts: list[Any]) -> dict[Any, Any]:
    return dict(zip(_few(parts[::2]), parts[1::2], strict=True))


def _few(members: Collection[Any]) -> Collection[Any]:
    """Refuse a set or dict with too many members."""
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"expected sets and dicts of at most {MAX_MEMBERS} members, got {len(members)}")
    return members


def _range(parts: list[Any]) -> range:
    numbers = range(*parts)
    if len(numbers) > MAX_NODES:
        raise ValueError("expected a shorter range")
    return numbers


_KINDS = {
    "list": _Kind(list, list, list),
    "tuple": _Kind(tuple, list, tuple),
    "dict": _Kind(dict, lambda value: chain.from_iterable(_few(value.items())), _dict),
    "set": _Kind(set, _few, lambda parts: set(_few(parts))),
    "frozenset": _Kind(frozenset, _few, lambda parts: frozenset(_few(parts))),
    "complex": _Kind(complex, lambda value: (value.real, value.imag), lambda parts: complex(*parts)),
    "slice": _Kind(slice, lambda value: (value.start, value.stop, value.step), lambda parts: slice(*parts)),
    "range": _Kind(range, lambda value: (value.start, value.stop, value.step), _range),
    "ellipsis": _Kind(EllipsisType, lambda _: (), lambda _: ...),
    "dtype": _Kind(np.dtype, lambda value: (value.name,), lambda parts: np.dtype(str(*parts))),
}


class Encoder:
    """Writes values as JSON, and their arrays beside it.

    Parameters
    ----------
    other : callable
        Writes objects that are not plain as a list; the decoder passes that list to its own ``other``.
    number : callable, optional
        Numbers mutable objects: arrays, lists and dicts. They are written with their number, and the decoder passes
        both to its own ``other``.

    Attributes
    ----------
    buffers : list of bytes
        Arrays in the format .npy; the tree refers to them by number.
    """

    def __init__(self, other: Callable[[object], Tree], number: Callable[[object], int] | None = None) -> None:
        self.buffers: Buffers = []
        self._other = other
        self._number = number
        self._nodes = 0

    def write(self, value: object, depth: int = 0) -> Tree:
        """Write a value; an instance of a subclass is written as the base class, such as a named tuple as a tuple.

        Raises
        ------
        ValueError
            If the value is too deep (it may contain itself) or contains too many values.
        """
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise ValueError(f"expected data nested at most {MAX_DEPTH} deep, got more; does it hold itself?")
        if self._nodes > MAX_NODES:
            raise ValueError(f"expected at most {MAX_NODES} values outside of arrays, got more")
        if self._number and isinstance(value, np.ndarray | list | dict):
            return ["same", self._number(value), self._write(value, depth)]
        return self._write(value, depth)

    def _write(self, value: object, depth: int) -> Tree:
        small = type(value) is int and value.bit_length() <= MAX_BITS
        if value is None or small or type(value) in (bool, float, str):  # quick, for most values
            return value
        if array := write_array(value):
            kind, content, name = array
            self.buffers.append(content)
            return [kind, len(self.buffers) - 1, name]
        for base in (int, float, str):
            if isinstance(value, base) and not (base is int and int(value).bit_length() > MAX_BITS):
                return base(value)
        for name, kind_of in _KINDS.items():
            if isinstance(value, kind_of.type):
                return [name, *(self.write(part, depth + 1) for part in kind_of.parts(value))]
        tf = sys.modules.get("tensorflow")
        if tf is not None and isinstance(value, tf.DType):
            return ["tensorflow dtype", value.name]
        if tf is not None and isinstance(value, tf.TensorShape) and value.rank is not None:
            return self._write(tuple(value), depth)
        return self._other(value)


class Decoder:
    """Reads what `Encoder` has written, or anything else that was sent.

    Parameters
    ----------
    buffers : list of bytearray
        The arrays to which the tree refers; decoded arrays are views of them.
    other : callable
        Called with the parts of a list that does not begin with a kind of plain data.
    """

    def __init__(self, buffers: Buffers, other: Callable[..., object]) -> None:
        self._buffers = buffers
        self._other = other
        self._nodes = 0
        self._within: list[object] = []  # numbers of the objects being read: nothing may contain itself

    def read(self, tree: Tree) -> Any:
        """Read a value.

        Raises
        ------
        ChannelError
            If it is not what `Encoder` writes.
        """
        try:
            return self._read(tree, 0)
        except Exception as error:  # NumPy, TensorFlow and Python raise many kinds of errors for untrusted data
            raise ChannelError(f"expected plain data, got something else: {type(error).__name__}") from error

    def _read(self, tree: Tree, depth: int) -> Any:
        self._nodes += 1
        if depth > 2 * MAX_DEPTH or self._nodes > 3 * MAX_NODES:  # each may come with its number, in a list
            raise ValueError("too deep or too large")
        if tree is None or isinstance(tree, bool | int | float):
            return tree
        if isinstance(tree, str):
            return tree.encode("utf-8", "replace").decode()  # without half surrogate pairs, which cannot be written
        kind, *parts = tree
        if kind in KINDS:
            number, name = parts
            return read_array(kind, self._buffers[number], name)
        if kind == "tensorflow dtype":
            return tensorflow().as_dtype(*parts)
        if kind == "same":
            if parts[0] in self._within:
                raise ValueError("it holds itself")
            self._within.append(parts[0])
        values = [self._read(part, depth + 1) for part in parts]
        if kind == "same":
            self._within.pop()
        return _KINDS[kind].make(values) if kind in _KINDS else self._other(kind, *values)
