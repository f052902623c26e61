"""Columns of several maps, sparse and dense, as Keras layers."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from course_lib.hypercolumns.columns import (
    Offset,
    Scale,
    dense_hypercolumn,
    image_size,
    one_each,
    scale_pair,
    sparse_hypercolumn,
)

Shape = tuple[int | None, ...]
LAYOUTS = {"channels_last": "NHWC", "channels_first": "NCHW"}


class _Columns(keras.layers.Layer):
    """What both layers share: where the maps' entries are, and the order of their axes."""

    def __init__(
        self,
        scales: Sequence[Scale],
        offsets: Sequence[Offset] | None = None,
        data_format: str = "channels_last",
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"autocast": False, **kwargs})
        self.supports_jit = False
        steps = [scale_pair(scale) for scale in scales]
        offsets = [((y - 1) / 2, (x - 1) / 2) for y, x in steps] if offsets is None else offsets
        self.scales, self.offsets = one_each(len(scales), steps, offsets)
        if data_format not in LAYOUTS:
            raise ValueError(f'expected data_format "channels_last" or "channels_first", got {data_format!r}')
        self.data_format = data_format

    def in_compute_type(self, maps: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Return the maps in the layer's compute type."""
        return [tf.cast(each, self.compute_dtype) for each in maps]

    def channels(self, maps_shape: Sequence[Shape]) -> int | None:
        """Return the length of a column, if it is known."""
        axis = -1 if self.data_format == "channels_last" else 1
        lengths = [shape[axis] for shape in maps_shape]
        known = [each for each in lengths if each is not None]
        return sum(known) if len(known) == len(lengths) else None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one."""
        own = {"scales": self.scales, "offsets": self.offsets, "data_format": self.data_format, "autocast": False}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("pixelwise")
class SparseHypercolumn(_Columns):
    """Columns of several maps at a few locations, as a Keras layer: ``layer(centroids, maps)``.

    ``centroids``, shape ``(B, L, 2)``, stay float32 under any policy, since half-precision numbers are too coarse for
    positions in a large image. The maps, each ``(B, H_i, W_i, C_i)``, are cast to the layer's compute type. The columns
    have the shape ``(B, L, C_1 + C_2 + ...)``, with the images along the first axis, as Keras wants it.

    Parameters
    ----------
    scales : sequence of float or (float, float)
        For each map, pixels of the image for one of its steps, above 0: (y, x), or one number for both.
    offsets : sequence of float or (float, float), optional
        For each map, where its entry (0, 0) lies in pixels of the image: (y, x), or one number for both.
        By default ``(scale - 1) / 2``, which agrees with `tf.image.resize`.
    data_format : {"channels_last", "channels_first"}
        Order of the axes of the maps.
    **kwargs
        As for `keras.layers.Layer`.

    Raises
    ------
    ValueError
        If there is not one offset for each scale, or an argument is not as above; when called, if there is
        not one map for each scale.
    """

    def call(self, centroids: tf.Tensor, maps: Sequence[tf.Tensor]) -> tf.Tensor:
        """Return the columns, shape ``(B, L, C_1 + C_2 + ...)``."""
        maps = self.in_compute_type(maps)
        columns = sparse_hypercolumn(centroids, maps, self.scales, self.offsets, LAYOUTS[self.data_format])
        images, locations = tf.unstack(tf.shape(centroids)[:2])
        columns = tf.reshape(columns, tf.stack([images, locations, tf.shape(columns)[-1]]))
        columns.set_shape(self.compute_output_shape(centroids.shape, [each.shape for each in maps]))
        return columns

    def compute_output_shape(self, centroids_shape: Shape, maps_shape: Sequence[Shape]) -> Shape:
        """Return ``(B, L, C_1 + C_2 + ...)``; what is not known is None."""
        return (centroids_shape[0], centroids_shape[1], self.channels(maps_shape))


@keras.saving.register_keras_serializable("pixelwise")
class DenseHypercolumn(_Columns):
    """Columns of several maps at every pixel of an image, as a Keras layer: ``layer(maps)``.

    The maps, each ``(B, H_i, W_i, C_i)``, are cast to the layer's compute type. The columns have the shape
    ``(B, *size, C_1 + C_2 + ...)``, and are those of `SparseHypercolumn` at the pixels.

    Parameters
    ----------
    size : (int, int)
        Height and width of the image, each 1 or more.
    scales, offsets, data_format
        As for `SparseHypercolumn`. With ``"channels_first"`` the columns lie along the second axis.
    **kwargs
        As for `keras.layers.Layer`.

    Raises
    ------
    ValueError
        As for `SparseHypercolumn`, and if the size is not as above.
    """

    def __init__(
        self,
        size: Sequence[int],
        scales: Sequence[Scale],
        offsets: Sequence[Offset] | None = None,
        data_format: str = "channels_last",
        **kwargs: Any,
    ) -> None:
        super().__init__(scales, offsets, data_format, **kwargs)
        self.size = image_size(size)

    def call(self, maps: Sequence[tf.Tensor]) -> tf.Tensor:
        """Return the columns, shape ``(B, *size, C_1 + C_2 + ...)``."""
        layout = LAYOUTS[self.data_format]
        return dense_hypercolumn(
            self.in_compute_type(maps), self.size, scales=self.scales, offsets=self.offsets, data_format=layout
        )

    def compute_output_shape(self, maps_shape: Sequence[Shape]) -> Shape:
        """Return ``(B, *size, C_1 + C_2 + ...)``; what is not known is None."""
        batch, channels = maps_shape[0][0], self.channels(maps_shape)
        return (batch, *self.size, channels) if self.data_format == "channels_last" else (batch, channels, *self.size)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one."""
        return {**super().get_config(), "size": self.size}
