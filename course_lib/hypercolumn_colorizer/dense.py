"""Heads at every pixel of a picture, without its hypercolumns.

The hypercolumns of 512 x 512 pixels take 1.5 GB. But a linear layer and bilinear upsampling commute, since both are
linear and the one works on channels, the other on places. So each map is multiplied by its rows of the hidden layer's
kernel where it is small, and what is upsampled and added up are hidden units. Only 16 rows of these are there at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

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
    """Take the standardization of the channels into the hidden layer.

    Parameters
    ----------
    heads : sequence of keras.Model
        One or more, as `head.head` makes them, all of one size.

    Returns
    -------
    Folded
        What the heads compute without dropout, with the weights that they have now.
    """
    kernels, biases = zip(*(_hidden(each) for each in heads), strict=True)
    logits = [each.get_layer("logits").get_weights() for each in heads]
    kernel, bias, logits_kernel, logits_bias = (
        tf.constant(np.stack(each), tf.float32) for each in (kernels, biases, *zip(*logits, strict=True))
    )
    return Folded(kernel, bias[:, None, None], logits_kernel, logits_bias[:, None])


def _hidden(head: keras.Model) -> tuple[np.ndarray, np.ndarray]:
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
    fine = tf.concat([maps[0], maps[-1]], axis=-1)[0, rows, columns]
    channels = [each.shape[-1] for each in maps]
    of_fine, *of_coarse, of_lightness = tf.split(folded.kernel, channels, axis=1)
    coarse = [
        _around(each[0], rows, columns, stride)[None] @ kernel[:, None]
        for each, kernel, stride in zip(maps[1:-1], of_coarse, COARSE, strict=True)
    ]
    coarse[-1] += folded.bias
    kernel = tf.concat([of_fine, of_lightness], axis=1)
    for first in range(0, fine.shape[0], MULTIPLE):
        yield _strip(
            fine[first : first + MULTIPLE],
            [
                each[:, first // stride : (first + MULTIPLE) // stride + 2]
                for each, stride in zip(coarse, COARSE, strict=True)
            ],
            kernel,
            folded.logits_kernel,
            folded.logits_bias,
        )


def _around(maps: tf.Tensor, rows: slice, columns: slice, stride: int) -> tf.Tensor:
    """Cut out a part of a map with one more entry on each side; the picture's border is repeated."""
    padded = tf.pad(maps, [[1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    y, x = (slice(side.start // stride, side.stop // stride + 2) for side in (rows, columns))
    return padded[y, x]


@tf.function(reduce_retracing=True)
def _strip(
    fine: tf.Tensor, coarse: list[tf.Tensor], kernel: tf.Tensor, logits_kernel: tf.Tensor, logits_bias: tf.Tensor
) -> tf.Tensor:
    """Predict the histograms of a strip."""
    (heads, _, hidden), both = kernel.shape, logits_bias.shape[-1]
    wide = tf.concat([_enlarge(each, stride) for each, stride in zip(coarse, COARSE, strict=True)], axis=1)
    tall = _enlarging_rows() @ tf.reshape(wide, (heads, wide.shape[1], -1))
    units = tf.nn.relu(tf.reshape(tall, (heads, -1, hidden)) + tf.reshape(fine, (-1, fine.shape[-1])) @ kernel)
    logits = tf.reshape(units @ logits_kernel + logits_bias, (heads, MULTIPLE, -1, 2, both // 2))
    return tf.reshape(tf.reduce_mean(tf.nn.softmax(logits), axis=0), (MULTIPLE, -1, both))


def _enlarge(maps: tf.Tensor, factor: int) -> tf.Tensor:
    """Upsample along x."""
    before, here, after = maps[:, :, :-2], maps[:, :, 1:-1], maps[:, :, 2:]
    phases = [(1 - abs(t)) * here + abs(t) * (before if t < 0 else after) for t in _places(factor)]
    return tf.reshape(tf.stack(phases, axis=3), (maps.shape[0], maps.shape[1], -1, maps.shape[3]))


def _enlarging_rows() -> tf.Tensor:
    """Return the matrix that upsamples the rows of all coarse maps along y and adds them up."""
    blocks = []
    for stride in COARSE:
        block = np.zeros((MULTIPLE, MULTIPLE // stride + 2), np.float32)
        for row, t in enumerate(_places(stride) * (MULTIPLE // stride)):
            below = 1 + row // stride
            block[row, below] = 1 - abs(t)
            block[row, below + (-1 if t < 0 else 1)] = abs(t)
        blocks.append(block)
    return tf.constant(np.concatenate(blocks, axis=1))


def _places(factor: int) -> list[float]:
    """Return where the pixels of one entry lie beside its center, in units of an entry."""
    return [(pixel + 0.5) / factor - 0.5 for pixel in range(factor)]
