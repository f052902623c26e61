"""Gradients of scores with respect to images, against differences, formulas and statistics."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import skimage.data
import skimage.transform
import tensorflow as tf

from course_lib.attribution import (
    activation_maximization,
    deconvnet,
    guided_relu,
    occlusion_map,
    saliency,
    smooth_gradient,
    strongest_channel,
)
from course_lib.networks import efficientnet_lite0, efficientnet_lite0_preprocess

pytestmark = pytest.mark.slow

layers = keras.layers
X = np.random.default_rng(0).normal(size=(3, 5, 6, 3)).astype(np.float32)
ESPRESSO = 967


@pytest.fixture(autouse=True)
def same_weights_and_no_leftovers() -> Iterator[None]:
    keras.utils.set_random_seed(0)
    yield
    keras.backend.clear_session()


def classifier(*end: Any, policy: str | None = None) -> keras.Sequential:
    """A smooth network, whose batch norm and dropout show whether it runs in inference mode."""
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(4, 3, activation="tanh", name="conv", dtype=policy),
            layers.BatchNormalization(dtype=policy),
            layers.Dropout(0.9, dtype=policy),
            layers.GlobalAveragePooling2D(dtype=policy),
            *end,
        ]
    )


def test_worked_by_hand() -> None:
    x = keras.Input((1, 3, 1))
    conv = layers.Conv2D(1, 1, activation="relu", name="conv")
    model = keras.Model(x, conv(x))
    conv.set_weights([np.full((1, 1, 1, 1), 2.0), np.array([-1.0])])
    image = np.array([3.0, 0.0, 1.0]).reshape(1, 1, 3, 1)  # 2 x - 1 is 5, -1, 1
    np.testing.assert_array_equal(saliency(model, image).ravel(), [2, 0, 2])
    np.testing.assert_array_equal(saliency(model, image, layer="conv", place=(0, 2)).ravel(), [0, 0, 2])
    np.testing.assert_array_equal(saliency(model, image, layer="conv", channel=0, place="peak").ravel(), [2, 0, 0])


@pytest.mark.parametrize("channel", [2, [0, 2, 1]])
def test_gradients_agree_with_differences(channel: Any) -> None:
    model = classifier(layers.Dense(3, "softmax"))
    gradient = saliency(model, X, channel=channel)
    assert gradient.dtype == np.float32
    hidden, last = keras.Model(model.inputs[0], model.layers[-2].output), model.layers[-1]

    def logits(images: Any) -> Any:
        kernel, bias = last.get_weights()
        return (np.asarray(hidden(images)) @ kernel + bias)[np.arange(3), channel]

    for seed in range(3):
        step = 1e-2 * np.random.default_rng(seed).normal(size=X.shape).astype(np.float32)
        difference = (logits(X + step) - logits(X - step)) / 2
        np.testing.assert_allclose((gradient * step).sum(axis=(1, 2, 3)), difference, rtol=1e-2, atol=1e-5)


def test_half_precision_agrees_with_single() -> None:
    single = classifier(layers.Dense(3))
    half = classifier(layers.Dense(3, "softmax", dtype="float32"), policy="mixed_float16")
    half.set_weights(single.get_weights())
    expected = saliency(single, X, channel=1)
    np.testing.assert_allclose(saliency(half, X, channel=1), expected, atol=1e-2 * np.abs(expected).max())


def test_the_strongest_channel_is_the_largest_absolute_value() -> None:
    maps = np.array([[[[1, -3, 2], [0, 0, -1]]]])
    np.testing.assert_array_equal(strongest_channel(maps), [[[3, 1]]])


@pytest.mark.parametrize("maps", [3.0, np.ones((4, 5)), np.ones((4, 5, 0)), np.ones((2, 2, 3)) * 1j, "maps"])
def test_what_has_no_channels_of_real_numbers_is_refused(maps: Any) -> None:
    with pytest.raises(ValueError, match=r"expected maps of real numbers \(…, H, W, C\), got"):
        strongest_channel(maps)


def quadratic() -> keras.Model:
    x = keras.Input((None, None, 3))
    return keras.Model(x, keras.ops.sum(x * x, axis=(1, 2, 3))[:, None])


def test_smooth_gradient_without_noise_is_the_gradient() -> None:
    model = classifier(layers.Dense(3, "softmax"))
    found = smooth_gradient(model, X, channel=[2, 0, 1], noise=0, samples=3)
    np.testing.assert_allclose(found, saliency(model, X, channel=[2, 0, 1]), rtol=1e-4, atol=1e-6)


def test_noise_has_the_share_of_the_range_that_was_asked_for() -> None:
    images = np.random.default_rng(1).uniform(size=(2, 40, 50, 3)) * [[[[1]]], [[[10]]]]
    off = smooth_gradient(quadratic(), images, noise=0.2, samples=16) - 2 * images  # twice the mean of the noise
    np.testing.assert_allclose(off.std(axis=(1, 2, 3)) * np.sqrt(16) / 2, [0.2, 2.0], rtol=0.05)
    np.testing.assert_allclose(off.mean(axis=(1, 2, 3)), 0, atol=0.05)


def test_the_noise_depends_on_the_seed_alone() -> None:
    once, again, other = (smooth_gradient(quadratic(), X, samples=2, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(once, again)
    assert np.abs(once - other).min() > 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: smooth_gradient(quadratic(), X, samples=1),
        lambda: occlusion_map(quadratic(), X, patch=4, stride=4),
        lambda: activation_maximization(quadratic(), bounds=(0, 1), size=(4, 4), steps=1),
    ],
)
def test_tensorflow_does_not_warn_of_many_calls(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It would, of "retracing", if each call used a new `tf.function` once or twice."""
    logger = tf.get_logger()
    logger.addHandler(caplog.handler)
    try:
        for _ in range(8):
            make()
    finally:
        logger.removeHandler(caplog.handler)
    assert not caplog.records


