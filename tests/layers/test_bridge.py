"""A layer in plain NumPy does in TensorFlow and Keras what it does by itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.layers import (
    Dense,
    EuclideanLoss,
    Layer,
    LayerError,
    Net,
    Node,
    NumpyLayer,
    ReLU,
    Solver,
    as_function,
)
from course_lib.layers.contract import Array, Shape

pytestmark = pytest.mark.slow

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(10, 3)), RANDOM.normal(size=(10, 2))

either_way = pytest.mark.parametrize("way", [lambda f: f, tf.function], ids=["eagerly", "in a graph"])


class Square(Layer):
    """The square of the numbers, and their cube: its gradient needs what it kept, in a buffer of the right shape."""

    def __init__(self) -> None:
        super().__init__()
        self.forwards = 0

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        self.kept = np.zeros(input_shapes[0])
        return input_shapes * 2

    def forward(self, inputs: list[Array]) -> list[Array]:
        self.forwards += 1
        self.kept[...] = inputs[0]
        return [inputs[0] ** 2, inputs[0] ** 3]

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        gradient = top_grad[0] * 2 * self.kept + top_grad[1] * 3 * self.kept**2
        return [gradient.astype(top_grad[0].dtype) if propagate_down[0] else None]


class Pool(Layer):
    """The mean of blocks of 2 x 2 pixels, ``(B, H, W, C)``; both sides must be even."""

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        ((batch, height, width, channels),) = input_shapes
        if height % 2 or width % 2:
            raise LayerError(f"expected even sides, got {height} x {width}")
        return [(batch, height // 2, width // 2, channels)]

    def forward(self, inputs: list[Array]) -> list[Array]:
        batch, height, width, channels = inputs[0].shape
        return [inputs[0].reshape(batch, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))]

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        return [top_grad[0].repeat(2, axis=1).repeat(2, axis=2) / 4 if propagate_down[0] else None]


def gradients(f: Callable[..., Any], *inputs: Any) -> Any:
    """Return what a function gives, and the gradients of the sum in its inputs."""
    tensors = [tf.convert_to_tensor(each) for each in inputs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = f(*tensors)
    return value, tape.gradient(value, tensors)


@either_way
def test_a_loss_by_hand(way: Any) -> None:
    """Differences 1, 2, 3, 4 over a batch of 2: 30 / 4; the gradient is three times each, over 2."""
    loss = as_function(EuclideanLoss())
    value, (a, b) = gradients(way(lambda a, b: 3 * loss(a, b)), [[1.0, 2.0], [3.0, 4.0]], np.zeros((2, 2), "f"))
    assert value == 3 * 7.5
    assert value.shape == ()
    np.testing.assert_allclose(a, [[1.5, 3], [4.5, 6]])
    np.testing.assert_allclose(b, [[-1.5, -3], [-4.5, -6]])


@either_way
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_shapes_may_change(way: Any, dtype: str) -> None:
    relu = way(as_function(ReLU()))
    for shape in ((2, 3), (4, 3), (2, 3), (5,), (0, 2)):
        x = RANDOM.normal(size=shape).astype(dtype)
        for got, expected in zip(gradients(relu, x), gradients(tf.nn.relu, x), strict=True):
            np.testing.assert_array_equal(got, expected)
            assert np.asarray(got).dtype == dtype


@either_way
def test_several_outputs(way: Any) -> None:
    x = np.array([1.0, -2.0])
    (square, cube), (gradient,) = gradients(way(as_function(Square())), x)
    np.testing.assert_array_equal([square, cube], [x**2, x**3])
    np.testing.assert_array_equal(gradient, 2 * x + 3 * x**2)
    f = as_function(Square())
    np.testing.assert_array_equal(gradients(way(lambda x: f(x)[1]), x)[1][0], 3 * x**2)


@either_way
def test_calls_between_a_forward_pass_and_its_backward_pass(way: Any) -> None:
    """Neither the layer's state nor its buffers are then those of the first call."""
    layer = Square()
    f = way(as_function(layer))
    x, other, small = tf.constant([1.0, 2.0, 3.0]), tf.constant([9.0, 9.0, 9.0]), tf.constant([5.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, other, small])
        results = f(x)[0], f(other)[0], f(small)[0]
    assert layer.forwards == 3
    for one, result in zip((x, other, small), results, strict=True):
        np.testing.assert_array_equal(tape.gradient(result, one), 2 * one)
    assert layer.forwards == 6
    np.testing.assert_array_equal(gradients(f, x)[1][0], 2 * x + 3 * x**2)
    assert layer.forwards == 7  # what it keeps is that of the last call: nothing is repeated


