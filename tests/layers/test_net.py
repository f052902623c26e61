"""A net in plain NumPy computes, and trains, what the same net does in TensorFlow."""

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.layers import Dense, EuclideanLoss, Layer, LayerError, Net, Node, ReLU, Solver
from course_lib.layers.contract import Array, Shape

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(8, 5)), RANDOM.normal(size=(8, 2))


class Split(Layer):
    """Two outputs: the first column, and the others."""

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        ((batch, depth),) = input_shapes
        return [(batch, 1), (batch, depth - 1)]

    def forward(self, inputs: list[Array]) -> list[Array]:
        return [inputs[0][:, :1], inputs[0][:, 1:]]

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        return [np.concatenate(top_grad, axis=1) if propagate_down[0] else None]


class Recorder(Layer):
    """Passes its inputs on, and remembers how it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Any] = []

    def setup(self, input_shapes: list[Shape]) -> None:
        self.calls.append("setup")

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        self.calls.append(input_shapes)
        return input_shapes

    def forward(self, inputs: list[Array]) -> list[Array]:
        self.calls.append("forward")
        return inputs

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        self.calls.append(propagate_down)
        return [each if down else None for each, down in zip(top_grad, propagate_down, strict=True)]


def two_layers(rows: int = 8) -> Net:
    return Net(
        {"data": (rows, 5), "target": (rows, 2)},
        [
            Node("hidden", Dense(4, seed=0), ["data"]),
            Node("relu", ReLU(), ["hidden"]),
            Node("scores", Dense(2, seed=1), ["relu"]),
            Node("loss", EuclideanLoss(), ["scores", "target"]),
        ],
    )


def in_keras(net: Net, dtype: str = "float64") -> keras.Model:
    """Make the net of `two_layers` up to its scores, with the same weights."""
    layers = [keras.layers.Dense(4, "relu", dtype=dtype), keras.layers.Dense(2, dtype=dtype)]
    model = keras.Sequential([keras.Input((5,), dtype=dtype), *layers])
    model.set_weights([each for layer in net.layers for each in layer.weights.values()])
    return model


def euclidean(target: Any, prediction: Any) -> Any:
    return tf.reduce_sum(tf.square(prediction - target)) / (2 * len(target))


def test_two_by_two_by_hand() -> None:
    """Differences 1, 2, 3, 2: (1 + 4 + 9 + 4) / (2 · 2) = 4.5, and each difference / 2 as the gradient."""
    net = Net({"a": (2, 2), "b": (2, 2)}, [Node("loss", EuclideanLoss(), ["a", "b"])])
    found = net.forward({"a": [[1.0, 2.0], [3.0, 4.0]], "b": [[0.0, 0.0], [0.0, 2.0]]})
    assert found["loss"].shape == ()
    assert found["loss"] == 4.5
    gradients: Any = net.backward(["a", "b"])
    np.testing.assert_array_equal(gradients["a"], [[0.5, 1], [1.5, 1]])
    np.testing.assert_array_equal(gradients["b"], [[-0.5, -1], [-1.5, -1]])


def test_a_dense_layer_by_hand() -> None:
    dense = Dense(2, seed=0)
    net = Net({"x": (2, 2), "y": (2, 2)}, [Node("dense", dense, ["x"]), Node("loss", EuclideanLoss(), ["dense", "y"])])
    dense.weights["kernel"][...] = [[1, 2], [3, 4]]
    dense.weights["bias"][...] = [10, 20]
    found = net.forward({"x": [[1.0, 0.0], [0.0, 2.0]], "y": [[9.0, 20.0], [16.0, 28.0]]})
    np.testing.assert_array_equal(found["dense"], [[11, 22], [16, 28]])
    gradients: Any = net.backward(["x"])
    np.testing.assert_array_equal(gradients["dense"], [[1, 1], [0, 0]])
    np.testing.assert_array_equal(gradients["x"], [[1 + 2, 3 + 4], [0, 0]])
    np.testing.assert_array_equal(dense.gradients["kernel"], [[1, 1], [0, 0]])
    np.testing.assert_array_equal(dense.gradients["bias"], [1, 1])


def test_values_and_gradients_are_those_of_tensorflow() -> None:
    net = two_layers()
    model = in_keras(net)
    x, y = tf.constant(X), tf.constant(Y)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        scores = model(x)
        loss = euclidean(y, scores)
    found = net.forward({"data": X, "target": Y})
    np.testing.assert_allclose(found["scores"], scores, rtol=1e-12)
    np.testing.assert_allclose(found["loss"], loss, rtol=1e-12)
    gradients: Any = net.backward(["data", "target"])
    for name, value in {"data": x, "target": y, "scores": scores}.items():
        np.testing.assert_allclose(gradients[name], tape.gradient(loss, value), rtol=1e-9, atol=1e-12)
    learned = [each for layer in net.layers for each in layer.gradients.values()]
    for got, expected in zip(learned, tape.gradient(loss, model.trainable_variables), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


def test_weights_gradients_are_those_of_finite_differences() -> None:
    net = two_layers()
    net.forward({"data": X, "target": Y})
    net.backward()
    for layer in net.layers:
        for name, weight in layer.weights.items():
            for place in np.ndindex(weight.shape):
                ends = []
                for step in (1e-6, -1e-6):
                    weight[place] += step
                    ends.append(net.forward({"data": X, "target": Y})["loss"])
                    weight[place] -= step
                expected = (ends[0] - ends[1]) / 2e-6
                assert layer.layer.gradients[name][place] == pytest.approx(expected, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("momentum", [0.0, 0.875])
@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-11), ("float32", 1e-5)])
def test_trains_like_keras(momentum: float, dtype: str, rtol: float) -> None:
    net = two_layers()
    model, optimizer = in_keras(net, dtype), keras.optimizers.SGD(1 / 16, momentum)
    solver = Solver(net, rate=1 / 16, momentum=momentum)
    x, y = X.astype(dtype), Y.astype(dtype)
    got, expected = [], []
    for _ in range(60):
        got.append(solver.step({"data": x, "target": y}))
        with tf.GradientTape() as tape:
            loss = euclidean(y, model(x))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        expected.append(float(loss))
    np.testing.assert_allclose(got, expected, rtol=rtol)
    weights = [weight for layer in net.layers for weight in layer.weights.values()]
    for weight, other in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(weight, other, rtol=rtol, atol=rtol)
    assert got[-1] < got[0] / 2


def test_a_step_is_a_forward_pass_a_backward_pass_and_an_update() -> None:
    net, other = two_layers(), two_layers()
    loss = Solver(net, rate=0.1).step({"data": X, "target": Y})
    assert loss == other.forward({"data": X, "target": Y})["loss"]  # the loss before the update
    other.backward()
    for layer, before in zip(net.layers, other.layers, strict=True):
        for name, weight in layer.weights.items():
            np.testing.assert_array_equal(weight, before.weights[name] - 0.1 * before.gradients[name])


def test_forward_and_backward_leave_the_weights_alone() -> None:
    net, fresh = two_layers(), two_layers()
    for _ in range(3):
        net.forward({"data": X, "target": Y})
        net.backward()
    for layer, other in zip(net.layers, fresh.layers, strict=True):
        np.testing.assert_equal(layer.weights, other.weights)


def test_weights_stay_the_same_arrays() -> None:
    net = two_layers()
    dense = net.nodes[0].layer
    before, values = dict(dense.weights), dense.weights["kernel"].copy()
    Solver(net, rate=0.1, momentum=0.5).step({"data": X, "target": Y})
    assert all(dense.weights[name] is weight for name, weight in before.items())
    assert not np.array_equal(dense.weights["kernel"], values)


def test_what_is_set_on_a_layer_is_seen_by_the_solver() -> None:
    net = two_layers()
    solver = Solver(net, rate=0.0)
    for node in net.nodes[::2]:
        node.layer.weights["kernel"][...] = 0
    assert solver.step({"data": X, "target": Y}) == pytest.approx((Y**2).sum() / 16)


def test_float32_stays_float32() -> None:
    net = two_layers()
    found = net.forward({"data": X.astype("f"), "target": Y.astype("f")})
    gradients: Any = net.backward(["data", "target"])
    assert {value.dtype.name for value in [*found.values(), *gradients.values()] if value is not None} == {"float32"}


def test_inputs_and_results_are_the_callers_own() -> None:
    net, expected = two_layers(), two_layers()
    x, y = X.copy(), Y.copy()
    found = net.forward({"data": x, "target": y})
    for array in (x, y, *found.values()):
        array[...] = 7
    np.testing.assert_equal(expected.forward({"data": X, "target": Y})["target"], Y)
    first = net.backward(["data"])
    np.testing.assert_equal(first, expected.backward(["data"]))
    for gradient in first.values():
        if gradient is not None:
            gradient[...] = 7
    np.testing.assert_equal(net.backward(["data"]), expected.backward(["data"]))


class Square(Layer):
    """The square. It keeps its input itself, no copy."""

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        return input_shapes

    def forward(self, inputs: list[Array]) -> list[Array]:
        (self.kept,) = inputs
        return [self.kept**2]

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        return [2 * self.kept * top_grad[0] if propagate_down[0] else None]


def test_a_layer_may_keep_its_input() -> None:
    """Half of x^8 for the batch of 1: the gradient is 4 x^7, even if the caller overwrites x and x²."""
    nodes = [Node("square", Square(), ["x"]), Node("fourth", Square(), ["square"])]
    net = Net({"x": (1, 2), "zero": (1, 2)}, [*nodes, Node("loss", EuclideanLoss(), ["fourth", "zero"])])
    x = np.array([[2.0, -1.0]])
    for array in (x, *net.forward({"x": x, "zero": np.zeros((1, 2))}).values()):
        array[...] = 7
    np.testing.assert_array_equal(net.backward(["x"])["x"], [[4 * 2**7, -4]])


def test_what_several_nodes_take_gets_the_sum_of_their_gradients() -> None:
    """Half the square of 3x, over a batch of 2."""
    nodes = [
        Node("left", Recorder(), ["x"]),
        Node("right", Recorder(), ["x"]),
        Node("sum", Sum(), ["left", "right", "x"]),
        Node("loss", EuclideanLoss(), ["sum", "zero"]),
    ]
    net = Net({"x": (2, 3), "zero": (2, 3)}, nodes)
    x = np.arange(6.0).reshape(2, 3)
    net.forward({"x": x, "zero": 0 * x})
    gradients: Any = net.backward(["x"])
    np.testing.assert_allclose(gradients["x"], 9 * x / 2)
    np.testing.assert_allclose(gradients["left"], 3 * x / 2)


class Sum(Layer):
    """The sum of all inputs; the same array as the gradient of each."""

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        return input_shapes[:1]

    def forward(self, inputs: list[Array]) -> list[Array]:
        return [np.sum(inputs, axis=0)]

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        return [top_grad[0] if down else None for down in propagate_down]


def test_several_outputs() -> None:
    nodes = [
        Node("split", Split(), ["x"], outputs=["first", "others"]),
        Node("loss", EuclideanLoss(), ["others", "y"]),
    ]
    net = Net({"x": (2, 3), "y": (2, 2)}, nodes)
    x = np.arange(6.0).reshape(2, 3)
    found = net.forward({"x": x, "y": np.zeros((2, 2))})
    np.testing.assert_array_equal(found["first"], x[:, :1])
    np.testing.assert_array_equal(net.backward(["x"])["x"], np.where(np.arange(3) > 0, x, 0) / 2)


def test_an_output_that_nobody_takes_has_a_gradient_of_zeros() -> None:
    class Rounded(Recorder):
        """The numbers, and those nearest to them as integers."""

        def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
            return input_shapes * 2

        def forward(self, inputs: list[Array]) -> list[Array]:
            return [inputs[0], np.rint(inputs[0]).astype(int)]

        def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
            assert [each.dtype for each in top_grad] == ["float32", "float32"]
            assert not top_grad[1].any()
            return super().backward(top_grad[:1], propagate_down)

    nodes = [Node("r", Rounded(), ["x"], ["same", "near"]), Node("loss", EuclideanLoss(), ["same", "y"])]
    net = Net({"x": (1, 2), "y": (1, 2)}, nodes)
    x = np.array([[1.5, 2]], "f")
    net.forward({"x": x, "y": 0 * x})
    np.testing.assert_array_equal(net.backward(["x"])["x"], x)


def test_a_gradient_goes_down_only_where_it_is_needed() -> None:
    below, above, loss = Recorder(), Recorder(), RecorderLoss()
    nodes = [
        Node("below", below, ["data"]),
        Node("scores", Dense(2, seed=0), ["below"]),
        Node("above", above, ["scores"]),
        Node("loss", loss, ["above", "target"]),
    ]
    net = Net({"data": (2, 3), "target": (2, 2)}, nodes)
    net.forward({"data": np.ones((2, 3)), "target": np.ones((2, 2))})
    gradients: Any = net.backward()
    assert [name for name, gradient in gradients.items() if gradient is None] == ["data", "target", "below"]
    assert below.calls == ["setup", [(2, 3)], "forward"]  # nothing below it learns
    assert above.calls[-1] == [True]
    assert loss.calls[-1] == [True, False]
    net.backward(["data"])
    assert below.calls[-1] == [True]


class RecorderLoss(Recorder):
    """The sum of the first input, whatever the second is."""

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        self.shapes = input_shapes
        return [()]

    def forward(self, inputs: list[Array]) -> list[Array]:
        return [inputs[0].sum()]

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
        return super().backward([np.full(shape, top_grad[0]) for shape in self.shapes], propagate_down)


def test_a_branch_that_is_not_in_the_loss_stays_as_it_is() -> None:
    class Measure(Recorder):
        """Such as an accuracy, of which there is no gradient."""

        def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> list[Array | None]:
            raise NotImplementedError

    side = Dense(3, seed=2)
    own = two_layers().nodes
    nodes = [Node("side", side, ["data"]), *own[:-1], Node("measure", Measure(), ["scores"]), own[-1]]
    net = Net({"data": (8, 5), "target": (8, 2)}, nodes)
    before = side.weights["kernel"].copy()
    first, second = (Solver(net, rate=0.1).step({"data": X, "target": Y}) for _ in range(2))
    assert second < first
    np.testing.assert_array_equal(side.weights["kernel"], before)
    assert net.backward()["side"] is None


def test_a_new_shape_calls_reshape_and_only_a_new_shape() -> None:
    told = Recorder()
    net = Net({"x": (2, 3), "y": (2, 3)}, [Node("told", told, ["x"]), Node("loss", EuclideanLoss(), ["told", "y"])])
    for rows in (2, 2, 4, 4, 2):
        net.forward({"x": np.ones((rows, 3)), "y": np.zeros((rows, 3))})
        assert net.shapes == {"x": (rows, 3), "y": (rows, 3), "told": (rows, 3), "loss": ()}
        np.testing.assert_array_equal(net.backward(["x"])["x"], np.full((rows, 3), 1 / rows))
    assert [call for call in told.calls if call not in ("forward", [True])] == ["setup", [(2, 3)], [(4, 3)], [(2, 3)]]


@pytest.mark.parametrize(
    "fail",
    [
        lambda net: net.forward({"data": np.ones((3, 5)), "target": np.ones((4, 2))}),
        lambda net: net.forward({"data": np.ones((8, 5), "f"), "target": np.ones((8, 2))}),
    ],
    ids=["sizes", "types"],
)
def test_after_a_pass_that_failed_nothing_old_counts(fail: Callable[[Net], object]) -> None:
    net = two_layers()
    expected = net.forward({"data": X, "target": Y})
    with pytest.raises(LayerError):
        fail(net)
    with pytest.raises(ValueError, match="expected a forward pass before the backward pass"):
        net.backward()
    np.testing.assert_equal(net.forward({"data": X, "target": Y}), expected)


def test_backward_before_forward() -> None:
    with pytest.raises(ValueError, match="expected a forward pass before the backward pass"):
        two_layers().backward()


def test_two_nets_share_a_layer() -> None:
    """A net for prediction sees what the other learned, and neither goes on with what is the other's."""
    net = two_layers()
    scores = Net({"data": (1, 5)}, net.nodes[:3])
    solver = Solver(net, rate=0.1)
    solver.step({"data": X, "target": Y})
    expected = net.forward({"data": X, "target": Y})["scores"]
    np.testing.assert_allclose(scores.forward({"data": X[:1]})["scores"], expected[:1], rtol=1e-12)
    with pytest.raises(ValueError, match="expected a forward pass before the backward pass"):
        net.backward()
    alone = two_layers()
    for node, other in zip(alone.nodes, net.nodes, strict=True):
        for name, weight in node.layer.weights.items():
            weight[...] = other.layer.weights[name]
    again = Solver(alone, rate=0.1)
    for _ in range(3):
        assert solver.step({"data": X, "target": Y}) == again.step({"data": X, "target": Y})
        scores.forward({"data": X[:1]})


