"""Answers for every pixel of an image of any size, from a network with one answer for every `stride` x `stride` pixels.

The image is padded with zeros at the bottom and on the right, to the next multiples of the stride; the network runs,
its answers are enlarged, and the padding is cropped. No answer is displaced: the answer at row p and column q is
enlarged around the middle of the block of pixels that begins at ``(p * stride, q * stride)``, in the padded image as in
the given one. So an image gives the same result as the image padded by hand, a part of an image that begins at a
multiple of the stride is divided into the same blocks as the whole, and an image whose sides are multiples is not
padded at all. Padding on both sides would move the blocks by half of the padding, a different distance for each size.

Zeros are not neutral. A network's own padding puts zeros around the maps of each layer; here they are only around the
image, and the first layer already turns them into its bias. Answers within reach of the bottom and the right border
therefore differ from those of the image cropped to multiples. Pad images that are prepared for the network, in which 0
is the mean color or a mid gray.
"""

from collections.abc import Callable

import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.integers import as_integer
from course_lib.ops import label_map
from course_lib.upsampling import transposed_upsample

__all__ = ["labels_at_full_size", "logits_at_full_size"]

Network = Callable[[tf.Tensor], tf.Tensor]


def logits_at_full_size(network: Network, images: ArrayLike | tf.Tensor, stride: int = 32) -> tf.Tensor:
    """Run a network on images of any size, and enlarge its logits to their pixels; differentiable.

    Parameters
    ----------
    network : callable
        Such as a model of `to_fully_convolutional`: from images ``(B, h, w, D)``, h and w multiples of the stride, to
        logits ``(B, h / stride, w / stride, C)``.
    images : array_like or tf.Tensor
        Shape ``(B, H, W, D)``, prepared for the network.
    stride : int
        Pixels from one answer of the network to the next, 1 or more.

    Returns
    -------
    tf.Tensor
        Shape ``(B, H, W, C)``: the logits that `transposed_upsample` gives for the padded images, cut to the pixels
        of the given ones. For many classes that is large: see `labels_at_full_size`.

    Raises
    ------
    ValueError
        If an argument is not as above, or the network has another stride; inside a graph, whose sizes are not known in
        advance, `tf.errors.InvalidArgumentError`.
    """
    logits, height, width = _run(network, images, stride)
    return transposed_upsample(logits, stride)[:, :height, :width]


def labels_at_full_size(network: Network, images: ArrayLike | tf.Tensor, stride: int = 32) -> tf.Tensor:
    """Run a network on images of any size, and label their pixels with the class of the largest logit.

    The logits are never enlarged as a whole; see `course_lib.ops.label_map`.

    Parameters
    ----------
    network, images, stride
        As for `logits_at_full_size`.

    Returns
    -------
    tf.Tensor
        Shape ``(B, H, W)``, int64, in [0, C).

    Raises
    ------
    ValueError
        As for `logits_at_full_size`.
    """
    logits, height, width = _run(network, images, stride)
    return label_map(logits, stride)[:, :height, :width]


def _run(network: Network, images: ArrayLike | tf.Tensor, stride: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Pad the images and run the network; return its logits, and height and width of the images."""
    step = as_integer(stride)
    if step is None or step < 1:
        raise ValueError(f"expected a whole stride of 1 pixel or more, got {stride!r}")
    given = tf.convert_to_tensor(images)
    if given.shape.rank != 4 or 0 in given.shape:
        raise ValueError(f"expected images of shape (B, H, W, D) with no empty axis, got {given.shape}")
    _, height, width, _ = tf.unstack(tf.shape(given))
    padded = tf.pad(given, [[0, 0], [0, -height % step], [0, -width % step], [0, 0]])
    logits = network(padded)
    _check_stride(padded, logits, step)
    return logits, height, width


def _check_stride(images: tf.Tensor, logits: tf.Tensor, stride: int) -> None:
    """Refuse a network of another stride: at once if sizes are known, otherwise when the graph runs."""
    if logits.shape.rank != 4:
        raise ValueError(f"expected a network that gives logits of shape (B, h, w, C), got {logits.shape}")
    expected = [side and side // stride for side in images.shape[1:3]]
    words = f"expected a network that answers once in {stride} x {stride} pixels"
    if not logits.shape[1:3].is_compatible_with(expected):
        raise ValueError(
            f"{words}: a map of {expected[0]} x {expected[1]} for images of {images.shape[1]} x {images.shape[2]} "
            f"pixels, got {logits.shape[1]} x {logits.shape[2]}"
        )
    tf.debugging.assert_equal(tf.shape(logits)[1:3], tf.shape(images)[1:3] // stride, words)
