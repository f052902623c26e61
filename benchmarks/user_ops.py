"""Speed and memory of the user operations beside TensorFlow's own ways.

Each ratio compares ways that ran in turns, in one process, inside a graph, as in training: calling a function from
Python takes longer than some of them. Memory is measured in a process for each way.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from statistics import median
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet
from course_lib.memory import peak_bytes

Way = Callable[[Any], Any]  # takes the number of the call
Ways = dict[str, Way]

CALLS, TURNS = 20, 9
BATCH, SCALE = 4, 4.0
SHAPES = [(56, 64, 128), (56, 64, 2048), (56, 256, 1024), (56, 512, 128), (56, 512, 2048), (14, 512, 2048)]
# The maps of VGG-16 at 352 x 352, from the gray image to fc7: pixels of the image a step, and channels.
VGG16 = [(1, 1), (1, 64), (1, 64), (2, 128), (2, 128), *[(4, 256)] * 3, *[(8, 512)] * 3, *[(16, 512)] * 3]
VGG16 += [(32, 4096)] * 2
IMAGE, LOCATIONS = 352, 128
GIGA = 1e9
UNPOOLING = "unpooling 8 x 56 x 56 x 64 to 112 x 112, float32"


def in_graph(way: Way) -> Callable[[], Any]:
    """Make a graph that runs a way CALLS times, one after the other."""
    import tensorflow as tf

    def body(i: Any, total: Any) -> tuple[Any, Any]:
        # One number of each result keeps TensorFlow from leaving the way out.
        return i + 1, total + tf.add_n([tf.reshape(result, (-1,))[-1] for result in tf.nest.flatten(way(i))])

    def run() -> Any:
        return tf.while_loop(lambda i, _: i < CALLS, body, (0, 0.0), parallel_iterations=1)

    return tf.function(run, autograph=False)


def race(ways: Ways, nothing: Way) -> dict[str, float]:
    """Run some ways in turns, so that what slows the machine down slows all of them.

    Parameters
    ----------
    ways : dict
        What to measure.
    nothing : callable
        Returns as many tensors as a way does, ready made: the time of the loop itself, which is taken off.

    Returns
    -------
    dict[str, float]
        Median seconds of one call of each way.
    """
    graphs = {name: in_graph(way) for name, way in {**ways, "": nothing}.items()}
    times: dict[str, list[float]] = {name: [] for name in graphs}
    for graph in graphs.values():
        graph()
    for _ in range(TURNS):
        for name, graph in graphs.items():
            start = time.perf_counter()
            graph()
            times[name].append((time.perf_counter() - start) / CALLS)
    loop = median(times.pop(""))
    return {name: median(taken) - loop for name, taken in times.items()}


def cold(ways: Ways, turns: int = 25, clock: Callable[[], float] = time.perf_counter) -> dict[str, float]:
    """Run single calls, each with caches that hold nothing of it, as between the layers of a network.

    Parameters
    ----------
    ways : dict
        What to measure.
    turns : int
        How many calls of each.
    clock : callable
        Returns seconds: those that pass, or those of the processor.

    Returns
    -------
    dict[str, float]
        Median seconds of one call of each way.
    """
    import numpy as np

    elsewhere = np.zeros(2**25, np.float32)  # 128 MB
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, way in ways.items():
            elsewhere += 1
            start = clock()
            way(0)
            times[name].append(clock() - start)
    return {name: median(taken) for name, taken in times.items()}


def show(console: Console, title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table whose first column names the row."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def gather_nd(centroids: Any, activations: Any) -> Any:
    """Sample with one `tf.gather_nd` for each of the four neighbors."""
    import tensorflow as tf

    batch, height, width, channels = activations.shape
    last = tf.constant([height - 1, width - 1], tf.float32)
    position = tf.clip_by_value(centroids / SCALE, 0.0, last)
    lower = tf.minimum(tf.floor(position), tf.maximum(last - 1, 0))
    fraction = position - lower
    images = tf.broadcast_to(tf.range(batch)[:, None, None], (*centroids.shape[:2], 1))
    columns = 0.0
    for corner in ([False, False], [False, True], [True, False], [True, True]):
        pixels = tf.cast(tf.minimum(lower + tf.cast(corner, tf.float32), last), tf.int32)
        weights = tf.where(corner, fraction, 1 - fraction)
        values = tf.gather_nd(activations, tf.concat([images, pixels], axis=-1))
        columns += tf.reduce_prod(weights, axis=-1, keepdims=True) * values
    return tf.reshape(columns, (-1, channels))


def extractor_times(shape: tuple[int, int, int]) -> tuple[dict[str, float], dict[str, float]]:
    """Measure the ways to sample maps, forward alone, and forward with the gradient for the maps."""
    import tensorflow as tf

    from course_lib import ops
    from course_lib.ops import reference

    size, channels, locations = shape
    maps = tf.random.normal((BATCH, size, size, channels))
    centroids = tf.random.uniform((BATCH, locations, 2), maxval=size * SCALE)
    upstream = tf.random.normal((BATCH * locations, channels))
    samplers = {
        "sparse_extractor": (lambda c, a: ops.sparse_extractor(c, a, SCALE), False),
        "4 gather_nd": (gather_nd, False),
        "gather": (lambda c, a: reference.sparse_extractor(c, a, SCALE), False),
        "XLA": (lambda c, a: reference.sparse_extractor(c, a, SCALE), True),
    }

    def moving(way: Callable[[Any, Any], Any]) -> Way:
        """Move the locations a little at each call, so that nothing can be prepared before the loop."""
        return lambda i: way(centroids + 1e-6 * tf.cast(i, tf.float32), maps)

    forward: Ways = {}
    both: Ways = {}
    for name, (sampler, xla) in samplers.items():

        def trained(c: Any, a: Any, sampler: Callable[[Any, Any], Any] = sampler) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(a)
                columns = sampler(c, a)
            return columns, tape.gradient(columns, a, upstream)

        once, twice = sampler, trained
        if xla:
            once, twice = (tf.function(way, jit_compile=True, autograph=False) for way in (sampler, trained))
        forward[name], both[name] = moving(once), moving(twice)
    samples = tf.zeros((BATCH * locations * 5, channels))
    forward["copy"] = lambda _: tf.raw_ops.DeepCopy(x=samples)
    return race(forward, moving(lambda c, _: c)), race(both, moving(lambda c, a: (c, a)))


def compare_extractors(console: Console) -> None:
    """Print how the ways to sample maps compare, for all shapes."""
    forward_rows, both_rows = [], []
    for shape in SHAPES:
        forward, both = extractor_times(shape)
        own, name = forward["sparse_extractor"], "{} x {}, {}".format(*shape)
        # Four pixels are read and one is written for each location; the copy reads and writes five.
        moved = BATCH * shape[2] * shape[1] * 4 * 5
        speeds = [f"{moved / own / GIGA:.1f}", f"{2 * moved / forward['copy'] / GIGA:.1f}"]
        others = [f"{forward[other] / own:.1f}" for other in ("4 gather_nd", "gather", "XLA")]
        forward_rows.append([name, f"{own * 1e3:.2f}", *others, *speeds])
        own = both["sparse_extractor"]
        others = [f"{both[other] / own:.1f}" for other in ("4 gather_nd", "gather", "XLA")]
        both_rows.append([name, f"{own * 1e3:.2f}", *others])
    columns = ["map x channels, locations", "ms", "4 gather_nd", "gather", "XLA"]
    title = f"sparse_extractor, float32, batch of {BATCH}: ms, and times as long as others take"
    show(console, f"{title}; forward", [*columns, "GB/s", "copy's GB/s"], forward_rows)
    show(console, f"{title}; forward and backward", columns, both_rows)


def compare_unpooling(console: Console) -> None:
    """Print how the ways to unpool compare."""
    import tensorflow as tf

    from course_lib import ops

    maps = tf.random.normal((8, 112, 112, 64))
    pooled, argmax = tf.nn.max_pool_with_argmax(maps, 2, 2, "SAME", output_dtype=tf.int64, include_batch_in_index=True)
    shape = tf.shape(maps, tf.int64)
    flat, length = tf.reshape(argmax, (-1,)), tf.reduce_prod(shape)[None]
    native: Any = ops.library.load()
    forward: Ways = {
        "max_unpool": lambda _: native.pixelwise_max_unpool(pooled, argmax, shape, include_batch_in_index=True),
        "scatter_nd": lambda _: tf.scatter_nd(flat[:, None], tf.reshape(pooled, (-1,)), length),
        "fill the output": lambda i: tf.fill(shape, tf.cast(i, tf.float32)),
    }
    backward: Ways = {
        "gradient of max_unpool": lambda _: native.pixelwise_max_unpool_grad(maps, argmax, include_batch_in_index=True),
        "gather": lambda _: tf.gather(tf.reshape(maps, (-1,)), flat),
    }
    rows = []
    for ways in (forward, backward):
        both = cold(ways), race(ways, lambda _: pooled)
        first = [next(iter(times.values())) for times in both]
        for name in ways:
            cells = [(f"{t[name] * 1e3:.2f}", f"{t[name] / own:.2f}") for t, own in zip(both, first, strict=True)]
            rows.append([name, *cells[0], *cells[1]])
    show(console, UNPOOLING, ["way", "ms, cold caches", "ratio", "ms, in a row", "ratio"], rows)


def compare_ways_to_unpool(console: Console) -> None:
    """Print how the ways of `course_lib.unpooling` compare, in time of all processors: one of them uses several."""
    import tensorflow as tf

    from course_lib import unpooling

    maps = tf.random.normal((8, 112, 112, 64))
    pooled, argmax = unpooling.max_pool_with_switches(maps)
    forward: Ways = {}
    both: Ways = {}
    for way in (unpooling.max_unpool, unpooling.flat_unpool, unpooling.scatter_unpool, unpooling.sparse_unpool):

        def unpooled(values: Any, unpool: Callable[..., Any] = way) -> Any:
            return unpool(values, argmax, tuple(maps.shape))

        def trained(values: Any, unpooled: Way = unpooled) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(values)
                output = unpooled(values)
            return output, tape.gradient(output, values, maps)

        for ways, function in ((forward, unpooled), (both, trained)):
            ways[way.__name__] = partial(lambda graph, _: graph(pooled), tf.function(function, autograph=False))
    times = [cold(ways, turns=9, clock=time.process_time) for ways in (forward, both)]
    first = [taken["max_unpool"] for taken in times]
    rows = []
    for name in forward:
        cells = [(f"{t[name] * 1e3:.1f}", f"{t[name] / own:.1f}") for t, own in zip(times, first, strict=True)]
        rows.append([name, *cells[0], *cells[1]])
    columns = ["way", "ms, forward", "ratio", "ms, and backward", "ratio"]
    show(console, f"{UNPOOLING}; course_lib.unpooling, ms of processor time", columns, rows)


def vgg_maps() -> list[Any]:
    """Return random maps of VGG-16's sizes."""
    import tensorflow as tf

    return [tf.random.normal((1, IMAGE // scale, IMAGE // scale, channels)) for scale, channels in VGG16]


def sparse_training() -> Any:
    """Sample columns at some locations, and take the gradient for all maps."""
    import tensorflow as tf

    from course_lib import ops

    maps = vgg_maps()
    centroids = tf.random.uniform((1, LOCATIONS, 2), maxval=float(IMAGE))
    with tf.GradientTape() as tape:
        tape.watch(maps)
        columns = [ops.sparse_extractor(centroids, each, scale) for each, (scale, _) in zip(maps, VGG16, strict=True)]
        loss = tf.reduce_sum(tf.concat(columns, axis=-1))
    return tape.gradient(loss, maps)


def dense_inference() -> Any:
    """Make the columns of all pixels, without any gradient."""
    from course_lib.hypercolumns import dense_hypercolumn

    return dense_hypercolumn(vgg_maps(), (IMAGE, IMAGE), half_pixel_centers=False)


def peak(function: Callable[[], Any]) -> tuple[float, float]:
    """Run a function once; return the seconds, and the peak memory in GB beyond what TensorFlow itself takes."""
    import tensorflow as tf

    from course_lib import ops

    ops.library.load()
    tf.random.normal((1,))
    before, start = psutil.Process().memory_info().rss, time.perf_counter()
    function()
    seconds = time.perf_counter() - start
    return seconds, (peak_bytes() - before) / GIGA


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def compare_memory(console: Console) -> None:
    """Print the memory of sparse training and of the dense hypercolumn."""
    channels = sum(channels for _, channels in VGG16)
    dense = channels * IMAGE**2 * 4
    ways = {
        f"sparse training, {LOCATIONS} locations": sparse_training,
        "dense hypercolumn, no training": dense_inference,
    }
    rows = []
    for name, way in ways.items():
        if way is dense_inference and psutil.virtual_memory().available < 2.5 * dense:
            rows.append([name, "", f"not run: it needs {2.5 * dense / GIGA:.0f} GB free"])
            continue
        seconds, gigabytes = apart(peak, way)
        rows.append([name, f"{seconds:.2f}", f"{gigabytes:.2f}"])
    title = f"VGG-16 at {IMAGE} x {IMAGE}, {channels} channels, one image; the dense result is {dense / GIGA:.1f} GB"
    show(console, title, ["way", "s", "peak memory (GB)"], rows)


def load_time(folder: str) -> float:
    """Load the operations with a cache in a folder; return the seconds beyond TensorFlow's import."""
    os.environ["XDG_CACHE_HOME"] = folder
    os.environ.pop("TF_USER_OPS", None)
    import tensorflow as tf

    from course_lib.ops import library

    tf.zeros(())
    start = time.perf_counter()
    library.load()
    return time.perf_counter() - start


def compare_loading(console: Console) -> None:
    """Print how long it takes to build the operations, and to load them once they are built."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [[name, f"{apart(load_time, folder):.3f}"] for name in ("first, builds", "second")]
    show(console, "Loading, beyond TensorFlow's import", ["load", "s"], rows)


def main() -> None:
    """Print all comparisons."""
    console = Console()
    import tensorflow as tf

    from course_lib.ops import library

    tf.get_logger().setLevel("ERROR")  # many graphs are made here, and meant to be

    found = library.status()
    console.print(f"user operations: {found.variant}; {found.reason}")
    if not found.loaded:
        sys.exit(1)
    compare_extractors(console)
    compare_unpooling(console)
    compare_ways_to_unpool(console)
    compare_memory(console)
    compare_loading(console)


if __name__ == "__main__":
    main()
