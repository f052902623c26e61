"""Labels of coarse logits: processor time and memory of `ops.label_map` and of other ways, side by side."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
import psutil
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet
from course_lib.memory import peak_bytes

FACTOR, HEIGHT, WIDTH = 32, 20, 32
QUICK, SLOW = 20, 3  # calls of the operation, and of each other way
OWN = "ops.label_map"
Logits = NDArray[np.float32]
Way = Callable[[Logits], Any]


class Cost(NamedTuple):
    """What the cheapest of several calls took, in seconds."""

    processor: float
    wall: float


def numpy_rows(logits: Logits) -> NDArray[np.int64]:
    """Upsample one row of pixels after the other with NumPy: the label map before there was an operation."""
    across, down = interpolation(logits.shape[2]), interpolation(logits.shape[1])
    labels = np.empty((len(logits), len(down), len(across)), np.int64)
    for image, result in zip(logits, labels, strict=True):
        wide: dict[int, Logits] = {}
        for row, weights in enumerate(down):
            first, *second = np.flatnonzero(weights).tolist()
            for near in (first, *second):
                if near not in wide:
                    wide = {key: value for key, value in wide.items() if key >= first}
                    wide[near] = across @ image[near]
            pixels = wide[first] * weights[first]
            for near in second:
                pixels += wide[near] * weights[near]
            result[row] = pixels.argmax(axis=-1)
    return labels


def interpolation(size: int) -> Logits:
    """Matrix ``(size * FACTOR, size)`` that upsamples one axis, with zeros outside."""
    pixel, entry = np.indices((size * FACTOR, size))
    distance = np.abs((pixel + 0.5) / FACTOR - 0.5 - entry)
    return np.maximum(0, 1 - distance).astype(np.float32)


def operation(logits: Logits) -> Any:
    """Label with the operation."""
    from course_lib import ops

    return ops.label_map(logits, FACTOR).numpy()


def fallback(logits: Logits) -> Any:
    """Label with the TensorFlow version, row by row."""
    import tensorflow as tf

    from course_lib.ops import reference

    return reference.label_map(tf.constant(logits), FACTOR).numpy()


def transposed(logits: Logits) -> Any:
    """Upsample everything with the layer of the library, then take the best class."""
    import tensorflow as tf

    from course_lib.upsampling import transposed_upsample

    return tf.argmax(transposed_upsample(logits, FACTOR), axis=-1).numpy()


def resized(logits: Logits) -> Any:
    """Upsample everything with TensorFlow's resize, then take the best class."""
    import tensorflow as tf

    size = (logits.shape[1] * FACTOR, logits.shape[2] * FACTOR)
    return tf.argmax(tf.image.resize(logits, size), axis=-1).numpy()


def interpolated(logits: Logits) -> Any:
    """Upsample everything with PyTorch's interpolate, then take the best class."""
    torch: Any = import_module("torch")  # too large to install for this alone: no part of peers.txt
    channels_first = torch.from_numpy(np.ascontiguousarray(logits.transpose(0, 3, 1, 2)))
    wide = torch.nn.functional.interpolate(channels_first, scale_factor=FACTOR, mode="bilinear", align_corners=False)
    return wide.argmax(dim=1).numpy()


WAYS: dict[str, Way] = {
    OWN: operation,
    "NumPy, row by row (before)": numpy_rows,
    "TensorFlow, row by row (the fallback)": fallback,
    "transposed_upsample, argmax": transposed,
    "tf.image.resize, argmax": resized,
}
if find_spec("torch"):
    WAYS["torch interpolate, argmax"] = interpolated


