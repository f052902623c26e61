"""Time each kernel on the GPU, and print the memory it must move each second beside what a plain copy moves."""

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.gpu import launchers

REPEATS = 20
TYPES = ("float", "half")
# batch, size of the square map, channels, locations
EXTRACTORS = [(4, 56, 64, 2048), (4, 56, 512, 2048), (4, 14, 512, 2048), (64, 112, 256, 2048), (64, 56, 512, 16384)]
# batch, size of the square pooled image, channels; the output is twice as wide and high
UNPOOLS = [(8, 56, 64), (64, 112, 128)]


def seconds(work: Callable[[], None]) -> float:
    """Give the mean time of some work, after a first time that does not count."""
    cp = launchers.arrays()
    start, end = cp.cuda.Event(), cp.cuda.Event()
    work()
    start.record()
    for _ in range(REPEATS):
        work()
    end.record()
    end.synchronize()
    return float(cp.cuda.get_elapsed_time(start, end)) / 1000 / REPEATS


def measure_copy() -> float:
    """Measure the bytes that a device-to-device copy reads and writes each second."""
    cp = launchers.arrays()
    source = cp.zeros(2**30, np.uint8)
    target = cp.empty_like(source)
    time = seconds(lambda: target.data.copy_from_device_async(source.data, source.nbytes, cp.cuda.Stream.null))
    return 2 * source.nbytes / time


def report(name: str, least_bytes: int, copy: float, launcher: str, problem: Any, *arguments: Any) -> None:
    """Print one line. Launches follow each other without waiting."""
    pointers = [argument if isinstance(argument, int) else ctypes.c_void_p(argument.data.ptr) for argument in arguments]
    function = getattr(launchers.library(), launcher)

    def work() -> None:
        error = function(None, ctypes.byref(problem), *pointers)
        assert error == 0, f"{launcher}: CUDA error {error}"

    time = seconds(work)
    speed = least_bytes / time
    print(f"{name:58} {time * 1e6:9.1f} us {speed / 1e9:8.0f} GB/s {speed / copy:6.0%} of a copy", flush=True)


def draw(shape: Sequence[int], dtype: Any) -> Any:
    """Draw numbers on the GPU."""
    cp = launchers.arrays()
    return cp.random.random(tuple(shape), dtype=np.float32).astype(dtype)


def time_extractor(shape: tuple[int, int, int, int], kind: str, channels_first: bool, copy: float) -> None:
    """Time the forward kernel and the gradients; what must move is the columns, the result, and the pixels read."""
    batch, size, channels, count = shape
    dtype = np.dtype(launchers.TYPES[kind])
    on_map = (batch, channels, size, size) if channels_first else (batch, size, size, channels)
    centroids = draw((batch, count, 2), np.float32) * size
    activations, columns = draw(on_map, dtype), draw((batch * count, channels), dtype)
    result, slopes = launchers.arrays().empty_like(activations), launchers.arrays().empty_like(centroids)
    sampling = launchers.Sampling(channels_first=channels_first)
    problem = sampling.problem(np.empty((batch, count, 2)), on_map, dtype)
    read = min(4 * columns.nbytes, activations.nbytes) + centroids.nbytes
    name = f"{kind} {'x'.join(map(str, on_map))}, {count} locations"
    prefix = "pixelwise_sparse_extractor"
    report(f"extract {name}", columns.nbytes + read, copy, f"{prefix}_gpu", problem, centroids, activations, columns)
    for deterministic, form in ((0, "gradient"), (1, "gradient, fixed order")):
        moved = columns.nbytes + result.nbytes + centroids.nbytes
        arguments = (problem, deterministic, centroids, columns, result, result)
        report(f"{form} {name}", moved, copy, f"{prefix}_gradient_gpu", *arguments)
    moved = columns.nbytes + read + slopes.nbytes
    launcher = f"{prefix}_centroid_gradient_gpu"
    report(f"centroid gradient {name}", moved, copy, launcher, problem, centroids, columns, activations, slopes)


def time_unpool(shape: tuple[int, int, int], kind: str, copy: float) -> None:
    """Time both forms and the gradient for the indices of a 2 x 2 max-pool."""
    cp = launchers.arrays()
    batch, size, channels = shape
    y, x, c = cp.meshgrid(cp.arange(size), cp.arange(size), cp.arange(channels), indexing="ij")
    corners = cp.random.randint(0, 2, (2, batch, size, size, channels))
    argmax = (((2 * y + corners[0]) * 2 * size + 2 * x + corners[1]) * channels + c).astype(np.int64)
    pooled = draw((batch, size * size * channels), launchers.TYPES[kind])
    output = draw((batch, 4 * pooled.shape[1]), launchers.TYPES[kind])
    problem = launchers.MaxUnpool(batch, pooled.shape[1], output.shape[1], 0, launchers.CODES[pooled.dtype])
    name = f"{kind} {batch}x{size}x{size}x{channels}"
    for deterministic, form in ((0, "unpool"), (1, "unpool, fixed order")):
        size_needed = launchers.library().pixelwise_max_unpool_workspace(ctypes.byref(problem), deterministic)
        arguments = (deterministic, pooled, argmax, output, cp.empty(max(size_needed, 1), np.uint8))
        moved = pooled.nbytes + argmax.nbytes + output.nbytes
        report(f"{form} {name}", moved, copy, "pixelwise_max_unpool_gpu", problem, *arguments)
    moved = 2 * pooled.nbytes + argmax.nbytes
    report(f"unpool gradient {name}", moved, copy, "pixelwise_max_unpool_gradient_gpu", problem, output, argmax, pooled)


def main() -> None:
    """Print a line for each kernel, shape and type. The half types always take the fixed order."""
    os.environ[launchers.LIBRARY_VARIABLE] = sys.argv[1]
    copy = measure_copy()
    properties = launchers.arrays().cuda.runtime.getDeviceProperties(0)
    print(f"{properties['name'].decode()}: a copy reads and writes {copy / 1e9:.0f} GB/s.")
    print("Below, a kernel's speed counts each byte that it must read or write once.")
    for kind in TYPES:
        for shape in EXTRACTORS:
            for channels_first in (False, True):
                time_extractor(shape, kind, channels_first, copy)
        for unpool in UNPOOLS:
            time_unpool(unpool, kind, copy)


if __name__ == "__main__":
    main()
