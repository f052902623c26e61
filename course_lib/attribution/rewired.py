"""Gradients that pass ReLU by other rules: guided ReLU and the deconvnet.

If x is the input of a ReLU, and g the gradient of its output, the plain gradient is g where x > 0. The deconvnet passes
g where g > 0, for any x; guided ReLU passes it where both are above 0. The deconvnet's other parts, unpooling with
switches and transposed filters, are the gradients of pooling and of convolution [2]_.

References
----------
.. [1] Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
.. [2] Springenberg, Dosovitskiy, Brox and Riedmiller, "Striving for Simplicity: The All Convolutional Net", ICLR
   Workshop 2015, arXiv 1412.6806.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.attribution.gradients import image_gradient
from course_lib.attribution.linked import linked_copy
from course_lib.attribution.score import Channel, Place, scores

__all__ = ["deconvnet", "guided_relu"]

Function = Callable[..., tf.Tensor]
RELU_FUNCTIONS = (
    *(keras.activations.relu, keras.activations.relu6, keras.activations.leaky_relu),
    *(keras.ops.relu, keras.ops.relu6, keras.ops.leaky_relu),
    *(tf.nn.relu, tf.nn.relu6, tf.nn.leaky_relu),
)
RELU_LAYERS = (keras.layers.ReLU, keras.layers.LeakyReLU)
RELU_OPERATIONS = ("Relu", "ReLU", "Relu6", "LeakyRelu")  # those of graphs, such as keras.ops.relu(x)


def guided_relu(
    model: keras.Model,
    images: ArrayLike | tf.Tensor,
    *,
    layer: str | None = None,
    channel: Channel = None,
    place: Place = None,
) -> NDArray[np.float32]:
    """Compute the gradient of a score with guided backpropagation: each ReLU passes back only positive gradients [2]_.

    Parameters
    ----------
    model : keras.Model
        As for `saliency`, with ReLUs: as activations of layers, as layers, with or without a largest value, a
        threshold or a negative slope, also inside of models and layers. A ReLU that a custom layer computes without any
        of these keeps its plain gradient.
    images, layer, channel, place
        As for `saliency`.

    Returns
    -------
    ndarray
        Shape ``(B, H, W, C)``, float32, with signs.

    Raises
    ------
    ValueError
        As `saliency`; if the model has no ReLU.
    """
    score = scores(_rewired(model, _guided), layer, channel, place)
    return image_gradient(score, images).numpy()


def deconvnet(
    model: keras.Model,
    images: ArrayLike | tf.Tensor,
    *,
    layer: str | None = None,
    channel: Channel = None,
    place: Place = None,
) -> NDArray[np.float32]:
    """Project the output of a layer back to the image with a deconvnet [1]_.

    The switches of max-pooling are its only information about the image: without switches, as in EfficientNet-Lite0,
    the map of a class is the same for every image.

    Parameters
    ----------
    model, images, layer, channel, place
        As for `guided_relu`.

    Returns
    -------
    ndarray
        Shape ``(B, H, W, C)``, float32, with signs. In a layer that returns maps, the projection starts with 1 at each
        place that the score adds up and where the map is above 0; for a single place, the paper's result differs by a
        factor, the value there.

    Raises
    ------
    ValueError
        As for `guided_relu`.
    """
    score = scores(_rewired(model, _deconvnet), layer, channel, place)
    if len(score.features.outputs[0].shape) == 4:
        active = keras.layers.Activation(_from_active)(score.features.outputs[0])
        score = replace(score, features=keras.Model(score.features.inputs[0], active))
    return image_gradient(score, images).numpy()


def _rewired(model: keras.Model, rule: Callable[[Function], Function]) -> keras.Model:
    """Copy a model, with another gradient for its ReLUs."""
    found: list[str] = []

    def rewire(part: Any) -> None:
        """Replace the ReLUs of a copied layer or operation."""
        relus = {name: rule(value) for name, value in vars(part).items() if _is_relu(value)}
        if isinstance(part, RELU_LAYERS) or type(part).__name__ in RELU_OPERATIONS:
            relus["call"] = rule(part.call)
        vars(part).update(relus)
        found.extend(relus)

    copy = linked_copy(model, rewire)
    if not found:
        raise ValueError(f'expected a model with ReLUs, got "{model.name}", which has none')
    return copy


def _is_relu(value: Any) -> bool:
    """Tell whether the value of an attribute is a ReLU function."""
    function = value.func if isinstance(value, partial) else value
    return any(function is each for each in RELU_FUNCTIONS)


def _guided(relu: Function) -> Function:
    """Return a ReLU that passes gradients back where x and the gradient are above 0."""

    @tf.custom_gradient
    def positive(y: tf.Tensor) -> tuple[tf.Tensor, Function]:
        return tf.identity(y), tf.nn.relu

    return lambda *inputs, **named: positive(relu(*inputs, **named))


def _deconvnet(relu: Function) -> Function:
    """Return a ReLU that passes gradients back where the gradient is above 0."""

    @tf.custom_gradient
    def rectified(x: tf.Tensor) -> tuple[tf.Tensor, Function]:
        return relu(x), tf.nn.relu

    return lambda *inputs, **named: rectified(*inputs, *named.values())


@tf.custom_gradient
def _from_active(maps: tf.Tensor) -> tuple[tf.Tensor, Function]:
    """Return maps unchanged, and pass gradients back where the maps are above 0."""
    return tf.identity(maps), lambda gradient: tf.where(maps > 0, gradient, 0)
