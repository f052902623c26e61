"""Time and memory of a label map of 1000 classes by the full VGG-16, made fully convolutional, in one process."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet
from course_lib.memory import peak_bytes

SIDES, STRIDE, CLASSES, REPEATS = (640, 1024), 32, 1000, 3
GIGA = 1e9


def label_map(logits: Any) -> Any:
    """Label without enlarging the logits as a whole."""
    from course_lib import ops

    return ops.label_map(logits, STRIDE).numpy()


def enlarge_argmax(logits: Any) -> Any:
    """Enlarge the logits, then take the best class of each pixel."""
    import tensorflow as tf

    from course_lib.upsampling import transposed_upsample

    return tf.argmax(transposed_upsample(logits, STRIDE), axis=-1).numpy()


def seconds(function: Callable[[Any], Any], argument: Any) -> tuple[Any, float]:
    """Call a function; return its result and the median time of some calls."""
    result, times = None, []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = function(argument)
        times.append(time.perf_counter() - start)
    return result, median(times)


def measure(label: Callable[[Any], Any]) -> tuple[float, float, float, float]:
    """Build the classifier, convert it, and label a picture.

    Returns
    -------
    converting, network, labeling : float
        Seconds.
    gigabytes : float
        Peak memory of the process, with TensorFlow, the classifier and its converted form in it.
    """
    import numpy as np
    import tensorflow as tf

    from course_lib.networks import vgg16, vgg16_preprocess
    from course_lib.segmentation import to_fully_convolutional

    picture = np.random.default_rng(0).integers(0, 256, (1, *SIDES, 3), np.uint8)
    classifier = vgg16()
    start = time.perf_counter()
    network = to_fully_convolutional(classifier)
    converting = time.perf_counter() - start
    run = tf.function(network)  # gives back each map as soon as the next layer has used it
    logits, forward = seconds(run, tf.constant(vgg16_preprocess(picture)))
    _, labeling = seconds(label, logits)
    return converting, forward, labeling, peak_bytes() / GIGA


def main() -> None:
    """Print both ways to label, each in a separate process."""
    title = (
        f"VGG-16, {CLASSES} classes, {SIDES[0]} x {SIDES[1]} pixels\n"
        "share: labels / (network + labels); GB: peak of the whole process"
    )
    table = Table(title=title, title_justify="left")
    columns = ("way to label", "convert (s)", "network (s)", "labels (s)", "share", "GB")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    enlarged = SIDES[0] * SIDES[1] * CLASSES * 4
    for label in (label_map, enlarge_argmax):
        if label is enlarge_argmax and psutil.virtual_memory().available < 3 * enlarged:
            table.add_row(label.__name__, f"not run: it needs {3 * enlarged / GIGA:.0f} GB free")
            continue
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            converting, forward, labeling, gigabytes = pool.submit(measure, label).result()
        times = [f"{value:.2f}" for value in (converting, forward, labeling)]
        table.add_row(label.__name__, *times, f"{labeling / (forward + labeling):.1%}", f"{gigabytes:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
