"""An error names the layer and what it does wrong."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from course_lib.layers import Dense, EuclideanLoss, Layer, LayerError, Net, Node, Solver
from course_lib.layers.checked_layer import CheckedLayer
from course_lib.layers.contract import Array, Shape
from tests.grading.remote_test.test_proxies import Opened
from tests.support.bare_kernel import BareKernel

X = np.arange(6.0).reshape(2, 3)

WRONG: dict[str, dict[str, Any]] = {
    "reshape: expected a list of shapes, each a tuple of whole numbers, got None": {"reshape": None},
    "reshape: expected a list of shapes, each a tuple of whole numbers, got (2, 3)": {"reshape": (2, 3)},
    "each a tuple of whole numbers, got [(2, None), (2, 3)]": {"reshape": [(2, None), (2, 3)]},
    "reshape: expected a list of 2 shapes, got [(2, 3)]": {"reshape": [(2, 3)]},
    "reshape: expected a list of 2 shapes, got ()": {"reshape": ()},
    "forward: expected a list of 2 arrays, got None": {"forward": None},
    "forward: expected a list of 2 arrays, got float64 (2, 3)": {"forward": X},
    "forward: expected a list of 2 arrays, got a list of 1: float64 (2, 3)": {"forward": [X]},
    "forward: expected a list of 2 arrays, got a list of 2: float64 (2, 3), a float": {"forward": [X, 3.0]},
    "forward: expected output 1 of shape (2, 3), got (1, 3)": {"forward": [X, X[:1]]},
    "output 1 of type float64, that of the inputs, got float32": {"forward": [X, X.astype("f")]},
    "output 1 of type float64, that of the inputs, got complex128": {"forward": [X, X + 1j]},
    "backward: expected a list of 2 arrays or None, one for each input, got float64 (2, 3)": {"backward": X},
    "backward: expected a list of 2 arrays or None, one for each input, got a list of 1": {"backward": [X]},
    "an array as the gradient of input 1, where propagate_down is True, got None": {"backward": [X, None]},
    "backward: expected the gradient of input 1 of shape (2, 3), got (3, 2)": {"backward": [X, X.T]},
    "the gradient of input 0 of type float64, that of the inputs, got float32": {"backward": [X.astype("f"), X]},
    "the gradient of input 0 of type float64, that of the inputs, got int64": {"backward": [X.astype(int), X]},
}


class Both:
    """Returns x + y and x - y. It is no `Layer`, and has neither weights nor gradients."""

    def setup(self, input_shapes: list[Shape]) -> None:
        pass

    def reshape(self, input_shapes: list[Shape]) -> Any:
        return input_shapes

    def forward(self, inputs: list[Array]) -> Any:
        return [inputs[0] + inputs[1], inputs[0] - inputs[1]]

    def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> Any:
        found = top_grad[0] + top_grad[1], top_grad[0] - top_grad[1]
        return [each if due else None for each, due in zip(found, propagate_down, strict=True)]


def broken(**methods: Any) -> Any:
    """Make a layer of which some methods return something else."""
    return type("Broken", (Both,), {name: lambda *_, it=it: it for name, it in methods.items()})()


def run(layer: Any, x: Array = X, y: Array = X, down: tuple[bool, bool] = (True, True)) -> Any:
    checked = CheckedLayer(layer, "mine", 2)
    checked.setup([x.shape, y.shape])
    checked.reshape([x.shape, y.shape])
    return checked.backward(checked.forward([x, y]), down)


def test_a_right_layer_by_hand() -> None:
    """The gradients are those of ((x + y)² + (x - y)²) / 2 = x² + y²."""
    first, second = run(Both(), X, X + 1)
    np.testing.assert_array_equal(first, 2 * X)
    np.testing.assert_array_equal(second, 2 * (X + 1))
    assert run(Both(), down=(False, True))[0] is None


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_told_by_name(words: str) -> None:
    methods = WRONG[words]
    with pytest.raises(LayerError, match=re.escape(words)) as told:
        run(broken(**methods))
    assert str(told.value).startswith(f'layer "mine" (Broken), {next(iter(methods))}: expected ')


def test_a_gradient_that_nobody_asked_for() -> None:
    words = r"expected None as the gradient of input 0, where propagate_down is False, got float64 \(2, 3\)"
    with pytest.raises(LayerError, match=words):
        run(broken(backward=[X, X]), down=(False, True))


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (X.astype("f"), X, "inputs whose floats are all of one type, got a list of 2: float32"),
        (X.astype(complex), X, "inputs of real numbers, got a list of 2: complex128"),
    ],
    ids=["two types of float", "complex"],
)
def test_inputs_that_no_layer_takes(x: Array, y: Array, words: str) -> None:
    with pytest.raises(LayerError, match=words):
        run(Both(), x, y)


def test_integers_beside_floats_keep_the_type_of_the_floats() -> None:
    found = run(EuclideanLossPair(), X.astype("f"), np.ones((2, 3), int))
    assert found[0] is not None
    assert found[0].dtype == "float32"


class EuclideanLossPair(EuclideanLoss):
    """With a second output, so that it fits `run`."""

    def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
        return [*super().reshape(input_shapes), ()]

    def forward(self, inputs: list[Array]) -> list[Array]:
        return super().forward(inputs) * 2


@pytest.mark.parametrize("name", ["setup", "reshape", "forward", "backward"])
def test_an_object_without_one_of_the_methods(name: str) -> None:
    with pytest.raises(LayerError, match=rf'layer "mine" \(Odd\): expected the methods .*, got none called {name}'):
        CheckedLayer(type("Odd", (Both,), {name: None})(), "mine")


def test_a_class_is_no_layer() -> None:
    with pytest.raises(LayerError, match="the class EuclideanLoss itself; are parentheses missing"):
        CheckedLayer(EuclideanLoss, "loss")


def test_a_layer_may_not_change_what_it_is_given() -> None:
    class Greedy(Both):
        def forward(self, inputs: list[Array]) -> Any:
            inputs[0] += inputs[1]
            return inputs

    with pytest.raises(ValueError, match="read-only") as told:
        run(Greedy())
    assert told.value.__notes__ == ['in layer "mine" (Greedy), forward']


def test_results_stay_when_the_layer_uses_its_arrays_again() -> None:
    class Thrifty(Both):
        def __init__(self) -> None:
            self.weights, self.gradients = {"none": np.zeros(1)}, {"none": np.zeros(1)}

        def reshape(self, input_shapes: list[Shape]) -> Any:
            self.sum, self.difference = np.zeros(input_shapes[0]), np.zeros(input_shapes[0])
            return input_shapes

        def forward(self, inputs: list[Array]) -> Any:
            np.add(inputs[0], inputs[1], out=self.sum)
            np.subtract(inputs[0], inputs[1], out=self.difference)
            return [self.sum, self.difference]

        def backward(self, top_grad: list[Array], propagate_down: list[bool]) -> Any:
            self.gradients["none"] += 1
            self.sum += 1
            return [self.sum, self.sum]

    checked = CheckedLayer(Thrifty(), "mine")
    checked.reshape([X.shape, X.shape])
    outputs = checked.forward([X, X])
    down, gradients = checked.backward(outputs, [True, True]), checked.gradients
    checked.backward(outputs, [True, True])
    checked.forward([X + 1, X + 2])
    np.testing.assert_array_equal(outputs, [2 * X, 0 * X])
    np.testing.assert_array_equal(down, [2 * X + 1, 2 * X + 1])
    assert gradients == {"none": [1]}


def test_set_up_once() -> None:
    calls: list[list[Shape]] = []
    checked = CheckedLayer(type("Counted", (Both,), {"setup": lambda _, shapes: calls.append(shapes)})(), "mine")
    for batch in (2, 3):
        checked.setup([(batch, 3)] * 2)
        checked.reshape([(batch, 3)] * 2)
    assert calls == [[(2, 3), (2, 3)]]


def test_what_was_kept_is_invalid_after_reshape() -> None:
    checked = CheckedLayer(Both(), "mine", 2)
    checked.reshape([X.shape] * 2)
    outputs = checked.forward([X, X])
    checked.reshape([X.shape] * 2)
    with pytest.raises(LayerError, match="backward: expected a forward pass before it"):
        checked.backward(outputs, [True, True])
    with pytest.raises(LayerError, match=r"forward: expected inputs of shapes \[\(2, 3\), \(2, 3\)\]"):
        checked.forward([X.T, X.T])


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("weights", [X], 'layer "mine" (Learns): expected weights to be a dict of arrays of floats, got a list of 1'),
        ("weights", {"kernel": np.arange(3)}, "expected weights to be a dict of arrays of floats"),
        ("gradients", {}, "backward: expected gradients of the weights' shapes, {'kernel': (3,)}, got {}"),
        ("gradients", {"kernel": np.ones(2)}, "{'kernel': (3,)}, got {'kernel': (2,)}"),
        ("gradients", {"kernel": 3}, "expected gradients to be a dict of arrays of floats"),
    ],
    ids=["a list", "integers", "no gradients", "another shape", "a number"],
)
def test_weights_and_gradients_are_checked(name: str, wrong: Any, words: str) -> None:
    class Learns(Both):
        def __init__(self) -> None:
            self.weights, self.gradients = {"kernel": np.ones(3)}, {"kernel": np.ones(3)}
            setattr(self, name, wrong)

    with pytest.raises(LayerError, match=re.escape(words)):
        run(Learns())


def test_the_base_class_names_the_methods_that_are_missing() -> None:
    class Half(Layer):
        def reshape(self, input_shapes: list[Shape]) -> list[Shape]:
            return input_shapes

    with pytest.raises(TypeError, match=r"abstract.*backward.*forward"):
        Half()  # type: ignore[abstract]


THERE = """
import numpy as np

