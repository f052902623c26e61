"""Time and memory of a convolution with a kernel for each place, forward and backward, beside other ways.

The maps have 16 x 16 places, 128 channels and 3 x 3 taps, in float32. Ways take turns in one process, so that what
slows the machine down slows all of them. Memory is measured in a process for each way, in one pass after one with two
images and one filter: the peak, less the maps, the kernels, the result and the gradients.

- `locally_connected`: the library's function, with a tape
- `einsum`: one product over `tf.image.extract_patches`, with a tape
- `tensorflow_loop`: a Python loop over places, a matrix product for the batch at each, with a tape. For each place the
  tape makes a gradient as large as all kernels.
- `numpy_loop`: the same loop in NumPy, with the gradients by hand
- `numpy_filter_loop`: a Python loop over images, places and filters, a product of a window and a kernel at each
"""

import ctypes
import gc
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet
from course_lib.memory import peak_bytes

Arrays = tuple[Any, Any, Any]  # x, kernels, gradient of the result; or the result and the gradients of x and kernels
Way = Callable[[Any, Any, Any], Arrays]

SIDE, CHANNELS, TAPS, PLACES = 18, 128, 3, 16
CASES = [(1, 1), (32, 1), (1, 128), (32, 128)]  # images, filters
TURNS = 5
PATIENCE = 5  # seconds, after which a way takes no more turns
MEGA = 1e6


def with_tape(function: Callable[[Any, Any], Any]) -> Way:
    """Make a way of a differentiable function."""

    def run(x: Any, kernels: Any, top: Any) -> Arrays:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch([x, kernels])
            y = function(x, kernels)
        return y, *tape.gradient(y, [x, kernels], top)

    return run


@with_tape
def locally_connected(x: Any, kernels: Any) -> Any:
    """Filter with the library's function."""
    from course_lib.layers import locally_connected

    return locally_connected(x, kernels)


@with_tape
def einsum(x: Any, kernels: Any) -> Any:
    """Filter by one product over extracted patches."""
    import tensorflow as tf

    patches = tf.image.extract_patches(x, (1, TAPS, TAPS, 1), (1, 1, 1, 1), (1, 1, 1, 1), "VALID")
    return tf.einsum("bpqk,pqkf->bpqf", patches, tf.reshape(kernels, (PLACES, PLACES, -1, kernels.shape[-1])))


@with_tape
def tensorflow_loop(x: Any, kernels: Any) -> Any:
    """Filter place by place."""
    import tensorflow as tf

    batch, filters = x.shape[0], kernels.shape[-1]
    rows = []
    for p in range(PLACES):
        row = []
        for q in range(PLACES):
            window = tf.reshape(x[:, p : p + TAPS, q : q + TAPS], (batch, -1))
            row.append(window @ tf.reshape(kernels[p, q], (-1, filters)))
        rows.append(tf.stack(row, axis=1))
    return tf.stack(rows, axis=1)


def numpy_loop(x: Any, kernels: Any, top: Any) -> Arrays:
    """Filter place by place, with the gradients by hand."""
    batch, filters = len(x), kernels.shape[-1]
    y, dx, dk = np.empty_like(top), np.zeros_like(x), np.empty_like(kernels)
    for p in range(PLACES):
        for q in range(PLACES):
            window = x[:, p : p + TAPS, q : q + TAPS].reshape(batch, -1)
            matrix = kernels[p, q].reshape(-1, filters)
            y[:, p, q] = window @ matrix
            dx[:, p : p + TAPS, q : q + TAPS] += (top[:, p, q] @ matrix.T).reshape(batch, TAPS, TAPS, -1)
            dk[p, q] = (window.T @ top[:, p, q]).reshape(kernels.shape[2:])
    return y, dx, dk


def numpy_filter_loop(x: Any, kernels: Any, top: Any) -> Arrays:
    """Filter image by image, place by place and filter by filter, with the gradients by hand."""
    y, dx, dk = np.empty_like(top), np.zeros_like(x), np.zeros_like(kernels)
    for b, p, q, f in np.ndindex(top.shape):
        window, kernel = x[b, p : p + TAPS, q : q + TAPS], kernels[p, q, ..., f]
        y[b, p, q, f] = np.sum(window * kernel)
        dx[b, p : p + TAPS, q : q + TAPS] += top[b, p, q, f] * kernel
        dk[p, q, ..., f] += top[b, p, q, f] * window
    return y, dx, dk


