"""How far predicted colors are from true ones, and how colorful they are: a number for each image.

The classes are metrics for Keras' ``fit``. They average over images, not over batches, so a shorter last batch counts
less.
"""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.color import arguments, tensors
from course_lib.color.scale import AB_BOUND, BEYOND

Floats = NDArray[np.floating]


def psnr(truth: ArrayLike, prediction: ArrayLike, peak: float = 1.0) -> Floats:
    """Return the peak signal-to-noise ratio of each image: ``10 log10(peak² / MSE)``.

    Average these numbers, not the errors of a batch: the PSNR of the mean error is lower, because the worst image
    dominates it.

    Parameters
    ----------
    truth, prediction : array_like
        RGB, shape ``(B, H, W, 3)``, in [0, peak].
    peak : float
        The largest value that an image can have: 1 for floats, 255 for bytes.

    Returns
    -------
    ndarray
        Shape ``(B,)``, float64, in dB; infinite where both images are equal.

    Raises
    ------
    ValueError
        If the shapes are not as above, ``peak`` is not above 0, or a value lies outside [0, peak] or is NaN.
    """
    if not 0 < peak < np.inf:
        raise ValueError(f"expected a peak above 0, got {peak!r}")
    true, predicted = _images(truth, peak), _images(prediction, peak)
    _same(true.shape, predicted.shape)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(peak**2 / np.square(true - predicted).mean(axis=(1, 2, 3)))


def rmse_ab(truth: ArrayLike, prediction: ArrayLike) -> Floats:
    """Return the root of the mean squared error of a and b, for each image.

    The mean is over pixels and both channels.

    Parameters
    ----------
    truth, prediction : array_like
        Floats of shape ``(B, H, W, 3)``, Lab, or ``(B, H, W, 2)``, its a and b; not normalized.

    Returns
    -------
    ndarray
        Shape ``(B,)``, float64, in units of a and b.

    Raises
    ------
    ValueError
        If the shapes are not as above, or a or b is NaN or farther than 112.2 from 0.
    """
    true, predicted = _ab(truth), _ab(prediction)
    _same(true.shape, predicted.shape)
    return np.sqrt(np.square(true - predicted).mean(axis=(1, 2, 3)))


def colorfulness(rgb: ArrayLike) -> Floats:
    """Return how colorful each image is, by the measure M3 of Hasler and Süsstrunk [1]_.

    It is ``sqrt(σ_rg² + σ_yb²) + 0.3 sqrt(μ_rg² + μ_yb²)`` over the pixels' ``rg = R - G`` and ``yb = (R + G)/2 - B``.

    Parameters
    ----------
    rgb : array_like
        Shape ``(B, H, W, 3)``, floats in [0, 1].

    Returns
    -------
    ndarray
        Shape ``(B,)``, float64, on the scale of the paper, where R, G and B lie in [0, 255]: 0 is gray, 15 slightly
        colorful, 33 moderately, 45 averagely, 59 quite, 82 highly, 109 extremely.

    Raises
    ------
    ValueError
        If the shape is not as above, or a value lies outside [0, 1] or is NaN.

    References
    ----------
    .. [1] Hasler and Süsstrunk, "Measuring Colorfulness in Natural Images", Human Vision and Electronic Imaging VIII,
       SPIE 5007, 2003.
    """
    red, green, blue = np.moveaxis(255 * _images(rgb, 1.0), -1, 0)
    opponents = np.stack([red - green, (red + green) / 2 - blue])
    spread, distance = opponents.std(axis=(2, 3)), opponents.mean(axis=(2, 3))
    return np.hypot(*spread) + 0.3 * np.hypot(*distance)


@keras.saving.register_keras_serializable("pixelwise")
class PSNR(keras.metrics.MeanMetricWrapper):
    """`psnr` of the RGB of Lab, averaged over images: a metric for a `Colorizer`.

    Called with truth and prediction, normalized Lab of shape ``(B, H, W, 3)``. It is infinite if an image is predicted
    exactly.

    Parameters
    ----------
    name, dtype
        As for `keras.metrics.Metric`.

    Raises
    ------
    ValueError
        When called, if the shapes are not as above.
    """

    def __init__(self, name: str = "psnr", dtype: str | None = None) -> None:
        super().__init__(_psnr_of_lab, name=name, dtype=dtype)
        self._direction = "up"

    def get_config(self) -> dict[str, str]:
        """Return what makes a metric like this one."""
        return {"name": self.name, "dtype": self.dtype}


