"""Read PyTorch checkpoints in the format before version 1.6, without PyTorch.

Such a file contains five pickles: a magic number, the format's version, facts about the machine, the saved object, and
the keys of the storages. The storages follow in the order of their keys, each as a count and that many numbers. A
tensor is a view of a storage, with an offset and a stride for each axis, so tensors may be permuted or share numbers.

A pickle can call anything that it names. Here it may name only four things: the mapping of a ``state_dict``, a tensor,
and two types of storages.
"""

import io
import math
import os
import pickle
import pickletools
from pathlib import Path
from reprlib import repr as brief
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
VERSION = 1001
STORAGES: dict[str, np.dtype[Any]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read a saved ``state_dict``.

    Parameters
    ----------
    path : path-like
        A file as PyTorch wrote it before 1.6. Later versions write one with
        ``torch.save(model.state_dict(), path, _use_new_zipfile_serialization=False)``.

    Returns
    -------
    dict
        Each tensor's name and its numbers, in the file's order: read-only arrays of float32 or int64, with the shapes
        and strides in the file.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it has another format, is damaged, or contains anything but such tensors, or an empty one.
    """
    with Path(path).open("rb") as file:
        start = file.read(len(MAGIC))
        try:
            if start != MAGIC:
                raise ValueError(f"expected a PyTorch checkpoint of the format before 1.6, got {_format(start)}")
            return _read(file.read())
        except ValueError as error:
            raise ValueError(f"{os.fspath(path)}: {error}") from error


def _format(start: bytes) -> str:
    """Name the format of a file that begins with other bytes."""
    if start.startswith(b"PK"):
        return "a zip archive, which is PyTorch's format since 1.6"
    if start.startswith(b"\x89HDF"):
        return "an HDF5 file"
    return f"a file that begins with {start!r}" if start else "an empty file"


class _Storage(NamedTuple):
    """Numbers, of which tensors are views."""

    key: str
    dtype: np.dtype[Any]
    length: int


class _Tensor(NamedTuple):
    """A view of a storage; offset and strides count numbers, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _StateDict(dict[str, Any]):
    """Takes the place of a checkpoint's OrderedDict: it has no attributes, and refuses a repeated name."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()

    def __setstate__(self, state: object) -> None:
        """Ignore the attribute of a ``state_dict``, which contains versions of PyTorch's modules."""

    def __setitem__(self, name: str, value: object) -> None:
        if name in self:
            raise ValueError(f"expected different names, got {name!r} twice")
        super().__setitem__(name, value)


class _Unpickler(pickle.Unpickler):
    """An unpickler that knows only the parts of a ``state_dict``."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return _StateDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self.tensor
        if module == "torch" and name in STORAGES:
            return name
        raise ValueError(f"expected tensors of {' or '.join(STORAGES)}, got {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, name, key, _device, length, view = pid
        dtype = STORAGES.get(name)
        if kind != "storage" or dtype is None or type(key) is not str or type(length) is not int or view is not None:
            raise ValueError(f"expected a storage's type, key, device and length, got {pid}")
        return _Storage(key, dtype, length)

    def tensor(self, storage: Any, offset: Any, shape: Any, strides: Any, *_gradient: Any) -> _Tensor:
        return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _read(data: bytes) -> dict[str, NDArray[Any]]:
    """Read what follows the magic number."""
    file = io.BytesIO(data)
    version = _unpickle(file, "the format's version")
    machine = _unpickle(file, "the facts about the machine")
    if version != VERSION or not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise ValueError(f"expected version {VERSION}, little-endian, got {brief(version)} and {brief(machine)}")
    tensors = _unpickle(file, "the saved object")
    if not isinstance(tensors, _StateDict):
        raise ValueError(f"expected a state_dict, got a {type(tensors).__name__}")
    for name, tensor in tensors.items():
        if type(name) is not str or not isinstance(tensor, _Tensor) or not isinstance(tensor.storage, _Storage):
            raise ValueError(f"expected names of tensors, got {brief(name)}: {brief(tensor)}")
    keys = _unpickle(file, "the keys of the storages")
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    if any(tensor.storage != storages[tensor.storage.key] for tensor in tensors.values()):
        raise ValueError("expected storages with different keys")
    named = isinstance(keys, list) and all(type(key) is str for key in keys)
    if not named or sorted(keys) != sorted(storages):
        raise ValueError("expected each storage of the tensors once, and no other")
    numbers = {key: _numbers(file, storages[key]) for key in keys}
    if rest := len(data) - file.tell():
        raise ValueError(f"expected the file to end after its last storage, got {rest} bytes more")
    return {name: _view(name, tensor, numbers[tensor.storage.key]) for name, tensor in tensors.items()}


def _unpickle(file: io.BytesIO, what: str) -> Any:
    """Read one pickle."""
    start = file.tell()
    try:
        for place, (operation, argument, _) in enumerate(pickletools.genops(file)):
            # torch.save writes protocol 2. A later one, or a memo with gaps, can request unlimited memory.
            gap = "PUT" in operation.name and isinstance(argument, int) and argument > place
            if operation.proto > 2 or gap:
                raise ValueError(f"expected a pickle of protocol 2, got {operation.name} {argument}")
        file.seek(start)
        return _Unpickler(file).load()
    except Exception as error:  # the errors of a damaged pickle are not documented
        raise ValueError(f"cannot read {what}: {error}") from error


def _numbers(file: io.BytesIO, storage: _Storage) -> bytes:
    """Read one storage."""
    count = int.from_bytes(file.read(8), "little", signed=True)
    rest = len(file.getbuffer()) - file.tell()
    size = storage.length * storage.dtype.itemsize
    if not 0 <= size <= rest:
        raise ValueError(
            f"expected {storage.length} numbers in storage {storage.key}, got {rest} bytes until the file ends"
        )
    if count != storage.length:
        raise ValueError(f"expected {storage.length} numbers in storage {storage.key}, got a count of {count}")
    return file.read(size)


def _view(name: str, tensor: _Tensor, numbers: bytes) -> NDArray[Any]:
    """Return a view of a storage's numbers as a tensor."""
    (_, dtype, length), offset, shape, strides = tensor
    given = f"got offset {offset}, shape {brief(shape)}, strides {brief(strides)}"
    if len(shape) != len(strides) or any(type(side) is not int or side < 0 for side in (offset, *shape, *strides)):
        raise ValueError(f"expected an offset, and a side and a stride for each axis of {name}, 0 or more, {given}")
    last = offset + sum((side - 1) * stride for side, stride in zip(shape, strides, strict=True))
    elements = math.prod(shape)
    if not 0 < elements <= length or last >= length:
        raise ValueError(f"expected {name} to lie inside its storage of {length} numbers, {given}")
    steps = [stride * dtype.itemsize if side > 1 else 0 for side, stride in zip(shape, strides, strict=True)]
    return np.ndarray(shape, dtype, numbers, offset * dtype.itemsize, steps)
