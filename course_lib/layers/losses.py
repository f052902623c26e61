"""Losses that compare two maps: the Euclidean loss of Caffe, and soft Dice."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

__all__ = ["dice_loss", "euclidean_loss"]

# Rounding, and the steps of a gradient check, go slightly outside of [0, 1]; logits and masks of 0 and 255 go far
# outside.
SLACK = 0.05


@keras.saving.register_keras_serializable("pixelwise")
def euclidean_loss(target: ArrayLike | tf.Tensor, prediction: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Return half the sum of squared differences, divided by the number of examples, as Caffe defines it [1]_.

    Parameters
    ----------
    target, prediction : array_like or tf.Tensor
        Same shape ``(B, ...)``, real numbers or truth values. The loss is symmetric in both, and differentiable in
        both.

    Returns
    -------
    tf.Tensor
        Shape ``()``: ``sum((target - prediction) ** 2) / (2 * B)``, 0 for an empty batch. It has the type of
        ``prediction`` if that is float32 or float64; everything else is computed in float32.

    Raises
    ------
    ValueError
        If the shapes differ, have no axis, or the types are not as above.
    tf.errors.InvalidArgumentError
        In a graph, for shapes that are not known before it runs.

    Notes
    -----
    The loss is one number for the whole batch, so Keras' ``sample_weight`` cannot weight examples: Keras multiplies it
    by the mean of the weights.

    References
    ----------
    .. [1] Jia et al., "Caffe: Convolutional Architecture for Fast Feature Embedding", ACM Multimedia 2014; the layer
       ``EuclideanLoss``.
    """
    target, prediction = _numbers(target, "target"), _numbers(prediction, "prediction")
    if target.shape.rank == 0 or prediction.shape.rank == 0:
        raise ValueError(f"expected arrays of shape (B, ...), got {target.shape} and {prediction.shape}")
    target, prediction = _of_one_shape(*_of_one_type(target, prediction))
    batch = tf.cast(tf.maximum(tf.shape(prediction)[0], 1), prediction.dtype)
    return tf.reduce_sum(tf.square(target - prediction)) / (2 * batch)


@keras.saving.register_keras_serializable("pixelwise")
def dice_loss(
    target: ArrayLike | tf.Tensor,
    prediction: ArrayLike | tf.Tensor,
    valid: ArrayLike | tf.Tensor | None = None,
    smooth: float = 1e-6,
) -> tf.Tensor:
    r"""Return soft Dice, which measures how poorly predicted masks overlap the target: one number for each image.

    For the values `t` and `p` of all pixels of an image,

    .. math:: L = 1 - \frac{2 \sum t p + s}{\sum t^2 + \sum p^2 + s} = \frac{\sum (t - p)^2}{\sum t^2 + \sum p^2 + s},

    with the squares in the denominator of [1]_: a perfect match then costs 0 even for values between 0 and 1.
    The second form, which is the one computed, says that Dice is the squared distance relative to the size of the
    masks; it loses no digits if the masks are nearly equal.

    Parameters
    ----------
    target, prediction : array_like or tf.Tensor
        Same shape ``(B, H, W)``, or ``(B, H, W, C)`` for several classes; numbers in [0, 1] or truth values, such as
        probabilities (not logits) and a mask. The loss is symmetric in both, and differentiable in both, also twice.
    valid : array_like or tf.Tensor, optional
        Shape ``(B, H, W)``, truth values or zeros and ones: the pixels that count. The others have no effect, even if
        they are NaN, and have a gradient of 0. By default all count.
    smooth : float
        The `s` of the formula, positive: it makes two empty masks a perfect match. The larger it is, the more an image
        without any object contributes: with ``1e-6``, faint wrong predictions there cost nearly 1 and have almost no
        gradient.

    Returns
    -------
    tf.Tensor
        Shape ``(B,)``, in [0, 1]: 0 for equal masks, including two empty ones, where the gradient is 0, and close to 1
        for masks that do not overlap. Several classes have equal weight: the result is the mean of their losses. It has
        the type of ``prediction`` if that is float32 or float64; everything else is computed in float32.

    Raises
    ------
    ValueError
        If an argument is not as above. Values up to 0.05 outside [0, 1] are accepted, for rounding and for finite
        differences.
    tf.errors.InvalidArgumentError
        In a graph, for shapes and values that are not known before it runs. XLA does not check values.

    Notes
    -----
    As the ``loss`` of Keras' ``compile`` it weights images by a ``sample_weight`` of shape ``(B,)``. Weights for each
    pixel do not act as a mask there: Keras multiplies the losses of whole images by them. Keras passes two arguments,
    so put the mask into the target, too: ``lambda y, p: dice_loss(y[..., 0], p, y[..., 1])``.

    References
    ----------
    .. [1] Milletari, Navab and Ahmadi, "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image
       Segmentation", 3DV 2016.
    """
    if not (isinstance(smooth, (int, float, np.number)) and np.finfo(np.float32).tiny <= smooth < np.inf):
        raise ValueError(f"expected a positive number as smooth, got {smooth!r}")
    target, prediction = _numbers(target, "target"), _numbers(prediction, "prediction")
    for maps, name in ((target, "target"), (prediction, "prediction")):
        if maps.shape.rank not in (None, 3, 4):
            raise ValueError(f"expected a {name} of shape (B, H, W) or (B, H, W, C), got {maps.shape}")
        if maps.shape.rank == 4 and maps.shape[-1] == 0:
            raise ValueError(f"expected a {name} with a class or more, got shape {maps.shape}")
    target, prediction = _of_one_shape(*_of_one_type(target, prediction))
    if prediction.shape.rank is None:
        raise ValueError("expected maps of shape (B, H, W) or (B, H, W, C), got an unknown number of axes")
    if valid is not None:
        counts = _mask(valid, prediction)
        target, prediction = tf.where(counts, target, 0), tf.where(counts, prediction, 0)
    target, prediction = _in_range(target, "target"), _in_range(prediction, "prediction")
    apart = tf.reduce_sum(tf.square(target - prediction), axis=(1, 2))
    size = tf.reduce_sum(tf.square(target) + tf.square(prediction), axis=(1, 2))
    loss = apart / (size + tf.cast(smooth, size.dtype))
    return loss if loss.shape.rank == 1 else tf.reduce_mean(loss, axis=-1)