def test_tracing_between_a_forward_pass_and_its_backward_pass() -> None:
    f = tf.function(as_function(Square()))
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        result = f(x)[0]
    f.get_concrete_function(tf.TensorSpec((5, 5)))
    np.testing.assert_array_equal(tape.gradient(result, x), 2 * x)


@either_way
def test_a_pass_that_failed_between_a_forward_pass_and_its_backward_pass(way: Any) -> None:
    f = way(as_function(EuclideanLoss()))
    a, b = tf.constant([[1.0, 2.0]]), tf.constant([[0.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(a)
        loss = f(a, b)
    with pytest.raises(LayerError, match="two inputs of the same shape"):
        f(a, tf.constant([[0.0]]))
    np.testing.assert_array_equal(tape.gradient(loss, a), a)


def test_a_loop_in_a_graph() -> None:
    square = as_function(Square())

    @tf.function
    def eighth_power(x: Any) -> Any:
        for _ in tf.range(3):
            x = tf.ensure_shape(square(x)[0], (2,))
        return x

    x = np.array([1.5, -2.0])
    value, (gradient,) = gradients(eighth_power, x)
    np.testing.assert_allclose(value, x**8)
    np.testing.assert_allclose(gradient, 8 * x**7)


def test_two_functions_and_a_net_share_a_layer() -> None:
    layer = Square()
    f, g = as_function(layer), as_function(layer)
    x, y = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        first, second = f(x)[0], g(y)[0]
    net = Net({"x": (2,)}, [Node("square", layer, ["x"], outputs=["square", "cube"])])
    net.forward({"x": np.zeros(2)})
    np.testing.assert_array_equal(tape.gradient(first, x), 2 * x)
    np.testing.assert_array_equal(tape.gradient(second, y), 2 * y)


@either_way
def test_integers_have_no_gradient(way: Any) -> None:
    labels = tf.constant([[1, 0], [0, 1]])
    loss, (scores, none) = gradients(way(as_function(EuclideanLoss())), np.eye(2, dtype="f") * 3, labels)
    assert loss == 2
    np.testing.assert_array_equal(scores, np.eye(2))
    assert none is None


def test_gradients_of_weights_stay_with_the_layer() -> None:
    dense = Dense(2, seed=0)
    gradients(as_function(dense), X)
    np.testing.assert_allclose(dense.gradients["kernel"], np.repeat(X.sum(axis=0)[:, None], 2, axis=1))
    np.testing.assert_array_equal(dense.gradients["bias"], [10, 10])


def test_shapes_are_known_in_a_graph() -> None:
    found = []

    @tf.function(input_signature=[tf.TensorSpec((None, 8, None, 3))])
    def pool(x: Any) -> Any:
        result = as_function(Pool())(x)
        found.append(result.shape.as_list())
        return result

    x = RANDOM.normal(size=(2, 8, 6, 3)).astype("f")
    np.testing.assert_allclose(pool(x), tf.nn.avg_pool2d(x, 2, 2, "VALID"), rtol=1e-5)
    assert found == [[None, 4, None, 3]]


def test_an_open_axis_fits_a_known_one() -> None:
    """As where a model has batches of a fixed size, and its targets come from a generator."""
    loss = as_function(EuclideanLoss())
    f = tf.function(loss, input_signature=[tf.TensorSpec((10, 3)), tf.TensorSpec((None, 3))])
    assert float(f(X.astype("f"), 0 * X.astype("f"))) == pytest.approx((X**2).sum() / 20)
    with pytest.raises(LayerError, match="expected two inputs of the same shape"):
        tf.function(loss).get_concrete_function(tf.TensorSpec((10, 3)), tf.TensorSpec((None, 4)))


@either_way
@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ([[1, 2]], "expected tensors of one type of float, 16 to 64 bits, and integers, got int32"),
        ([[1j]], "got complex128"),
        ([tf.constant([1.0], tf.bfloat16)], "got bfloat16"),
        ([[1.0], np.ones(1)], "got float32, float64"),
        ([["a"], [1.0]], "got string, float32"),
    ],
    ids=["integers", "complex", "bfloat16", "two types", "words"],
)
def test_other_tensors(way: Any, tensors: list[Any], words: str) -> None:
    function = way(as_function(ReLU()))
    with pytest.raises(ValueError, match=words):
        function(*map(tf.convert_to_tensor, tensors))


def test_an_unknown_number_of_axes() -> None:
    function = tf.function(as_function(ReLU()), input_signature=[tf.TensorSpec(None)])
    with pytest.raises(ValueError, match="expected tensors with a known number of axes, got shapes"):
        function(X.astype("f"))


class Wrong(ReLU):
    """Returns an array where a list of arrays is due."""

    def forward(self, inputs: list[Array]) -> Any:
        return inputs[0]


@pytest.mark.parametrize(
    ("way", "error"), [(lambda f: f, LayerError), (tf.function, tf.errors.InvalidArgumentError)], ids=["eager", "graph"]
)
def test_what_a_layer_does_wrong_is_told_by_name(way: Any, error: type[Exception]) -> None:
    words = r'layer "Wrong" \(Wrong\), forward: expected a list of 1 array, got float64 \(10, 3\)'
    with pytest.raises(error, match=words):
        way(as_function(Wrong()))(X)


@either_way
def test_no_second_derivatives(way: Any) -> None:
    f = way(as_function(ReLU()))
    x = tf.constant([1.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        first = gradients(f, x)[1][0]
    np.testing.assert_array_equal(first, [1.0])
    with pytest.raises((NotImplementedError, tf.errors.UnimplementedError), match="no second derivatives"):
        outer.gradient(first, x)


def network(**kwargs: Any) -> keras.Model:
    layers = [Dense(4, seed=0), ReLU(), Dense(2, seed=1)]
    return keras.Sequential([keras.Input((3,)), *(NumpyLayer(layer, **kwargs) for layer in layers)])


def net(rows: int = 10) -> Net:
    nodes = [
        Node("hidden", Dense(4, seed=0), ["x"]),
        Node("relu", ReLU(), ["hidden"]),
        Node("scores", Dense(2, seed=1), ["relu"]),
        Node("loss", EuclideanLoss(), ["scores", "y"]),
    ]
    return Net({"x": (rows, 3), "y": (rows, 2)}, nodes)


@pytest.mark.parametrize("eagerly", [False, True])
def test_fit_trains_like_the_solver(eagerly: bool) -> None:
    """In batches of 4, 4 and 2: the shape changes on the way."""
    model, own = network(), net()
    function = as_function(EuclideanLoss())
    model.compile(keras.optimizers.SGD(0.1, 0.9), lambda y, scores: function(scores, y), run_eagerly=eagerly)
    assert not any(layer.supports_jit for layer in model.layers)
    model.fit(X, Y, batch_size=4, epochs=5, shuffle=False, verbose=0)
    solver = Solver(own, rate=0.1, momentum=0.9)
    for _ in range(5):
        for start in (0, 4, 8):
            solver.step({"x": X[start : start + 4], "y": Y[start : start + 4]})
    for layer, other in zip(model.layers, own.layers, strict=False):
        for name, weight in layer.layer.weights.items():
            np.testing.assert_allclose(weight, other.weights[name], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.predict(X, verbose=0), own.forward({"x": X, "y": Y})["scores"], atol=1e-5)


def test_gradients_of_variables_are_those_of_keras() -> None:
    layer, dense = NumpyLayer(Dense(2, seed=0), dtype="float64"), keras.layers.Dense(2, dtype="float64")
    layer.build((None, 3))
    dense.build((None, 3))
    dense.set_weights(layer.get_weights())
    assert [each.path.split("/")[-1] for each in layer.trainable_variables] == ["kernel", "bias"]
    found = []
    for each in (layer, dense):
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(each(X) ** 2)
        found.append(tape.gradient(value, each.trainable_variables))
    for got, expected in zip(*found, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_a_layer_that_is_called_twice_gets_both_gradients() -> None:
    layer = NumpyLayer(Dense(2, seed=0), dtype="float64")
    a, b = X[:2], X[2:7]
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(layer(a)) + tf.reduce_sum(layer(b))
    kernel, bias = tape.gradient(value, layer.trainable_variables)
    np.testing.assert_allclose(kernel, np.repeat(X[:7].sum(axis=0)[:, None], 2, axis=1))
    np.testing.assert_allclose(bias, [7, 7])


def test_gradients_are_those_at_the_weights_of_the_forward_pass() -> None:
    layer = NumpyLayer(Dense(2, seed=0), dtype="float64")
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(layer(x))
    before = layer.layer.weights["kernel"].copy()
    layer.set_weights([2 * each for each in layer.get_weights()])
    np.testing.assert_array_equal(layer.layer.weights["kernel"], 2 * before)
    np.testing.assert_allclose(tape.gradient(value, x), np.repeat(before.sum(axis=1)[None], 10, axis=0))


def test_saved_and_loaded(tmp_path: Path) -> None:
    model = network()
    model.compile("adam", "mse")
    model.fit(X, Y, epochs=3, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    layers = [each.layer for each in loaded.layers]
    alone = Net({"x": X.shape}, [Node("a", layers[0], ["x"]), Node("b", layers[1], ["a"]), Node("c", layers[2], ["b"])])
    np.testing.assert_allclose(alone.forward({"x": X})["c"], model.predict(X, verbose=0), atol=1e-6)
    for each in (model, loaded):
        each.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(loaded.get_weights()[0], model.get_weights()[0], rtol=1e-6)


class Scale:
    """A learner's own class: not derived from `Layer`, without get_config."""

    def __init__(self) -> None:
        self.weights: dict[str, Array] = {}

    def setup(self, input_shapes: list[Shape]) -> None:
        self.weights = {"scale": np.full(input_shapes[0][-1:], 2.0)}

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        return input_shapes

    def forward(self, inputs: list[Array]) -> list[Array]:
        return [(inputs[0] * self.weights["scale"]).astype(inputs[0].dtype)]

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        raise NotImplementedError


def test_a_class_of_ones_own_is_named_when_loading(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), NumpyLayer(Scale())])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", custom_objects={"Scale": Scale})
    np.testing.assert_allclose(loaded.predict(X, verbose=0), 2 * X, rtol=1e-6)
    with pytest.raises(ValueError, match='expected a class "Scale" that is registered or in custom_objects'):
        keras.models.load_model(tmp_path / "model.keras")


def test_a_trained_layer_keeps_its_weights() -> None:
    own = net()
    Solver(own, rate=0.1).step({"x": X, "y": Y})
    layers = [NumpyLayer(node.layer, dtype="float64") for node in own.nodes[:3]]
    model = keras.Sequential([keras.Input((3,), dtype="float64"), *layers])
    np.testing.assert_allclose(model(X), own.forward({"x": X, "y": Y})["scores"], rtol=1e-12)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy: str) -> None:
    model = network(dtype=policy)
    assert {variable.dtype for variable in model.variables} == {"float32"}
    scores = model(X.astype("f"))
    assert scores.dtype == policy.removeprefix("mixed_")
    first, plain = (each.layers[0](X.astype("f")) for each in (model, network()))
    np.testing.assert_array_equal(first, tf.cast(plain, first.dtype))  # in NumPy, all is float32
    model.compile("sgd", "mse")
    before = model.evaluate(X, Y, verbose=0)
    assert model.fit(X, Y, epochs=5, verbose=0).history["loss"][-1] < before


def test_several_inputs_in_a_functional_model() -> None:
    first, second = keras.Input((3,)), keras.Input((3,))
    square, cube = NumpyLayer(Square())(first)
    loss = NumpyLayer(EuclideanLoss())([square, second])
    assert (square.shape, loss.shape) == ((None, 3), ())
    model = keras.Model([first, second], [loss, cube])
    got, cubes = model([X.astype("f"), Y[:, :1] * np.ones(3, "f")])
    np.testing.assert_allclose(got, np.square(X**2 - Y[:, :1]).sum() / 20, rtol=1e-5)
    np.testing.assert_allclose(cubes, X**3, rtol=1e-5)
