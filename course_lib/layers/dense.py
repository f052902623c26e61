"""A dense layer as a convolution."""

import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.integers import as_integer

__all__ = ["dense_to_conv"]

ORDERS = ("channels_last", "channels_first")


def dense_to_conv(weights: ArrayLike | tf.Tensor, height: int, width: int, order: str = "channels_last") -> tf.Tensor:
    """Turn the weights of a dense layer on a flattened map into the kernel of a convolution.

    If the kernel covers the whole map, the convolution without padding computes the same as the dense layer; on a
    larger map, it gives an answer at every position [1]_. The bias is not changed.

    Parameters
    ----------
    weights : array_like or tf.Tensor
        Shape ``(height * width * D, units)``, real numbers: one row for each number of the map, as in Keras. PyTorch
        and Caffe store the transpose.
    height, width : int
        Size of the map that was flattened, each 1 or more.
    order : {"channels_last", "channels_first"}
        How it was flattened: with the ``D`` channels of a position together, as by Keras' ``Flatten``, or with the
        positions of a channel together, as in PyTorch and Caffe.

    Returns
    -------
    tf.Tensor
        Shape ``(height, width, D, units)``, of the weights' type, as for `tf.nn.conv2d`. With ``"channels_last"``
        it shares memory with the weights if these are a tensor.

    Raises
    ------
    ValueError
        If an argument is not as above.

    References
    ----------
    .. [1] Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015.
    """
    height, width = _size(height, "height"), _size(width, "width")
    if order not in ORDERS:
        raise ValueError(f'expected order "channels_last" or "channels_first", got {order!r}')
    matrix = _matrix(weights)
    rows, units = matrix.shape
    channels, left_over = divmod(rows, height * width)
    if left_over or not channels:
        raise ValueError(
            f"expected weights of shape ({height} * {width} * D, units) for a map of {height} × {width} positions, "
            f"got {tuple(matrix.shape)}, and {height * width} does not divide {rows}"
            + (f"; it divides {units}: are they transposed?" if units % (height * width) == 0 else "")
        )
    if order == "channels_last":
        return tf.reshape(matrix, (height, width, channels, units))
    return tf.transpose(tf.reshape(matrix, (channels, height, width, units)), (1, 2, 0, 3))


def _size(value: int, name: str) -> int:
    """Check one side of a map."""
    size = as_integer(value)
    if size is None or size < 1:
        raise ValueError(f"expected a whole {name} of 1 or more, got {value!r}")
    return size


def _matrix(weights: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Check the weights of a dense layer."""
    try:
        matrix = tf.convert_to_tensor(weights)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected weights of real numbers, got {type(weights).__name__}: {error}") from None
    if not (matrix.dtype.is_floating or matrix.dtype.is_integer):
        raise ValueError(f"expected weights of real numbers, got {matrix.dtype.name}")
    if matrix.shape.rank != 2 or not all(matrix.shape):  # a size may be unknown in a graph
        raise ValueError(f"expected weights of shape (height * width * D, units), got {matrix.shape}")
    return matrix
