"""The sizes of images that a network takes.

Convolutions and pooling shrink a small image to nothing: TensorFlow then returns an empty map or, with oneDNN, a map of
meaningless numbers. And maps of strides 8, 16 and 32 fit together only if 32 divides both sides.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from course_lib.integers import as_integer

_SMALL = "expected images of {0} x {0} pixels or more, got {1} x {2}"
_UNEVEN = "expected images whose sides are multiples of {0} pixels, got {1} x {2}"


def require_size(sides: Sequence[int | None], least: int = 1, multiple: int = 1) -> None:
    """Refuse an image of a size that a network does not take.

    Parameters
    ----------
    sides : (int, int)
        Height and width in pixels; None for a side that is not known.
    least : int
        The smallest height and width that are allowed, 1 or more.
    multiple : int
        What must divide both, 1 or more.

    Raises
    ------
    ValueError
        If a known side is too small or is not a multiple.
    """
    known = [side for side in sides if side is not None]
    shown = ["?" if side is None else side for side in sides]
    if any(side < least for side in known):
        raise ValueError(_SMALL.format(least, *shown))
    if any(side % multiple for side in known):
        raise ValueError(_UNEVEN.format(multiple, *shown))


@keras.saving.register_keras_serializable("pixelwise")
class RequiredSize(keras.layers.Layer):
    """Pass images on as they are, but refuse those of other sizes.

    If a size is known only when a graph runs, as in a `tf.function` for any size, TensorFlow's ``InvalidArgumentError``
    has the message that the ValueError has otherwise.

    Parameters
    ----------
    least, multiple : int
        As for `require_size`.
    **kwargs
        As for `keras.layers.Layer`.

    Raises
    ------
    ValueError
        If a number is not an integer of 1 or more; when called, as for `require_size`.
    """

    def __init__(self, least: int = 1, multiple: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for what, number in (("smallest side", least), ("divisor", multiple)):
            whole = as_integer(number)
            if whole is None or whole < 1:
                raise ValueError(f"expected a {what} of 1 pixel or more, got {number!r}")
        self.least, self.multiple = int(least), int(multiple)

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Return the images, ``(B, H, W, C)``."""
        sides = images.shape[1:3]
        require_size(sides, self.least, self.multiple)
        if None not in sides:
            return images
        _, height, width, _ = tf.unstack(tf.shape(images))

        def require(fits: tf.Tensor, words: str, number: int) -> Any:
            return tf.debugging.Assert(fits, [tf.strings.format(words.format(number, "{}", "{}"), (height, width))])

        large = require(tf.minimum(height, width) >= self.least, _SMALL, self.least)
        even = require((height % self.multiple == 0) & (width % self.multiple == 0), _UNEVEN, self.multiple)
        with tf.control_dependencies([large, even]):
            return tf.identity(images)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the result: the same."""
        require_size(shape[1:3], self.least, self.multiple)
        return shape

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one."""
        return {**super().get_config(), "least": self.least, "multiple": self.multiple}
