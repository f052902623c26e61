from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.layers import dice_loss, euclidean_loss, gradient_check

pytestmark = pytest.mark.slow

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((4, 3))
W = RANDOM.standard_normal((3, 2))
B = RANDOM.standard_normal(2)
SQUARE = RANDOM.standard_normal((3, 3))


def with_gradient(f: Callable[..., Any], gradient: Callable[..., Any]) -> Any:
    """Give a function a gradient: `gradient(upstream, *inputs)`."""

    @tf.custom_gradient
    def function(*inputs: Any) -> Any:
        return f(*inputs), lambda upstream: gradient(upstream, *inputs)

    return function


def affine(x: Any, w: Any, b: Any) -> Any:
    return x @ w + b


def mean_square(x: Any) -> Any:
    return tf.reduce_mean(tf.square(x))


def half_squares(a: Any, b: Any) -> Any:
    return tf.reduce_sum(tf.square(a - b)) / (2 * a.shape[0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("x", [1e-3, 0.7, 100.1, 1000.7, 1e4])
def test_a_square_at_any_size(x: float, dtype: str) -> None:
    check = gradient_check(lambda x: tf.reduce_sum(x**2), [np.array([x, -x], dtype)])
    assert check.passed
    assert not check.undecided
    np.testing.assert_allclose(check.numeric[0], [2 * x, -2 * x], rtol=1e-3 if dtype == "float32" else 1e-6)


RIGHT: dict[str, tuple[Any, list[Any]]] = {
    "softmax": (tf.nn.softmax, [X]),
    "matrix product and a broadcast bias": (affine, [X, W, B]),
    "norm": (tf.norm, [X]),
    "root near 0": (tf.sqrt, [np.array([1e-3, 1e-6, 1.0])]),
    "relu away from 0": (tf.nn.relu, [np.array([-1.0, -1e-3, 1e-3, 2.0])]),
    "relu of nothing but negative numbers": (tf.nn.relu, [np.array([-1.0, -2.0])]),
    "scalar": (tf.sin, [np.float64(0.5)]),
    "mean of squares": (mean_square, [X]),
    "an input that is not used": (lambda x, y: x * 2.0, [X, W]),
    "a constant beside": (lambda x: tf.reduce_sum(x**2) + 100.0, [X]),
    "gather": (lambda x: tf.gather(x, [0, 0, 2]), [X]),
    "graph": (tf.function(lambda x: tf.tanh(x) @ tf.transpose(x)), [X]),
    "Dice at the edge of its range": (dice_loss, [np.array([[[1.0, 0], [1, 0]]]), np.array([[[0.5, 0], [1, 0.5]]])]),
    "Euclidean": (euclidean_loss, [X, X + 1]),
    "all but the last digits cancel": (lambda x: 1 - tf.cos(x), [np.array([0.00012573022, 0.0006404226504432821])]),
    "the same beside 0": (lambda x: tf.exp(x) - 1, [np.array([0.0, -1.7471729232577715e-07, 1.6637239913911966e-06])]),
    "custom gradients": (with_gradient(tf.square, lambda up, x: 2 * x * up), [X]),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", RIGHT)
def test_right_gradients_pass(name: str, dtype: str) -> None:
    f, inputs = RIGHT[name]
    check = gradient_check(f, [np.asarray(x, dtype) for x in inputs])
    assert check.passed, str(check)
    assert check.cause == ""
    assert str(check).startswith("The gradient is right at ")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves(dtype: str) -> None:
    x = tf.constant([0.5, 1.5, -2.0], dtype)
    assert gradient_check(lambda x: x * x, [x]).passed
    check = gradient_check(with_gradient(tf.square, lambda up, x: -2 * x * up), [x])
    assert check.wrong
    assert "sign" in check.cause


def test_a_keras_layer() -> None:
    keras.utils.set_random_seed(0)
    layer = keras.layers.Conv2D(2, 2, activation="tanh")
    assert gradient_check(layer, [RANDOM.standard_normal((1, 3, 3, 2)).astype(np.float32)]).passed


SUM_AXIS = "the length of axis 0 of input 0: a sum where a mean is meant"
# What is wrong, the function, its inputs, words of the cause.
WRONG: list[tuple[str, Any, list[Any], str]] = [
    ("sign", with_gradient(tf.square, lambda up, x: -2 * x * up), [X], "its sign is wrong"),
    ("half", with_gradient(tf.square, lambda up, x: x * up), [X], "half as large: a factor of 2 is missing"),
    ("half, of a number", with_gradient(tf.square, lambda up, x: x * up), [np.float64(3)], "half as large"),
    ("twice", with_gradient(tf.sin, lambda up, x: 2 * tf.cos(x) * up), [X], "twice as large"),
    ("constant factor", with_gradient(tf.sin, lambda up, x: 1.3 * tf.cos(x) * up), [X], "1.3 times as large"),
    (
        "sum",
        with_gradient(mean_square, lambda up, x: 2 * x * up),
        [X],
        "12 is the number of elements of input 0: a sum",
    ),
    (
        "mean",
        with_gradient(tf.reduce_sum, lambda up, x: up * tf.ones_like(x) / 12.0),
        [X],
        "a mean where a sum is meant",
    ),
    (
        "not divided by the batch",
        with_gradient(half_squares, lambda up, a, b: (up * (a - b), up * (b - a))),
        [X, X**2],
        SUM_AXIS,
    ),
    (
        "sign of the second input",
        with_gradient(half_squares, lambda up, a, b: (up * (a - b) / 4.0, up * (a - b) / 4.0)),
        [X, X**2],
        "its sign is wrong",
    ),
    ("zero", with_gradient(tf.square, lambda up, x: 0 * x), [X], "it is 0, though"),
    (
        "zero at some",
        with_gradient(tf.square, lambda up, x: tf.where(x > 0, 2 * x * up, 0)),
        [X],
        "it is 0 at these elements",
    ),
    ("no gradient", lambda x: tf.constant(x.numpy() ** 2), [X], "no path of differentiable operations"),
    ("stopped", lambda x: tf.stop_gradient(x) ** 2, [X], "tf.stop_gradient"),
    (
        "exchanged",
        with_gradient(lambda a, b: a * b, lambda up, a, b: (up * a, up * b)),
        [X, X**2],
        "inputs 0 and 1 are exchanged",
    ),
    (
        "transposed",
        with_gradient(tf.linalg.matmul, lambda up, a, b: (tf.transpose(up @ tf.transpose(b)), tf.transpose(a) @ up)),
        [SQUARE, SQUARE + 1],
        "it is transposed",
    ),
    (
        "transposed, not square",
        with_gradient(affine, lambda up, x, w, b: (up @ tf.transpose(w), tf.transpose(up) @ x, tf.reduce_sum(up, 0))),
        [X, W, B],
        "its shape is (2, 3), and the input's is (3, 2): it is transposed",
    ),
    (
        "not summed over the batch",
        with_gradient(affine, lambda up, x, w, b: (up @ tf.transpose(w), tf.transpose(x) @ up, up)),
        [X, W, B],
        "it is not summed over axis 0, along which the input was broadcast",
    ),
    ("upstream", with_gradient(tf.square, lambda up, x: 2 * x), [X], "the upstream gradient is not multiplied: "),
    (
        "upstream, of a number",
        with_gradient(mean_square, lambda up, x: 2 * x / 12.0),
        [X],
        "the upstream gradient is not multiplied: ",
    ),
    (
        "upstream, in part",
        with_gradient(lambda x: x**2 + x, lambda up, x: 2 * x * up + 1.0),
        [X],
        "not multiplied everywhere",
    ),
    ("NaN", with_gradient(tf.square, lambda up, x: x / 0.0 * 0.0), [X], "it is not finite"),
    ("a norm at 0", lambda x: tf.sqrt(tf.reduce_sum(x**2)), [np.zeros(2)], "it is not finite"),
]


@pytest.mark.parametrize("mistake", WRONG, ids=[mistake[0] for mistake in WRONG])
def test_mistakes_are_found_and_named(mistake: tuple[str, Any, list[Any], str]) -> None:
    _, f, inputs, cause = mistake
    check = gradient_check(f, [np.asarray(x, np.float32) for x in inputs])
    assert not check.passed
    assert cause in check.cause
    assert f"Likely cause: {check.cause}" in str(check)
    assert str(check.worst) in str(check)


def test_mistakes_that_cannot_be_told_apart_are_both_named() -> None:
    # Two elements: twice as large may also be a sum where a mean is meant.
    check = gradient_check(with_gradient(mean_square, lambda up, x: 2 * x * up), [np.array([1.0, 3.0])])
    assert "a factor of 2 too much or it is 2 times as large" in check.cause


def test_a_mistake_that_nothing_explains_has_no_cause() -> None:
    wrong = with_gradient(tf.sin, lambda up, x: up * tf.cos(x) * tf.constant([1.0, 1.5, 3.0], x.dtype))
    check = gradient_check(wrong, [np.array([0.1, 0.2, 0.3])])
    assert [element.index for element in check.wrong] == [(1,), (2,)]
    assert check.worst == check.wrong[1]
    assert check.cause == ""
    assert "No simple cause" in str(check)


def test_what_the_worst_element_says() -> None:
    wrong = with_gradient(lambda a, b: tf.reduce_sum(a * b), lambda up, a, b: (up * b, -up * a))
    check = gradient_check(wrong, [np.array([[1.0, 2.0]]), np.array([[3.0, 5.0]])])
    assert check.worst is not None
    assert (check.worst.input, check.worst.index) == (1, (0, 1))
    assert check.worst.numeric == pytest.approx(2)
    assert check.worst.analytic == -2
    assert "input 1, index (0, 1): numeric 2 (± " in str(check)
    assert "analytic -2" in str(check)
    assert len(check.wrong) == 2
    np.testing.assert_allclose(check.numeric[0], [[3, 5]])


KINKS: list[tuple[Any, Any, list[tuple[int, ...]]]] = [
    (tf.nn.relu, [0.0, 1.0, -1.0], [(0,)]),
    (lambda x: tf.maximum(x, 0), [0.0, 1.0], [(0,)]),
    (tf.abs, [2.0, 0.0], [(1,)]),
    (tf.reduce_max, [1.0, 1.0, 0.0], [(0,), (1,)]),
    (lambda x: tf.nn.relu(x) + 100, [0.0, 1.0], [(0,)]),
    (lambda x: tf.sign(x) + x, [0.0, 1.0], [(0,)]),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kink", KINKS, ids=["relu", "maximum", "abs", "ties", "relu beside a constant", "jump"])
def test_kinks_are_told_and_not_failed(kink: tuple[Any, Any, list[tuple[int, ...]]], dtype: str) -> None:
    f, x, where = kink
    check = gradient_check(f, [np.array(x, dtype)])
    assert check.passed, str(check)
    assert [element.index for element in check.kinks] == where
    assert "a kink or a jump" in str(check)


def test_a_gradient_beyond_both_slopes_of_a_kink_is_wrong() -> None:
    check = gradient_check(with_gradient(tf.nn.relu, lambda up, x: 2.0 * up * tf.ones_like(x)), [np.array([0.0, 1.0])])
    assert [element.index for element in check.wrong] == [(0,), (1,)]


@pytest.mark.parametrize("distance", [1e-6, 1e-2])
def test_a_kink_nearby_does_not_count(distance: float) -> None:
    check = gradient_check(tf.abs, [np.array([distance, -distance, 1000.0])])
    assert check.passed
    assert not check.kinks
    assert not check.undecided


@pytest.mark.parametrize(
    "f",
    [
        lambda x: tf.reduce_sum(tf.sin(x**2)),  # periods shorter than the smallest step
        lambda x: tf.reduce_mean(x**2) - tf.reduce_mean(x) ** 2,  # digits cancel
        lambda x: tf.concat([x**2, x + 1e10], 0),  # only the first part is seen to change
    ],
)
def test_what_float32_cannot_decide_is_not_failed(f: Any) -> None:
    x = np.array([1059.07, 1059.0702], np.float32)
    check = gradient_check(f, [x])
    assert not check.wrong
    assert check.undecided


def test_undecided_is_said() -> None:
    check = gradient_check(lambda x: tf.reduce_sum(x**2) + 1e8, [np.ones(2, np.float32)])
    assert not check.passed
    assert not check.wrong
    assert len(check.undecided) == 2
    assert str(check).startswith("Nothing is decided")
    assert "try float64" in str(check)
    assert gradient_check(lambda x: tf.reduce_sum(x**2) + 1e8, [np.ones(2)]).passed


def test_a_function_that_is_not_deterministic() -> None:
    check = gradient_check(lambda x: x + tf.random.normal(x.shape, dtype=x.dtype), [X])
    assert not check.passed
    assert "not deterministic" in str(check)


def test_a_function_that_keeps_a_state() -> None:
    calls = tf.Variable(0.0, dtype=tf.float64)
    check = gradient_check(lambda x: x * calls.assign_add(1.0), [X])
    assert "not deterministic" in check.cause


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_function_without_finite_values(value: float) -> None:
    check = gradient_check(lambda x: x * value, [X])
    assert not check.passed
    assert "not finite" in str(check)


def test_integers_may_be_inputs_that_are_not_checked() -> None:
    labels = np.array([0, 2, 1, 1])

    def loss(labels: Any, logits: Any) -> Any:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)

    assert gradient_check(loss, [labels, X], which=[1]).passed
    with pytest.raises(ValueError, match="floats as input 0, got int64; name the others in `which`"):
        gradient_check(loss, [labels, X])


@pytest.mark.parametrize(
    ("f", "inputs", "which", "says"),
    [
        (tf.square, X, None, r"list of inputs, got ndarray: for one input x it is \[x\]"),
        (tf.square, [], None, "an input or more"),
        (tf.square, [np.zeros((0, 2))], None, r"with elements, got shape \(0, 2\)"),
        (tf.square, [np.array([1, 2])], None, "floats as input 0, got int64"),
        (tf.square, [np.array([1j])], None, "got complex128"),
        (tf.square, [np.array([np.nan])], None, "finite numbers"),
        (tf.square, [None], None, "an array or a tensor as input 0, got NoneType"),
        (tf.square, [[[1.0], [1.0, 2.0]]], None, "an array or a tensor as input 0, got list"),
        (tf.square, [X], 0, "a list of inputs to check, got 0"),
        (tf.RaggedTensor.from_tensor, [X], None, "returns a tensor, got RaggedTensor"),
        (tf.square, [X], [1], r"of 0 to 0 to check, got \[1\]"),
        (tf.square, [X], [0, 0], "different inputs"),
        (tf.square, [X], [], "different inputs"),
        (tf.square, [X], [0.0], "different inputs"),
        (lambda x: (x, x), [X], None, "returns a tensor, got tuple"),
        (lambda x: tf.cast(x, tf.int32), [X], None, "returns floats, one or more, got int32"),
        (lambda x: x[:0], [X], None, r"got float64, shape \(0, 3\)"),
    ],
)
def test_what_is_refused(f: Any, inputs: Any, which: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        gradient_check(f, inputs, which)


FUNCTIONS = [tf.sin, tf.tanh, tf.square, tf.nn.softplus, lambda x: tf.sqrt(x * x + 0.1), lambda x: tf.exp(-x * x)]
SUMS = [tf.reduce_sum, tf.reduce_mean, tf.nn.softmax, lambda x: tf.reduce_logsumexp(x, -1), tf.identity, tf.cumsum]


@given(
    st.tuples(st.sampled_from(FUNCTIONS), st.sampled_from(FUNCTIONS), st.sampled_from(SUMS)),
    st.integers(0, 2**32 - 1),
    st.floats(-3, 1),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from([1.0, -1.0, 2.0, 0.5, 1.2]),
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_random_functions(chain: Any, seed: int, power: float, dtype: str, factor: float) -> None:
    x = (10**power * np.random.default_rng(seed).standard_normal((1, 3))).astype(dtype)

    def composed(x: Any) -> Any:
        for step in chain:
            x = step(x)
        return x

    def gradient(upstream: Any, x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = composed(x)
        return factor * tape.gradient(y, x, output_gradients=upstream)

    check = gradient_check(with_gradient(composed, gradient), [x])
    if factor == 1:
        assert not check.wrong, str(check)
    elif check.analytic[0].any():
        assert not check.passed, str(check)