def planted(seed: int) -> tuple[keras.Model, Any, tuple[int, int]]:
    """A network made by hand that answers to one pattern, and a noisy image that has it at (y, x)."""
    random = np.random.default_rng(seed)
    pattern = random.uniform(-1, 1, size=(5, 5, 3))
    pattern[2, 2] = 2
    x = keras.Input((None, None, 3))
    detector = layers.Conv2D(1, 5, padding="same", activation="relu", name="detector")
    model = keras.Model(x, layers.GlobalMaxPooling2D()(layers.MaxPooling2D(2)(detector(x))))
    detector.set_weights([pattern[..., None], np.array([-0.5 * (pattern**2).sum()])])
    image = random.normal(0, 0.2, size=(1, 40, 61, 3))
    y, left = random.integers(4, 36), random.integers(4, 57)
    image[0, y - 2 : y + 3, left - 2 : left + 3] += pattern
    return model, image, (int(y), int(left))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("method", [saliency, smooth_gradient, guided_relu, deconvnet])
def test_the_planted_pattern_is_found(method: Any, seed: int) -> None:
    model, image, place = planted(seed)
    strength = strongest_channel(method(model, image, channel=0))[0]
    peak = np.unravel_index(strength.argmax(), strength.shape)
    assert np.abs(np.subtract(peak, place)).max() <= 2


def test_a_step_along_the_gradient_makes_it_more_of_an_espresso() -> None:
    coffee = skimage.transform.resize(skimage.data.coffee(), (96, 144), preserve_range=True)
    image = efficientnet_lite0_preprocess(coffee)[None]
    network = efficientnet_lite0()
    gradient = saliency(network, image, channel=ESPRESSO)
    before, after = (float(network(x)[0, ESPRESSO]) for x in (image, image + 1e-4 * gradient))
    np.testing.assert_allclose(after - before, 1e-4 * (gradient**2).sum(), rtol=0.2)


def no_gradient() -> keras.Model:
    x = keras.Input((5, 6, 3))
    return keras.Model(x, keras.ops.cast(keras.ops.argmax(x, axis=-1), "float32"))


def test_a_score_without_a_gradient_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a score that depends on the images by operations with a gradient"):
        saliency(no_gradient(), X)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"noise": -0.1}, "expected noise of 0 or more, got -0.1"),
        ({"noise": float("nan")}, "expected noise of 0 or more, got nan"),
        ({"noise": "much"}, "expected noise of 0 or more, got 'much'"),
        ({"samples": 0}, "expected samples to be a whole number of 1 or more, got 0"),
        ({"seed": -1}, "expected seed to be a whole number of 0 or more, got -1"),
        ({"layer": "convv"}, "the nearest are conv"),
        ({"channel": [1]}, "expected one channel for each of 3 images, got 1"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        smooth_gradient(classifier(layers.Dense(3)), X, **arguments)


def test_tensors_are_taken_as_arrays_are() -> None:
    model = classifier(layers.Dense(3))
    np.testing.assert_array_equal(saliency(model, tf.constant(X)), saliency(model, X))
