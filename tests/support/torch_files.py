"""Checkpoints in PyTorch's format before 1.6, written operation by operation, so that a test can break each part."""

import struct
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
MACHINE = {"protocol_version": VERSION, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}


class Name(NamedTuple):
    """Something that a pickle imports."""

    module: str
    name: str


class Call(NamedTuple):
    """A call of something imported."""

    callee: Name
    arguments: tuple[Any, ...]


class Reference(NamedTuple):
    """What `persistent_load` is asked for."""

    value: Any


class StateDict(NamedTuple):
    """An OrderedDict with an attribute, written from pairs, so that a name can stand there twice."""

    pairs: Sequence[tuple[Any, Any]]


def operations(value: Any) -> bytes:
    """Write the operations of protocol 2 that make a value."""
    match value:
        case Name(module, name):
            written = f"c{module}\n{name}\n".encode()
        case Call(callee, arguments):
            written = operations(callee) + operations(arguments) + b"R"
        case Reference(inner):
            written = operations(inner) + b"Q"
        case StateDict(pairs):
            made = operations(Call(Name("collections", "OrderedDict"), ()))
            written = made + b"(" + _all(*chain(*pairs)) + b"u" + operations({"_metadata": {}}) + b"b"
        case None | True | False:
            written = {None: b"N", True: b"\x88", False: b"\x89"}[value]
        case int():
            number = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            written = b"\x8a" + bytes([len(number)]) + number
        case str():
            written = b"X" + struct.pack("<I", len(value.encode())) + value.encode()
        case tuple():
            written = b"(" + _all(*value) + b"t"
        case list():
            written = b"](" + _all(*value) + b"e"
        case dict():
            written = b"}(" + _all(*chain(*value.items())) + b"u"
        case _:
            raise TypeError(f"expected a value to write, got {value!r}")
    return written


def _all(*values: Any) -> bytes:
    return b"".join(map(operations, values))


def pickled(value: Any) -> bytes:
    """Write a whole pickle of protocol 2."""
    return b"\x80\x02" + operations(value) + b"."


def tensor(
    key: str, length: int, shape: Sequence[int], strides: Sequence[int], offset: int = 0, kind: str = "FloatStorage"
) -> Call:
    """Describe a view of a storage."""
    storage = Reference(("storage", Name("torch", kind), key, "cpu", length, None))
    return Call(
        Name("torch._utils", "_rebuild_tensor_v2"), (storage, offset, tuple(shape), tuple(strides), False, None)
    )


def storage(numbers: ArrayLike) -> bytes:
    """Write one storage: its length and its numbers."""
    array = np.asarray(numbers)
    return struct.pack("<q", array.size) + array.astype(array.dtype.newbyteorder("<")).tobytes()


def checkpoint(
    saved: Any, keys: Any, *storages: bytes, version: Any = VERSION, machine: Any = MACHINE, magic: int = MAGIC
) -> bytes:
    """Write a file from its parts."""
    return b"".join((*map(pickled, (magic, version, machine, saved, keys)), *storages))


def state_dict_file(arrays: Mapping[str, Any]) -> bytes:
    """Write arrays of float32, each with a storage of its own."""
    pairs, storages = [], []
    for key, (name, array) in enumerate(arrays.items()):
        packed = np.ascontiguousarray(array, np.float32)
        strides = [stride // 4 for stride in packed.strides]
        pairs.append((name, tensor(str(key), packed.size, np.shape(array), strides[: np.ndim(array)])))
        storages.append(storage(packed))
    return checkpoint(StateDict(pairs), [str(key) for key in range(len(pairs))], *storages)
