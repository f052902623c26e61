"""The score to explain: of a class, of a channel, or of one place of a map.

A score is made of the output of a layer, which `looked_at` returns: of one channel or all, at one place or all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.attribution.looked_at import looked_at
from course_lib.integers import as_integer

__all__ = ["Channel", "Place", "Score", "scores"]

Channel = int | Sequence[int] | NDArray[np.integer] | None
Place = tuple[int, int] | Literal["peak"] | None


@dataclass(frozen=True)
class Score:
    """A score for each image, differentiable: what `scores` returns.

    Parameters
    ----------
    features : keras.Model
        From images to the output that the score is made of, before a softmax.
    channel, place
        As for `scores`.
    """

    features: keras.Model
    channel: int | tuple[int, ...] | None
    place: Place

    def __call__(self, images: ArrayLike | tf.Tensor, source: ArrayLike | tf.Tensor | None = None) -> tf.Tensor:
        """Compute the score of each image, in inference mode; nothing in the model changes.

        Parameters
        ----------
        images : array_like or tf.Tensor
            Shape ``(B, H, W, C)``, real numbers, as the model takes them.
        source : array_like or tf.Tensor, optional
            Shape ``(B,)``, integers: if the images are variants of a few originals, the index of each one's original,
            whose channel it gets. By default, no image is a variant.

        Returns
        -------
        tf.Tensor
            Shape ``(B,)``, float32.

        Raises
        ------
        ValueError
            If the images are not as above, there is not one channel for each, or the place is outside of the map.
        """
        images = as_images(self.features, images)
        # Within this scope, no layer changes a variable or keeps a loss.
        with keras.StatelessScope():
            maps = tf.cast(self.features(images, training=False), tf.float32)
        if self.channel is not None:
            maps = tf.gather(maps, self._channels(tf.shape(maps)[0], images.shape[0], source), axis=-1, batch_dims=1)
        elif self.place is not None:
            maps = tf.reduce_sum(maps, axis=-1)
        if self.place == "peak":
            maps = tf.reshape(maps, (tf.shape(maps)[0], -1))
            return tf.gather(maps, tf.argmax(maps, axis=-1), axis=-1, batch_dims=1)
        if self.place is not None:
            _require_inside(self.place, maps.shape[1:3])
            return maps[:, self.place[0], self.place[1]]
        return tf.reduce_sum(tf.reshape(maps, (tf.shape(maps)[0], -1)), axis=-1)

    def require_channels(self, images: int | None) -> None:
        """Refuse images if there are several channels, but not one for each image.

        Parameters
        ----------
        images : int or None
            The number of images, None if it is not known.

        Raises
        ------
        ValueError
            If there are more or fewer images than channels.
        """
        if isinstance(self.channel, tuple) and images not in (None, len(self.channel)):
            raise ValueError(f"expected one channel for each of {images} images, got {len(self.channel)}")

    def _channels(self, count: tf.Tensor, known: int | None, source: Any) -> tf.Tensor:
        """Return the channel of each image."""
        if not isinstance(self.channel, tuple):
            return tf.fill((count,), self.channel)
        if source is not None:
            return tf.gather(tf.constant(self.channel), source)
        self.require_channels(known)
        return tf.constant(self.channel)


def scores(model: keras.Model, layer: str | None = None, channel: Channel = None, place: Place = None) -> Score:
    """Make a function from images to scores, one for each image.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, built, with one input ``(B, H, W, C)``. It is not changed.
    layer : str, optional
        The name of the layer that is looked at, as for `course_lib.layers.features_at`. By default the output of
        the model. If the layer ends with a softmax, or is one, the input of the softmax is used.
    channel : int or sequence of int, optional
        A class or channel, counted from 0; or one for each image. By default, the sum over all.
    place : (int, int) or "peak", optional
        If the layer returns maps ``(B, h, w, c)``: y and x of one place in them; or, for each image, the place of the
        channel's largest value, the first one if several are equal. By default the sum over all places.

    Returns
    -------
    Score
        ``score(images)`` gives a tensor of shape ``(B,)``, float32, which can be differentiated.

    Raises
    ------
    ValueError
        If the model has several inputs, or several outputs and no layer is named; if the layer is unknown (the error
        names the nearest), returns several tensors or is used several times; if the channel or the place does not
        exist there.
    """
    features = looked_at(model, layer)
    shape = features.outputs[0].shape
    return Score(features, _channel(channel, shape), _place(place, shape))


def as_images(model: keras.Model, images: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Check images for a model of one input.

    Parameters
    ----------
    model : keras.Model
        The model that gets the images.
    images : array_like or tf.Tensor
        As the model takes them.

    Returns
    -------
    tf.Tensor
        The same, float32.

    Raises
    ------
    ValueError
        If they are not real numbers in the shape that the model takes, there is no image, or images have no pixels.
    """
    try:
        tensor = tf.convert_to_tensor(images)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected images of real numbers, got {type(images).__name__}: {error}") from None
    if not (tensor.dtype.is_floating or tensor.dtype.is_integer):
        raise ValueError(f"expected images of real numbers, got {tensor.dtype.name}")
    expected = tuple(model.inputs[0].shape)
    if not tensor.shape.is_compatible_with(expected):
        shape = ", ".join("any" if side is None else str(side) for side in expected)
        raise ValueError(f"expected images of shape ({shape}), got {tensor.shape}")
    if 0 in tensor.shape:
        raise ValueError(f"expected one image or more, each with pixels, got shape {tensor.shape}")
    return tf.cast(tensor, tf.float32)


def _channel(channel: Channel, shape: Sequence[int | None]) -> int | tuple[int, ...] | None:
    """Check a channel, or several, for an output of some shape."""
    if channel is None:
        return None
    numbers = _whole_numbers(channel)
    count = shape[-1] if len(shape) > 1 else 0
    if not numbers or min(numbers) < 0:
        raise ValueError(f"expected a channel from 0 on, or one for each image, got {channel!r}")
    if count is not None and max(numbers) >= count:
        raise ValueError(f"expected a channel below {count}, or one for each image, got {channel!r}")
    return numbers if np.ndim(channel) else numbers[0]


def _place(place: Any, shape: Sequence[int | None]) -> Place:
    """Check a place for an output of some shape."""
    if place is None:
        return None
    if len(shape) != 4:
        raise ValueError(f"expected a layer that returns maps (B, h, w, c) for the place {place!r}, got {tuple(shape)}")
    if isinstance(place, str) and place == "peak":
        return "peak"
    numbers = _whole_numbers(place)
    if len(numbers) != 2 or min(numbers) < 0 or np.ndim(place) != 1:
        raise ValueError(f'expected a place (y, x) of whole numbers from 0 on, or "peak", got {place!r}')
    inside = (numbers[0], numbers[1])
    _require_inside(inside, shape[1:3])
    return inside


def _whole_numbers(value: Any) -> tuple[int, ...]:
    """Return the numbers in a sequence, or a single one, and -1 for each that is not an integer."""
    several = not isinstance(value, str | bytes) if isinstance(value, Sequence) else np.ndim(value) > 0
    numbers = [as_integer(each) for each in (value if several else [value])]
    return tuple(-1 if number is None else number for number in numbers)


def _require_inside(place: tuple[int, int], sides: Sequence[int | None]) -> None:
    """Refuse a place outside of a map, as far as its size is known."""
    if any(side is not None and number >= side for number, side in zip(place, sides, strict=True)):
        raise ValueError(f"expected a place inside a map of {sides[0]} x {sides[1]}, got {place}")
