"""What is looked at in a network: the score of a class, of a channel, or of one place of a map.

Maps of what matters to a class are made from the score before the softmax [1]_: a probability also rises when other
classes fall, and hardly changes where the network is sure.

References
----------
.. [1] Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", ICLR Workshop 2014, arXiv 1312.6034.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.attribution.linked import linked_copy
from course_lib.integers import as_integer
from course_lib.layers import features_at

__all__ = ["Channel", "Place", "Score", "scores"]

Channel = int | Sequence[int] | NDArray[np.integer] | None
Place = tuple[int, int] | Literal["peak"] | None
SOFTMAXES = (
    *(keras.activations.softmax, keras.ops.softmax, tf.nn.softmax),
    *(keras.activations.log_softmax, keras.ops.log_softmax, tf.nn.log_softmax),
)


@dataclass(frozen=True)
class Score:
    """A score for each image, differentiable: what `scores` returns.

    Parameters
    ----------
    features : keras.Model
        From images to what is looked at, before a softmax.
    channel, place
        As `scores` takes them.
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
            Shape ``(B,)``, whole numbers: where the images are variants of a few, the index of the one that each was
            made from, and whose channel it gets. By default no image is a variant.

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
        """Refuse images, if several channels were given, but not one for each.

        Parameters
        ----------
        images : int or None
            How many there are, None if that is not known.

        Raises
        ------
        ValueError
            If there are more or fewer than channels.
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
        Functional or Sequential, built, with one input ``(B, H, W, C)``. It stays as it is.
    layer : str, optional
        The name of the layer that is looked at, as `course_lib.layers.features_at` takes it. By default the output of
        the model. Where the layer ends with a softmax, or is one, what goes into the softmax is looked at.
    channel : int or sequence of int, optional
        A class or channel, from 0 on; or one for each image. By default the sum over all.
    place : (int, int) or "peak", optional
        Where the layer returns maps ``(B, h, w, c)``: y and x of one place in them; or, for each image, that of the
        largest value of the channel, the first one if several are equal. By default the sum over all places.

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
    features = _looked_at(linked_copy(model), layer)
    shape = features.outputs[0].shape
    return Score(features, _channel(channel, shape), _place(place, shape))


def as_images(model: keras.Model, images: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Take in images for a model of one input.

    Parameters
    ----------
    model : keras.Model
        What the images are for.
    images : array_like or tf.Tensor
        As the model takes them.

    Returns
    -------
    tf.Tensor
        The same, float32.

    Raises
    ------
    ValueError
        If they are not real numbers in the shape that the model takes, or there is no image.
    """
    tensor: Any = images if tf.is_tensor(images) else np.asarray(images)
    if (
        tensor.dtype != tf.bfloat16
        and np.dtype(getattr(tensor.dtype, "as_numpy_dtype", tensor.dtype)).kind not in "iuf"
    ):
        raise ValueError(f"expected images of real numbers, got {tensor.dtype}")
    expected = tuple(model.inputs[0].shape)
    if not tf.TensorShape(tensor.shape).is_compatible_with(expected):
        shape = ", ".join("any" if side is None else str(side) for side in expected)
        raise ValueError(f"expected images of shape ({shape}), got {tuple(tensor.shape)}")
    if tensor.shape[0] == 0:
        raise ValueError("expected one image or more, got none")
    return tf.cast(tensor, tf.float32)


def _looked_at(copy: keras.Model, layer: str | None) -> keras.Model:
    """Make a model, from a copy that may be changed, whose output is what is looked at, before a softmax."""
    if len(copy.inputs) != 1:
        names = ", ".join(tensor.name for tensor in copy.inputs)
        raise ValueError(f"expected a model with one input, got {len(copy.inputs)}: {names}")
    if layer is None and len(copy.outputs) != 1:
        raise ValueError(f"expected the name of a layer, since the model has {len(copy.outputs)} outputs")
    last = _last_layers(copy.outputs[0]) if layer is None else []
    shared = [each.name for each in last if len(each._inbound_nodes) > 1]
    output = copy.outputs[0] if layer is None else features_at(copy, [layer]).output[layer]
    if not isinstance(output, keras.KerasTensor):
        raise ValueError(f'expected a layer that returns one tensor and is used once, got "{layer}"')
    if _remove_softmax(_last_layers(output)[-1]) and shared:
        raise ValueError(f'expected a softmax that the model uses once, got that of "{shared[0]}", used several times')
    return keras.Model(copy.inputs[0], output)


def _last_layers(output: keras.KerasTensor) -> list[Any]:
    """List the layer that an output comes from, and, where that is a model or a wrapper, the last one inside of it."""
    last, _, index = output._keras_history
    if isinstance(last, keras.layers.Wrapper):
        return [last, last.layer]
    return [last, *(_last_layers(last.outputs[index]) if isinstance(last, keras.Model) else [])]


def _remove_softmax(layer: Any) -> bool:
    """Let a layer return what goes into its softmax, and tell whether it has one."""
    if _is_softmax(layer):
        vars(layer)["call"] = lambda inputs, *_, **__: inputs
    elif _is_softmax(getattr(layer, "activation", None)):
        vars(layer)["activation"] = keras.activations.linear
    else:
        return False
    return True


def _is_softmax(function: Any) -> bool:
    """Tell whether a layer, an operation or a function is a softmax, or its logarithm."""
    if isinstance(function, keras.Operation):
        return type(function).__name__ in ("Softmax", "LogSoftmax")
    return (function.func if isinstance(function, partial) else function) in SOFTMAXES


def _channel(channel: Channel, shape: Sequence[int | None]) -> int | tuple[int, ...] | None:
    """Take in a channel, or several, of what has a shape."""
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
    """Take in a place in what has a shape."""
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
    """Return the numbers in a sequence, or a single one, and -1 for each that is no whole number."""
    several = isinstance(value, Sequence | np.ndarray | tf.Tensor) and np.ndim(value) > 0
    numbers = [as_integer(each) for each in (value if several else [value])]
    return tuple(-1 if number is None else number for number in numbers)


def _require_inside(place: tuple[int, int], sides: Sequence[int | None]) -> None:
    """Refuse a place outside of a map, as far as its size is known."""
    if any(side is not None and number >= side for number, side in zip(place, sides, strict=True)):
        raise ValueError(f"expected a place inside a map of {sides[0]} x {sides[1]}, got {place}")
