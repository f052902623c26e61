"""The operations in plain TensorFlow: slower, but they work everywhere, even inside XLA and without a compiler.

Every function is differentiable any number of times, works with unknown shapes, and gives the same numbers as the
native operation. Arguments are the same as for the native operation; `course_lib.ops` checks them.

`tf.math.multiply_no_nan` gives 0 where its second factor is 0, so that an entry with weight 0 is ignored, in the
gradients too.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf


class _Neighbors(NamedTuple):
    """The two entries of an axis around each location, int64, and the distance from the lower one, 0 to 1."""

    lower: tf.Tensor
    upper: tf.Tensor
    fraction: tf.Tensor

    def entry(self, second: int) -> tf.Tensor:
        return self.upper if second else self.lower

    def weight(self, second: int) -> tf.Tensor:
        return self.fraction if second else 1 - self.fraction


def sparse_extractor(
    centroids: tf.Tensor,
    activations: tf.Tensor,
    scale: float,
    offset: tuple[float, float] = (0.0, 0.0),
    data_format: str = "NHWC",
) -> tf.Tensor:
    """Sample maps bilinearly at locations, with four `tf.gather`; see `course_lib.ops.sparse_extractor`.

    Parameters
    ----------
    centroids : tf.Tensor
        Shape ``(B, L, 2)``, float32: y and x in pixels of the image.
    activations : tf.Tensor
        Shape ``(B, H, W, C)``, or ``(B, C, H, W)`` with ``"NCHW"``; half, bfloat16, float32 or float64.
    scale : float
        Pixels of the image for one step on the map, above 0.
    offset : (float, float)
        Where, in pixels of the image, entry (0, 0) of the map lies.
    data_format : {"NHWC", "NCHW"}
        Order of the axes of ``activations``.

    Returns
    -------
    tf.Tensor
        Shape ``(B * L, C)``, of the activations' type.

    Raises
    ------
    tf.errors.InvalidArgumentError
        If shapes that were not known in advance do not fit. XLA does not check.
    """
    maps = tf.ensure_shape(activations, (None, None, None, None))
    maps = maps if data_format == "NHWC" else tf.transpose(maps, (0, 2, 3, 1))
    batch, height, width, channels = tf.unstack(tf.shape(maps, tf.int64))
    centroids = tf.ensure_shape(centroids, (None, None, 2))
    images = tf.shape(centroids, tf.int64)[0]
    tf.debugging.assert_equal(images, batch, "expected centroids for as many images as there are activations")

    missing, locations = tf.reduce_any(tf.math.is_nan(centroids), axis=-1), _without_nan(centroids)
    position = (locations - tf.constant(offset, tf.float32)) / tf.constant(scale, tf.float32)
    wide = _accumulator(maps.dtype)
    y, x = _neighbors(position[..., 0], height, wide), _neighbors(position[..., 1], width, wide)
    pixels = tf.reshape(tf.cast(maps, wide), tf.stack([batch * height * width, channels]))
    image = tf.range(batch)[:, None] * height
    columns = tf.zeros((), wide)
    for down in (0, 1):
        row = tf.zeros((), wide)
        for across in (0, 1):
            pixel = (image + y.entry(down)) * width + x.entry(across)
            values = tf.gather(pixels, tf.reshape(pixel, (-1,)))
            row += tf.math.multiply_no_nan(values, tf.reshape(x.weight(across), (-1, 1)))
        columns += tf.math.multiply_no_nan(row, tf.reshape(y.weight(down), (-1, 1)))
    nan = tf.constant(float("nan"), wide)
    columns = tf.cast(tf.where(tf.reshape(missing, (-1, 1)), nan, columns), maps.dtype)
    return tf.ensure_shape(columns, (None, maps.shape[-1]))


def max_unpool(
    pooled: tf.Tensor, argmax: tf.Tensor, output_shape: tf.Tensor, include_batch_in_index: bool = False
) -> tf.Tensor:
    """Put pooled values back where they were taken from, with `tf.scatter_nd`; see `course_lib.ops.max_unpool`.

    Parameters
    ----------
    pooled : tf.Tensor
        Shape ``(B, h, w, C)``; half, bfloat16, float32 or float64.
    argmax : tf.Tensor
        Shape ``(B, h, w, C)``, int64, as `tf.nn.max_pool_with_argmax` gives it.
    output_shape : tf.Tensor
        ``(B, H, W, C)``, int64.
    include_batch_in_index : bool
        Whether the indices count from the start of the batch, not of each image.

    Returns
    -------
    tf.Tensor
        Shape ``(B, H, W, C)``, of the pooled values' type; for repeated indices, the values add up.

    Raises
    ------
    tf.errors.InvalidArgumentError
        If shapes that were not known in advance do not fit, or, on the CPU, if an index lies outside its image.
    """
    places = switches(pooled, argmax, output_shape, include_batch_in_index)
    images, size = output_shape[:1], tf.reduce_prod(output_shape[1:], keepdims=True)
    values = tf.cast(places.values, _accumulator(pooled.dtype))
    output = tf.scatter_nd(tf.stack([places.image, places.index], axis=-1), values, tf.concat([images, size], axis=0))
    return tf.cast(tf.reshape(output, output_shape), pooled.dtype)


class Switches(NamedTuple):
    """Pooled values and their places, all ``(B, h, w, C)``, and the shape ``(B, H, W, C)`` of the output.

    ``image`` is the number of the image and ``index`` the place within it, both int64; ``inside`` says whether the
    image has that place.
    """

    values: tf.Tensor
    image: tf.Tensor
    index: tf.Tensor
    inside: tf.Tensor
    output_shape: tf.Tensor


def switches(
    pooled: tf.Tensor, argmax: tf.Tensor, output_shape: tf.Tensor, include_batch_in_index: bool = False
) -> Switches:
    """Return the place of each pooled value in its image.

    A value with a place outside becomes 0: `tf.scatter_nd` drops it inside XLA, but its gradient would read another
    entry.

    Parameters
    ----------
    pooled, argmax, output_shape, include_batch_in_index
        As for `max_unpool`.

    Returns
    -------
    Switches
        The values to scatter, and their places.

    Raises
    ------
    tf.errors.InvalidArgumentError
        If shapes that were not known in advance do not fit. XLA does not check.
    """
    pooled = tf.ensure_shape(pooled, (None, None, None, None))
    shape = tf.shape(pooled, tf.int64)
    tf.debugging.assert_equal(tf.shape(argmax, tf.int64), shape, "expected one index for each pooled value")
    fitting = tf.stack([shape[0], output_shape[1], output_shape[2], shape[3]])
    tf.debugging.assert_equal(output_shape, fitting, "expected an output of as many images and channels as were pooled")

    size = tf.reduce_prod(output_shape[1:])
    image = tf.broadcast_to(tf.reshape(tf.range(shape[0]), (-1, 1, 1, 1)), shape)
    index = argmax - image * size if include_batch_in_index else argmax
    inside = (index >= 0) & (index < size)
    return Switches(tf.where(inside, pooled, tf.zeros((), pooled.dtype)), image, index, inside, output_shape)


def label_map(logits: tf.Tensor, factor: int, border: str = "constant") -> tf.Tensor:
    """Label each pixel, one row of pixels after the other; see `course_lib.ops.label_map`.

    Besides logits and labels, this needs a copy of the logits and a few rows of scores, ``W * factor * C`` numbers
    each.

    Parameters
    ----------
    logits : tf.Tensor
        Shape ``(B, H, W, C)``, float32 or float64.
    factor : int
        1 or more.
    border : {"constant", "edge"}
        What is outside of the map: zeros, or its border entries, repeated.

    Returns
    -------
    tf.Tensor
        Shape ``(B, H * factor, W * factor)``, int64.

    Raises
    ------
    tf.errors.InvalidArgumentError
        If a map whose size was not known in advance is empty. XLA does not check.
    """
    logits = tf.ensure_shape(logits, (None, None, None, None))
    batch, height, width, _ = logits.shape
    if batch == 0:  # XLA cannot compile an empty loop
        return tf.zeros(tf.shape(logits)[:3] * (1, factor, factor), tf.int64)
    graph = _labeler(factor, border).get_concrete_function(tf.TensorSpec((None,) * 4, logits.dtype))
    return tf.ensure_shape(graph(logits), (batch, height and height * factor, width and width * factor))


@cache
def _labeler(factor: int, border: str) -> Any:
    """Make the function that labels row by row; outside of a graph its loop would take 20 times as long."""
    distance = np.arange(factor) + (0 if factor % 2 else 0.5)
    weights = [(1 - way / factor).astype(np.float32) for way in (distance, factor - distance)]
    outside = factor - factor // 2  # pixels before the map, if the cells at the border were complete

    def label(logits: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(logits)
        with tf.control_dependencies([tf.debugging.assert_positive(shape[1:], "expected logits with no empty map")]):
            batch, height, width, _ = tf.unstack(tf.identity(shape))
        finite = tf.reduce_all(tf.math.is_finite(logits))
        before, after = (tf.constant(weight, logits.dtype) for weight in weights)
        # With one more entry on each side, every pixel lies between two entries.
        maps = tf.pad(logits, ((0, 0), (1, 1), (1, 1), (0, 0)), "CONSTANT" if border == "constant" else "SYMMETRIC")

        def label_row(row: tf.Tensor) -> tf.Tensor:
            image, y = row // (height * factor), row % (height * factor) + outside
            above, below = maps[image, y // factor], maps[image, y // factor + 1]
            line = _between(above, below, before[y % factor], after[y % factor])
            pixels = _between(line[:-1, None], line[1:, None], before[:, None], after[:, None])
            best = tf.cond(finite, lambda: tf.argmax(pixels, axis=-1), lambda: _argmax_without_nan(pixels))
            return tf.reshape(best, (-1,))[outside : outside + width * factor]

        def label_rows() -> tf.Tensor:
            rows, row = tf.range(batch * height * factor), tf.TensorSpec(None, tf.int64)
            return tf.map_fn(label_row, rows, fn_output_signature=row, parallel_iterations=1)

        shape = tf.stack([batch, height * factor, width * factor])
        return tf.cond(batch > 0, lambda: tf.reshape(label_rows(), shape), lambda: tf.zeros(shape, tf.int64))

    return tf.function(label, autograph=False)


def _between(first: tf.Tensor, second: tf.Tensor, before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    """Weight entries before and after a pixel, and add them."""
    return tf.math.multiply_no_nan(first, before) + tf.math.multiply_no_nan(second, after)


def _argmax_without_nan(pixels: tf.Tensor) -> tf.Tensor:
    """Return the place of the largest number along the last axis; NaN counts as -inf."""
    lowest = tf.constant(-np.inf, pixels.dtype)
    return tf.argmax(tf.where(tf.math.is_nan(pixels), lowest, pixels), axis=-1)


def _accumulator(dtype: tf.DType) -> tf.DType:
    """Return the type in which sums are computed."""
    return tf.float64 if dtype == tf.float64 else tf.float32


@tf.custom_gradient
def _without_nan(centroids: tf.Tensor) -> tuple[tf.Tensor, object]:
    """Replace a location that has a NaN by (0, 0); its gradient becomes NaN again."""
    missing = tf.reduce_any(tf.math.is_nan(centroids), axis=-1, keepdims=True)

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return tf.where(missing, tf.constant(float("nan"), upstream.dtype), upstream)

    return tf.where(missing, tf.zeros((), centroids.dtype), centroids), gradient


def _neighbors(position: tf.Tensor, size: tf.Tensor, wide: tf.DType) -> _Neighbors:
    """Return the neighbors of positions, shape ``(B, L)``, on an axis of ``size`` entries; the fraction is wide."""
    clamped = tf.clip_by_value(position, 0.0, tf.cast(size - 1, tf.float32))
    lower = tf.minimum(tf.cast(tf.floor(clamped), tf.int64), tf.maximum(size - 2, 0))
    # A float32 cannot tell neighbors apart on an axis of more than 2^24 entries, hence the bound of 1.
    fraction = tf.minimum(clamped - tf.cast(lower, tf.float32), 1.0)
    fraction = tf.where(size > 1, fraction, 0.0)  # it is 0 anyway; single and infinite entries have no slope
    return _Neighbors(lower, tf.minimum(lower + 1, size - 1), tf.cast(fraction, wide))
