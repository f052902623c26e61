"""A net of layers in plain NumPy, and a solver that trains it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.layers.checked_layer import CheckedLayer, as_shape
from course_lib.layers.contract import Array, Shape


@dataclass
class Node:
    """A layer's place in a net.

    Parameters
    ----------
    name : str
        Its name in error messages.
    layer : Layer
        Or any other object with the methods of `Layer`.
    inputs : sequence of str
        Names of its inputs: inputs of the net, or outputs of earlier nodes.
    outputs : sequence of str, optional
        Names of its outputs. By default one output, with the node's own name.

    Raises
    ------
    ValueError
        If the names are a single str.
    """

    name: str
    layer: Any
    inputs: Sequence[str]
    outputs: Sequence[str] = ()

    def __post_init__(self) -> None:
        for names in (self.inputs, self.outputs):
            if isinstance(names, str):
                raise ValueError(f'node "{self.name}": expected a list of names, got "{names}"')
        self.inputs, self.outputs = list(self.inputs), list(self.outputs) or [self.name]


class Net:
    """A net: arrays pass forward through its layers, gradients pass backward.

    Making the net sets its layers up, except for those that already have weights. Nets may share a layer, and so its
    weights. The values that a layer keeps from forward to backward belong to the net that used it last.

    Parameters
    ----------
    inputs : mapping of str to tuple of int
        The name of each input and its initial shape, such as ``{"data": (4, 3)}``.
    nodes : sequence of Node
        In the order in which they run. If the net is to be trained, the first output of the last node is the loss.

    Attributes
    ----------
    shapes : dict of str to tuple of int
        The current shape of every array in the net, by name.

    Raises
    ------
    ValueError
        If a name is unknown or used twice, or two nodes have the same layer object.
    LayerError
        If a layer does not follow the interface of `Layer`, here and at every later call.
    """

    def __init__(self, inputs: Mapping[str, Shape], nodes: Sequence[Node]) -> None:
        self.nodes, self.inputs = list(nodes), list(inputs)
        _require_order(self.inputs, self.nodes)
        self.layers = [CheckedLayer(node.layer, node.name, len(node.outputs)) for node in self.nodes]
        self.shapes: dict[str, Shape] = {}
        self._values: dict[str, Array] = {}
        self._reshape({name: _shape(name, shape) for name, shape in inputs.items()}, setup=True)

    @property
    def loss(self) -> str:
        """The name of the last node's first output."""
        return self.nodes[-1].outputs[0]

    def _reshape(self, shapes: dict[str, Shape], *, setup: bool = False) -> None:
        """Compute all shapes, and let every layer prepare for them."""
        for node, layer in zip(self.nodes, self.layers, strict=True):
            taken = [shapes[name] for name in node.inputs]
            if setup:
                layer.setup(taken)
            shapes |= zip(node.outputs, layer.reshape(taken), strict=True)
        self.shapes = shapes

    def forward(self, inputs: Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Run every layer once. The weights are not changed.

        Parameters
        ----------
        inputs : mapping of str to array_like
            An array of real numbers for each input of the net. If a shape is not that of the last call, every layer's
            `reshape` is called first, and values kept for a backward pass become invalid.

        Returns
        -------
        dict of str to ndarray
            The inputs and every output, by name. They are copies, which the caller may change.

        Raises
        ------
        ValueError
            If there is not one array for each input; a `LayerError` if a layer does not take them.
        """
        if set(inputs) != set(self.inputs):
            raise ValueError(f"expected arrays for {self.inputs}, got {list(inputs)}")
        values = {name: np.array(inputs[name]) for name in self.inputs}
        shapes = {name: value.shape for name, value in values.items()}
        if not shapes.items() <= self.shapes.items() or not all(layer.ready for layer in self.layers):
            self._reshape(shapes)
        for node, layer in zip(self.nodes, self.layers, strict=True):
            values |= zip(node.outputs, layer.forward([values[name] for name in node.inputs]), strict=True)
        self._values = values
        return {name: value.copy() for name, value in values.items()}

    def backward(self, wanted: Iterable[str] = ()) -> dict[str, Array | None]:
        """Compute the gradients of the loss, after `forward`. Each layer keeps the gradients of its weights.

        A gradient is passed back only if it is needed: for weights in earlier layers, or because it is wanted. An array
        that several nodes take gets the sum of their gradients.

        Parameters
        ----------
        wanted : iterable of str
            Names of other arrays whose gradients to compute, such as an input.

        Returns
        -------
        dict of str to ndarray or None
            The gradient of the loss in each array of the net, by name; None if it was not computed.

        Raises
        ------
        ValueError
            If there was no forward pass, or another net has used a layer since then; if a name is unknown; if the loss
            is not a float of shape ``()``. A `LayerError` if a layer's gradients are not as they should be.
        """
        if isinstance(wanted, str):
            raise ValueError(f'expected a list of names as wanted, got "{wanted}"')
        values, needed = self._values, set(wanted)
        if not all(layer.kept for layer in self.layers):
            raise ValueError("expected a forward pass before the backward pass, got none since the last change")
        if not needed <= set(values):
            raise ValueError(f"expected wanted to be among {list(values)}, got {sorted(needed - set(values))}")
        if (loss := values[self.loss]).shape or loss.dtype.kind != "f":
            raise ValueError(f'expected "{self.loss}" to be a loss of shape (), got {loss.dtype} {loss.shape}')
        for node, layer in zip(self.nodes, self.layers, strict=True):
            if layer.weights or needed & set(node.inputs):
                needed |= set(node.outputs)
        gradients: dict[str, Array] = {self.loss: np.ones_like(loss)}
        for node, layer in zip(reversed(self.nodes), reversed(self.layers), strict=True):
            down = [name in needed for name in node.inputs]
            if not gradients.keys() & set(node.outputs) or not (layer.weights or any(down)):
                continue
            tops = [gradients.get(name, np.zeros_like(values[name], loss.dtype)) for name in node.outputs]
            for name, gradient in zip(node.inputs, layer.backward(tops, down), strict=True):
                if gradient is not None:
                    gradients[name] = gradients[name] + gradient if name in gradients else gradient
        return {name: gradients.get(name) for name in values}


class Solver:
    """Gradient descent with momentum.

    For every weight ``v <- momentum v - rate g`` and then ``w <- w + v``, where ``g`` is its gradient: as in Caffe's
    solver and `keras.optimizers.SGD`.

    Parameters
    ----------
    net : Net
        Its last node gives the loss. The solver uses this object itself, so a change to the net or to one of its layers
        takes effect at the next step.
    rate : float
        The learning rate, 0 or more.
    momentum : float
        In [0, 1).

    Raises
    ------
    ValueError
        If a number is not as above.
    """

    def __init__(self, net: Net, rate: float, momentum: float = 0.0) -> None:
        if not (isinstance(rate, (int, float, np.number)) and 0 <= rate < np.inf):
            raise ValueError(f"expected a rate of 0 or more, got {rate!r}")
        if not (isinstance(momentum, (int, float, np.number)) and 0 <= momentum < 1):
            raise ValueError(f"expected a momentum in [0, 1), got {momentum!r}")
        self.net, self.rate, self.momentum = net, rate, momentum
        self._velocities: dict[tuple[str, str], Array] = {}

    def step(self, inputs: Mapping[str, ArrayLike]) -> float:
        """Run the net forward and backward, and only then change its weights, in place.

        Parameters
        ----------
        inputs : mapping of str to array_like
            As for `Net.forward`.

        Returns
        -------
        float
            The loss before the change.

        Raises
        ------
        ValueError
            As for `Net.forward` and `Net.backward`.
        """
        loss = self.net.forward(inputs)[self.net.loss]
        self.net.backward()
        for layer in self.net.layers:
            weights = layer.weights
            for name, gradient in layer.gradients.items():
                velocity = self._velocities.setdefault((layer.name, name), np.zeros_like(weights[name]))
                velocity *= self.momentum
                velocity -= self.rate * gradient
            layer.set_weights({name: weights[name] + self._velocities[layer.name, name] for name in layer.gradients})
        return float(loss)


def _shape(name: str, value: Any) -> Shape:
    """Check the shape of an input."""
    shape = as_shape(value)
    if shape is None:
        raise ValueError(f'expected a shape for "{name}", such as (4, 3), got {value!r}')
    return shape


def _require_order(inputs: Sequence[str], nodes: Sequence[Node]) -> None:
    """Refuse nodes that do not make a net."""
    if not nodes:
        raise ValueError("expected at least one node, got none")
    known, names, layers = set(inputs), set[str](), set[int]()
    for node in nodes:
        unknown = [name for name in node.inputs if name not in known]
        if unknown:
            raise ValueError(f'node "{node.name}": expected inputs among {sorted(known)}, got "{unknown[0]}"')
        twice = [name for name in node.outputs if name in known or list(node.outputs).count(name) > 1]
        if twice or node.name in names:
            raise ValueError(f'node "{node.name}": expected new names, got "{(twice or [node.name])[0]}" twice')
        if id(node.layer) in layers:
            raise ValueError(f'node "{node.name}": expected a layer of its own, got that of an earlier node')
        known, names, layers = known | set(node.outputs), names | {node.name}, layers | {id(node.layer)}
