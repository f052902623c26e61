"""The cost of coloring a picture, with and without hypercolumns at every pixel: time and memory."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import psutil
import tensorflow as tf
from numpy.typing import NDArray

from course_lib.color import denormalize_lab, lab_to_rgb
from course_lib.color.scale import AB_BOUND
from course_lib.hypercolumn_colorizer import dense, features, tiles
from course_lib.hypercolumn_colorizer.decoding import expected_color
from course_lib.hypercolumn_colorizer.head import head, standardize
from course_lib.hypercolumn_colorizer.targets import BINS
from course_lib.hypercolumns import dense_hypercolumn
from course_lib.integers import count
from course_lib.memory import peak_bytes

Floats = NDArray[np.float32]
KINDS = ("folded", "dense")
HEADS = 4
LEAST = 32
MB = 1e6


@dataclass(frozen=True, eq=False)
class Cost:
    """The cost of a picture.

    Attributes
    ----------
    seconds, processor_seconds : float
        The time of the fastest run.
    peak_mb : float
        The peak memory of the process (MB), less its memory before the first run.
    picture : ndarray
        The colored picture: RGB in [0, 1], ``(size, size, 3)``, float32.
    """

    seconds: float
    processor_seconds: float
    peak_mb: float
    picture: Floats


def coloring_cost(kind: str, size: int = 512, repeats: int = 2) -> Cost:
    """Measure the coloring of a made-up picture by VGG-16 and four heads, in a separate process.

    Both kinds do the same work with the same trunk, which runs once as a graph. The dense kind then upsamples all maps
    to the picture, joins them to hypercolumns of 1,473 channels, and applies the heads unchanged.

    Parameters
    ----------
    kind : {"folded", "dense"}
        Whether hidden units are upsampled, as `dense.strips` does it, or maps. The dense kind takes 3.5 GB at 512.
    size : int
        Height and width of the picture in pixels: a multiple of 16, 32 or more.
    repeats : int
        How often the picture is colored, after a small one that is not timed; 1 or more.

    Returns
    -------
    Cost
        Time, memory, and the picture, which is the same for both kinds up to rounding.

    Raises
    ------
    ValueError
        If an argument is not as above.
    RuntimeError
        If the process ends early, for example because memory runs out.
    """
    if kind not in KINDS:
        raise ValueError(f'expected kind "folded" or "dense", got {kind!r}')
    if count("size", size, least=LEAST) % features.MULTIPLE:
        raise ValueError(f"expected size to be a multiple of {features.MULTIPLE}, got {size}")
    task = {"kind": kind, "size": int(size), "repeats": count("repeats", repeats)}
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.npy"
        command = [sys.executable, "-m", __name__, json.dumps({**task, "path": str(picture)})]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            words = done.stderr.strip()[-500:]
            raise RuntimeError(f"expected the {kind} kind to run, got exit {done.returncode}: {words}")
        return Cost(**json.loads(done.stdout.splitlines()[-1]), picture=np.load(picture))


def main() -> None:
    """Color the picture that the command line describes; print seconds and memory as JSON."""
    task = json.loads(sys.argv[1])
    tf.config.threading.set_inter_op_parallelism_threads(1)
    trunk = features.trunk()
    heads = _heads(trunk)
    color = _folded(trunk, heads) if task["kind"] == "folded" else _dense(trunk, heads)
    L = _lightness(task["size"])
    color(L[:LEAST, :LEAST])  # TensorFlow loads what it needs for that
    before = psutil.Process().memory_info().rss
    times = []
    for _ in range(task["repeats"]):
        start, processor_start = time.perf_counter(), time.process_time()
        ab = color(L)
        times.append((time.perf_counter() - start, time.process_time() - processor_start))
    peak = (peak_bytes() - before) / MB
    np.save(task["path"], lab_to_rgb(denormalize_lab(np.concatenate([L, ab / AB_BOUND], axis=-1))))
    seconds, processor_seconds = (min(each) for each in zip(*times, strict=True))
    print(json.dumps({"seconds": seconds, "processor_seconds": processor_seconds, "peak_mb": peak}))


def _lightness(size: int) -> Floats:
    """Make a picture of waves: normalized L, ``(size, size, 1)``."""
    y, x = np.mgrid[:size, :size] / size
    return (0.6 * np.sin(40 * x * y + 9 * x) * np.cos(25 * y * (1 - x)))[..., None].astype(np.float32)


def _heads(trunk: keras.Model) -> list[keras.Model]:
    """Make heads that are not trained, but standardize the channels as trained ones do."""
    sites = np.random.default_rng(0).integers(128, size=(1000, 2))
    columns = features.columns(trunk, _lightness(128), sites)
    heads = [head(columns.shape[-1], seed=seed) for seed in range(HEADS)]
    for each in heads:
        standardize(each, columns)
    return heads


def _folded(trunk: keras.Model, heads: list[keras.Model]) -> Callable[[Floats], Floats]:
    """Color in the same way as `HypercolumnColorizer`."""
    folded = dense.fold(heads)
    return lambda L: tiles.colors(trunk, folded, L)


def _dense(trunk: keras.Model, heads: list[keras.Model]) -> Callable[[Floats], Floats]:
    """Color with the hypercolumns of all pixels, one head after the other."""

    @tf.function(autograph=False)
    def hypercolumns(maps: features.Maps) -> tf.Tensor:
        return tf.reshape(dense_hypercolumn(maps, maps[-1].shape[1:3]), (-1, features.channels(trunk)))

    def graph(head: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
        return tf.function(
            lambda columns: tf.nn.softmax(tf.reshape(head(columns, training=False), (-1, 2, BINS))), autograph=False
        )

    graphs = [graph(each) for each in heads]

    def color(L: Floats) -> Floats:
        columns = hypercolumns(features.maps(trunk, L))
        hue, chroma = tf.unstack(sum(each(columns) for each in graphs) / len(graphs), axis=1)
        return expected_color(hue.numpy(), chroma.numpy()).reshape(*L.shape[:2], 2)

    return color


if __name__ == "__main__":
    main()
