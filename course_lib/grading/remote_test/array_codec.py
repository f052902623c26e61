"""Arrays of numbers in the .npy format, between two processes, one of which does not trust the other."""

import io
import sys
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

MAX_NPY_HEADER_BYTES = 20_000  # bytes; NumPy refuses headers of .npy that are longer than half of it
KINDS = ("array", "constant", "scalar", "bytes", "tensor", "variable")
_MAGIC = npy.magic(1, 0)
_TENSORS = (
    ("tensorflow", "Tensor", "tensor"),
    ("tensorflow", "Variable", "variable"),
    ("keras", "Variable", "variable"),
)


def write_array(value: object) -> tuple[str, bytearray, str] | None:
    """Write numbers, or bytes, in the format .npy.

    Parameters
    ----------
    value : object
        A NumPy array or number, including subclasses; a tensor or variable of TensorFlow or Keras; bytes.

    Returns
    -------
    kind : str
        One of `KINDS`; a constant is an array that must not be written to.
    content : bytearray
        In the format .npy. For bfloat16, which it does not support, the bits are written.
    type : str
        Of the elements.

    None if it has no numbers, or no numbers yet.
    """
    kind, array = _as_array(value)
    if array is None or not (array.dtype.kind in "biufc" or array.dtype.name == "bfloat16"):
        return None
    return kind, _write_npy(array.view(np.uint16) if array.dtype.name == "bfloat16" else array), array.dtype.name


def _write_npy(array: NDArray[Any]) -> bytearray:
    by_columns = array.flags.f_contiguous and not array.flags.c_contiguous
    header = _header(array.shape, array.dtype, by_columns)
    content = bytearray(len(header) + array.nbytes)
    content[: len(header)] = header
    numbers: NDArray[Any] = np.ndarray(array.shape, array.dtype, content, len(header), order="F" if by_columns else "C")
    numbers[...] = array
    return content


@lru_cache
def _header(shape: tuple[int, ...], dtype: np.dtype[Any], by_columns: bool) -> bytes:
    file = io.BytesIO()
    described = {"shape": shape, "descr": npy.dtype_to_descr(dtype), "fortran_order": by_columns}
    npy.write_array_header_1_0(file, described)
    return file.getvalue()


def _as_array(value: Any) -> tuple[str, NDArray[Any] | None]:
    if isinstance(value, bytes):
        return "bytes", np.frombuffer(value, np.uint8)
    if isinstance(value, np.generic):
        return "scalar", np.asarray(value)
    if isinstance(value, np.ndarray):
        return "array" if value.flags.writeable else "constant", np.asarray(value)
    for module, name, kind in _TENSORS:  # no object can come from a module that is not loaded
        if module in sys.modules and isinstance(value, getattr(sys.modules[module], name)) and hasattr(value, "numpy"):
            return kind, np.asarray(value.numpy())
    return "", None


def read_array(kind: str, content: bytearray, name: str) -> Any:
    """Read what `write_array` has written, or anything else that was sent, without unpickling.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    content : bytearray
        In the format .npy; the array is a view of it.
    name : str
        The type of the elements.

    Returns
    -------
    object
        An object of the kind: a plain NumPy array or number, bytes, or a TensorFlow tensor or variable.

    Raises
    ------
    Exception
        Of any class, if the content is not valid.
    """
    array = _read_npy(content, name)
    if kind == "bytes":
        return array.tobytes()
    if kind == "scalar":
        return array.reshape(())[()]
    if kind in ("tensor", "variable"):
        tf = tensorflow()
        return tf.constant(array) if kind == "tensor" else tf.Variable(array)
    array.flags.writeable = kind == "array"
    return array


def _read_npy(content: bytearray, name: str) -> NDArray[Any]:
    if content[: len(_MAGIC)] != _MAGIC:
        raise ValueError("expected version 1.0 of the format")
    length = len(_MAGIC) + 2 + int.from_bytes(content[len(_MAGIC) : len(_MAGIC) + 2], "little")
    shape, by_columns, dtype = _read_header(bytes(content[len(_MAGIC) : min(length, MAX_NPY_HEADER_BYTES)]))
    numbers = memoryview(content)[length:]
    if dtype.kind not in "biufc" or int(np.prod(shape, dtype=object)) * dtype.itemsize != len(numbers):
        raise ValueError("expected numbers, as many as the header says")
    array: NDArray[Any] = np.ndarray(shape, dtype, numbers, order="F" if by_columns else "C")
    if dtype.kind == "b":
        return np.asarray(array.view(np.uint8) != 0)  # a truth value is one bit, whatever was sent
    if name == "bfloat16":
        from ml_dtypes import bfloat16

        return array.view(bfloat16)
    return array


@lru_cache
def _read_header(content: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read a header after its magic bytes. NumPy uses Python's parser, which takes longer than everything else."""
    shape, by_columns, dtype = npy.read_array_header_1_0(io.BytesIO(content))
    return shape, by_columns, dtype


def tensorflow() -> Any:
    """Import TensorFlow, which takes seconds."""
    import tensorflow

    return tensorflow
