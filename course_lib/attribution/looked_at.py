"""The output of a layer of a network, before a softmax.

Maps for a class are made from the score before the softmax [1]_: a probability also rises when other classes fall, and
hardly changes if the network is certain.

References
----------
.. [1] Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", ICLR Workshop 2014, arXiv 1312.6034.
"""

from functools import partial
from typing import Any

import keras
import tensorflow as tf

from course_lib.attribution.linked import linked_copy
from course_lib.layers import features_at
from course_lib.layers.graphs import is_graph

__all__ = ["looked_at"]

SOFTMAXES = (
    *(keras.activations.softmax, keras.ops.softmax, tf.nn.softmax),
    *(keras.activations.log_softmax, keras.ops.log_softmax, tf.nn.log_softmax),
)


def looked_at(model: keras.Model, layer: str | None) -> keras.Model:
    """Make a model that returns the output of a layer, before its softmax if it ends with one.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, built, with one input. It is not changed.
    layer : str or None
        The layer's name, as for `course_lib.layers.features_at`; None for the output of the model.

    Returns
    -------
    keras.Model
        From images to that output; it shares the model's weights.

    Raises
    ------
    ValueError
        As `course_lib.attribution.scores`, of the model and the layer.
    """
    copy = linked_copy(model)
    if len(copy.inputs) != 1:
        names = ", ".join(tensor.name for tensor in copy.inputs)
        raise ValueError(f"expected a model with one input, got {len(copy.inputs)}: {names}")
    if layer is None and len(copy.outputs) != 1:
        raise ValueError(f"expected the name of a layer, since the model has {len(copy.outputs)} outputs")
    if not isinstance(layer, str | None):
        raise ValueError(f"expected the name of a layer, got {layer!r}")
    last = _last_layers(copy.outputs[0]) if layer is None else []
    shared = [each.name for each in last if len(each._inbound_nodes) > 1]
    output = copy.outputs[0] if layer is None else features_at(copy, [layer]).output[layer]
    if not isinstance(output, keras.KerasTensor):
        raise ValueError(f'expected a layer that returns one tensor and is used once, got "{layer}"')
    if _remove_softmax(_last_layers(output)[-1]) and shared:
        raise ValueError(f'expected a softmax that the model uses once, got that of "{shared[0]}", used several times')
    return keras.Model(copy.inputs[0], output)


def _last_layers(output: keras.KerasTensor) -> list[Any]:
    """List the layer of an output and, if it is a model or a wrapper, the last layers inside of it."""
    layer, _, index = output._keras_history
    layers = [layer]
    while isinstance(layer, keras.layers.Wrapper):
        layer, index = layer.layer, 0
        layers.append(layer)
    return [*layers, *(_last_layers(layer.outputs[index]) if is_graph(layer) else [])]


def _remove_softmax(layer: Any) -> bool:
    """Make a layer return the input of its softmax; tell whether it has a softmax."""
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
