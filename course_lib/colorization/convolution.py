"""Convolutions for maps of few pixels and many channels, as deep in a U-Net.

On such maps, the convolutions of oneDNN, which TensorFlow uses on a CPU, spend most of their time on padding and on
converting a large kernel to their own layout. Here, all windows of a map are extracted, by a product with a matrix of
zeros and ones, and multiplied by the kernel in its original layout. That is the same sum, in another order.
"""

from functools import cache

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

SMALL = 64  # pixels: on larger maps oneDNN is as fast or faster

Pair = tuple[int, int]


@keras.saving.register_keras_serializable("pixelwise")
class SmallMapConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D`, faster if its input is a map of 64 pixels or fewer.

    It has the same arguments, weights and, to rounding, results.
    """

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """Convolve a map, ``(B, H, W, C)``."""
        height, width = inputs.shape[1:3]
        if self.groups > 1 or not _is_small(self, height, width):
            return super().convolution_op(inputs, kernel)
        *taps, channels, filters = kernel.shape
        windows = tf.constant(_windows((height, width), tuple(taps), self.strides), inputs.dtype)
        values = tf.matmul(windows, tf.reshape(inputs, (-1, height * width, channels)))
        values = tf.reshape(values, (-1, taps[0] * taps[1] * channels))
        result = tf.matmul(values, tf.reshape(kernel, (-1, filters)))
        return tf.reshape(result, self.compute_output_shape((-1, height, width, channels)))


@keras.saving.register_keras_serializable("pixelwise")
class SmallMapConv2DTranspose(keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose`, faster if its output is a map of 64 pixels or fewer.

    It has the same arguments, weights and, to rounding, results.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Enlarge a map, ``(B, H, W, C)``."""
        shape = self.compute_output_shape((-1, *inputs.shape[1:]))
        _, height, width, filters = shape
        if self.output_padding is not None or not _is_small(self, height, width):
            return super().call(inputs)
        kernel = tf.convert_to_tensor(self.kernel)
        windows = tf.constant(_windows((height, width), self.kernel_size, self.strides), inputs.dtype)
        values = tf.reshape(inputs, (-1, inputs.shape[-1]))
        values = tf.matmul(values, tf.reshape(kernel, (-1, kernel.shape[-1])), transpose_b=True)
        values = tf.reshape(values, (-1, windows.shape[0], filters))
        result = tf.reshape(tf.matmul(windows, values, transpose_a=True), shape)
        return self.activation(tf.nn.bias_add(result, self.bias) if self.use_bias else result)


def _is_small(layer: keras.layers.Layer, height: int | None, width: int | None) -> bool:
    """Tell whether a matrix product is faster for a layer, and `_windows` supports the layer."""
    if height is None or width is None or height * width > SMALL:
        return False
    return (layer.padding, layer.data_format, layer.dilation_rate) == ("same", "channels_last", (1, 1))


@cache
def _windows(sides: Pair, taps: Pair, strides: Pair) -> NDArray[np.float32]:
    """Make the matrix that extracts all windows of a map, with padding "same".

    Returns
    -------
    ndarray
        A row for each tap of each window, a column for each pixel: 1 if the tap is at the pixel. The row of a tap in
        the padding is 0.
    """

    def along(length: int, size: int, stride: int) -> NDArray[np.float32]:
        places = -(-length // stride)
        before = max((places - 1) * stride + size - length, 0) // 2
        pixels = stride * np.arange(places)[:, None] + np.arange(size) - before
        return (pixels[..., None] == np.arange(length)).astype(np.float32)

    rows, columns = (along(*each) for each in zip(sides, taps, strides, strict=True))
    return np.einsum("ysi,xtj->yxstij", rows, columns).reshape(-1, sides[0] * sides[1])
