import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import log_softmax, softmax
from scipy.stats import entropy

from course_lib.hypercolumn_colorizer.losses import histogram_loss

RNG = np.random.default_rng(0)
SITES, BINS = 6, 9


def case() -> dict[str, Any]:
    """Make logits and targets, some of which are 0."""
    truth = RNG.dirichlet(np.full(BINS, 0.3), (2, SITES))
    truth[:, :, ::3] = 0
    truth /= truth.sum(axis=-1, keepdims=True)
    logits = RNG.normal(0, 2, (2, SITES, BINS))
    weight = RNG.uniform(0, 1, SITES)
    return {
        "hue_logits": logits[0],
        "chroma_logits": logits[1],
        "hue": truth[0],
        "chroma": truth[1],
        "weight": weight,
    }


def test_worked_by_hand() -> None:
    # The true chroma is one of two bins for sure, and 1/2 is given to each: log 2. The true hue is either, and 3/4 is
    # given to the first: log(1/2 / (3/4)) / 2 + log(1/2 / (1/4)) / 2 = log(4/3) / 2.
    even, first = [0.0, 0.0, -50.0], [math.log(3), 0.0, -50.0]
    loss = histogram_loss([first] * 2, [even] * 2, [[0.5, 0.5, 0]] * 2, [[0, 1.0, 0]] * 2, [0.0, 0.6])
    np.testing.assert_allclose(loss, [math.log(2), math.log(2) + 5 * 0.6 * math.log(4 / 3) / 2], rtol=1e-5)


def test_against_scipy() -> None:
    made = case()
    chroma, hue = (entropy(made[name], softmax(made[f"{name}_logits"], axis=-1), axis=-1) for name in ("chroma", "hue"))
    loss = histogram_loss(**made)
    assert loss.dtype == tf.float64
    np.testing.assert_allclose(loss, chroma + 5 * made["weight"] * hue, rtol=1e-9)


def test_is_0_where_the_prediction_is_right_and_does_not_depend_on_a_constant_in_the_logits() -> None:
    made = case()
    truth = {"hue": softmax(made["hue_logits"], axis=-1), "chroma": softmax(made["chroma_logits"], axis=-1)}
    np.testing.assert_allclose(histogram_loss(**{**made, **truth}), 0, atol=1e-12)
    moved = {name: made[name] + RNG.normal(0, 100, (SITES, 1)) for name in ("hue_logits", "chroma_logits")}
    np.testing.assert_allclose(histogram_loss(**{**made, **moved}), histogram_loss(**made), rtol=1e-9)


@pytest.mark.parametrize("name", ["hue_logits", "chroma_logits"])
def test_gradient_against_finite_differences(name: str) -> None:
    made = case()
    logits = tf.constant(made[name])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = tf.reduce_sum(histogram_loss(**{**made, name: logits}))
    gradient = tape.gradient(total, logits)
    step = 1e-5
    for site, place in ((0, 0), (2, 3), (5, 8)):
        values = []
        for sign in (1, -1):
            moved = made[name].copy()
            moved[site, place] += sign * step
            values.append(histogram_loss(**{**made, name: moved}).numpy().sum())
        assert gradient[site, place].numpy() == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-7)


@pytest.mark.parametrize("compiled", [False, True])
def test_value_and_gradient_are_finite_and_right_at_distant_logits(compiled: bool) -> None:
    logits = RNG.choice([-1000.0, 1000.0, 0.0], (2, SITES, BINS)).astype(np.float32)
    truth = np.eye(BINS, dtype=np.float32)[RNG.integers(0, BINS, (2, SITES))]
    weight = np.linspace(0, 1, SITES, dtype=np.float32)
    hue, chroma = tf.constant(logits[0]), tf.constant(logits[1])

    def value_and_gradients() -> Any:
        with tf.GradientTape() as tape:
            tape.watch((hue, chroma))
            loss = histogram_loss(hue, chroma, truth[0], truth[1], weight)
        return loss, tape.gradient(loss, (hue, chroma))

    loss, (of_hue, of_chroma) = tf.function(value_and_gradients)() if compiled else value_and_gradients()
    # The entropy of a sure histogram is 0, so only the log of what its bin was given is left.
    expected = -(truth * log_softmax(logits.astype(np.float64), axis=-1)).sum(axis=-1)
    np.testing.assert_allclose(loss, expected[1] + 5 * weight * expected[0], rtol=1e-5)
    difference = softmax(logits.astype(np.float64), axis=-1) - truth
    np.testing.assert_allclose(of_hue, 5 * weight[:, None] * difference[0], atol=1e-5)
    np.testing.assert_allclose(of_chroma, difference[1], atol=1e-5)


def test_a_graph_takes_any_number_of_sites() -> None:
    made = case()
    signature = [tf.TensorSpec((None, BINS), tf.float64)] * 4 + [tf.TensorSpec((None,), tf.float64)]
    graph = tf.function(histogram_loss, input_signature=signature)
    for count in (SITES, 1, 0):
        part = [value[:count] for value in made.values()]
        np.testing.assert_allclose(graph(*part), histogram_loss(*part), rtol=1e-9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": np.ones((SITES, 1))}, r"one number for each histogram of hue, \(6,\), got \(6, 1\)"),
        ({"weight": 1.0}, r"got \(\)"),
        (
            {"hue": np.full((SITES, BINS + 1), 0.1)},
            r"of hue and logits of shape \(N, bins\), got \(6, 10\) and \(6, 9\)",
        ),
        ({"chroma": np.full(BINS, 1 / BINS)}, r"of chroma and logits of shape \(N, bins\), got \(9,\) and \(6, 9\)"),
        (
            {"chroma": np.ones((1, 3)) / 3, "chroma_logits": np.zeros((1, 3))},
            r"for each histogram of hue, .* got \(1,\)",
        ),
    ],
)
def test_refuses_shapes_that_do_not_fit(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        histogram_loss(**{**case(), **changes})
