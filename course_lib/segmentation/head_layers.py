"""Layers for fully convolutional networks that Keras does not have."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from course_lib.upsampling import bilinear_kernel, kernel_size


@keras.saving.register_keras_serializable("pixelwise")
class BilinearUpsampling(keras.layers.Layer):
    """A transposed convolution that works on every channel separately and starts bilinear.

    A dense transposed convolution that starts bilinear has ``C`` kernels for each channel, all but one of them zero.
    This is its diagonal: one kernel for each channel, and all of them learn. Entry (y, x) of the map is at the center
    of its ``factor`` x ``factor`` pixels; the map is padded with zeros.

    Parameters
    ----------
    factor : int
        1 or more.
    **kwargs
        As for `keras.layers.Layer`.

    Raises
    ------
    ValueError
        If the factor is not a positive integer.
    """

    def __init__(self, factor: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = kernel_size(factor)
        self.factor = int(factor)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Make the kernels, ``(k, k, C, 1)``."""

        def bilinear(shape: tuple[int, ...], dtype: Any = None) -> tf.Tensor:
            return tf.constant(np.broadcast_to(bilinear_kernel(self.factor)[..., None, None], shape), dtype)

        self.kernel = self.add_weight(shape=(self.size, self.size, shape[-1], 1), initializer=bilinear, name="kernel")

    def call(self, maps: tf.Tensor) -> tf.Tensor:
        """Upsample ``(B, H, W, C)`` to ``(B, H * factor, W * factor, C)``."""
        batch, height, width, channels = tf.unstack(tf.shape(maps))
        # The gradient of a depthwise convolution with a stride is the transposed one; SAME crops both sides alike.
        upsampled = tf.nn.depthwise_conv2d_backprop_input(
            tf.stack([batch, height * self.factor, width * self.factor, channels]),
            tf.convert_to_tensor(self.kernel),
            maps,
            strides=[1, self.factor, self.factor, 1],
            padding="SAME",
        )
        return tf.ensure_shape(upsampled, self.compute_output_shape(maps.shape))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the result."""
        batch, height, width, channels = shape
        return batch, height and height * self.factor, width and width * self.factor, channels

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one."""
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("pixelwise")
class Standardize(keras.layers.Layer):
    """Subtract a mean from every channel and divide by a deviation; both are saved, but not trained."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Start with mean 0 and deviation 1."""
        self.mean = self.add_weight(shape=shape[-1:], initializer="zeros", trainable=False, name="mean")
        self.deviation = self.add_weight(shape=shape[-1:], initializer="ones", trainable=False, name="deviation")

    def adapt(self, maps: NDArray[np.floating]) -> None:
        """Set mean and deviation from maps ``(N, H, W, C)``; a constant channel gets deviation 1."""
        deviation = maps.std(axis=(0, 1, 2), dtype=np.float64)
        self.mean.assign(maps.mean(axis=(0, 1, 2), dtype=np.float64))
        self.deviation.assign(np.where(deviation > 0, deviation, 1))

    def call(self, maps: tf.Tensor) -> tf.Tensor:
        """Standardize maps, ``(B, H, W, C)``."""
        return (maps - self.mean) / self.deviation

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the result: the same."""
        return shape
