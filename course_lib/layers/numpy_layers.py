"""Layers in plain NumPy."""

from typing import Any

import numpy as np

from course_lib.integers import count
from course_lib.layers.contract import Array, Layer, LayerError, Shape


class Dense(Layer):
    """A dense layer: every output is a weighted sum of all inputs, plus a bias.

    It takes one input of shape ``(B, D)`` and returns ``x @ kernel + bias``, of shape ``(B, units)`` and of the type of
    its input. The weights are kept in float64: ``kernel``, ``(D, units)``, initially uniform within
    ``± sqrt(6 / (D + units))`` [1]_, and ``bias``, ``(units,)``, initially 0.

    Parameters
    ----------
    units : int
        The number of outputs, 1 or more.
    seed : int
        For the initial weights, 0 or more.

    Raises
    ------
    ValueError
        If a number is not as above. `setup` and `reshape` raise `LayerError` for inputs that are not as above.

    References
    ----------
    .. [1] Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
    """

    def __init__(self, units: int, seed: int) -> None:
        super().__init__()
        self.units, self.seed = count("units", units), count("seed", seed, least=0)
        self._input: Array | None = None

    def setup(self, input_shapes: list[Shape]) -> None:
        """Make the weights."""
        ((_, depth),) = _shapes(input_shapes, axes=2)
        bound = np.sqrt(6 / (depth + self.units))
        kernel = np.random.default_rng(self.seed).uniform(-bound, bound, (depth, self.units))
        self.weights = {"kernel": kernel, "bias": np.zeros(self.units)}

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        """Return ``[(B, units)]``."""
        ((batch, depth),) = _shapes(input_shapes, axes=2)
        if not self.weights:
            raise LayerError("expected setup before reshape, got a layer without weights")
        if depth != len(self.weights["kernel"]):
            raise LayerError(f"expected an input of shape (B, {len(self.weights['kernel'])}), got {(batch, depth)}")
        self._input = None
        return [(batch, self.units)]

    def forward(self, inputs: list[Array]) -> list[Array]:
        """Return ``[x @ kernel + bias]``."""
        self._input = inputs[0].copy()  # the caller may overwrite it before the backward pass
        return [self._input @ self._weight("kernel") + self._weight("bias")]

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        """Return ``[gradient @ kernel.T]``."""
        (gradient,) = top_grad
        self.gradients = {"kernel": _kept(self._input).T @ gradient, "bias": gradient.sum(axis=0)}
        return [gradient @ self._weight("kernel").T if propagate_down[0] else None]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one."""
        return {"units": self.units, "seed": self.seed}

    def _weight(self, name: str) -> Array:
        """Return a weight in the type of the input, in which the layer computes."""
        dtype = _kept(self._input).dtype
        return self.weights[name].astype(dtype if dtype.kind == "f" else float, copy=False)


class ReLU(Layer):
    """The larger of each number and 0.

    It takes one input of any shape; `setup` and `reshape` raise `LayerError` for several. The gradient at 0 is 0, as in
    TensorFlow.
    """

    _positive: Array | None = None

    def setup(self, input_shapes: list[Shape]) -> None:
        """Check the number of inputs."""
        _shapes(input_shapes)

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        """Return the shape of the input."""
        self._positive = None
        return _shapes(input_shapes)

    def forward(self, inputs: list[Array]) -> list[Array]:
        """Return ``[max(x, 0)]``."""
        self._positive = inputs[0] > 0
        return [np.maximum(inputs[0], 0)]

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        """Return the gradient where the input was above 0, and 0 everywhere else."""
        return [np.where(_kept(self._positive), top_grad[0], 0) if propagate_down[0] else None]


class EuclideanLoss(Layer):
    """Half the sum of squared differences, divided by the batch: ``sum((a - b)²) / 2B``, as Caffe defines it.

    It takes two inputs of the same shape, ``(B, ...)`` with ``B`` of 1 or more, and returns one number, of shape
    ``()``. The gradient of the first input is ``(a - b) / B``, that of the second the opposite. `setup` and `reshape`
    raise `LayerError` for other inputs.
    """

    _difference: Array | None = None

    def setup(self, input_shapes: list[Shape]) -> None:
        """Check the number of inputs."""
        _shapes(input_shapes, number=2)

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        """Return ``[()]``."""
        first, second = _shapes(input_shapes, number=2)
        if first != second or not first:
            raise LayerError(f"expected two inputs of the same shape (B, ...), got {first} and {second}")
        if not first[0]:
            raise LayerError(f"expected a batch of 1 or more, got two inputs of shape {first}")
        self._difference = None
        return [()]

    def forward(self, inputs: list[Array]) -> list[Array]:
        """Return ``[loss]``, and keep the differences for the backward pass."""
        dtype = next((each.dtype for each in inputs if each.dtype.kind == "f"), np.dtype(float))
        self._difference = np.subtract(*inputs, dtype=dtype)
        total = np.square(self._difference, dtype=float).sum()
        return [np.asarray(total / (2 * len(self._difference)), dtype)]

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        """Return the gradient of each input where it is needed."""
        difference = _kept(self._difference)
        gradient = top_grad[0] * difference / len(difference)
        return [sign * gradient if due else None for sign, due in zip((1, -1), propagate_down, strict=True)]


def _shapes(input_shapes: list[Shape], number: int = 1, axes: int | None = None) -> list[Shape]:
    """Refuse a wrong number of inputs, or of axes."""
    if len(input_shapes) != number:
        raise LayerError(f"expected {number} input{'s' * (number > 1)}, got {len(input_shapes)}: {input_shapes}")
    if axes is not None and any(len(shape) != axes for shape in input_shapes):
        raise LayerError(f"expected an input with {axes} axes, got shape {input_shapes[0]}")
    return list(input_shapes)


def _kept(value: Array | None) -> Array:
    """Return a value kept by `forward`."""
    if value is None:
        raise LayerError("expected a forward pass before the backward pass, got none since the shapes changed")
    return value
