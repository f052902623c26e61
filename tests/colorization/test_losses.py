from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.color import rgb_to_lab
from course_lib.colorization import color_loss, rebalanced_loss

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
PENALTIES = ["l2", "l1", "huber"]


def colors(*ab: Any) -> Any:
    """Make an image, 1 pixel high, of colors in units of a and b; normalized."""
    return np.array(ab, np.float32)[None, None] / 110


def pair() -> Any:
    """Make normalized colors, and predictions of them with errors small and large."""
    truth = RNG.uniform(-0.5, 0.5, (3, 4, 5, 2)).astype(np.float32)
    return truth, truth + RNG.normal(0, 0.2, truth.shape).astype(np.float32)


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        ("l2", (0.05**2 + 0.3**2 + 0 + 0.2**2) / 4),
        ("l1", (0.05 + 0.3 + 0 + 0.2) / 4),
        ("huber", (0.05**2 / 2 + 0.1 * (0.3 - 0.05) + 0 + 0.1 * (0.2 - 0.05)) / 4),
    ],
)
def test_worked_by_hand(penalty: Any, expected: float) -> None:
    truth = np.array([[[[0.1, -0.2], [0.5, 0]]]])
    errors = np.array([[[[0.05, -0.3], [0, 0.2]]]])
    assert color_loss(penalty)(truth, truth + errors).numpy() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("penalty", "oracle"),
    [
        ("l2", keras.losses.MeanSquaredError()),
        ("l1", keras.losses.MeanAbsoluteError()),
        ("huber", keras.losses.Huber(delta=0.1)),
    ],
)
def test_against_keras(penalty: Any, oracle: Any) -> None:
    truth, prediction = pair()
    assert color_loss(penalty)(truth, prediction).numpy() == pytest.approx(oracle(truth, prediction).numpy(), rel=1e-5)


@pytest.mark.parametrize(("penalty", "average"), [("l2", np.mean), ("l1", np.median)])
def test_the_best_constant(penalty: Any, average: Any) -> None:
    truth = colors([0, 0], [0, 0], [90, 60])
    best = average(truth, axis=2, keepdims=True)
    loss = color_loss(penalty)

    def cost(constant: Any) -> float:
        return float(loss(truth, np.broadcast_to(constant, truth.shape)))

    for change in ([0.01, 0], [-0.01, 0], [0, 0.01], [0, -0.01]):
        assert cost(best + change) > cost(best)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_rebalanced_with_only_the_uniform_distribution_is_plain(penalty: Any) -> None:
    truth, prediction = pair()
    got = rebalanced_loss(truth, uniform=1, penalty=penalty)(truth, prediction)
    assert got.numpy() == pytest.approx(color_loss(penalty)(truth, prediction).numpy(), rel=1e-5)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_rebalanced_by_uniform_frequencies_is_plain(penalty: Any) -> None:
    steps = np.arange(0, 256, 3, dtype=np.uint8)
    ab = rgb_to_lab(np.stack(np.meshgrid(steps, steps, steps), axis=-1))[..., 1:]
    every_cell = colors(*10 * np.unique(np.round(ab.reshape(-1, 2) / 10), axis=0))
    prediction = every_cell + RNG.normal(0, 0.2, every_cell.shape).astype(np.float32)
    expected = color_loss(penalty)(every_cell, prediction).numpy()
    got = rebalanced_loss(every_cell, penalty=penalty)
    assert got(every_cell, prediction).numpy() == pytest.approx(expected, rel=1e-5)
    # Each color by itself, too: no cell weighs more than another.
    one = every_cell[:, :, :1], prediction[:, :, :1]
    assert got(*one).numpy() == pytest.approx(color_loss(penalty)(*one).numpy(), rel=1e-5)


def weights(loss: Any, *ab: Any) -> list[float]:
    """Find how much the error of one pixel of a color counts."""
    return [float(loss(colors(color), colors(color) + 0.1)) / 0.01 for color in ab]