def arrays(batch: int, filters: int) -> Arrays:
    """Make maps, kernels and a gradient of the result, with no other memory."""
    generator = np.random.default_rng(0)
    shapes = [
        (batch, SIDE, SIDE, CHANNELS),
        (PLACES, PLACES, TAPS, TAPS, CHANNELS, filters),
        (batch, PLACES, PLACES, filters),
    ]
    x, kernels, top = (generator.random(shape, dtype=np.float32) for shape in shapes)
    return x, kernels, top


def ways(batch: int, filters: int) -> dict[str, tuple[Way, bool]]:
    """Name the ways for one case, each with whether it takes tensors."""
    import tensorflow as tf

    found: dict[str, tuple[Way, bool]] = {}
    for name, way in (("locally_connected", locally_connected), ("einsum", einsum)):
        found[f"{name}, eager"] = way, True
        found[f"{name}, tf.function"] = tf.function(way), True
    found["tensorflow_loop, eager"] = tensorflow_loop, True
    found["numpy_loop"] = numpy_loop, False
    if batch * filters <= 128:
        found["numpy_filter_loop"] = numpy_filter_loop, False
    return found


def race(batch: int, filters: int) -> dict[str, float]:
    """Run the ways in turns, after a first call of each, which must agree; return the median seconds."""
    import tensorflow as tf

    given = arrays(batch, filters)
    tensors = tuple(map(tf.constant, given))
    expected = numpy_loop(*given)
    times: dict[str, list[float]] = {}
    found = ways(batch, filters)
    for turn in range(TURNS + 1):
        for name, (way, takes_tensors) in found.items():
            if sum(times.get(name, [])) > PATIENCE:
                continue
            start = time.perf_counter()
            results = way(*(tensors if takes_tensors else given))
            taken = time.perf_counter() - start
            if turn:
                times.setdefault(name, []).append(taken)
                continue
            for got, wanted in zip(results, expected, strict=True):
                np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=1e-3, err_msg=name)
    return {name: median(taken) for name, taken in times.items()}


def extra_memory(name: str, batch: int, filters: int) -> float:
    """Run one way once; return the megabytes at its peak beyond what goes in and comes out."""
    import tensorflow as tf

    way, takes_tensors = ways(batch, filters)[name]
    given = arrays(batch, filters)
    if takes_tensors:
        given = tuple(map(tf.constant, given))
    small = arrays(2, 1)  # large kernels would leave memory behind that the measured pass could use
    way(*(map(tf.constant, small) if takes_tensors else small))  # sets up what later calls share
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    before = psutil.Process().memory_info().rss
    results = way(*given)
    return (peak_bytes() - before - sum(np.asarray(each).nbytes for each in results)) / MEGA


def compare(console: Console, batch: int, filters: int) -> None:
    """Print all ways for one case beside the library's in a graph."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        seconds = pool.submit(race, batch, filters).result()
    memory = {}
    for name in seconds:
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            memory[name] = pool.submit(extra_memory, name, batch, filters).result()
    table = Table(title=f"{batch} images, {filters} filters for each place", title_justify="left")
    for column in ("way", "ms", "to eager", "to graph", "extra MB"):
        table.add_column(column, justify="left" if column == "way" else "right", no_wrap=True)
    eager, graph = (seconds[f"locally_connected, {mode}"] for mode in ("eager", "tf.function"))
    for name, taken in seconds.items():
        row = f"{taken * 1e3:.1f}", f"{taken / eager:.1f}", f"{taken / graph:.1f}", f"{memory[name]:.0f}"
        table.add_row(name, *row)
    console.print(table)


def main() -> None:
    """Print a table for each case."""
    console = Console()
    console.print(
        f"{PLACES} x {PLACES} places, {TAPS} x {TAPS} taps, {CHANNELS} channels. Ratios to locally_connected.\n"
    )
    for batch, filters in CASES:
        compare(console, batch, filters)


if __name__ == "__main__":
    main()