DENSE, LOSS = Dense(2, seed=0), EuclideanLoss()


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ([], "expected at least one node, got none"),
        ([Node("a", DENSE, ["dta"])], "node \"a\": expected inputs among ['data', 'target'], got \"dta\""),
        ([Node("data", DENSE, ["data"])], 'node "data": expected new names, got "data" twice'),
        ([Node("a", DENSE, ["data"], ["b", "b"])], 'node "a": expected new names, got "b" twice'),
        ([Node("a", ReLU(), ["data"], ["b"]), Node("a", ReLU(), ["b"], ["c"])], 'expected new names, got "a" twice'),
        ([Node("a", DENSE, ["data"]), Node("b", DENSE, ["data"])], 'node "b": expected a layer of its own'),
        ([Node("b", LOSS, ["a", "target"]), Node("a", DENSE, ["data"])], "expected inputs among"),
        ([Node("a", LOSS, ["data"])], "expected 2 inputs, got 1: [(4, 3)]"),
        ([Node("a", ReLU(), ["data", "target"])], "expected 1 input, got 2: [(4, 3), (4, 2)]"),
        ([Node("a", LOSS, ["data", "target"])], "two inputs of the same shape (B, ...), got (4, 3) and (4, 2)"),
        ([Node("a", ReLU(), ["data"], ["b", "c"])], "reshape: expected a list of 2 shapes, got [(4, 3)]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nodes_that_make_no_net(nodes: list[Node], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        Net({"data": (4, 3), "target": (4, 2)}, nodes)


def test_names_are_a_list() -> None:
    with pytest.raises(ValueError, match='node "a": expected a list of names, got "data"'):
        Node("a", ReLU(), "data")


@pytest.mark.parametrize("shape", [3, (None, 3), "ab", (2.0, 3)])
def test_shapes_of_whole_numbers(shape: Any) -> None:
    with pytest.raises(ValueError, match='expected a shape for "data", such as'):
        Net({"data": shape}, [Node("a", ReLU(), ["data"])])


@pytest.mark.parametrize("names", [["data"], ["data", "target", "more"], ["data", "targets"]])
def test_an_array_for_each_input(names: list[str]) -> None:
    with pytest.raises(ValueError, match=re.escape(f"expected arrays for ['data', 'target'], got {names}")):
        two_layers().forward(dict.fromkeys(names, X))


def test_a_gradient_of_something_unknown() -> None:
    net = two_layers()
    net.forward({"data": X, "target": Y})
    with pytest.raises(ValueError, match='expected a list of names as wanted, got "data"'):
        net.backward("data")
    with pytest.raises(ValueError, match=r"expected wanted to be among \['data', .*\], got \['dta'\]"):
        net.backward(["dta"])


def test_a_net_without_a_loss_has_no_gradient() -> None:
    net = Net({"data": (4, 3)}, [Node("scores", Dense(2, seed=0), ["data"])])
    net.forward({"data": np.ones((4, 3))})
    with pytest.raises(ValueError, match=r'expected "scores" to be a loss of shape \(\), got float64 \(4, 2\)'):
        net.backward()


@pytest.mark.parametrize(
    ("rate", "momentum"), [(-0.1, 0), (np.nan, 0), (np.inf, 0), ("0.1", 0), (0.1, 1), (0.1, -0.5), (0.1, None)]
)
def test_rates_out_of_range(rate: float, momentum: float) -> None:
    with pytest.raises(ValueError, match=r"expected a (rate|momentum)"):
        Solver(two_layers(), rate, momentum)
