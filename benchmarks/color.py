"""Time of sRGB to Lab and back: the library's functions beside scikit-image's, in turns, on one batch of images."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet

BATCH = (32, 256, 256, 3)
TURNS = 9
Ways = dict[str, Callable[[Any], Any]]


def race(ways: Ways, x: Any) -> dict[str, float]:
    """Run some ways in turns, so that what slows the machine down slows all of them.

    Returns
    -------
    dict[str, float]
        Median seconds of each way. A first call of each, which loads code, is left out.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(TURNS + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way(x)
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: median(taken) for name, taken in times.items()}


def compare(console: Console, title: str, ways: Ways, x: Any) -> None:
    """Time some ways on one array, and print them beside the last one."""
    seconds = race(ways, x)
    slowest = list(seconds.values())[-1]
    table = Table(title=title, title_justify="left")
    for column in ("way", "ms", "times as fast"):
        table.add_column(column, justify="left" if column == "way" else "right", no_wrap=True)
    for name, taken in seconds.items():
        table.add_row(name, f"{taken * 1e3:.1f}", f"{slowest / taken:.1f}")
    console.print(table)


def main() -> None:
    """Print all comparisons."""
    from skimage.color import lab2rgb, rgb2lab

    from course_lib.color import lab_to_rgb, rgb_to_lab, tensors

    console = Console()
    rgb = np.random.default_rng(0).integers(0, 256, BATCH, dtype=np.uint8)
    there: Ways = {"rgb_to_lab": rgb_to_lab, "tensors.rgb_to_lab": tensors.rgb_to_lab, "scikit-image": rgb2lab}
    compare(console, f"uint8 sRGB to Lab, {BATCH}", there, rgb)
    back: Ways = {"lab_to_rgb": lab_to_rgb, "tensors.lab_to_rgb": tensors.lab_to_rgb, "scikit-image": lab2rgb}
    compare(console, f"float32 Lab to sRGB, {BATCH}", back, rgb_to_lab(rgb))


if __name__ == "__main__":
    main()
