"""A layer in plain NumPy as a TensorFlow function, and as a Keras layer."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from course_lib.layers.checked_layer import CheckedLayer
from course_lib.layers.contract import Array, Shape
from course_lib.layers.numpy_layers import Dense, EuclideanLoss, ReLU

FLOATS = (tf.float16, tf.float32, tf.float64)
PACKAGE = "pixelwise"

# If a graph leaves an axis open, `reshape` is tried with two sizes for the batch, and two for any other axis. An axis
# of the result that is the same both times does not depend on them. Pooling may need sizes with many divisors.
STANDINS = ((1, 48), (2, 96))

for _kind in (Dense, EuclideanLoss, ReLU):
    keras.saving.register_keras_serializable(PACKAGE)(_kind)


def as_function(layer: Any) -> Callable[..., Any]:
    """Make a TensorFlow function of a layer in plain NumPy.

    It runs on the CPU, eagerly or in a `tf.function`, but neither with ``jit_compile=True`` nor in a SavedModel, which
    has no Python. Shapes may change from call to call; if a graph leaves some axes open, `reshape` is called with
    several sizes while it is traced. A tape may compute gradients in any order: if the layer has run again in the
    meantime, its forward pass is repeated first. So its results must depend only on its inputs and weights.

    Parameters
    ----------
    layer : Layer
        A layer, or any other object with the methods of `Layer`. It is set up at the first call, unless it has weights
        already.

    Returns
    -------
    callable
        ``function(*tensors)``, with a tensor for each input: floats of one type, or integers such as labels, which have
        no gradient. It returns a tensor of that float type, or a list if the layer has several outputs. A backward pass
        also fills in the layer's own ``gradients``; to train its weights with Keras, use `NumpyLayer`. The function
        raises ValueError for other tensors, `LayerError` if the layer does not do what `Layer` says, and
        NotImplementedError for second derivatives. When a graph runs, these are
        `tf.errors.InvalidArgumentError` and `tf.errors.UnimplementedError` with the same messages.

    Raises
    ------
    LayerError
        If the object does not have all four methods.
    """
    bridge = _Bridge(layer)

    def function(*tensors: Any) -> Any:
        return bridge.apply([tf.convert_to_tensor(each) for each in tensors], ())

    return function


@keras.saving.register_keras_serializable(PACKAGE)
class NumpyLayer(keras.layers.Layer):
    """A Keras layer that runs a layer in plain NumPy, and trains its weights.

    The remarks on `as_function` apply here, too. The layer computes in the type of the variables, even under a mixed
    precision policy. To load a saved model, the layer's class must be registered with
    `keras.saving.register_keras_serializable` or passed in ``custom_objects``. Its constructor gets the result of its
    method ``get_config``, if there is one. Besides that, only the weights are saved.

    Parameters
    ----------
    layer : Layer
        Or any other object with the methods of `Layer`.
    **kwargs
        As for `keras.layers.Layer`.

    Raises
    ------
    LayerError
        If the object does not have all four methods; when called, as for `as_function`.
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.supports_jit = False
        self._bridge = _Bridge(layer, self.name)

    @property
    def layer(self) -> Any:
        """The layer in plain NumPy, with the current weights of the Keras layer."""
        self._bridge.load([np.asarray(variable) for variable in self.weights])
        return self._bridge.checked.layer

    def build(self, input_shape: Any) -> None:
        """Set the layer up, and make a variable for each weight."""
        single = all(side is None or isinstance(side, int) for side in input_shape)
        self._bridge.setup([input_shape] if single else input_shape)
        for name, value in self._bridge.checked.weights.items():
            self.add_weight(
                shape=value.shape, initializer=keras.initializers.Constant(value), autocast=False, name=name
            )

    def call(self, inputs: Any) -> Any:
        """Return the layer's output, or a list if it has several."""
        tensors = [tf.convert_to_tensor(each) for each in (inputs if isinstance(inputs, list | tuple) else [inputs])]
        floats = [tf.cast(each, self.variable_dtype) if each.dtype.is_floating else each for each in tensors]
        results = self._bridge.apply(floats, [tf.convert_to_tensor(variable) for variable in self.weights])
        return tf.nest.map_structure(lambda result: tf.cast(result, self.compute_dtype), results)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one."""
        layer = self._bridge.checked.layer
        own = {
            "layer": keras.saving.get_registered_name(type(layer)),
            "layer_config": layer.get_config() if hasattr(layer, "get_config") else {},
        }
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "NumpyLayer":
        """Make a layer from what `get_config` returned."""
        config = dict(config)
        name, arguments = config.pop("layer"), config.pop("layer_config")
        kind = keras.saving.get_registered_object(name)
        if kind is None:
            raise ValueError(f'expected a class "{name}" that is registered or in custom_objects, got none')
        return cls(kind(**arguments), **config)


class _Bridge:
    """A layer that is called with tensors.

    Every forward pass has a number, and its backward pass gets the same number. The layer keeps the values of its last
    forward pass; for any other number, the forward pass is repeated.
    """

    def __init__(self, layer: Any, name: str = "") -> None:
        self.checked = CheckedLayer(layer, name or type(layer).__name__)
        self._lock = Lock()  # TensorFlow may run two calls at once
        self._calls, self._latest = 0, 0
        self._known: dict[tuple[Any, ...], list[Any]] = {}

    def setup(self, shapes: Sequence[Any]) -> None:
        """Set the layer up; axes may be open."""
        self.checked.setup([_filled(shape, *STANDINS[0]) for shape in shapes])

    def load(self, weights: Sequence[Array]) -> None:
        """Copy weights, if there are any, into the layer's arrays."""
        if weights:
            self.checked.set_weights(dict(zip(self.checked.weights, weights, strict=True)))

    @tf.autograph.experimental.do_not_convert
    def apply(self, inputs: Sequence[tf.Tensor], weights: Sequence[tf.Tensor]) -> Any:
        """Run the layer on tensors, with these weights, or with its own if `weights` is empty."""
        dtype = _float_type(inputs)
        shapes = self._output_shapes([each.shape for each in inputs])
        due = [each.dtype.is_floating for each in inputs]

        def forward(*arrays: Array) -> list[Array]:
            with self._lock:
                outputs = self._forward(arrays[: len(due)], arrays[len(due) :])
                return [np.array(self._latest), *outputs]

        def backward(number: Array, *arrays: Array) -> list[Array]:
            values, held, top_grad = _split(arrays, len(due), len(weights))
            with self._lock:
                if number != self._latest or not self.checked.kept:
                    self._forward(values, held)
                    self._latest = int(number)
                self.load(held)
                down = self.checked.backward(top_grad, due)
                learned = zip(self.checked.gradients.values(), held, strict=False)
                return [each for each in down if each is not None] + [each.astype(of.dtype) for each, of in learned]

        @tf.custom_gradient
        def layer(*tensors: tf.Tensor) -> Any:
            number, *outputs = _run(forward, tensors, [tf.int64, *[dtype] * len(shapes)])
            outputs = [tf.ensure_shape(output, shape) for output, shape in zip(outputs, shapes, strict=True)]

            def gradients(*top_grad: tf.Tensor) -> list[tf.Tensor | None]:
                wanted = [each for each in tensors if each.dtype.is_floating]
                found = iter(_once(backward, [number, *tensors, *top_grad], wanted))
                return [next(found) if each.dtype.is_floating else None for each in tensors]

            return outputs, gradients

        outputs = layer(*inputs, *weights)
        return outputs[0] if len(outputs) == 1 else outputs

    def _forward(self, inputs: Sequence[Array], weights: Sequence[Array]) -> list[Array]:
        """Run the layer on arrays."""
        self.load(weights)
        shapes = [each.shape for each in inputs]
        if not self.checked.ready or shapes != self.checked.input_shapes:
            self.checked.reshape(shapes)
        outputs = self.checked.forward(inputs)
        self._calls += 1
        self._latest = self._calls
        return outputs

    def _output_shapes(self, shapes: Sequence[tf.TensorShape]) -> list[Any]:
        """Return the shapes of the outputs, as far as they are known."""
        if any(shape.rank is None for shape in shapes):
            raise ValueError(f"expected tensors with a known number of axes, got shapes {list(map(str, shapes))}")
        key = tuple(map(tuple, shapes))
        with self._lock:
            if key not in self._known:
                self.setup(key)
                self._known[key] = self._tried(key)
            return self._known[key]

    def _tried(self, shapes: Sequence[Sequence[int | None]]) -> list[Any]:
        """Return the shapes of the outputs, with None for axes that depend on an open axis."""
        tried = dict.fromkeys(tuple(_filled(shape, *sizes) for shape in shapes) for sizes in STANDINS)
        try:
            found = [self.checked.reshape(each) for each in tried]
        except ValueError:  # an open axis may have to fit a known one
            if len(tried) == 1:
                raise
            return [(None,) * len(shape) for shape in self.checked.reshape(_matched(shapes))]
        return [_common(*pair) for pair in zip(found[0], found[-1], strict=True)]


