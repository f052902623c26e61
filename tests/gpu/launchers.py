"""The CUDA launchers from Python: their structures, device memory with guards, and one function for each launcher."""

import ctypes
import functools
import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

TYPES = {"half": np.float16, "bfloat16": ml_dtypes.bfloat16, "float": np.float32, "double": np.float64}
CODES = {np.dtype(dtype): code for code, dtype in enumerate(TYPES.values())}
SYMBOLS = {
    "pixelwise_sparse_extractor_gpu": (ctypes.c_int, 5),
    "pixelwise_sparse_extractor_gradient_workspace": (ctypes.c_int64, 1),
    "pixelwise_sparse_extractor_gradient_gpu": (ctypes.c_int, 7),
    "pixelwise_sparse_extractor_centroid_gradient_gpu": (ctypes.c_int, 6),
    "pixelwise_max_unpool_workspace": (ctypes.c_int64, 1),
    "pixelwise_max_unpool_gpu": (ctypes.c_int, 7),
    "pixelwise_max_unpool_gradient_gpu": (ctypes.c_int, 5),
}
LIBRARY_VARIABLE = "PIXELWISE_LAUNCHERS"  # the library to test, set by run.py
EMULATED_VARIABLE = "PIXELWISE_EMULATED"  # set where that library runs on the processor
GUARD = 256


class Extractor(ctypes.Structure):
    """PixelwiseSparseExtractor of sparse_extractor.h."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("batch", "locations", "height", "width", "channels")),
        *((name, ctypes.c_float) for name in ("scale", "offset_y", "offset_x")),
        *((name, ctypes.c_int32) for name in ("channels_first", "type")),
    )


class MaxUnpool(ctypes.Structure):
    """PixelwiseMaxUnpool of max_unpool.h."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("batch", "pooled_size", "output_size")),
        *((name, ctypes.c_int32) for name in ("batch_in_index", "type")),
    )


def emulated() -> bool:
    """Tell whether the library runs on the processor."""
    return EMULATED_VARIABLE in os.environ


@functools.cache
def library() -> ctypes.CDLL:
    """Load the launchers that run.py has built."""
    found = ctypes.CDLL(os.environ[LIBRARY_VARIABLE])
    for name, (result, _) in SYMBOLS.items():
        getattr(found, name).restype = result
    return found


@functools.cache
def arrays() -> Any:
    """Import what holds the memory: CuPy, or NumPy for the emulation."""
    return np if emulated() else importlib.import_module("cupy")


def address(array: Any) -> int:
    """Return where an array of NumPy or CuPy begins."""
    return int(array.ctypes.data if emulated() else array.data.ptr)


@dataclass
class Buffer:
    """Memory between two guards of 0xFF, which reads as NaN in every type and as index -1."""

    memory: Any
    start: int
    size: int

    @property
    def pointer(self) -> ctypes.c_void_p:
        """Where the memory between the guards begins."""
        return ctypes.c_void_p(address(self.memory) + self.start)

    def take(self, shape: Sequence[int], dtype: Any) -> Array:
        """Copy it to the host; a guard that was written to is an error."""
        raw = self.memory if emulated() else self.memory.get()
        assert (raw[: self.start] == 0xFF).all(), "expected nothing written before the result"
        assert (raw[self.start + self.size :] == 0xFF).all(), "expected nothing written behind the result"
        return np.array(raw[self.start : self.start + self.size]).view(dtype).reshape(shape)


def blank(size: int, shift: int = 0) -> Buffer:
    """Allocate `size` bytes that lie `shift` bytes past an address that 16 divides; all of them 0xFF."""
    memory = arrays().full(size + 2 * GUARD + 16, 0xFF, np.uint8)
    start = GUARD + shift + -address(memory) % 16
    return Buffer(memory, start, size)


def put(array: Array, shift: int = 0) -> Buffer:
    """Copy an array to the device."""
    buffer = blank(array.nbytes, shift)
    raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    buffer.memory[buffer.start : buffer.start + buffer.size] = arrays().asarray(raw)
    return buffer


def call(name: str, problem: ctypes.Structure, *arguments: ctypes.c_void_p | int) -> None:
    """Run a launcher on the null stream and wait for it."""
    error = getattr(library(), name)(None, ctypes.byref(problem), *arguments)
    assert error == 0, f"{name}: expected success, got CUDA error {error}"
    if not emulated():
        arrays().cuda.runtime.deviceSynchronize()


