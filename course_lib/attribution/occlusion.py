"""Occlusion: how much a score falls when a patch covers a part of the image [1]_.

All positions are scored in batches by one traced function. For 196 positions in a photograph of 224 x 224 pixels,
EfficientNet-Lite0 and two cores, one run of `benchmarks/attribution.py` took 3.0 s; one `model.predict` per position
took 5.5 times as long, one eager call 9.1 times, and one `model.predict_on_batch` 1.5 times.

References
----------
.. [1] Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, arXiv 1311.2901.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.attribution.progress import progress_bar
from course_lib.attribution.score import Channel, Place, Score, as_images, scores
from course_lib.integers import count

__all__ = ["occlusion_map"]

Pair = tuple[int, int]


def occlusion_map(  # noqa: PLR0913 - what the others take, and the patch
    model: keras.Model,
    images: ArrayLike | tf.Tensor,
    *,
    patch: int | Pair,
    stride: int | Pair,
    fill: ArrayLike = 0.0,
    layer: str | None = None,
    channel: Channel = None,
    place: Place = None,
    batch_size: int = 32,
) -> NDArray[np.float32]:
    """Cover each part of an image with a patch, and map how much the score falls.

    A progress bar counts the covered images in a terminal or a notebook.

    Parameters
    ----------
    model : keras.Model
        As for `scores`. It is not changed.
    images : array_like or tf.Tensor
        Shape ``(B, H, W, C)``, as the model takes them.
    patch : int or (int, int)
        Side of the patch, or its height and width, in pixels. It must fit into the image.
    stride : int or (int, int)
        Pixels from one position to the next, down and across; no more than the patch, so that every pixel is covered.
        The first patch is in the top left corner. If the strides do not end with a patch at the border, there is one
        more position there.
    fill : array_like
        The patch's color in the image's units: a number, or one for each channel. If images are centered, 0 is gray.
    layer, channel, place
        What is looked at, as for `scores`. The place "peak" is that of each covered image.
    batch_size : int
        The number of covered images that the model gets at once. Memory depends on this, not on the number of
        positions.

    Returns
    -------
    ndarray
        Shape ``(B, H, W)``, float32: for each pixel the mean fall of the score over the patches that cover it, in the
        score's units. Positive where the score depends on the covered part, negative where it rises without it.

    Raises
    ------
    ValueError
        If the images, or what is looked at, are not as for `scores`; if the patch, the stride, the color or the
        batch size is not as above.
    """
    score = scores(model, layer, channel, place)
    given = as_images(score.features, images)
    if len(given.shape) != 4:
        raise ValueError(f"expected a model that takes images (B, H, W, C), got images of shape {given.shape}")
    number, *sides, channels = given.shape
    score.require_channels(number)
    patch, stride = _pair("patch", patch), _pair("stride", stride)
    if patch[0] > sides[0] or patch[1] > sides[1]:
        raise ValueError(f"expected a patch that fits into {sides[0]} x {sides[1]} pixels, got {patch[0]} x {patch[1]}")
    if stride[0] > patch[0] or stride[1] > patch[1]:
        raise ValueError(
            f"expected a stride of {patch[0]} x {patch[1]} or less, the patch's size, got {stride[0]} x {stride[1]}: "
            "pixels between the patches would never be covered"
        )
    rows, columns = (_starts(*each) for each in zip(sides, patch, stride, strict=True))
    corners = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    outside = [sides]  # the patch at this corner covers nothing: the score of the whole image
    found = _covered_scores(
        score, given, np.vstack([outside, corners]), patch, _color(fill, channels), count("the batch size", batch_size)
    )
    return _mean_over_patches(found[:, :1] - found[:, 1:], corners, patch, (number, *sides))


def _pair(name: str, value: Any) -> Pair:
    """Check a number of pixels down and across."""
    pair = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(pair) != 2:
        raise ValueError(f"expected the {name} to be a whole number or (down, across), got {value!r}")
    return count(f"the {name}", pair[0]), count(f"the {name}", pair[1])


def _starts(side: int, patch: int, stride: int) -> list[int]:
    """Return the starts of patches along a side: at every stride, and flush with the end."""
    last = side - patch
    return [*range(0, last, stride), last]


def _color(fill: ArrayLike, channels: int) -> NDArray[np.float32]:
    """Check the color of a patch."""
    color = np.asarray(fill)
    if (
        color.dtype.kind not in "iuf"
        or color.shape not in ((), (channels,))
        or not (np.abs(color) <= np.finfo(np.float32).max).all()
    ):
        raise ValueError(f"expected a finite number to fill with, or one for each of {channels} channels, got {fill!r}")
    return color.astype(np.float32)


def _covered_scores(
    score: Score, images: tf.Tensor, corners: NDArray[Any], patch: Pair, color: NDArray[np.float32], batch_size: int
) -> NDArray[np.float32]:
    """Score each image with the patch at each corner; return them as ``(B, corners)``."""
    _, height, width, _ = images.shape
    down, across = tf.range(height), tf.range(width)

    @tf.function(autograph=False)
    def covered_scores(source: tf.Tensor, corners: tf.Tensor) -> tf.Tensor:
        top, left = corners[:, :1], corners[:, 1:]
        in_rows = (down >= top) & (down < top + patch[0])
        in_columns = (across >= left) & (across < left + patch[1])
        inside = in_rows[:, :, None, None] & in_columns[:, None, :, None]
        return score(tf.where(inside, color, tf.gather(images, source)), source)

    # Called as a `tf.function`, it would count as retraced at each call of this one, of which TensorFlow warns.
    signature = tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None, 2), tf.int32)
    run = covered_scores.get_concrete_function(*signature)
    sources = np.repeat(np.arange(len(images), dtype=np.int32), len(corners))
    places = np.tile(corners.astype(np.int32), (len(images), 1))
    found = np.empty(len(sources), np.float32)
    with progress_bar("covered images", len(sources)) as advance:
        for start in range(0, len(sources), batch_size):
            batch = slice(start, start + batch_size)
            found[batch] = run(tf.constant(sources[batch]), tf.constant(places[batch]))
            advance(len(found[batch]))
    return found.reshape(len(images), len(corners))


def _mean_over_patches(
    falls: NDArray[np.float32], corners: NDArray[Any], patch: Pair, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Compute, for each pixel, the mean over the patches that cover it: ``(B, positions)`` to ``(B, H, W)``."""
    totals, patches = np.zeros(shape), np.zeros(shape[1:])
    for (top, left), fall in zip(corners, falls.T, strict=True):
        inside = np.s_[..., top : top + patch[0], left : left + patch[1]]
        totals[inside] += fall[:, None, None]
        patches[inside] += 1
    return (totals / patches).astype(np.float32)