def times(logits: Logits) -> dict[str, Cost]:
    """Run all ways in turns, in one process."""
    costs: dict[str, list[Cost]] = {name: [] for name in WAYS}
    for way in WAYS.values():
        way(logits[:, :2, :2])  # loads code
    for _ in range(SLOW):
        for name, way in WAYS.items():
            for _ in range(QUICK if name == OWN else 1):
                processor, wall = time.process_time(), time.perf_counter()
                way(logits)
                costs[name].append(Cost(time.process_time() - processor, time.perf_counter() - wall))
    return {name: Cost(*map(min, zip(*all_of_it, strict=True))) for name, all_of_it in costs.items()}


def memory(name: str, logits: Logits) -> float:
    """Return the peak memory of a way beyond input and output, in MB."""
    WAYS[name](logits[:, :2])  # loads code, starts threads
    # What was in use once, while libraries were loaded, is to hide nothing.
    ballast = np.ones(max(0, peak_bytes() - psutil.Process().memory_info().rss), np.uint8)
    before = peak_bytes()
    labels = WAYS[name](logits)
    after = peak_bytes()
    del ballast
    return (after - before - labels.nbytes) / 1e6


@contextmanager
def new_process(threads: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """Start a process, with as many threads in each library if a number is given."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    os.environ.update(dict.fromkeys(names, str(threads)) if threads else {})
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            yield pool
    finally:
        for name in names if threads else ():
            del os.environ[name]


def photograph() -> Logits:
    """Score a photograph of 640 x 1024 pixels with EfficientNet-Lite0, at every position."""
    from skimage.data import coffee
    from skimage.transform import resize

    from course_lib.networks import efficientnet_lite0, efficientnet_lite0_preprocess

    image = resize(coffee(), (HEIGHT * FACTOR, WIDTH * FACTOR), preserve_range=True)
    features = efficientnet_lite0(include_top=False)(efficientnet_lite0_preprocess(image)[None]).numpy()
    weights, bias = efficientnet_lite0().get_layer("predictions").get_weights()
    return np.asarray(features @ weights + bias, np.float32)


def compare(console: Console, title: str, logits: Logits) -> None:
    """Print the cost of all ways for some logits."""
    with new_process(threads=1) as pool:
        alone = pool.submit(times, logits).result()
    with new_process() as pool:
        free = pool.submit(times, logits).result()
    table = Table(title=title, title_justify="left")
    table.add_column("way")
    for column in ("1 thread: CPU ms", "ratio", "all threads: CPU ms", "ratio", "wall ms"):
        table.add_column(column, justify="right")
    for name in WAYS:
        cells = [
            text
            for costs in (alone, free)
            for text in (
                f"{costs[name].processor * 1e3:.2f}",
                f"{costs[name].processor / costs[OWN].processor:.1f}",
            )
        ]
        table.add_row(name, *cells, f"{free[name].wall * 1e3:.2f}")
    console.print(table)


def compare_memory(console: Console, title: str, logits: Logits) -> None:
    """Print the peak memory of all ways, each in a separate process."""
    table = Table("way", "MB", title=title, title_justify="left")
    for name in WAYS:
        with new_process() as pool:
            table.add_row(name, f"{pool.submit(memory, name, logits).result():.1f}")
    console.print(table)


def main() -> None:
    """Print all comparisons."""
    console = Console()
    if not find_spec("torch"):
        console.print("torch cannot be imported here: its interpolate is left out")
    random = np.random.default_rng(0).random((1, HEIGHT, WIDTH, 1000), np.float32)
    real = photograph()
    likely = np.sort(np.argsort(-real.max(axis=(0, 1, 2)))[:21])
    kinds = {"random": (random, random[..., :21]), "EfficientNet-Lite0 on a photograph": (real, real[..., likely])}
    for kind, both in kinds.items():
        for logits in both:
            title = f"{HEIGHT} x {WIDTH} logits of {logits.shape[-1]} classes, times {FACTOR}; {kind}"
            compare(console, f"{title}; ratio to {OWN}", np.ascontiguousarray(logits))
    compare_memory(console, "peak memory beyond input and output, 1000 classes, random", random)


if __name__ == "__main__":
    main()
