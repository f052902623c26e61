"""Unpooling as Keras layers."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from course_lib.ops import max_unpool
from course_lib.unpooling.windows import Shape, pair


@keras.saving.register_keras_serializable("pixelwise")
class MaxUnpool(keras.layers.Layer):
    """`max_unpool` as a Keras layer: ``layer(pooled, argmax)`` with a size, or ``layer(pooled, argmax, like)``.

    The pooled values do not tell how large the output is: 4 rows and 5 rows are both pooled to 2. Give the layer the
    size, or pass it the map that was pooled as ``like``, shape ``(B, H, W, C)``, whose values are not used.

    Parameters
    ----------
    size : (int, int), optional
        Height and width of the output, each 1 or more, if they are known in advance.
    **kwargs
        As for `keras.layers.Layer`.

    Raises
    ------
    ValueError
        If ``size`` is not as above; when called, if both or neither of ``size`` and ``like`` are given.
    """

    def __init__(self, size: Sequence[int] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_jit = False
        self.size = None if size is None else pair(size, "size")

    def call(self, pooled: tf.Tensor, argmax: tf.Tensor, like: tf.Tensor | None = None) -> tf.Tensor:
        """Return the map, ``(B, H, W, C)``."""
        if (like is None) == (self.size is None):
            raise ValueError("expected either a size for the layer or a map to be like, got both or neither")
        shape = tf.shape(pooled)
        sides = tf.shape(like)[1:3] if self.size is None else self.size
        output = max_unpool(pooled, argmax, tf.concat([shape[:1], sides, shape[-1:]], axis=0))
        output.set_shape(self.compute_output_shape(pooled.shape, argmax.shape, None if like is None else like.shape))
        return output

    def compute_output_shape(self, pooled_shape: Shape, argmax_shape: Shape, like_shape: Shape | None = None) -> Shape:
        """Return ``(B, H, W, C)``; None for unknown sizes."""
        height, width = self.size or (like_shape[1:3] if like_shape is not None else (None, None))
        return (pooled_shape[0], height, width, pooled_shape[3])

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one."""
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable("pixelwise")
class FixedSwitches(keras.layers.Layer):
    """Switches without information: ``layer(pooled, like)`` points to the top left of each window of 2 x 2.

    With them, `MaxUnpool` enlarges a map without knowing where its values came from [1]_. ``like``, ``(B, H, W, C)``,
    is the map that was pooled to ``pooled``, ``(B, h, w, C)``, by windows of 2 x 2 side by side; its values are not
    used.

    References
    ----------
    .. [1] Dosovitskiy, Springenberg and Brox, "Learning to Generate Chairs with Convolutional Neural Networks", CVPR
       2015.
    """

    def call(self, pooled: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
        """Return the switches, ``(B, h, w, C)``, int64."""
        shape, width = tf.shape(pooled, tf.int64), tf.shape(like, tf.int64)[2]
        rows, columns, channels = (tf.range(side) for side in tf.unstack(shape[1:]))
        pixels = 2 * rows[:, None, None] * width + 2 * columns[:, None]
        argmax = tf.broadcast_to(pixels * shape[3] + channels, shape)
        return tf.ensure_shape(argmax, pooled.shape)

    def compute_output_spec(self, pooled: keras.KerasTensor, like: keras.KerasTensor) -> keras.KerasTensor:
        """Return the symbolic result for maps: int64 of the pooled map's shape."""
        return keras.KerasTensor(pooled.shape, "int64")
