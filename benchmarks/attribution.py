"""Time of an occlusion map beside covering and predicting one position at a time, in one process.

The photograph has 224 x 224 pixels, the classifier is EfficientNet-Lite0, and a patch of 28 x 28 pixels at a stride of
16 has 196 positions. Ways take turns, so that what slows the machine down slows all of them.

- `occlusion_map`: the library's function; every call copies the model and traces its graph, which counts
- `predict`: one `model.predict` a position
- `predict_on_batch`: the same without what `predict` sets up in every call
- `call`: one eager call of the model a position
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet

SIDE, PATCH, STRIDE = 224, 28, 16
STARTS = [*range(0, SIDE - PATCH, STRIDE), SIDE - PATCH]
TURNS = 3
CLASS = 967  # espresso

Model = Callable[[Any], Any]  # from one image to its scores


def one_at_a_time(model: Model, image: Any) -> Any:
    """Cover the image at one position after the other; return the mean fall of the score for each pixel."""
    whole = model(image[None])[0, CLASS]
    totals, patches = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    for top in STARTS:
        for left in STARTS:
            inside = np.s_[top : top + PATCH, left : left + PATCH]
            covered = image.copy()
            covered[inside] = 0
            totals[inside] += whole - model(covered[None])[0, CLASS]
            patches[inside] += 1
    return totals / patches


def main() -> None:
    """Print the median seconds of each way, and how they compare with the library's."""
    from skimage.data import coffee
    from skimage.transform import resize

    from course_lib.attribution import occlusion_map
    from course_lib.networks import efficientnet_lite0, efficientnet_lite0_preprocess

    network = efficientnet_lite0()
    photograph = resize(coffee(), (SIDE, SIDE), anti_aliasing=True, preserve_range=True)
    image = np.asarray(efficientnet_lite0_preprocess(photograph))
    ways: dict[str, Callable[[], Any]] = {
        "occlusion_map": lambda: occlusion_map(network, image[None], patch=PATCH, stride=STRIDE, channel=CLASS)[0],
        "predict": lambda: one_at_a_time(lambda images: network.predict(images, verbose=0), image),
        "predict_on_batch": lambda: one_at_a_time(network.predict_on_batch, image),
        "call": lambda: one_at_a_time(lambda images: network(images).numpy(), image),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    maps: dict[str, Any] = {}
    for _ in range(TURNS):
        for name, way in ways.items():
            start = time.perf_counter()
            maps[name] = way()
            times[name].append(time.perf_counter() - start)
    for name, found in maps.items():
        np.testing.assert_allclose(found, maps["predict"], atol=1e-3, err_msg=name)
    title = f"Occlusion map: {SIDE} x {SIDE} pixels, {len(STARTS) ** 2} positions, EfficientNet-Lite0"
    table = Table(title=title, title_justify="left")
    for column in ("way", "s", "times as long"):
        table.add_column(column, justify="left" if column == "way" else "right", no_wrap=True)
    for name, taken in times.items():
        table.add_row(name, f"{median(taken):.2f}", f"{median(taken) / median(times['occlusion_map']):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