class EuclideanLoss:
    def setup(self, shapes):
        if len(shapes) != 2:
            raise ValueError("two inputs")
    def reshape(self, shapes):
        self.difference = np.zeros(shapes[0])
        return [()]
    def forward(self, inputs):
        self.difference[...] = inputs[0] - inputs[1]
        return [np.sum(self.difference ** 2) / 2 / len(self.difference)]
    def backward(self, top_grad, propagate_down):
        signs = 1, -1
        gradient = top_grad[0] * self.difference / len(self.difference)
        return [sign * gradient if down else None for sign, down in zip(signs, propagate_down)]

class Scale:
    def __init__(self):
        self.weights = {"scale": np.ones(3)}
    def setup(self, shapes):
        pass
    def reshape(self, shapes):
        return shapes
    def forward(self, inputs):
        self.kept = inputs[0]
        return [inputs[0] * self.weights["scale"]]
    def backward(self, top_grad, propagate_down):
        self.gradients = {"scale": (self.kept * top_grad[0]).sum(axis=0)}
        return [top_grad[0] * self.weights["scale"] if propagate_down[0] else None]

loss, scale = EuclideanLoss(), Scale()
"""


@pytest.fixture(scope="module")
def there() -> Iterator[Opened]:
    """Names in a second process: their objects are stand-ins here, as in a grade."""
    with BareKernel() as kernel:
        assert kernel.run_cell(THERE) == []
        opened = Opened(kernel)
        yield opened
        opened.close()


def test_a_layer_in_another_process(there: Opened) -> None:
    def gradients(loss: Any) -> tuple[float, Any]:
        nodes = [Node("scores", Dense(3, seed=0), ["x"]), Node("loss", loss, ["scores", "y"])]
        net = Net({"x": X.shape, "y": X.shape}, nodes)
        net.forward({"x": X[:1], "y": X[:1]})  # another shape, and back
        return Solver(net, 0.1).step({"x": X, "y": X}), net.backward(["y"])

    (here, expected), (other, got) = gradients(EuclideanLoss()), gradients(there.name("loss"))
    assert other == here
    np.testing.assert_equal(got, expected)


def test_an_error_in_another_process_names_the_layer(there: Opened) -> None:
    with pytest.raises(ValueError, match="two inputs") as told:
        Net({"x": X.shape}, [Node("loss", there.name("loss"), ["x"])])
    assert told.value.__notes__ == ['in layer "loss" (EuclideanLoss), setup']


def test_weights_in_another_process_cannot_be_trained(there: Opened) -> None:
    nodes = [Node("scaled", there.name("scale"), ["x"]), Node("loss", EuclideanLoss(), ["scaled", "y"])]
    net = Net({"x": X.shape, "y": X.shape}, nodes)
    net.forward({"x": X, "y": 0 * X})
    gradients: Any = net.backward()
    np.testing.assert_allclose(gradients["scaled"], X / 2)
    np.testing.assert_allclose(net.layers[0].gradients["scale"], (X * X).sum(axis=0) / 2)
    with pytest.raises(LayerError, match="expected weights that can be changed in place, got copies"):
        Solver(net, 0.1).step({"x": X, "y": 0 * X})
