"""Speed of a plain kernel in C++ beside `sparse_extractor` and NumPy, and the seconds until a learner sees a verdict.

The map has 56 x 56 x 256 entries, and 2048 locations are sampled. All ways use one thread and are measured in processor
seconds, by turns; the best turn of each counts. `sparse_extractor` runs inside a graph.
"""

import os
import tempfile
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet
from benchmarks.user_ops import CALLS, in_graph
from course_lib.native import kernel

SIZE, CHANNELS, LOCATIONS, SCALE = 56, 256, 2048, 4.0
TURNS = 5
PLAIN = """
void sample(const float* map, int height, int width, int channels, const float* yx, int count, float scale,
            float* out) {
  for (int i = 0; i < count; ++i) {
    float y = std::min(std::max(yx[2 * i] / scale, 0.0f), height - 1.0f);
    float x = std::min(std::max(yx[2 * i + 1] / scale, 0.0f), width - 1.0f);
    int y0 = static_cast<int>(y), x0 = static_cast<int>(x);
    int y1 = std::min(y0 + 1, height - 1), x1 = std::min(x0 + 1, width - 1);
    float fy = y - y0, fx = x - x0;
    for (int c = 0; c < channels; ++c) {
      float upper = (1 - fx) * map[(y0 * width + x0) * channels + c] + fx * map[(y0 * width + x1) * channels + c];
      float lower = (1 - fx) * map[(y1 * width + x0) * channels + c] + fx * map[(y1 * width + x1) * channels + c];
      out[i * channels + c] = (1 - fy) * upper + fy * lower;
    }
  }
}
"""

Floats = NDArray[np.float32]


def corners(shape: tuple[int, ...], yx: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return the first and the last of the entries around each location, and the share of the last."""
    last = np.array(shape[:2]) - 1
    position = np.clip(yx / np.float32(SCALE), 0, last).astype(np.float32)
    first = position.astype(np.int64)
    return first, np.minimum(first + 1, last), position - first


def vectorized(values: Floats, yx: Floats) -> Floats:
    """Sample all locations at once."""
    (y0, x0), (y1, x1), (fy, fx) = (each.T for each in corners(values.shape, yx))
    fy, fx = fy[:, None], fx[:, None]
    upper = (1 - fx) * values[y0, x0] + fx * values[y0, x1]
    lower = (1 - fx) * values[y1, x0] + fx * values[y1, x1]
    return (1 - fy) * upper + fy * lower


def loop(values: Floats, yx: Floats) -> Floats:
    """Sample one location after the other."""
    return np.concatenate([vectorized(values, yx[i : i + 1]) for i in range(len(yx))])


def seconds(function: Callable[[], Any]) -> float:
    """Measure one call, in processor seconds."""
    start = time.process_time()
    function()
    return time.process_time() - start


def compare_speed(console: Console) -> None:
    """Print the times of all ways."""
    import tensorflow as tf

    from course_lib import ops

    rng = np.random.default_rng(0)
    values = rng.normal(size=(SIZE, SIZE, CHANNELS)).astype(np.float32)
    yx = rng.uniform(0, SIZE * SCALE, (LOCATIONS, 2)).astype(np.float32)
    sample = kernel("sample", PLAIN)
    for way in (vectorized, loop):
        np.testing.assert_allclose(way(values, yx), sample(values, yx, SCALE), atol=1e-5)
    batch, batch_yx = tf.constant(values[None]), tf.constant(yx[None])
    # The locations move a little, so that nothing can be prepared before the loop.
    graph = in_graph(lambda i: ops.sparse_extractor(batch_yx + 1e-6 * tf.cast(i, tf.float32), batch, SCALE))
    graph()
    ways: dict[str, Callable[[], float]] = {
        "kernel in C++": lambda: sample.processor_seconds(values, yx, SCALE),
        "the course's loop": lambda: sample.race(values, yx, SCALE)["the course's loop"],
        f"sparse_extractor, {'compiled' if ops.library.status().loaded else 'in TensorFlow'}": lambda: (
            seconds(graph) / CALLS
        ),
        "NumPy, vectorized": lambda: seconds(lambda: vectorized(values, yx)),
        "NumPy, a loop over locations": lambda: seconds(lambda: loop(values, yx)),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(TURNS):
        best = {name: min(best[name], way()) for name, way in ways.items()}
    table = Table(title=f"{SIZE} x {SIZE} x {CHANNELS}, {LOCATIONS} locations, one thread", title_justify="left")
    for column in ("way", "ms", "times as long as the kernel"):
        table.add_column(column, justify="left" if column == "way" else "right", no_wrap=True)
    for name, taken in best.items():
        table.add_row(name, f"{taken * 1e3:.2f}", f"{taken / best['kernel in C++']:.2f}")
    console.print(table)


def compare_waiting(console: Console) -> None:
    """Print how long a learner waits for a compiled kernel and for its first values."""
    table = Table(title="From a cell of C++ to the first values", title_justify="left")
    for column in ("", "s, compiled", "s, called"):
        table.add_column(column, justify="right" if column else "left")
    values, yx = np.zeros((5, 7, 3)), np.zeros((11, 2))
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, XDG_CACHE_HOME=folder):
        for name, text in (("first kernel", PLAIN), ("changed", f"{PLAIN}\n"), ("the same again", PLAIN)):
            start = time.perf_counter()
            sample = kernel("sample", text)
            compiled = time.perf_counter()
            sample(values, yx, SCALE)
            table.add_row(name, f"{compiled - start:.2f}", f"{time.perf_counter() - compiled:.3f}")
    console.print(table)


def main() -> None:
    """Print both comparisons."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    console = Console()
    compare_speed(console)
    compare_waiting(console)


if __name__ == "__main__":
    main()