def _numbers(values: ArrayLike | tf.Tensor, name: str) -> tf.Tensor:
    """Check real numbers or truth values."""
    try:
        tensor = tf.convert_to_tensor(values)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected a {name} of numbers, got {type(values).__name__}: {error}") from None
    if not (tensor.dtype.is_floating or tensor.dtype.is_integer or tensor.dtype.is_bool):
        raise ValueError(f"expected a {name} of real numbers, got {tensor.dtype.name}")
    return tensor


def _of_one_type(target: tf.Tensor, prediction: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Convert both to the type in which a loss is computed."""
    dtype = tf.float64 if prediction.dtype == tf.float64 else tf.float32
    return tf.cast(target, dtype), tf.cast(prediction, dtype)


def _of_one_shape(target: tf.Tensor, prediction: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Refuse maps that would be broadcast."""
    if not target.shape.is_compatible_with(prediction.shape):
        raise ValueError(f"expected target and prediction of one shape, got {target.shape} and {prediction.shape}")
    if target.shape.is_fully_defined() and prediction.shape.is_fully_defined():
        return target, prediction
    sizes = tf.shape(target), tf.shape(prediction)
    equal = tf.debugging.assert_equal(*sizes, "expected target and prediction of one shape")
    with tf.control_dependencies([equal]):
        return tf.ensure_shape(target, prediction.shape), tf.ensure_shape(prediction, target.shape)


def _mask(valid: ArrayLike | tf.Tensor, maps: tf.Tensor) -> tf.Tensor:
    """Check which pixels count, as truth values that fit to maps."""
    valid = _numbers(valid, "mask of valid pixels")
    if not valid.shape.is_compatible_with(maps.shape[:3]):
        raise ValueError(f"expected a mask of valid pixels of shape {maps.shape[:3]}, got {valid.shape}")
    checks = [tf.debugging.assert_equal(tf.shape(valid), tf.shape(maps)[:3], "expected a mask for each pixel")]
    if not valid.dtype.is_bool:
        whole = tf.reduce_all((valid == 0) | (valid == 1))
        checks.append(_require(whole, "expected truth values, or zeros and ones, as a mask of valid pixels", valid))
    with tf.control_dependencies([check for check in checks if check is not None]):
        counts = tf.ensure_shape(tf.cast(valid, tf.bool), maps.shape[:3])
    return counts if maps.shape.rank == 3 else counts[..., tf.newaxis]


def _in_range(maps: tf.Tensor, name: str) -> tf.Tensor:
    """Refuse values outside of [0, 1]; NaN is allowed, and makes the loss NaN."""
    outside = tf.reduce_any((maps < -SLACK) | (maps > 1 + SLACK))
    hint = "" if name == "target" else " (probabilities: are these logits?)"
    check = _require(~outside, f"expected a {name} with values in [0, 1]{hint}", maps)
    with tf.control_dependencies([] if check is None else [check]):
        return tf.identity(maps)


def _require(fits: tf.Tensor, expected: str, got: tf.Tensor) -> Any:
    """Raise at once if values are known, otherwise return the check that runs in the graph."""
    least, most = tf.reduce_min(got), tf.reduce_max(got)
    if not tf.executing_eagerly():
        return tf.debugging.Assert(fits, [f"{expected}, got smallest and largest value:", least, most])
    if not fits:
        raise ValueError(f"{expected}, got values from {least.numpy():.6g} to {most.numpy():.6g}")
    return None