def workspace(name: str, problem: ctypes.Structure, deterministic: bool) -> Buffer:
    """Allocate what a launcher asks for."""
    return blank(getattr(library(), name)(ctypes.byref(problem), int(deterministic)))


@dataclass(frozen=True)
class Sampling:
    """What sparse_extractor takes beside its arrays."""

    scale: float = 1.0
    offset: tuple[float, float] = (0.0, 0.0)
    channels_first: bool = False

    def problem(self, centroids: Array, shape: Sequence[int], dtype: Any) -> Extractor:
        """Describe the work on a map of a shape."""
        batch, locations, _ = centroids.shape
        _, *sizes = shape
        channels, height, width = sizes if self.channels_first else (sizes[2], sizes[0], sizes[1])
        return Extractor(
            batch, locations, height, width, channels, self.scale, *self.offset, self.channels_first, CODES[dtype]
        )


def extract(sampling: Sampling, centroids: Array, activations: Array, shift: int = 0) -> Array:
    """Run sparse_extractor; `shift` moves every pointer of the values by as many bytes."""
    problem = sampling.problem(centroids, activations.shape, activations.dtype)
    shape = (problem.batch * problem.locations, problem.channels)
    result = blank(shape[0] * shape[1] * activations.itemsize, shift)
    places, values = put(centroids), put(activations, shift)
    call("pixelwise_sparse_extractor_gpu", problem, places.pointer, values.pointer, result.pointer)
    return result.take(shape, activations.dtype)


def extract_gradient(
    sampling: Sampling, centroids: Array, gradient: Array, shape: Sequence[int], deterministic: bool, shift: int = 0
) -> Array:
    """Run the gradient of sparse_extractor for a map of a shape."""
    problem = sampling.problem(centroids, shape, gradient.dtype)
    result = blank(int(np.prod(shape)) * gradient.itemsize, shift)
    places, columns = put(centroids), put(gradient, shift)
    scratch = workspace("pixelwise_sparse_extractor_gradient_workspace", problem, deterministic)
    call(
        "pixelwise_sparse_extractor_gradient_gpu",
        problem,
        int(deterministic),
        places.pointer,
        columns.pointer,
        result.pointer,
        scratch.pointer,
    )
    return result.take(shape, gradient.dtype)


def extract_centroid_gradient(
    sampling: Sampling, centroids: Array, gradient: Array, activations: Array, shift: int = 0
) -> Array:
    """Run the gradient of sparse_extractor for its centroids."""
    problem = sampling.problem(centroids, activations.shape, activations.dtype)
    result = blank(centroids.nbytes)
    places, columns, values = put(centroids), put(gradient, shift), put(activations, shift)
    name = "pixelwise_sparse_extractor_centroid_gradient_gpu"
    call(name, problem, places.pointer, columns.pointer, values.pointer, result.pointer)
    return result.take(centroids.shape, np.float32)


def unpool(
    pooled: Array, argmax: Array, output_size: int, batch_in_index: bool, deterministic: bool, shift: int = 0
) -> Array:
    """Run max_unpool on [batch, pooled_size]."""
    problem = MaxUnpool(*pooled.shape, output_size, batch_in_index, CODES[pooled.dtype])
    shape = (len(pooled), output_size)
    result = blank(shape[0] * shape[1] * pooled.itemsize, shift)
    values, indices = put(pooled, shift), put(argmax, shift // 8 * 8)
    scratch = workspace("pixelwise_max_unpool_workspace", problem, deterministic)
    call(
        "pixelwise_max_unpool_gpu",
        problem,
        int(deterministic),
        values.pointer,
        indices.pointer,
        result.pointer,
        scratch.pointer,
    )
    scratch.take((scratch.size,), np.uint8)
    return result.take(shape, pooled.dtype)


def unpool_gradient(gradient: Array, argmax: Array, batch_in_index: bool, shift: int = 0) -> Array:
    """Run the gradient of max_unpool on [batch, output_size]."""
    problem = MaxUnpool(*argmax.shape, gradient.shape[1], batch_in_index, CODES[gradient.dtype])
    result = blank(argmax.size * gradient.itemsize, shift)
    values, indices = put(gradient, shift), put(argmax, shift // 8 * 8)
    call("pixelwise_max_unpool_gradient_gpu", problem, values.pointer, indices.pointer, result.pointer)
    return result.take(argmax.shape, gradient.dtype)
