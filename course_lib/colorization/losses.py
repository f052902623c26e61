"""Losses of predicted color.

The weights of rare colors are those of Zhang, Isola and Efros [1]_, who predict a distribution of colors. Here they
weight the errors of a regression.

References
----------
.. [1] Zhang, Isola and Efros, "Colorful Image Colorization", ECCV 2016.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.color import rgb_to_lab
from course_lib.color.scale import AB_BOUND, BEYOND, normalized

Penalty = Literal["l2", "l1", "huber"]

BEND = 0.1  # of the Huber loss, normalized: errors beyond 11 units of a or b count linearly
CELL = 10.0  # the side of a cell of the ab plane in units of a and b, as in the paper
SMOOTHING = 5.0  # standard deviation in units of a and b, as in the paper
FARTHEST = round(AB_BOUND / CELL)  # cells from gray; their centers are the multiples of CELL


def color_loss(penalty: Penalty = "l2") -> keras.losses.Loss:
    """Make a loss of normalized ab: the mean, over pixels and both channels, of a penalty on each error.

    Parameters
    ----------
    penalty : {"l2", "l1", "huber"}
        The square of an error e; its absolute value; or ``e² / 2`` up to an absolute value of 0.1, which is 11 units of
        a or b, and linear beyond. The best constant under L2 is the mean of the colors, under L1 their median.

    Returns
    -------
    keras.losses.Loss
        ``loss(truth, prediction)``, both of shape ``(B, H, W, 2)``. It raises ValueError if the shapes are not as
        above, or the truth is not in [-1, 1]; inside a graph, whose values are not known in advance,
        `tf.errors.InvalidArgumentError`. XLA does not check values.

    Raises
    ------
    ValueError
        If there is no such penalty.
    """
    return ColorLoss(penalty)


def rebalanced_loss(ab: ArrayLike, *, uniform: float = 0.5, penalty: Penalty = "l2") -> keras.losses.Loss:
    """Make a loss in which pixels of rare colors have more weight, after Zhang, Isola and Efros.

    Most pixels of photographs are nearly gray, so the best prediction of an uncertain network is gray. The ab plane is
    divided into cells of 10 x 10 units. The weight of a pixel is proportional to ``1 / ((1 - u) p + u / Q)``: p is the
    smoothed frequency of its true color's cell, Q the number of cells that contain a color of sRGB, and u ``uniform``.
    The mean weight of the given pixels is 1.

    Parameters
    ----------
    ab : array_like
        Shape ``(..., 2)``, floats: normalized ab of the training images.
    uniform : float
        In (0, 1]: how much of the uniform distribution is mixed with the frequencies. With 1 all weights are 1.
    penalty : {"l2", "l1", "huber"}
        As for `color_loss`.

    Returns
    -------
    keras.losses.Loss
        As `color_loss` returns it.

    Raises
    ------
    ValueError
        If an argument is not as above, or there are no pixels.
    """
    if not 0 < uniform <= 1:
        raise ValueError(f"expected a share of the uniform distribution in (0, 1], got {uniform!r}")
    counts = _count(ab)
    frequency = counts / counts.sum()
    cells = (counts > 0) | (_count(_srgb()) > 0)
    smooth = _smooth(frequency) / np.where(cells, _smooth(cells.astype(float)), np.inf)
    weights = 1 / ((1 - uniform) * smooth / smooth.sum() + uniform / cells.sum())
    return ColorLoss(penalty, (weights / (frequency * weights).sum()).tolist())


@keras.saving.register_keras_serializable("pixelwise")
class ColorLoss(keras.losses.Loss):
    """The class of the losses from `color_loss` and `rebalanced_loss`.

    Parameters
    ----------
    penalty : {"l2", "l1", "huber"}
        As for `color_loss`.
    weights : sequence of sequences of float, optional
        The weight of each cell of the ab plane, first by a, then by b.
    **kwargs
        As for `keras.losses.Loss`.

    Raises
    ------
    ValueError
        If there is no such penalty; when called, as for `color_loss`.
    """

    def __init__(self, penalty: Penalty, weights: Sequence[Sequence[float]] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if penalty not in get_args(Penalty):
            raise ValueError(f'expected the penalty "l2", "l1" or "huber", got {penalty!r}')
        self.penalty, self.weights = penalty, weights

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Return the loss of each pixel, ``(B, H, W)``."""
        expected = tf.TensorShape((None, None, None, 2))
        if not expected.is_compatible_with(y_true.shape) or not y_true.shape.is_compatible_with(y_pred.shape):
            raise ValueError(
                f"expected ab and its prediction of shape (B, H, W, 2), got {y_true.shape} and {y_pred.shape}"
            )
        with tf.control_dependencies(_checks(y_true)):
            errors = tf.reduce_mean(_PENALTIES[self.penalty](y_pred - y_true), axis=-1)
        if self.weights is None:
            return errors
        return errors * tf.gather_nd(tf.constant(self.weights, errors.dtype), _cells(tf.ensure_shape(y_true, expected)))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a loss like this one."""
        return {**super().get_config(), "penalty": self.penalty, "weights": self.weights}


def _huber(errors: tf.Tensor) -> tf.Tensor:
    """Return half the square of small errors, and a linear function of larger ones."""
    size = tf.abs(errors)
    small = tf.minimum(size, BEND)
    return small * (size - small / 2)


_PENALTIES: dict[Penalty, Callable[[tf.Tensor], tf.Tensor]] = {"l2": tf.square, "l1": tf.abs, "huber": _huber}


def _cells(ab: tf.Tensor) -> tf.Tensor:
    """Find the cells of normalized colors, ``(..., 2)``."""
    cells = tf.cast(tf.round(ab * (AB_BOUND / CELL)), tf.int32)
    return tf.clip_by_value(cells + FARTHEST, 0, 2 * FARTHEST)


def _count(ab: ArrayLike) -> NDArray[np.float64]:
    """Count the pixels of each cell."""
    colors = normalized(ab, 2, "normalized ab").reshape(-1, 2)
    if not len(colors):
        raise ValueError(f"expected ab of shape (..., 2) with at least one pixel, got {np.shape(ab)}")
    counts = np.zeros((2 * FARTHEST + 1,) * 2)
    np.add.at(counts, tuple(_cells(colors).numpy().T), 1)
    return counts


def _srgb() -> NDArray[np.float32]:
    """Return normalized ab of colors in every cell that sRGB reaches.

    They are from the surface of the RGB cube: a color inside has the same a and b as one on it, lighter or darker.
    """
    steps = np.arange(0, 256, 3, dtype=np.uint8)
    faces = np.stack(np.meshgrid(steps, steps), axis=-1)
    rgb = [np.insert(faces, channel, value, axis=-1) for channel in range(3) for value in (0, 255)]
    return rgb_to_lab(np.stack(rgb))[..., 1:] / np.float32(AB_BOUND)


def _smooth(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Blur the ab plane with a Gaussian; outside it is 0."""
    centers = CELL * np.arange(len(plane))
    blur = np.exp(-np.square((centers[:, None] - centers) / SMOOTHING) / 2)
    return blur @ plane @ blur


def _checks(ab: tf.Tensor) -> list[tf.Operation]:
    """Refuse ab that is not normalized: at once if it is known, otherwise when the graph runs."""
    least, most = tf.reduce_min(ab), tf.reduce_max(ab)
    inside = (least >= -1 - BEYOND) & (most <= 1 + BEYOND)
    if not tf.executing_eagerly():
        return [tf.debugging.Assert(inside, ["expected normalized ab in [-1, 1], got values from, to:", least, most])]
    if not inside:
        raise ValueError(f"expected normalized ab in [-1, 1], got values from {least:.6g} to {most:.6g}")
    return []
