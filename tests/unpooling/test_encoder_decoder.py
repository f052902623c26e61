"""The network that enlarges its map by unpooling."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.unpooling import unpooling_network
from tests.support.op_oracles import plain_unpool, random

pytestmark = pytest.mark.slow


@pytest.fixture
def pair() -> tuple[keras.Model, keras.Model]:
    """Two networks with the same weights, of which the second one does without switches."""
    keras.utils.set_random_seed(0)
    networks = [unpooling_network((3, 4), 2, switches=switches, channels=1) for switches in (True, False)]
    networks[1].set_weights(networks[0].get_weights())
    return networks[0], networks[1]


def taps(network: keras.Model, images: Any) -> dict[str, Any]:
    """Return what each layer of interest makes of some images."""
    names = ("down_1", "pool_1", "down_2", "pool_2", "bottom", "unpool_2", "up_2", "unpool_1")
    return keras.Model(network.input, {name: network.get_layer(name).output for name in names})(images)


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (8, 12), (9, 4)])
def test_values_return_to_where_the_maxima_were(pair: tuple[keras.Model, keras.Model], size: tuple[int, int]) -> None:
    images = random(2, *size, 1)
    for network, switches in zip(pair, (True, False), strict=True):
        got = taps(network, images)
        assert network(images).shape == (2, *size, 2)
        for level, below in ((2, "bottom"), (1, "up_2")):
            fine, (_, argmax) = got[f"down_{level}"], got[f"pool_{level}"]
            if not switches:  # of equal values the first one wins, which is at the top left
                argmax = tf.nn.max_pool_with_argmax(tf.zeros_like(fine), 2, 2, "SAME")[1]
            expected = plain_unpool(got[below].numpy(), argmax.numpy(), fine.shape, False)
            np.testing.assert_array_equal(got[f"unpool_{level}"], expected)


def test_networks_with_and_without_switches_have_the_same_weights(pair: tuple[keras.Model, keras.Model]) -> None:
    shapes = [[(weight.name, weight.shape) for weight in network.weights] for network in pair]
    assert shapes[0] == shapes[1]
    images = random(1, 8, 8, 1)
    for first, second in zip(taps(pair[0], images)["pool_2"], taps(pair[1], images)["pool_2"], strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.allclose(pair[0](images), pair[1](images))


def test_network_learns_to_copy_its_image() -> None:
    keras.utils.set_random_seed(0)
    network = unpooling_network((8,), channels=1)
    network.compile(keras.optimizers.Adam(0.01), "mse")
    x = random(8, 9, 10, 1)
    losses = network.fit(x, x, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    assert network.jit_compile is False


@pytest.mark.parametrize("switches", [True, False])
def test_network_saves_and_loads(switches: bool, tmp_path: Path) -> None:
    network = unpooling_network((2, 3), 2, switches=switches)
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    images = random(1, 6, 5, 3)
    np.testing.assert_array_equal(again(images), network(images))


def test_network_takes_any_depth_and_predicts_floats() -> None:
    for widths in ((4,), [2, 3, 4, 5]):
        network = unpooling_network(widths, 3)
        assert network.output_shape == (None, None, None, 3)
        assert network.predict(random(3, 7, 6, 3), batch_size=2, verbose=0).shape == (3, 7, 6, 3)
        assert [f"unpool_{level}" for level in range(1, 1 + len(widths))] == sorted(
            layer.name for layer in network.layers if layer.name.startswith("unpool_")
        )
    try:
        keras.config.set_dtype_policy("mixed_float16")
        half = unpooling_network((2, 3))
        assert half(random(1, 5, 5, 3)).dtype == tf.float32
        assert half.get_layer("unpool_1").output.dtype == "float16"
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"widths": ()}, r"expected widths of at least one level, got \(\)"),
        ({"widths": 16}, "expected widths of at least one level, got 16"),
        ({"widths": (4, 0)}, "expected each of widths to be a whole number of 1 or more, got 0"),
        ({"outputs": 0}, "expected outputs to be a whole number of 1 or more, got 0"),
        ({"channels": 2.5}, "expected channels to be a whole number of 1 or more, got 2.5"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        unpooling_network(**arguments)


def test_an_image_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match="expected images of 1 x 1 pixels or more, got 0 x 4"):
        unpooling_network((2,))(np.zeros((1, 0, 4, 3), np.float32))
