"""Networks with shuffled weights: what is shuffled, what is not, and what still reaches the output."""

from typing import Any

import keras
import numpy as np
import pytest

from course_lib.attribution import randomized
from course_lib.networks import efficientnet_lite0, efficientnet_lite0_preprocess

pytestmark = pytest.mark.slow


def network() -> keras.Model:
    """Make a network of a convolution, a nested convolution with batch norm, and a dense layer, with random weights."""
    inner_images = keras.Input((None, None, 4))
    inner = keras.layers.Conv2D(5, 3, use_bias=False, name="inner_conv")(inner_images)
    nested = keras.Sequential([keras.layers.BatchNormalization(name="norm"), keras.layers.ReLU()], name="normed")
    trunk = keras.Model(inner_images, nested(inner), name="trunk")
    images = keras.Input((9, 9, 3))
    x = keras.layers.Conv2D(4, 3, name="first")(images)
    x = keras.layers.Dropout(0.5)(trunk(x))
    model = keras.Model(images, keras.layers.Dense(7, name="last")(keras.layers.GlobalAveragePooling2D()(x)))
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.1, 1, each.shape) for each in model.get_weights()])
    return model


# Of the weights in the model's order, the layer that each belongs to.
OWNERS = ("first", "first", "inner_conv", "norm", "norm", "norm", "norm", "last", "last")


def changed(model: keras.Model, copy: keras.Model) -> list[str]:
    """Name the layers whose weights differ; check that each weight holds the same numbers."""
    names = []
    for owner, before, after in zip(OWNERS, model.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(np.sort(before, axis=None), np.sort(after, axis=None))
        if not np.array_equal(before, after) and owner not in names:
            names.append(owner)
    return names


@pytest.mark.parametrize(
    ("layers", "names"),
    [
        (0, []),
        (1, ["last"]),
        (2, ["norm", "last"]),
        (3, ["inner_conv", "norm", "last"]),
        (None, ["first", "inner_conv", "norm", "last"]),
    ],
)
def test_the_last_layers_are_shuffled_and_the_model_is_not(layers: int | None, names: list[str]) -> None:
    model = network()
    before = model.get_weights()
    images = np.random.default_rng(0).random((2, 9, 9, 3), np.float32)
    expected = model(images)
    copy = randomized(model, layers, seed=3)
    assert changed(model, copy) == names
    assert np.array_equal(copy(images), expected) == (layers == 0)
    np.testing.assert_array_equal(model(images), expected)
    copy.set_weights([np.zeros_like(each) for each in before])
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))


def test_layers_stay_as_they_were_where_more_are_shuffled_and_differ_by_seed() -> None:
    model = network()
    two, three, other = randomized(model, 2, 5), randomized(model, 3, 5), randomized(model, 2, 6)
    for owner, first, second, third in zip(
        OWNERS, two.get_weights(), three.get_weights(), other.get_weights(), strict=True
    ):
        assert np.array_equal(first, second) == (owner != "inner_conv")
        assert np.array_equal(first, third) == (owner in ("first", "inner_conv"))


def test_a_layer_that_several_models_share_is_shuffled_once() -> None:
    x, shared = keras.Input((4,)), keras.layers.Dense(4)
    inner = keras.Sequential([keras.Input((4,)), shared])
    model = keras.Model(x, shared(inner(x)))
    copy = randomized(model, 1)
    kernel, _ = copy.get_weights()
    assert not np.array_equal(kernel, model.get_weights()[0])
    images = np.random.default_rng(0).normal(size=(2, 4)).astype(np.float32)
    np.testing.assert_allclose(copy(images), images @ kernel @ kernel, rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match="expected 1 layers or fewer"):
        randomized(model, 2)


def test_a_signal_still_reaches_the_output_of_a_deep_network() -> None:
    images = efficientnet_lite0_preprocess(np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)))
    trained = efficientnet_lite0()
    logits = randomized(trained)(images).numpy()
    assert logits.std(axis=1).min() > trained(images).numpy().std(axis=1).max() / 10
    assert np.abs(logits[0] - logits[1]).max() > 1e-3


class Own(keras.Model):
    """A model that is no graph of layers."""

    def call(self, images: Any) -> Any:
        return images


@pytest.mark.parametrize(
    ("model", "arguments", "words"),
    [
        (network(), {"layers": 5}, "expected 4 layers or fewer, which is how many have weights, got 5"),
        (network(), {"layers": -1}, "expected the number of layers to be a whole number of 0 or more, got -1"),
        (network(), {"layers": 1.5}, "expected the number of layers"),
        (network(), {"seed": -1}, "expected the seed to be a whole number of 0 or more, got -1"),
        (Own(), {}, "expected a Functional or Sequential model that is built"),
        (keras.Sequential([keras.layers.Dense(1)]), {}, "expected a Functional or Sequential model that is built"),
    ],
)
def test_bad_arguments_are_refused(model: keras.Model, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        randomized(model, **arguments)
