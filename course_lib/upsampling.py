"""Bilinear upsampling as a transposed convolution; `course_lib.ops.label_map` computes the labels of its result.

A factor-f upsampling layer is the transpose of a convolution with stride f. Its kernel has
2f - f mod 2 taps a side (Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic
Segmentation", CVPR 2015), and with bilinear taps it interpolates linearly between the samples.
"""

import numpy as np
import psutil
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.integers import as_integer


def kernel_size(factor: int) -> int:
    """Size of the kernel that upsamples by a factor.

    Parameters
    ----------
    factor : int
        1 or more.

    Returns
    -------
    int
        ``2 * factor - factor % 2`` taps: odd for odd factors, even for even ones.

    Raises
    ------
    ValueError
        If `factor` is not a positive integer.
    """
    whole = _factor(factor)
    return 2 * whole - whole % 2


def _factor(value: int) -> int:
    """Check a factor."""
    factor = as_integer(value)
    if factor is None or factor < 1:
        raise ValueError(f"expected a whole factor of 1 or more, got {value!r}")
    return factor


def _tent(factor: int) -> NDArray[np.float32]:
    """One row of the bilinear kernel: 1 in the middle, falling by 1/factor with each tap."""
    size = kernel_size(factor)
    distance = np.abs(np.arange(size) - (size - 1) / 2)
    return (1 - distance / _factor(factor)).astype(np.float32)


def bilinear_kernel(factor: int) -> NDArray[np.float32]:
    """Kernel that interpolates bilinearly.

    Parameters
    ----------
    factor : int
        1 or more.

    Returns
    -------
    ndarray
        Shape ``(k, k)`` with ``k = kernel_size(factor)``, float32, in (0, 1]; sums to ``factor ** 2``.

    Raises
    ------
    ValueError
        If `factor` is not a positive integer.
    """
    return np.outer(_tent(factor), _tent(factor))


def bilinear_class_weights(factor: int, classes: int) -> NDArray[np.float32]:
    """Weights of a dense transposed convolution that upsamples each class separately.

    Only one in ``classes`` of the numbers is not zero. For 1000 classes and factor 32 that is
    16.4 GB; `transposed_upsample` does without them. An array that would not fit into memory is refused before any
    memory is allocated.

    Parameters
    ----------
    factor : int
        1 or more.
    classes : int
        1 or more.

    Returns
    -------
    ndarray
        Shape ``(k, k, classes, classes)``, float32, as `tf.nn.conv2d_transpose` expects them.

    Raises
    ------
    ValueError
        If `factor` or `classes` is not a positive integer.
    MemoryError
        If this array and the copy that TensorFlow makes of it are larger than the free memory.
    """
    number = as_integer(classes)
    if number is None or number < 1:
        raise ValueError(f"expected a whole number of classes of 1 or more, got {classes!r}")
    size = kernel_size(factor)
    needed, free = size**2 * number**2 * 4, psutil.virtual_memory().available
    if 2 * needed > free:
        raise MemoryError(
            f"expected weights that fit twice into the {free / 1e9:,.1f} GB of free memory, got {size} × {size} taps "
            f"for each of {number:,} × {number:,} pairs of classes: {needed / 1e9:,.1f} GB"
        )
    weights = np.zeros((size, size, number, number), np.float32)
    weights[:, :, range(number), range(number)] = bilinear_kernel(factor)[:, :, None]
    return weights


def transposed_upsample(x: ArrayLike | tf.Tensor, factor: int) -> tf.Tensor:
    """Upsample every channel separately with the bilinear kernel; differentiable.

    The result is that of a dense transposed convolution with `bilinear_class_weights`, with one kernel for each channel
    instead of one for each pair of channels. The map is padded with zeros, as in ``skimage.transform.rescale(order=1,
    mode="constant", clip=False)``.

    Parameters
    ----------
    x : array_like or tf.Tensor
        Shape ``(B, H, W, C)``, real numbers.
    factor : int
        1 or more.

    Returns
    -------
    tf.Tensor
        Shape ``(B, H * factor, W * factor, C)``; of ``x``'s type if that is a float, otherwise float32. Half-precision
        types are summed in float32.

    Raises
    ------
    ValueError
        If ``x`` has another rank, an empty axis, or anything but real numbers, or `factor` is not a positive integer.
    """
    maps = _maps(x)
    factor, size = _factor(factor), kernel_size(factor)
    batch, height, width, channels = tf.unstack(tf.shape(maps))
    # In bfloat16, the convolution of oneDNN spreads infinite numbers to channels and pixels that do not depend on them.
    wide = tf.cast(maps, tf.float64 if maps.dtype == tf.float64 else tf.float32)
    kernel = tf.constant(bilinear_kernel(factor)[:, :, None, None], wide.dtype)
    upsampled = tf.nn.depthwise_conv2d_backprop_input(
        tf.stack([batch, height * factor, width * factor, channels]),
        tf.broadcast_to(kernel, tf.stack([size, size, channels, 1])),
        wide,
        strides=[1, factor, factor, 1],
        padding="SAME",
    )
    return tf.cast(upsampled, maps.dtype)


def _maps(x: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Convert maps to a tensor; refuse shapes other than ``(B, H, W, C)``."""
    try:
        maps = tf.convert_to_tensor(x)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected maps of real numbers, got {type(x).__name__}: {error}") from None
    if not (maps.dtype.is_floating or maps.dtype.is_integer or maps.dtype.is_bool):
        raise ValueError(f"expected maps of real numbers, got {maps.dtype.name}")
    if maps.shape.rank != 4 or 0 in maps.shape:
        raise ValueError(f"expected maps of shape (B, H, W, C) with no empty axis, got {maps.shape}")
    return maps if maps.dtype.is_floating else tf.cast(maps, tf.float32)
