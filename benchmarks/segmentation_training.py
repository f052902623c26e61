"""Accuracy and seconds of FCN heads on frozen features, on mosaics of textures, tested on parts that nobody trained on.

Both networks have the same heads, mosaics and schedule: what differs is what their features were trained for. The
better one is then given four times as many mosaics; its steps stay the same.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import course_lib  # noqa: F401 - keeps TensorFlow quiet
from course_lib.images import TEXTURE_CLASSES, texture_mosaics
from course_lib.networks import (
    EFFICIENTNET_LITE0_STAGES,
    VGG16_STAGES,
    efficientnet_lite0,
    efficientnet_lite0_preprocess,
    vgg16,
    vgg16_preprocess,
)
from course_lib.segmentation import (
    Schedule,
    evaluate,
    examples,
    mean_iou,
    pixel_accuracy,
    train_stages,
    trunk,
)

SEEDS = (0, 1, 2)
SIDE, TEST, STEPS = 224, 32, 120
FEW, MANY = 48, 192  # mosaics to train on


@dataclass(frozen=True)
class Network:
    """A trained network whose maps the heads are trained on."""

    name: str
    load: Callable[[], keras.Model]
    stages: dict[int, str]
    preprocess: Callable[[NDArray[np.uint8]], NDArray[np.float32]]


NETWORKS = (
    Network(
        "EfficientNet-Lite0, trained on ImageNet",
        lambda: efficientnet_lite0(include_top=False),
        EFFICIENTNET_LITE0_STAGES,
        efficientnet_lite0_preprocess,
    ),
    Network(
        "VGG-16, trained on ImageNet, then on edges",
        lambda: vgg16("hed", include_top=False),
        VGG16_STAGES,
        vgg16_preprocess,
    ),
)


def compare(network: Network, mosaics: int) -> Table:
    """Train and test the three heads with each seed."""
    maps = trunk(network.load(), network.stages)

    def features(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        computed: dict[str, NDArray[np.float32]] = maps.predict(network.preprocess(images), batch_size=8, verbose=0)
        return computed

    table = Table(title=f"{network.name}; {mosaics} mosaics, {STEPS} steps a head", title_justify="left")
    for column in ("seed", "32s", "16s", "8s", "mean IU of 8s", "s for features", "s for heads"):
        table.add_column(column, justify="right")
    for seed in SEEDS:
        images, labels = examples(texture_mosaics(mosaics, SIDE, seed, "train"), SIDE)
        unseen, truth = examples(texture_mosaics(TEST, SIDE, seed, "test"), SIDE)
        start = time.perf_counter()
        known = features(images)
        computed = time.perf_counter()
        heads = train_stages(known, labels, len(TEXTURE_CLASSES), Schedule(STEPS, seed=seed))
        trained = time.perf_counter()
        new = features(unseen)
        scores = [evaluate(head, new, truth) for head in heads.values()]
        table.add_row(
            str(seed),
            *(f"{pixel_accuracy(matrix):.3f}" for matrix in scores),
            f"{mean_iou(scores[-1]):.3f}",
            f"{computed - start:.0f}",
            f"{trained - computed:.0f}",
        )
    return table


def main() -> None:
    """Print a table for each network, and one for more mosaics."""
    console = Console()
    console.print(f"Pixel accuracy on {TEST} mosaics of unseen parts, {len(TEXTURE_CLASSES)} textures\n")
    for network, mosaics in ((NETWORKS[0], FEW), (NETWORKS[1], FEW), (NETWORKS[0], MANY)):
        console.print(compare(network, mosaics))


if __name__ == "__main__":
    main()
