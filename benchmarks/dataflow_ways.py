"""What `benchmarks/dataflow.py` compares: the library's ways from JPEG files to batches, their peers, and the limit.

Each takes the names of files and yields batches without end: L ``(B, H, W, 1)`` and ab ``(B, H, W, 2)``, float32 in
[-1, 1].
"""

import functools
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE, BATCH = (256, 256), 32
WORKERS = os.cpu_count() or 1
PEERS = Path(__file__).resolve().parent.parent / "build" / "peers"

Batches = Iterator[Any]


def endless(batches: Iterable[Any]) -> Batches:
    """Go over batches again and again."""
    while True:
        yield from batches


def image_dataset(files: list[str]) -> Batches:
    """Do all of it in the graph of tf.data."""
    from course_lib import dataflow

    return endless(dataflow.image_dataset(files, SIZE, BATCH))


def dataflow(files: list[str], mode: Any) -> Batches:
    """Read, resize and convert with the library's nodes, in workers."""
    from course_lib import dataflow as df
    from course_lib.color import normalize_lab, rgb_to_lab, split_lab

    images = df.AugmentImageComponent(df.ImageFromFile(files), [df.Resize(SIZE)])
    lab = df.MapData(images, lambda datapoint: split_lab(normalize_lab(rgb_to_lab(datapoint[0]))))
    return iter(df.BatchData(df.PrefetchData(df.RepeatedData(lab, -1), 2 * BATCH, WORKERS, mode), BATCH))


def decoded(files: list[str]) -> Any:
    """Make a dataset of the images, as they are in the files."""
    import tensorflow as tf

    def decode(path: Any) -> Any:
        return tf.io.decode_jpeg(tf.io.read_file(path), channels=3, dct_method="INTEGER_ACCURATE")

    return tf.data.Dataset.from_tensor_slices(files).map(decode, num_parallel_calls=tf.data.AUTOTUNE)


def numpy_function(files: list[str]) -> Batches:
    """Decode and resize in tf.data, and convert each image with scikit-image, called from the graph."""
    import tensorflow as tf
    from skimage.color import rgb2lab

    def convert(rgb: Any) -> Any:
        resized = tf.cast(tf.round(tf.image.resize(rgb, SIZE, method="area")), tf.uint8)
        lab = tf.numpy_function(lambda image: rgb2lab(image).astype(np.float32), [resized], tf.float32)
        lab = tf.ensure_shape(lab, (*SIZE, 3))
        return lab[..., :1] / 50 - 1, lab[..., 1:] / 110

    dataset = decoded(files).map(convert, num_parallel_calls=tf.data.AUTOTUNE)
    return endless(dataset.batch(BATCH).prefetch(tf.data.AUTOTUNE))


def tensorpack(files: list[str], mapper: str) -> Batches:
    """Read, resize and convert with OpenCV, in tensorpack's workers."""
    sys.modules["tensorflow"] = None  # type: ignore[assignment]  # else it looks for what only TensorFlow 1 had
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - it prints that there is no TensorFlow, and more, to the end
    sys.path.append(str(PEERS))
    import cv2  # type: ignore[import-not-found]
    from tensorpack import dataflow as df  # type: ignore[import-not-found]

    multiprocessing.set_start_method("fork", force=True)  # what tensorpack is written for
    cv2.setNumThreads(0)  # the workers are parallel already
    normalize = np.array([[1 / 50, 0, 0, -1], [0, 1 / 110, 0, 0], [0, 0, 1 / 110, 0]], np.float32)

    def convert(datapoint: list[str]) -> list[NDArray[Any]]:
        bgr = cv2.resize(cv2.imread(datapoint[0]), SIZE[::-1], interpolation=cv2.INTER_AREA)
        unit = np.multiply(bgr, np.float32(1 / 255), dtype=np.float32)
        L, a, b = cv2.split(cv2.transform(cv2.cvtColor(unit, cv2.COLOR_BGR2Lab), normalize))
        return [L[..., None], cv2.merge([a, b])]

    names = df.DataFromList([[file] for file in files], shuffle=False)
    batches = df.BatchData(getattr(df, mapper)(names, WORKERS, convert, buffer_size=2 * BATCH), BATCH)
    batches.reset_state()
    return endless(batches)


def decode_alone(files: list[str]) -> Batches:
    """Decode and batch, in uint8; for images of one size."""
    import tensorflow as tf

    return endless(decoded(files).batch(BATCH).prefetch(tf.data.AUTOTUNE))


LIMIT = "decode alone"
WAYS: dict[str, Callable[[list[str]], Batches]] = {
    "image_dataset": image_dataset,
    f"DataFlow, {WORKERS} threads": functools.partial(dataflow, mode="thread"),
    f"DataFlow, {WORKERS} processes": functools.partial(dataflow, mode="process"),
    "tf.data, scikit-image": numpy_function,
    f"tensorpack, {WORKERS} threads": functools.partial(tensorpack, mapper="MultiThreadMapData"),
    f"tensorpack, {WORKERS} processes": functools.partial(tensorpack, mapper="MultiProcessMapData"),
    LIMIT: decode_alone,
}
