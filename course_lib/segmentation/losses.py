"""The loss of a network that labels pixels."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.integers import as_integer

__all__ = ["segmentation_loss"]

Loss = Callable[[Any, Any], tf.Tensor]


def segmentation_loss(ignore: int | None = 255) -> Loss:
    """Make the loss of labeled pixels: cross-entropy, averaged over the pixels that count.

    Parameters
    ----------
    ignore : int or None
        Pixels with this label do not count: they add nothing to the sum, are left out of the mean's denominator, and
        have a gradient of 0. PASCAL VOC marks the outlines of objects with 255. With None every pixel counts.

    Returns
    -------
    callable
        ``loss(labels, logits)``, also for Keras' ``compile``:

        - ``labels``: shape ``(B, H, W)``, integers, each in [0, C) or ``ignore``.
        - ``logits``: shape ``(B, H, W, C)``, floats. Halves are computed in float32.
        - It returns a scalar, float32 or float64: the mean over all pixels of the batch that count, and 0 with a
          gradient of 0 if no pixel does.
        - It raises ValueError if the shapes or types are not as above, or a label is outside; inside a graph, whose
          labels are not known in advance, `tf.errors.InvalidArgumentError`. XLA does not check labels, and gives NaN.

    Raises
    ------
    ValueError
        If ``ignore`` is neither an integer nor None.

    Notes
    -----
    Each replica of a `tf.distribute` strategy takes the mean over its own pixels. Load a model that was compiled with
    this loss with ``compile=False``, or with ``custom_objects={"loss": segmentation_loss()}``.
    """
    ignored = None if ignore is None else as_integer(ignore)
    if ignored is None and ignore is not None:
        raise ValueError(f"expected a whole number to ignore, or None, got {ignore!r}")

    def loss(labels: ArrayLike | tf.Tensor, logits: ArrayLike | tf.Tensor) -> tf.Tensor:
        labels, logits = _maps(labels, logits)
        counts = tf.ones_like(labels, tf.bool) if ignored is None else labels != ignored
        labels = tf.where(counts, labels, 0)
        with tf.control_dependencies(_checks(labels, tf.shape(logits, tf.int64)[-1], ignored)):
            errors = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
        total = tf.reduce_sum(tf.where(counts, errors, 0))
        return total / tf.cast(tf.maximum(tf.math.count_nonzero(counts), 1), total.dtype)

    return loss


def _maps(labels: ArrayLike | tf.Tensor, logits: ArrayLike | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Convert labels to int64, and logits to float32 or float64; check their shapes."""
    labels, logits = tf.convert_to_tensor(labels), tf.convert_to_tensor(logits)
    if not logits.dtype.is_floating or not logits.shape.is_compatible_with((None,) * 4):
        raise ValueError(
            f"expected logits of shape (B, H, W, C), floats, got shape {logits.shape}, {logits.dtype.name}"
        )
    # Keras passes labels as floats.
    if not (labels.dtype.is_integer or labels.dtype.is_floating) or not labels.shape.is_compatible_with((None,) * 3):
        raise ValueError(
            f"expected labels of shape (B, H, W), whole numbers, got shape {labels.shape}, {labels.dtype.name}"
        )
    if not labels.shape.is_compatible_with(logits.shape[:3]):
        raise ValueError(f"expected a label for each pixel of logits of shape {logits.shape}, got shape {labels.shape}")
    wide = logits if logits.dtype == tf.float64 else tf.cast(logits, tf.float32)
    return tf.cast(labels, tf.int64), wide


def _checks(labels: tf.Tensor, classes: tf.Tensor, ignored: int | None) -> list[tf.Operation]:
    """Refuse labels that are not a class: at once if they are known, otherwise when the graph runs."""
    least, most = tf.reduce_min(labels), tf.reduce_max(labels)
    inside = (least >= 0) & (most < classes)
    extra = "" if ignored is None else f" or {ignored}"
    if not tf.executing_eagerly():
        return [
            tf.debugging.Assert(
                inside, [f"expected labels in [0, C){extra}, got C, smallest and largest label:", classes, least, most]
            )
        ]
    if not inside:
        raise ValueError(f"expected labels in [0, {classes}){extra}, got labels from {least} to {most}")
    return []
