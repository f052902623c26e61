"""The smallest image that a network takes.

Convolutions and pooling shrink a smaller one to nothing. What TensorFlow then returns is an empty map, or, with
oneDNN, a map of made-up numbers.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from course_lib.integers import as_integer

_WORDS = "expected images of {0} x {0} pixels or more, got {1} x {2}"


def require_size(sides: Sequence[int | None], least: int) -> None:
    """Refuse an image that is too small.

    Parameters
    ----------
    sides : (int, int)
        Height and width in pixels, as far as they are known; None is not.
    least : int
        The smallest height and width that are allowed.

    Raises
    ------
    ValueError
        If a side that is known is less than ``least``.
    """
    if any(side is not None and side < least for side in sides):
        raise ValueError(_WORDS.format(least, *("?" if side is None else side for side in sides)))


@keras.saving.register_keras_serializable("pixelwise")
class MinimumSize(keras.layers.Layer):
    """Pass images on as they are, but refuse small ones.

    Where a size is known only when a graph runs, as in a `tf.function` for any size, TensorFlow's
    ``InvalidArgumentError`` says in the same words what the ValueError says otherwise.

    Parameters
    ----------
    least : int
        The smallest height and width that are allowed, 1 or more.
    **kwargs
        As `keras.layers.Layer` takes them.

    Raises
    ------
    ValueError
        If ``least`` is not a whole number of 1 or more; when called, if an image is smaller.
    """

    def __init__(self, least: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        whole = as_integer(least)
        if whole is None or whole < 1:
            raise ValueError(f"expected a smallest side of 1 pixel or more, got {least!r}")
        self.least = whole

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Return the images, ``(B, H, W, C)``."""
        sides = images.shape[1:3]
        require_size(sides, self.least)
        if None not in sides:
            return images
        _, height, width, _ = tf.unstack(tf.shape(images))
        words = tf.strings.format(_WORDS.format(self.least, "{}", "{}"), (height, width))
        large_enough = tf.debugging.Assert(tf.minimum(height, width) >= self.least, [words])
        with tf.control_dependencies([large_enough]):
            return tf.identity(images)

    def compute_output_spec(self, images: keras.KerasTensor) -> keras.KerasTensor:
        """Return what comes out for symbolic images: the same."""
        require_size(images.shape[1:3], self.least)
        return keras.KerasTensor(images.shape, images.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what makes a layer like this one."""
        return {**super().get_config(), "least": self.least}
