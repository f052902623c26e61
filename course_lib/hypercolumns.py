"""Hypercolumns: all that a network's maps say about a pixel, as one column.

The dense form upsamples every map to the image. The sparse form samples the maps at a few locations, which is what
training on large images needs; the two agree where a location is a pixel.

References
----------
.. [1] Hariharan, Arbeláez, Girshick and Malik, "Hypercolumns for Object Segmentation and Fine-grained Localization",
   arXiv 1411.5752.
.. [2] Larsson, Maire and Shakhnarovich, "Learning Representations for Automatic Colorization", ECCV 2016.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.integers import as_integer
from course_lib.ops import arguments, sparse_extractor

Offset = float | Sequence[float]
Shape = tuple[int | None, ...]


def sparse_hypercolumn(
    centroids: ArrayLike | tf.Tensor,
    maps: Sequence[ArrayLike | tf.Tensor],
    scales: Sequence[float],
    offsets: Sequence[Offset],
) -> tf.Tensor:
    """Sample several maps at the same locations, and join the samples to columns; differentiable.

    Parameters
    ----------
    centroids : array_like or tf.Tensor
        Shape ``(B, L, 2)``, float32: y and x in pixels of the image.
    maps : sequence of array_like or tf.Tensor
        Each of shape ``(B, H_i, W_i, C_i)``, all of one type: float16, bfloat16, float32 or float64.
    scales : sequence of float
        For each map, pixels of the image for one of its steps, above 0.
    offsets : sequence of float or (float, float)
        For each map, where its entry (0, 0) lies in pixels of the image: (y, x), or one number for both. With
        ``(scale - 1) / 2`` the columns are those of ``dense_hypercolumn(maps, size, half_pixel_centers=True)``,
        with 0 those of ``half_pixel_centers=False``.

    Returns
    -------
    tf.Tensor
        Shape ``(B * L, C_1 + C_2 + ...)``, of the maps' type; the columns of the first image come first.

    Raises
    ------
    ValueError
        If there is not one scale and one offset for each map, or an argument is not as above.
    """
    maps = _maps(maps)
    scales, pairs = _one_each(len(maps), scales, offsets)
    columns = [sparse_extractor(centroids, *each) for each in zip(maps, scales, pairs, strict=True)]
    return tf.concat(columns, axis=-1)


def dense_hypercolumn(
    activations: Sequence[ArrayLike | tf.Tensor], size: Sequence[int], half_pixel_centers: bool = True
) -> tf.Tensor:
    """Upsample several maps to one size bilinearly, and join them; differentiable.

    Parameters
    ----------
    activations : sequence of array_like or tf.Tensor
        Each of shape ``(B, H_i, W_i, C_i)``, all of one type: float16, bfloat16, float32 or float64.
    size : (int, int)
        Height and width of the image, each 1 or more.
    half_pixel_centers : bool
        Whether pixels are sampled at their centers, as `tf.image.resize` does, or at their upper left corners, as
        the resize of TensorFlow 1 did.

    Returns
    -------
    tf.Tensor
        Shape ``(B, *size, C_1 + C_2 + ...)``, of the maps' type. Every pixel is a sample of `sparse_extractor`, so
        the two agree beside infinite entries and NaN too, which `tf.image.resize` spreads to finite neighbors.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    maps = _maps(activations)
    sides = tuple(size) if isinstance(size, tuple | list | np.ndarray | tf.TensorShape) else ()
    pixels = [as_integer(side) or 0 for side in sides]
    if len(pixels) != 2 or min(pixels) < 1:
        raise ValueError(f"expected a size of two whole numbers (height, width) of 1 or more, got {size!r}")
    centers = arguments.flag(half_pixel_centers, "half_pixel_centers")
    return tf.concat([_upsample(each, (pixels[0], pixels[1]), centers) for each in maps], axis=-1)


def _upsample(maps: tf.Tensor, size: tuple[int, int], half_pixel_centers: bool) -> tf.Tensor:
    """Sample maps at every pixel of an image."""
    maps = tf.ensure_shape(maps, (None, None, None, None))
    batch, *sides, channels = tf.unstack(tf.shape(maps))
    axes = []
    for pixels, side in zip(size, sides, strict=True):
        scale = pixels / tf.cast(side, tf.float32)
        offset = (scale - 1) / 2 if half_pixel_centers else 0.0
        axes.append((tf.range(pixels, dtype=tf.float32) - offset) / scale)
    places = tf.reshape(tf.stack(tf.meshgrid(*axes, indexing="ij"), axis=-1), (1, -1, 2))
    columns = sparse_extractor(tf.repeat(places, batch, axis=0), maps, 1)
    wide = tf.reshape(columns, tf.stack([batch, *size, channels]))
    return tf.ensure_shape(wide, (maps.shape[0], *size, maps.shape[-1]))