@keras.saving.register_keras_serializable("pixelwise")
class RMSE(keras.metrics.MeanMetricWrapper):
    """`rmse_ab`, averaged over images.

    Called with truth and prediction, normalized Lab of shape ``(B, H, W, 3)``, as from a `Colorizer`, or normalized ab
    of shape ``(B, H, W, 2)``.

    Parameters
    ----------
    name, dtype
        As for `keras.metrics.Metric`.

    Raises
    ------
    ValueError
        When called, if the shapes are not as above.
    """

    def __init__(self, name: str = "rmse_ab", dtype: str | None = None) -> None:
        super().__init__(_rmse_of_normalized, name=name, dtype=dtype)
        self._direction = "down"

    def get_config(self) -> dict[str, str]:
        """Return what makes a metric like this one."""
        return {"name": self.name, "dtype": self.dtype}


def _psnr_of_lab(truth: ArrayLike | tf.Tensor, prediction: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Return the PSNR of each image in RGB, from normalized Lab."""
    labs = tf.convert_to_tensor(truth), tf.convert_to_tensor(prediction)
    if not all(lab.shape.is_compatible_with((None, None, None, 3)) for lab in labs):
        raise ValueError(
            "expected normalized Lab of shape (B, H, W, 3), as a Colorizer hands to its metrics, "
            f"got {labs[0].shape} and {labs[1].shape}"
        )
    _same(*(lab.shape for lab in labs))
    true, predicted = (tensors.lab_to_rgb(tensors.denormalize_lab(lab)) for lab in labs)
    return -10 * tf.math.log(tf.reduce_mean(tf.square(true - predicted), axis=(1, 2, 3))) / np.log(10)


def _rmse_of_normalized(truth: ArrayLike | tf.Tensor, prediction: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Return the RMSE of each image in units of a and b, from normalized Lab or ab."""
    true, predicted = tf.convert_to_tensor(truth), tf.convert_to_tensor(prediction)
    _same(true.shape, predicted.shape)
    error = AB_BOUND * (true[..., -2:] - tf.cast(predicted[..., -2:], true.dtype))
    return tf.sqrt(tf.reduce_mean(tf.square(error), axis=(1, 2, 3)))


def _images(rgb: ArrayLike, peak: float) -> Floats:
    """Check RGB, ``(B, H, W, 3)``, in [0, peak]."""
    return _maps(rgb, (3,), f"RGB in [0, {peak:g}]", -peak * arguments.ROUNDING, peak * (1 + arguments.ROUNDING))


def _ab(lab: ArrayLike) -> Floats:
    """Check Lab or ab, ``(B, H, W, 3 or 2)``, and return ab."""
    most = AB_BOUND * (1 + BEYOND)
    array = _maps(lab, (3, 2), "Lab or ab", -np.inf, np.inf)[..., -2:]
    return arguments.bounded(array, 2, f"a and b in [-{AB_BOUND:g}, {AB_BOUND:g}]", -most, most)


def _maps(values: ArrayLike, channels: tuple[int, ...], what: str, low: float, high: float) -> Floats:
    """Check maps with some numbers of channels and at least one pixel, and return float64 within two bounds."""
    array = np.asarray(values, np.float64)
    if array.ndim != 4 or array.shape[-1] not in channels or 0 in array.shape:
        shapes = " or ".join(f"(B, H, W, {count})" for count in channels)
        raise ValueError(f"expected {what} of shape {shapes} with at least one pixel, got {array.shape}")
    return arguments.bounded(array, array.shape[-1], what, low, high)


def _same(truth: Sequence[int | None], prediction: Sequence[int | None]) -> None:
    """Refuse a prediction of another shape than the truth."""
    if not tf.TensorShape(truth).is_compatible_with(prediction):
        raise ValueError(f"expected a prediction of the truth's shape, got {tuple(prediction)} for {tuple(truth)}")
