"""Heads at every pixel of a picture, without its hypercolumns.

The hypercolumns of 512 x 512 pixels take 1.5 GB. But a linear layer and bilinear upsampling commute, since both are
linear, and one works on channels, the other on places. So each map is multiplied by its rows of the hidden layer's
kernel while it is small, and the hidden units are upsampled and added up. Only 16 rows of these are in memory at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from course_lib.hypercolumn_colorizer.features import MULTIPLE, STRIDES, Maps

COARSE = STRIDES[1:-1]


@dataclass(frozen=True, eq=False)
class Folded:
    """Some heads as two linear layers each: the standardization of the channels is part of the first one.

    Attributes
    ----------
    kernel, bias : tf.Tensor
        Of the hidden layers: ``(heads, channels, hidden)`` and ``(heads, 1, 1, hidden)``, float32.
    logits_kernel, logits_bias : tf.Tensor
        Of the layers after them: ``(heads, hidden, 2 * bins)`` and ``(heads, 1, 2 * bins)``, float32.
    """

    kernel: tf.Tensor
    bias: tf.Tensor
    logits_kernel: tf.Tensor
    logits_bias: tf.Tensor


def fold(heads: Sequence[keras.Model]) -> Folded:
    """Include the standardization of the channels in the hidden layer.

    Parameters
    ----------
    heads : sequence of keras.Model
        One or more, as `head.head` makes them, all of one size.

    Returns
    -------
    Folded
        The heads' computation without dropout, with their current weights.
    """
    kernels, biases = zip(*(_hidden(each) for each in heads), strict=True)
    logits = [each.get_layer("logits").get_weights() for each in heads]
    kernel, bias, logits_kernel, logits_bias = (
        tf.constant(np.stack(each), tf.float32) for each in (kernels, biases, *zip(*logits, strict=True))
    )
    return Folded(kernel, bias[:, None, None], logits_kernel, logits_bias[:, None])


def _hidden(head: keras.Model) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the kernel and the bias of a head's hidden layer for channels that are not standardized."""
    standardize = head.get_layer("standardize")
    mean, variance = (each.astype(np.float64) for each in standardize.get_weights())
    kernel, bias = head.get_layer("hidden").get_weights()
    scaled = kernel / np.sqrt(variance + standardize.epsilon)[:, None]
    return scaled, bias - mean @ scaled


def strips(folded: Folded, maps: Maps, rows: slice, columns: slice) -> Iterator[tf.Tensor]:
    """Predict the histograms of a part of a picture, 16 rows at a time.

    Parameters
    ----------
    folded : Folded
        As `fold` makes it.
    maps : list of tf.Tensor
        As `features.maps` makes them.
    rows, columns : slice
        The part, between multiples of 16.

    Yields
    ------
    tf.Tensor
        Shape ``(16, columns, 2 * bins)``, float32: of each pixel the histogram of hue, then that of chroma, averaged
        over the heads. Each sums to 1.
    """
    of_fine, *of_coarse, of_lightness = tf.split(folded.kernel, [each.shape[-1] for each in maps], axis=1)
    of_fine = tf.concat([of_fine, of_lightness], axis=1)
    coarse = [
        _times(_around(each[0], rows, columns, stride), kernel)
        for each, kernel, stride in zip(maps[1:-1], of_coarse, COARSE, strict=True)
    ]
    coarse[-1] += folded.bias  # upsampling does not change it, either
    for first in range(0, rows.stop - rows.start, MULTIPLE):
        strip = slice(first, first + MULTIPLE)
        whole = slice(rows.start + first, rows.start + first + MULTIPLE)
        yield _strip(
            [each[0, whole, columns] for each in (maps[0], maps[-1])],
            [each[:, _entries(strip, stride)] for each, stride in zip(coarse, COARSE, strict=True)],
            of_fine,
            folded.logits_kernel,
            folded.logits_bias,
        )


def _around(maps: tf.Tensor, rows: slice, columns: slice, stride: int) -> tf.Tensor:
    """Crop a part of a map with one more entry on each side; at the picture's border, its own entries are repeated."""
    padded = tf.pad(maps, [[1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    return padded[_entries(rows, stride), _entries(columns, stride)]


def _entries(pixels: slice, stride: int) -> slice:
    """Return the entries from which some pixels are interpolated, in a map with one more entry on each side."""
    return slice(pixels.start // stride, pixels.stop // stride + 2)


def _times(maps: tf.Tensor, kernels: tf.Tensor) -> tf.Tensor:
    """Multiply every column of a map ``(h, w, C)`` by kernels ``(heads, C, K)``; return ``(heads, h, w, K)``."""
    heads, channels, width = tf.unstack(tf.shape(kernels))
    return tf.reshape(tf.reshape(maps, (-1, channels)) @ kernels, (heads, maps.shape[0], -1, width))


@tf.function(reduce_retracing=True, autograph=False)
def _strip(
    fine: list[tf.Tensor], coarse: list[tf.Tensor], kernel: tf.Tensor, logits_kernel: tf.Tensor, logits_bias: tf.Tensor
) -> tf.Tensor:
    """Predict the histograms of a strip."""
    heads, hidden, both = tf.unstack(tf.shape(logits_kernel))
    wide = tf.concat([_widened(each, stride) for each, stride in zip(coarse, COARSE, strict=True)], axis=1)
    # One product upsamples the rows of all maps, and adds the maps up.
    weights = np.concatenate([_weights(MULTIPLE, stride) for stride in COARSE], axis=1)
    units = tf.reshape(weights @ tf.reshape(wide, (heads, weights.shape[1], -1)), (heads, MULTIPLE, -1, hidden))
    units = tf.nn.relu(units + _times(tf.concat(fine, axis=-1), kernel))
    logits = tf.reshape(units, (heads, -1, hidden)) @ logits_kernel + logits_bias
    logits = tf.reshape(logits, (heads, MULTIPLE, -1, 2, both // 2))
    return tf.reshape(tf.reduce_mean(tf.nn.softmax(logits), axis=0), (MULTIPLE, -1, both))


def _widened(maps: tf.Tensor, factor: int) -> tf.Tensor:
    """Upsample along x maps ``(heads, h, w + 2, hidden)`` with one more entry on each side."""
    before, here, after = maps[:, :, :-2], maps[:, :, 1:-1], maps[:, :, 2:]
    pixels = [
        share * here + (first * before if first else last * after)
        for first, share, last in _weights(factor, factor).tolist()
    ]
    heads, height, _, hidden = tf.unstack(tf.shape(maps))
    return tf.reshape(tf.stack(pixels, axis=3), (heads, height, -1, hidden))


def _weights(pixels: int, stride: int) -> NDArray[np.float32]:
    """Return the weight of each entry in each of some pixels, ``(pixels, pixels / stride + 2)``.

    The pixels begin at the second entry: the first one and the last one are outside.
    """
    places = (np.arange(pixels) + 0.5) / stride + 0.5
    distances = np.abs(places[:, None] - np.arange(pixels // stride + 2))
    return np.maximum(1 - distances, 0).astype(np.float32)