@keras.saving.register_keras_serializable("pixelwise")
class SparseHypercolumn(keras.layers.Layer):
    """Columns of several maps at a few locations, as a Keras layer: ``layer(centroids, maps)``.

    ``centroids``, shape ``(B, L, 2)``, stay float32 under any policy, since halves cannot hold positions in a large
    image. The maps, each ``(B, H_i, W_i, C_i)``, are cast to the layer's compute type. The columns have the shape
    ``(B, L, C_1 + C_2 + ...)``, with the images along the first axis, as Keras wants it.

    Parameters
    ----------
    scales : sequence of float
        For each map, pixels of the image for one of its steps, above 0.
    offsets : sequence of float or (float, float), optional
        For each map, where its entry (0, 0) lies in pixels of the image: (y, x), or one number for both.
        By default ``(scale - 1) / 2``, which agrees with `tf.image.resize`.
    **kwargs
        As `keras.layers.Layer` takes them.

    Raises
    ------
    ValueError
        If there is not one offset for each scale, or a scale or an offset is not as above; when called, if there is
        not one map for each scale.
    """

    def __init__(self, scales: Sequence[float], offsets: Sequence[Offset] | None = None, **kwargs: Any) -> None:
        super().__init__(**{"autocast": False, **kwargs})
        self.supports_jit = False
        offsets = [(scale - 1) / 2 for scale in map(arguments.scale_of, scales)] if offsets is None else offsets
        self.scales, self.offsets = _one_each(len(scales), scales, offsets)

    def call(self, centroids: tf.Tensor, maps: Sequence[tf.Tensor]) -> tf.Tensor:
        """Return the columns, shape ``(B, L, C_1 + C_2 + ...)``."""
        maps = [tf.cast(each, self.compute_dtype) for each in maps]
        columns = sparse_hypercolumn(centroids, maps, self.scales, self.offsets)
        images, locations = tf.unstack(tf.shape(centroids)[:2])
        columns = tf.reshape(columns, tf.stack([images, locations, tf.shape(columns)[-1]]))
        columns.set_shape(self.compute_output_shape(centroids.shape, [each.shape for each in maps]))
        return columns

    def compute_output_shape(self, centroids_shape: Shape, maps_shape: Sequence[Shape]) -> Shape:
        """Return ``(B, L, C_1 + C_2 + ...)``; what is not known is None."""
        channels = [shape[-1] for shape in maps_shape]
        known = [each for each in channels if each is not None]
        total = sum(known) if len(known) == len(channels) else None
        return (centroids_shape[0], centroids_shape[1], total)

    def get_config(self) -> dict[str, Any]:
        """Return what makes a layer like this one."""
        return {**super().get_config(), "scales": self.scales, "offsets": self.offsets, "autocast": False}


def _maps(maps: Sequence[ArrayLike | tf.Tensor]) -> list[tf.Tensor]:
    """Return one map or more, all of one type."""
    if not isinstance(maps, tuple | list) or not maps:
        raise ValueError(f"expected a list of one map or more, got {type(maps).__name__}")
    tensors = [arguments.maps(each, "maps") for each in maps]
    names = sorted({each.dtype.name for each in tensors})
    if len(names) > 1:
        raise ValueError(f"expected maps of one type, got {' and '.join(names)}")
    return tensors


def _one_each(
    count: int, scales: Sequence[float], offsets: Sequence[Offset]
) -> tuple[list[float], list[tuple[float, float]]]:
    """Return a scale and an offset (y, x) for each map."""
    if not count == len(scales) == len(offsets):
        raise ValueError(
            f"expected one scale and one offset for each of {count} maps, got {len(scales)} and {len(offsets)}"
        )
    pairs = [offset if isinstance(offset, Sequence | np.ndarray) else (offset, offset) for offset in offsets]
    return [arguments.scale_of(scale) for scale in scales], [arguments.offset_of(pair) for pair in pairs]
