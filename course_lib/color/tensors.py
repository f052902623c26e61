"""Color in TensorFlow: the functions of `course_lib.color` for tensors, also inside the graphs of `tf.data`.

Types and known shapes are checked; values are not, because a graph cannot refuse them. All of it is differentiable.
"""

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.color import lab as steps
from course_lib.color import scale

THIRD_OF_ONE = 709921077  # what two thirds of the bits of 1.0 leave, less what makes the guesses good on average


def rgb_to_lab(rgb: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Convert sRGB to CIE 1976 L*a*b* with white D65.

    Parameters
    ----------
    rgb : array_like or tf.Tensor
        Shape ``(..., 3)``: uint8, or floats in [0, 1].

    Returns
    -------
    tf.Tensor
        Shape ``(..., 3)``, float32, as `course_lib.color.rgb_to_lab`'s to 0.0005.

    Raises
    ------
    ValueError
        If the last axis is not 3 long, or the type is neither uint8 nor a float.
    """
    colors = _colors(rgb, "RGB", (tf.uint8,))
    cube_root = _cube_root
    if colors.dtype == tf.uint8:
        cube_root = _cube_root_of_bits  # bytes have no gradient
        light = tf.gather(steps.LINEAR_OF_UINT8, tf.cast(colors, tf.int32))
    else:
        x = tf.cast(colors, tf.float32)
        light = tf.where(x > 0.04045, _power((tf.maximum(x, 0.04045) + 0.055) / 1.055, 2.4), x / 12.92)
    relative = _times(light, steps.RGB_TO_RELATIVE)
    above, below = tf.maximum(relative, steps.FOOT), tf.minimum(relative, steps.FOOT)
    return _times(cube_root(above) - steps.ROOT_OF_FOOT + steps.SLOPE * below, steps.ROOTS_TO_LAB)


def lab_to_rgb(lab: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Convert CIE 1976 L*a*b* with white D65 to sRGB.

    Parameters
    ----------
    lab : array_like or tf.Tensor
        Shape ``(..., 3)``, floats: L in [0, 100]; a and b about in [-110, 110].

    Returns
    -------
    tf.Tensor
        Shape ``(..., 3)``, float32, in [0, 1]; colors outside the gamut of sRGB are clipped.

    Raises
    ------
    ValueError
        If the last axis is not 3 long, or the values are not floats.
    """
    roots = _times(tf.cast(_colors(lab, "Lab"), tf.float32), steps.LAB_TO_ROOTS)
    f = roots + steps.SHIFT
    relative = tf.where(roots > steps.SLOPE * steps.FOOT, f * f * f, roots / steps.SLOPE)
    x = tf.clip_by_value(_times(relative, steps.RELATIVE_TO_RGB), 0.0, 1.0)
    return tf.where(x > 0.0031308, 1.055 * _power(tf.maximum(x, 0.0031308), 1 / 2.4) - 0.055, x * 12.92)


def split_lab(lab: ArrayLike | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Split Lab, normalized or not, into lightness and color.

    Parameters
    ----------
    lab : array_like or tf.Tensor
        Shape ``(..., 3)``, floats.

    Returns
    -------
    L : tf.Tensor
        Shape ``(..., 1)``.
    ab : tf.Tensor
        Shape ``(..., 2)``.

    Raises
    ------
    ValueError
        If the last axis is not 3 long, or the values are not floats.
    """
    colors = _colors(lab, "Lab")
    return colors[..., :1], colors[..., 1:]


def normalize_lab(lab: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Scale Lab so that every channel lies in [-1, 1]: ``L / 50 - 1``, ``a / 110``, ``b / 110``.

    Parameters
    ----------
    lab : array_like or tf.Tensor
        Shape ``(..., 3)``, floats: L in [0, 100], a and b in [-110, 110].

    Returns
    -------
    tf.Tensor
        Shape ``(..., 3)``, float32, in [-1, 1].

    Raises
    ------
    ValueError
        If the last axis is not 3 long, or the values are not floats.
    """
    return tf.cast(_colors(lab, "Lab"), tf.float32) / scale.HALF - scale.MIDDLE


def denormalize_lab(normalized: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Undo `normalize_lab`.

    Parameters
    ----------
    normalized : array_like or tf.Tensor
        Shape ``(..., 3)``, floats in [-1, 1].

    Returns
    -------
    tf.Tensor
        Shape ``(..., 3)``, float32: Lab.

    Raises
    ------
    ValueError
        If the last axis is not 3 long, or the values are not floats.
    """
    return (tf.cast(_colors(normalized, "normalized Lab"), tf.float32) + scale.MIDDLE) * scale.HALF


def _colors(values: ArrayLike | tf.Tensor, what: str, besides: tuple[tf.DType, ...] = ()) -> tf.Tensor:
    """Return a tensor ``(..., 3)`` of floats, or of another allowed type."""
    tensor = tf.convert_to_tensor(values)
    if not (tensor.dtype.is_floating or tensor.dtype in besides):
        types = " or ".join([*(dtype.name for dtype in besides), "floats"])
        raise ValueError(f"expected {what} as {types}, got {tensor.dtype.name}")
    shape = tensor.shape
    if shape.rank == 0 or (shape.rank is not None and shape[-1] not in (3, None)):
        raise ValueError(f"expected {what} of shape (..., 3), got {shape}")
    return tensor


def _power(x: tf.Tensor, exponent: float) -> tf.Tensor:
    """Raise positive numbers to a power; tf.pow takes four times as long."""
    return tf.exp(tf.math.log(x) * exponent)


def _cube_root(x: tf.Tensor) -> tf.Tensor:
    """Take the cube root of positive numbers."""
    return _power(x, 1 / 3)


def _cube_root_of_bits(x: tf.Tensor) -> tf.Tensor:
    """Take the cube root of positive numbers, without a gradient; it takes two thirds of the time in a compiled graph.

    A third of the bits, as an integer, is a first guess that is 5 % off; a step of Halley's method triples the number
    of correct digits.
    """
    bits = tf.cast(tf.bitcast(x, tf.int32), tf.float32) * (1 / 3)
    root = tf.bitcast(tf.cast(bits, tf.int32) + THIRD_OF_ONE, tf.float32)
    for _ in range(2):
        cube = root * root * root
        root *= (cube + 2 * x) / (2 * cube + x)
    return root


def _times(colors: tf.Tensor, matrix: np.ndarray) -> tf.Tensor:
    """Multiply every color by a matrix, in one product."""
    product = tf.reshape(tf.matmul(tf.reshape(colors, (-1, 3)), matrix), tf.shape(colors))
    return tf.ensure_shape(product, colors.shape)
