"""A layer in plain NumPy whose every call is checked."""

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from course_lib.integers import as_integer
from course_lib.layers.contract import Array, LayerError, Shape

METHODS = ("setup", "reshape", "forward", "backward")
REAL = "biuf"  # the kinds of NumPy's types for real numbers

_last_user: "WeakValueDictionary[int, CheckedLayer]" = WeakValueDictionary()  # of each layer, by the layer's id


class CheckedLayer:
    """A layer whose every call is checked.

    The layer gets read-only arrays, and its results are copied, so that they do not change when the layer uses its
    arrays again. An exception in the layer gets a note with the layer's name.

    Parameters
    ----------
    layer : Layer
        A layer, or any other object with the four methods.
    name : str
        Its name in error messages.
    outputs : int, optional
        The number of outputs that it should have. By default, any number from 1.

    Attributes
    ----------
    input_shapes, output_shapes : list of tuple of int
        The shapes of the last `reshape`.
    gradients : dict of str to ndarray
        The gradients of the weights, from the last `backward`; empty if there was no `backward` since the last
        `forward`.

    Raises
    ------
    LayerError
        If one of the four methods is missing; later, if a method returns something wrong. The error names
        the layer and the method, what was expected, and what it got.
    """

    def __init__(self, layer: Any, name: str, outputs: int | None = None) -> None:
        self.layer, self.name, self.outputs = layer, name, outputs
        self.input_shapes: list[Shape] | None = None
        self.output_shapes: list[Shape] = []
        self.gradients: dict[str, Array] = {}
        self._is_set_up = False
        self._inputs: list[Array] | None = None  # of the last forward pass
        if isinstance(layer, type):
            raise self._error("", "an object", f"the class {layer.__name__} itself; are parentheses missing?")
        missing = [method for method in METHODS if not callable(getattr(layer, method, None))]
        if missing:
            raise self._error("", "the methods setup, reshape, forward and backward", f"none called {missing[0]}")

    @property
    def weights(self) -> dict[str, Array]:
        """The layer's weights."""
        return self._parameters("weights")

    @property
    def ready(self) -> bool:
        """Tell whether `forward` may follow: the layer has its shapes, and nobody else has used it since."""
        return self.input_shapes is not None and _last_user.get(id(self.layer)) is self

    @property
    def kept(self) -> bool:
        """Tell whether `backward` may follow: the layer keeps the values of this object's last forward pass."""
        return self.ready and self._inputs is not None

    def set_weights(self, values: Mapping[str, Array]) -> None:
        """Change weights in place, and make sure that the layer has the new values."""
        weights = self.weights
        for name, value in values.items():
            weights[name][...] = value
        written = {name: weight.copy() for name, weight in weights.items()}
        if not all(np.array_equal(weight, written[name], equal_nan=True) for name, weight in self.weights.items()):
            raise self._error("", "weights that can be changed in place", "copies of them")

    def setup(self, input_shapes: Sequence[Shape]) -> None:
        """Set the layer up, once; not if it already has weights, from another net or an earlier training."""
        if not self._is_set_up and not self.weights:
            self._call("setup", list(input_shapes))
        self._is_set_up = True

    def reshape(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        """Tell the layer the shapes of its inputs; return those of its outputs. Values that it kept become invalid."""
        _last_user[id(self.layer)] = self
        self.input_shapes, self._inputs = None, None
        returned = self._call("reshape", list(input_shapes))
        shapes = [as_shape(each) for each in returned] if isinstance(returned, list | tuple) else [None]
        if None in shapes:
            raise self._error("reshape", "a list of shapes, each a tuple of whole numbers", repr(returned))
        if len(shapes) != (self.outputs or max(1, len(shapes))):
            raise self._error("reshape", f"a list of {_number(self.outputs or 1, 'shape')}", repr(returned))
        self.input_shapes, self.output_shapes = list(input_shapes), [shape for shape in shapes if shape is not None]
        return self.output_shapes

    def forward(self, inputs: Sequence[Array]) -> list[Array]:
        """Compute the outputs."""
        self.gradients, self._inputs = {}, None
        given = [np.asarray(each) for each in inputs]
        if not self.ready or [each.shape for each in given] != self.input_shapes:
            raise self._error("forward", f"inputs of shapes {self.input_shapes}, as reshape was given", _say(given))
        if any(each.dtype.kind not in REAL for each in given):
            raise self._error("forward", "inputs of real numbers", _say(given))
        if len({each.dtype for each in given if each.dtype.kind == "f"}) > 1:
            raise self._error("forward", "inputs whose floats are all of one type", _say(given))
        returned = self._call("forward", [_frozen(each) for each in given])
        outputs = self._arrays("forward", returned, len(self.output_shapes))
        for index, (output, shape) in enumerate(zip(outputs, self.output_shapes, strict=True)):
            self._require("forward", f"output {index}", output, shape, _float_type(given), REAL)
        self._inputs = given
        return outputs

    def backward(self, top_grad: Sequence[Array], propagate_down: Sequence[bool]) -> list[Array | None]:
        """Compute the gradients in the inputs, and those of the weights."""
        if self._inputs is None or not self.ready:
            raise self._error("backward", "a forward pass before it", "none since the last change of shapes")
        returned = self._call("backward", [_frozen(each) for each in top_grad], list(propagate_down))
        gradients = self._arrays("backward", returned, len(self._inputs), or_none=True)
        for index, (gradient, due) in enumerate(zip(gradients, propagate_down, strict=True)):
            what = f"the gradient of input {index}"
            if (gradient is not None) != due:
                flag = f"{'an array' if due else 'None'} as {what}, where propagate_down is {bool(due)}"
                raise self._error("backward", flag, _say(gradient))
            if gradient is not None:
                each = self._inputs[index]
                self._require("backward", what, gradient, each.shape, _float_type([each]), "f")
        self.gradients = self._taken_gradients()
        return gradients

    def _taken_gradients(self) -> dict[str, Array]:
        """Return copies of the weights' gradients."""
        weights, gradients = self.weights, self._parameters("gradients") if self.weights else {}
        shapes = [{name: each.shape for name, each in arrays.items()} for arrays in (weights, gradients)]
        if shapes[0] != shapes[1]:
            raise self._error("backward", f"gradients of the weights' shapes, {shapes[0]}", str(shapes[1]))
        return {name: gradients[name].copy() for name in weights}

    def _parameters(self, which: str) -> dict[str, Array]:
        """Return the layer's weights or gradients."""
        arrays = getattr(self.layer, which, {})
        if not isinstance(arrays, Mapping) or not all(
            isinstance(each, np.ndarray) and each.dtype.kind == "f" for each in arrays.values()
        ):
            raise self._error("", f"{which} to be a dict of arrays of floats", _say(arrays))
        return dict(arrays)

    def _call(self, method: str, *arguments: Any) -> Any:
        try:
            return getattr(self.layer, method)(*arguments)
        except Exception as error:
            error.add_note(f"in {self._title(method)}")
            raise

    def _arrays(self, method: str, returned: Any, number: int, *, or_none: bool = False) -> list[Any]:
        """Copy the arrays that a layer returned."""
        kinds = (np.ndarray, np.generic, type(None)) if or_none else (np.ndarray, np.generic)
        if (
            not isinstance(returned, list | tuple)
            or len(returned) != number
            or not all(isinstance(each, kinds) for each in returned)
        ):
            due = f"a list of {_number(number, 'array')}" + (" or None, one for each input" if or_none else "")
            raise self._error(method, due, _say(returned))
        return [None if each is None else np.array(each) for each in returned]

    def _require(self, method: str, what: str, got: Array, shape: Shape, of: Any, kinds: str) -> None:
        """Refuse an array of a wrong shape or type."""
        if got.shape != shape:
            raise self._error(method, f"{what} of shape {shape}", str(got.shape))
        if got.dtype.kind not in kinds or (got.dtype.kind == "f" and of is not None and of != got.dtype):
            due = f"{what} of a type of float" if of is None else f"{what} of type {of}, that of the inputs"
            raise self._error(method, due, str(got.dtype))

    def _title(self, method: str) -> str:
        return f'layer "{self.name}" ({type(self.layer).__name__}){method and ", "}{method}'

    def _error(self, method: str, expected: str, got: str) -> LayerError:
        return LayerError(f"{self._title(method)}: expected {expected}, got {got}")


def _frozen(array: Array) -> Array:
    """Return a read-only view of an array."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def _float_type(arrays: Sequence[Array]) -> Any:
    """Return the type of the floats among some arrays, or None."""
    return next((each.dtype for each in arrays if each.dtype.kind == "f"), None)


def as_shape(value: Any) -> Shape | None:
    """Return a shape as a tuple of int, and None for anything else."""
    sides = [as_integer(side) for side in value] if isinstance(value, list | tuple) else [None]
    known = tuple(side for side in sides if side is not None and side >= 0)
    return known if len(known) == len(sides) else None


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _say(value: Any) -> str:
    """Describe what a layer returned."""
    if isinstance(value, np.ndarray | np.generic):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}: " + ", ".join(map(_say, value))
    return "None" if value is None else f"a {type(value).__name__}"