def _run(function: Callable[..., list[Array]], tensors: Sequence[tf.Tensor], types: Sequence[tf.DType]) -> list[Any]:
    """Run NumPy code on tensors. Eagerly, its exceptions are not changed."""
    if tf.executing_eagerly():
        return [tf.convert_to_tensor(each) for each in function(*(each.numpy() for each in tensors))]
    return tf.numpy_function(function, tensors, types)


def _once(backward: Callable[..., list[Array]], tensors: Sequence[tf.Tensor], like: Sequence[tf.Tensor]) -> Any:
    """Run a backward pass, which has no gradient itself."""

    @tf.custom_gradient
    def gradients(*tensors: tf.Tensor) -> Any:
        found = _run(backward, tensors, [each.dtype for each in like])

        def second(*_: tf.Tensor) -> list[tf.Tensor]:
            # Not at once: TensorFlow also builds graphs of second derivatives that nobody will run.
            return _run(_refuse_second, [], [each.dtype for each in tensors])

        return [tf.ensure_shape(each, of.shape) for each, of in zip(found, like, strict=True)], second

    return gradients(*tensors)


def _refuse_second() -> list[Array]:
    """Raise the error that there are no second derivatives."""
    raise NotImplementedError("a layer in NumPy has no second derivatives")


def _float_type(tensors: Sequence[tf.Tensor]) -> tf.DType:
    """Return the type of the floats among some tensors."""
    types = {each.dtype for each in tensors}
    floats = {dtype for dtype in types if dtype in FLOATS}
    if len(floats) != 1 or not all(dtype.is_integer or dtype.is_bool for dtype in types - floats):
        names = ", ".join(each.dtype.name for each in tensors)
        raise ValueError(f"expected tensors of one type of float, 16 to 64 bits, and integers, got {names}")
    return floats.pop()


def _filled(shape: Sequence[int | None], batch: int, other: int) -> Shape:
    """Fill in sizes for open axes."""
    return tuple((other if axis else batch) if side is None else side for axis, side in enumerate(shape))


def _matched(shapes: Sequence[Sequence[int | None]]) -> list[Shape]:
    """Fill in open axes from the same axes of other shapes."""
    known = {axis: side for shape in shapes for axis, side in enumerate(shape) if side is not None}
    filled = [[known.get(axis, side) if side is None else side for axis, side in enumerate(shape)] for shape in shapes]
    return [_filled(shape, *STANDINS[0]) for shape in filled]


def _common(first: Shape, second: Shape) -> tuple[int | None, ...] | None:
    """Return the axes that two shapes have in common; None for the others."""
    if len(first) != len(second):
        return None
    return tuple(side if side == other else None for side, other in zip(first, second, strict=True))


def _split(arrays: Sequence[Array], inputs: int, weights: int) -> tuple[Sequence[Array], ...]:
    """Split the arguments of a backward pass into inputs, weights and gradients."""
    return arrays[:inputs], arrays[inputs : inputs + weights], arrays[inputs + weights :]