def test_weights_worked_by_hand() -> None:
    gray, red, yellow = [0, 0], [40, 40], [0, 60]
    loss = rebalanced_loss(colors(*[gray] * 9, red), uniform=0.25)
    # A cell keeps this much of its frequency when it is blurred along both axes: neighbors are 2 deviations away, and
    # the next ones 4. Yellow's frequency is 0. Of all cells, 261 hold a color of sRGB.
    kept = 1 / (1 + 2 * np.exp(-2) + 2 * np.exp(-8)) ** 2
    expected = np.array([1 / (0.75 * kept * share + 0.25 / 261) for share in (0.9, 0.1, 0)])
    expected /= 0.9 * expected[0] + 0.1 * expected[1]
    np.testing.assert_allclose(weights(loss, gray, red, yellow), expected, rtol=1e-4)


def test_rare_colors_weigh_more_the_less_is_uniform() -> None:
    ab = RNG.normal(0, 10, (2, 30, 40, 2)) / 110
    ratios = []
    for uniform in (0.9, 0.5, 0.1):
        loss = rebalanced_loss(ab, uniform=uniform)
        in_order = weights(loss, [0, 0], [10, 10], [20, 20], [30, 30])
        assert in_order == sorted(in_order)
        ratios.append(in_order[-1] / in_order[0])
        pixels = loss.call(tf.constant(ab), tf.constant(ab + 0.1)).numpy() / 0.01
        assert pixels.mean() == pytest.approx(1, rel=1e-5)
    assert ratios == sorted(ratios)


@pytest.mark.parametrize("loss", [color_loss("huber"), rebalanced_loss(pair()[0])], ids=["color", "rebalanced"])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_a_graph_of_unknown_sizes(loss: Any, jit_compile: bool) -> None:
    truth, prediction = pair()
    graph = tf.function(loss, input_signature=[tf.TensorSpec([None] * 4)] * 2, jit_compile=jit_compile)
    assert graph(truth, prediction).numpy() == pytest.approx(loss(truth, prediction).numpy(), rel=1e-5)


def test_saved_with_a_model(tmp_path: Path) -> None:
    truth, _ = pair()
    model = keras.Sequential([keras.Input((4, 5, 1)), keras.layers.Conv2D(2, 1)])
    model.compile("sgd", rebalanced_loss(truth))
    expected = model.evaluate(truth[..., :1], truth, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(truth[..., :1], truth, verbose=0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("truth", "prediction", "words"),
    [
        (colors([0, 0]) * 0 + 100, colors([0, 0]), r"normalized ab in \[-1, 1\], got values from 100 to 100"),
        (colors([0, -200]), colors([0, 0]), r"normalized ab in \[-1, 1\], got values from -1.8181\d* to 0"),
        (colors([0, np.nan]), colors([0, 0]), r"normalized ab in \[-1, 1\], got values from nan to nan"),
        (colors([0, 0])[..., :1], colors([0, 0]), r"\(B, H, W, 2\), got \(1, 1, 1, 1\) and \(1, 1, 1, 2\)"),
        (colors([0, 0], [0, 0]), colors([0, 0]), r"\(B, H, W, 2\), got \(1, 1, 2, 2\) and \(1, 1, 1, 2\)"),
    ],
)
def test_bad_truth(truth: Any, prediction: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        color_loss()(truth, prediction)


def test_bad_values_in_a_graph() -> None:
    graph = tf.function(color_loss())
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"expected normalized ab in \[-1, 1\]"):
        graph(tf.fill((1, 2, 2, 2), 100.0), tf.zeros((1, 2, 2, 2)))


@pytest.mark.parametrize(
    ("ab", "options", "words"),
    [
        (np.zeros((0, 2)), {}, r"at least one pixel, got \(0, 2\)"),
        (np.zeros((4, 3)), {}, r"expected normalized ab in \[-1, 1\] of shape \(..., 2\), got \(4, 3\)"),
        (np.full((4, 2), 50.0), {}, r"expected normalized ab in \[-1, 1\], got values from 50 to 50"),
        (np.zeros((4, 2)), {"uniform": 0}, r"the uniform distribution in \(0, 1\], got 0"),
        (np.zeros((4, 2)), {"penalty": "L3"}, 'expected the penalty "l2", "l1" or "huber", got \'L3\''),
    ],
)
def test_bad_arguments(ab: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rebalanced_loss(ab, **options)
