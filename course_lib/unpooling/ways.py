"""Unpooling with TensorFlow's own operations: three published alternatives to the user operation.

All take the arguments of `course_lib.ops.max_unpool`, for any windows, strides and padding of the pooling, and return
the same if no two values have the same index. If indices are repeated, as for overlapping windows, `scatter_unpool` and
`flat_unpool` add the values, like the user operation, and `sparse_unpool` refuses them.

The user operation is several times faster than the fastest of them: it writes its output once, in order.
"""

import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.ops import arguments, reference


def sparse_unpool(
    pooled: ArrayLike | tf.Tensor,
    argmax: ArrayLike | tf.Tensor,
    output_shape: ArrayLike | tf.Tensor,
    include_batch_in_index: bool = False,
) -> tf.Tensor:
    """Unpool with a sparse tensor: sort its entries, then make it dense; differentiable in ``pooled``.

    Parameters
    ----------
    pooled, argmax, output_shape, include_batch_in_index
        As for `course_lib.ops.max_unpool`. No two values of an image may have the same index.

    Returns
    -------
    tf.Tensor
        Shape ``(B, H, W, C)``, of the pooled values' type.

    Raises
    ------
    ValueError
        If an argument is not as above, as far as shapes are known, or inside ``jit_compile=True``.
    tf.errors.InvalidArgumentError
        Eagerly and in a graph: if an index is repeated or lies outside its image, or if shapes that were not known in
        advance do not fit.
    """
    if tf.__internal__.get_enclosing_xla_context() is not None:
        raise ValueError("sparse_unpool cannot run inside jit_compile=True: XLA cannot sort a sparse tensor")
    switches = _switches(pooled, argmax, output_shape, include_batch_in_index)
    places = tf.reshape(_places(switches), (-1, 4))
    entries = tf.SparseTensor(places, tf.reshape(switches.values, (-1,)), switches.output_shape)
    return tf.sparse.to_dense(tf.sparse.reorder(entries))


def scatter_unpool(
    pooled: ArrayLike | tf.Tensor,
    argmax: ArrayLike | tf.Tensor,
    output_shape: ArrayLike | tf.Tensor,
    include_batch_in_index: bool = False,
) -> tf.Tensor:
    """Unpool with `tf.scatter_nd` and four columns: image, y, x, channel; differentiable in ``pooled``.

    For repeated indices, the values add up: eagerly, in a graph and inside XLA. float16 and bfloat16 are summed in
    their own type, so that a sum of many values loses digits; `course_lib.ops.max_unpool` sums them in float32.

    Parameters
    ----------
    pooled, argmax, output_shape, include_batch_in_index
        As for `course_lib.ops.max_unpool`.

    Returns
    -------
    tf.Tensor
        Shape ``(B, H, W, C)``, of the pooled values' type.

    Raises
    ------
    ValueError
        If an argument is not as above, as far as shapes are known.
    tf.errors.InvalidArgumentError
        On the CPU, eagerly and in a graph: if an index lies outside its image. Inside XLA such a value is dropped, and
        its gradient is 0. Also if shapes that were not known in advance do not fit.
    """
    switches = _switches(pooled, argmax, output_shape, include_batch_in_index)
    return tf.scatter_nd(_places(switches), switches.values, switches.output_shape)


def flat_unpool(
    pooled: ArrayLike | tf.Tensor,
    argmax: ArrayLike | tf.Tensor,
    output_shape: ArrayLike | tf.Tensor,
    include_batch_in_index: bool = False,
) -> tf.Tensor:
    """Unpool with `tf.scatter_nd` on one axis, with the images one after another; differentiable in ``pooled``.

    For repeated indices, the values add up, in the same types as in `scatter_unpool`.

    Parameters
    ----------
    pooled, argmax, output_shape, include_batch_in_index
        As for `course_lib.ops.max_unpool`.

    Returns
    -------
    tf.Tensor
        Shape ``(B, H, W, C)``, of the pooled values' type.

    Raises
    ------
    ValueError, tf.errors.InvalidArgumentError
        As `scatter_unpool`. An index outside its image is refused, or dropped, even if it lies inside another one.
    """
    switches = _switches(pooled, argmax, output_shape, include_batch_in_index)
    shape = switches.output_shape
    flat = switches.image * tf.reduce_prod(shape[1:]) + switches.index
    nowhere = tf.constant(-1, tf.int64)
    places = tf.where(switches.inside, flat, nowhere)[..., None]
    return tf.reshape(tf.scatter_nd(places, switches.values, tf.reduce_prod(shape)[None]), shape)


def _switches(
    pooled: ArrayLike | tf.Tensor,
    argmax: ArrayLike | tf.Tensor,
    output_shape: ArrayLike | tf.Tensor,
    include_batch_in_index: bool,
) -> reference.Switches:
    """Check and convert the arguments."""
    return reference.switches(*arguments.unpooling(pooled, argmax, output_shape, include_batch_in_index))


def _places(switches: reference.Switches) -> tf.Tensor:
    """Return image, y, x and channel of each value, ``(B, h, w, C, 4)``."""
    width, channels = switches.output_shape[2], switches.output_shape[3]
    pixel = switches.index // channels
    y = pixel // width
    # Two products take half the time of two remainders.
    return tf.stack([switches.image, y, pixel - y * width, switches.index - pixel * channels], axis=-1)
