"""Labeled images of one size, for training, from texture mosaics, PASCAL VOC or any other source."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

IGNORE = 255


def examples(
    source: Iterable[tuple[str, NDArray[np.uint8], NDArray[np.integer]]], size: int | tuple[int, int], seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Bring labeled images to one size, for a training that keeps them all in memory.

    Larger images are cropped at a random place. Smaller ones are padded at the bottom and on the right: with black, and
    with the label 255, which does not count.

    Parameters
    ----------
    source : iterable of (str, ndarray, ndarray)
        Name, image ``(H, W, 3)`` uint8, labels ``(H, W)`` in [0, 255], such as `texture_mosaics` or `Voc`.
    size : int or (int, int)
        The side, or height and width, in pixels; multiples of 32 for `trunk`.
    seed : int
        0 or more; determines the places.

    Returns
    -------
    images : ndarray
        Shape ``(N, height, width, 3)``, uint8.
    labels : ndarray
        Shape ``(N, height, width)``, uint8.

    Raises
    ------
    ValueError
        If there is no image, or a label is out of bounds.
    """
    sides = np.broadcast_to(size, 2)
    windows = []
    for index, (name, image, labels) in enumerate(source):
        if labels.min(initial=0) < 0 or labels.max(initial=0) > IGNORE:
            raise ValueError(f"expected labels in [0, {IGNORE}], got {labels.min()} to {labels.max()} in {name}")
        corner = np.random.default_rng([seed, index]).integers(np.maximum(labels.shape - sides, 0) + 1)
        window = tuple(slice(start, start + side) for start, side in zip(corner, sides, strict=True))
        below, right = sides - labels[window].shape
        padding = [(0, below), (0, right)]
        windows.append(
            (
                np.pad(image[window], [*padding, (0, 0)]),
                np.pad(labels[window], padding, constant_values=IGNORE).astype(np.uint8),
            )
        )
    if not windows:
        raise ValueError("expected labeled images, got none")
    images, maps = zip(*windows, strict=True)
    return np.stack(images), np.stack(maps)
