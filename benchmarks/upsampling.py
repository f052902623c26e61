"""Time and peak memory of the ways to upsample logits by 32, each in a separate process."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet
from course_lib.memory import peak_bytes

FACTOR = 32
REPEATS = 5
Logits = NDArray[np.float32]


def dense(x: Logits) -> Any:
    """Upsample by a transposed convolution with a kernel for every pair of classes."""
    import tensorflow as tf

    from course_lib.upsampling import bilinear_class_weights

    batch, height, width, classes = x.shape
    shape = [batch, height * FACTOR, width * FACTOR, classes]
    return tf.nn.conv2d_transpose(x, bilinear_class_weights(FACTOR, classes), shape, FACTOR, "SAME").numpy()


def depthwise(x: Logits) -> Any:
    """Upsample with the library's layer."""
    from course_lib.upsampling import transposed_upsample

    return transposed_upsample(x, FACTOR).numpy()


def label_map(x: Logits) -> Any:
    """Label with the user operation."""
    from course_lib import ops

    return ops.label_map(x, FACTOR).numpy()


def skimage_rescale(x: Logits) -> Any:
    """Upsample with the reference of unit 03 (bilinear, zeros outside)."""
    from skimage.transform import rescale

    return rescale(x[0], FACTOR, order=1, mode="constant", cval=0, clip=False, channel_axis=2)


def image_resize(x: Logits) -> Any:
    """Upsample with TensorFlow's own resize (bilinear, edge repeated)."""
    import tensorflow as tf

    return tf.image.resize(x, (x.shape[1] * FACTOR, x.shape[2] * FACTOR)).numpy()


def measure(function: Callable[[Logits], Any], shape: tuple[int, ...]) -> tuple[float, float]:
    """Run a function on random logits.

    Returns
    -------
    seconds : float
        Median over the repeats; the first call, which loads code, is one of them.
    megabytes : float
        Peak memory beyond what the process held before the first call; the result counts.
    """
    small = np.zeros((1, 1, 1, 2), np.float32)
    function(small)  # loads the libraries
    x = np.random.default_rng(0).random(shape, dtype=np.float32)
    before = peak_bytes()
    repeats = 1 if function is dense else REPEATS
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function(x)
        times.append(time.perf_counter() - start)
    return median(times), (peak_bytes() - before) / 1e6


def compare(console: Console, title: str, shape: tuple[int, ...], functions: list[Callable[[Logits], Any]]) -> None:
    """Measure some functions on one shape, and print them beside the first one."""
    table = Table(title=title, title_justify="left")
    for column in ("way", "seconds", "ratio", "peak memory (MB)", "ratio"):
        table.add_column(column, justify="left" if column == "way" else "right", no_wrap=True)
    first: tuple[float, float] | None = None
    for function in functions:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            seconds, megabytes = pool.submit(measure, function, shape).result()
        first = first or (seconds, megabytes)
        table.add_row(
            function.__name__,
            f"{seconds:.3f}",
            f"{seconds / first[0]:.2f}",
            f"{megabytes:.0f}",
            f"{megabytes / first[1]:.2f}",
        )
    console.print(table)


def main() -> None:
    """Print all comparisons."""
    console = Console()
    for classes in (21, 100, 400):
        title = f"12 × 16 logits of {classes} classes, times {FACTOR}; the ratios are to depthwise"
        compare(console, title, (1, 12, 16, classes), [depthwise, dense, label_map, skimage_rescale, image_resize])


if __name__ == "__main__":
    main()
