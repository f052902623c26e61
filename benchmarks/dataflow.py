"""Images a second from JPEG files to batches of normalized Lab: the library's ways, their peers, and decoding alone.

Each way has a process of its own: some fork, which TensorFlow does not take, and tensorpack must not find TensorFlow.
They take turns, so that what slows the machine down slows all of them; the first turn, to warm up, does not count. A
way that waits for its turn does nothing, as its buffers are full, and uses up what they hold before its time is taken.
"""

import functools
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet
from benchmarks.dataflow_ways import BATCH, LIMIT, PEERS, SIZE, WAYS, Batches

SHAPES = [(256, 256), (375, 500)]
FILES, TIMES = 320, 20  # an epoch takes every file many times, so that its ends weigh little
TURNS, WARM_UP, SECONDS = 5, 0.4, 0.8
CHECKED = 2 * BATCH
TOLERANCE = 0.01  # half a unit of L, one of a and b

Pools = dict[str, ProcessPoolExecutor]


def write_photographs(folder: Path, shape: tuple[int, int]) -> None:
    """Fill a new folder with crops of scikit-image's photographs."""
    from course_lib.images import photographs

    rng = np.random.default_rng(0)
    folder.mkdir()
    images = [image for _, image in photographs() if np.all(np.array(image.shape[:2]) >= shape)]
    for number in range(FILES):
        image = images[number % len(images)]
        top, left = (rng.integers(outer - inner + 1) for outer, inner in zip(image.shape[:2], shape, strict=True))
        crop = image[top : top + shape[0], left : left + shape[1]]
        Image.fromarray(crop).save(folder / f"{number:03}.jpg", quality=90)


def names_in(folder: Path) -> list[str]:
    """List the files of a folder."""
    return sorted(map(str, folder.iterdir()))


def expected_lab(files: list[str]) -> NDArray[np.float32]:
    """Decode with Pillow and convert with scikit-image."""
    from skimage.color import rgb2lab

    lab = np.stack([rgb2lab(np.array(Image.open(file))) for file in files])
    return (lab / [50, 110, 110] - [1, 0, 0]).astype(np.float32)


def first_batches(way: str, files: list[str]) -> list[tuple[NDArray[Any], ...]]:
    """Take as many batches as hold the files once."""
    batches = WAYS[way](files)
    return [tuple(map(np.asarray, next(batches))) for _ in range(len(files) // BATCH)]


def check(batches: list[tuple[NDArray[Any], ...]], expected: NDArray[np.float32]) -> None:
    """Compare batches with what is expected, in any order: tensorpack's workers do not keep it.

    Raises
    ------
    ValueError
        If a shape or type is different, or an image is not one of those expected.
    """
    shapes = [((BATCH, *SIZE, channels), np.dtype(np.float32)) for channels in (1, 2)]
    for batch in batches:
        got = [(array.shape, array.dtype) for array in batch]
        if got != shapes:
            raise ValueError(f"expected batches of {shapes}, got {got}")
        for lab in np.concatenate(batch, axis=-1):
            away = np.abs(expected - lab).max(axis=(1, 2, 3)).min()
            if not away <= TOLERANCE:
                raise ValueError(f"expected one of the photographs, got an image {away:.3f} away from the nearest one")


@functools.cache
def stream(way: str, folder: Path) -> Batches:
    """Return the batches of a way, which go on from turn to turn."""
    return WAYS[way](names_in(folder) * TIMES)


def speed(way: str, folder: Path) -> float:
    """Take batches for a while, and return the images a second."""
    batches = stream(way, folder)
    start = time.perf_counter()
    while time.perf_counter() - start < WARM_UP:
        next(batches)
    start, taken = time.perf_counter(), 0
    while (passed := time.perf_counter() - start) < SECONDS:
        next(batches)
        taken += BATCH
    return taken / passed


def compare(console: Console, pools: Pools, shape: tuple[int, int], folder: Path) -> None:
    """Let all ways take turns, and print how fast they are."""
    turns = [{way: pool.submit(speed, way, folder).result() for way, pool in pools.items()} for _ in range(TURNS + 1)]
    speeds = {way: median(turn[way] for turn in turns[1:]) for way in pools}
    title = f"JPEG files, {shape[1]} x {shape[0]}, to batches of {BATCH} x {SIZE[0]} x {SIZE[1]}"
    table = Table(title=title, title_justify="left")
    for column in ("way", "images/s", "of image_dataset", f"of {LIMIT}"):
        table.add_column(column, justify="left" if column == "way" else "right", no_wrap=True)
    for way, images in speeds.items():
        ratios = [f"{images / speeds[other]:.2f}" for other in ("image_dataset", LIMIT)]
        table.add_row(way, f"{images:.0f}", *ratios)
    console.print(table)


def main() -> None:
    """Check that all ways give the same, and print how fast they are."""
    console = Console()
    ways = list(WAYS)
    if not (PEERS / "ready").exists():
        ways = [way for way in ways if "tensorpack" not in way]
        console.print("without tensorpack, which `make bench` installs into build/peers")
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folders = {shape: Path(place) / "x".join(map(str, shape)) for shape in SHAPES}
        for shape, folder in folders.items():
            write_photographs(folder, shape)
        pools = {way: stack.enter_context(ProcessPoolExecutor(1, get_context("spawn"))) for way in ways}
        files = names_in(folders[SIZE])[:CHECKED]
        expected = expected_lab(files)
        for way, pool in pools.items():
            if way != LIMIT:
                check(pool.submit(first_batches, way, files).result(), expected)
        for shape, folder in folders.items():
            compare(console, pools, shape, folder)
        for pool in pools.values():
            pool.submit(stream.cache_clear).result()  # ends the workers


if __name__ == "__main__":
    main()
