"""Images as inputs of networks."""

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray


def rgb_floats(image: ArrayLike | tf.Tensor) -> NDArray[np.float32] | tf.Tensor:
    """Check RGB images ``(…, H, W, 3)`` and return them as float32: an array, or a tensor if one was given.

    Raises
    ------
    ValueError
        If the shape is different, or the values are not real numbers.
    """
    pixels: Any = image if tf.is_tensor(image) else np.asarray(image)
    dtype = tf.as_dtype(pixels.dtype) if pixels.dtype != object else tf.string
    if not (dtype.is_floating or dtype.is_integer):
        raise ValueError(f"expected an image of integers or floats, got {pixels.dtype}")
    if len(pixels.shape) < 3 or pixels.shape[-1] != 3:
        raise ValueError(f"expected an RGB image of shape (…, H, W, 3), got {tuple(pixels.shape)}")
    return tf.cast(pixels, tf.float32) if tf.is_tensor(pixels) else pixels.astype(np.float32)
