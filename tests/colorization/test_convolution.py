from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.colorization.convolution import SmallMapConv2D, SmallMapConv2DTranspose

pytestmark = pytest.mark.slow

PAIRS = [(SmallMapConv2D, keras.layers.Conv2D), (SmallMapConv2DTranspose, keras.layers.Conv2DTranspose)]
USUAL: dict[str, Any] = {"kernel_size": 4, "strides": 2, "padding": "same"}
OTHERS = [
    USUAL,
    USUAL | {"use_bias": False, "activation": "tanh"},
    {"kernel_size": 3, "padding": "same"},
    {"kernel_size": (5, 2), "strides": (3, 2), "padding": "same"},
    {"kernel_size": 2, "strides": 3, "padding": "same"},
    {"kernel_size": 3, "padding": "valid"},
    {"kernel_size": 3, "padding": "same", "dilation_rate": 2},
]


@pytest.fixture(autouse=True)
def _seed() -> None:
    """Draw the same weights each time."""
    keras.utils.set_random_seed(0)


def values(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def run(layer: Any, images: Any) -> list[Any]:
    """Return the result of a layer, and the gradients of a sum over it in its input and weights.

    Without oneDNN, as on processors with older instructions, TensorFlow has no transposed convolution with dilation:
    nothing is returned then.
    """
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        try:
            result = layer(images)
        except tf.errors.InvalidArgumentError as error:
            if "do not yet support dilation" not in str(error):
                raise
            return []
        total = tf.reduce_sum(result * values(*result.shape, seed=1))
    return [result, *tape.gradient(total, [images, *(weight.value for weight in layer.trainable_variables)])]


@pytest.mark.parametrize("sides", [(1, 1), (2, 2), (4, 6), (7, 5), (8, 8), (3, 40)])
@pytest.mark.parametrize("options", OTHERS)
@pytest.mark.parametrize(("small", "usual"), PAIRS)
def test_same_as_keras(small: Any, usual: Any, options: dict[str, Any], sides: tuple[int, int]) -> None:
    if options["padding"] == "valid":
        sides = max(sides[0], 3), max(sides[1], 3)
    images = values(2, *sides, 6)
    layers = [kind(4, bias_initializer="ones", **options) for kind in (small, usual)]
    for layer in layers:
        layer.build(images.shape)
    layers[0].set_weights(layers[1].get_weights())
    for got, expected in zip(*(run(layer, images) for layer in layers), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("small", "usual", "option"),
    [(*PAIRS[0], {"groups": 2}), (*PAIRS[1], {"output_padding": 1, "kernel_size": 3})],
)
def test_same_as_keras_with_options_of_one_layer(small: Any, usual: Any, option: dict[str, Any]) -> None:
    images = values(2, 4, 4, 6)
    layers = [kind(4, **(USUAL | option)) for kind in (small, usual)]
    got, expected = (layer(images) for layer in layers)
    layers[0].set_weights(layers[1].get_weights())
    got, expected = (layer(images) for layer in layers)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("layer", "largest"), [(SmallMapConv2D, 8), (SmallMapConv2DTranspose, 4)])
def test_only_small_maps_are_multiplied(layer: Any, largest: int) -> None:
    """The convolutions of TensorFlow are left where a map is large, or of a size that is not known yet."""
    conv = layer(4, **USUAL)
    for side, expected in ((largest, False), (largest + 2, True), (None, True)):
        graph = tf.function(conv).get_concrete_function(tf.TensorSpec((None, side, side, 6))).graph
        assert any("Conv2D" in operation.type for operation in graph.get_operations()) is expected, side


@pytest.mark.parametrize(("small", "usual"), PAIRS)
def test_shapes_before_sizes_are_known(small: Any, usual: Any) -> None:
    image = keras.Input((None, None, 6))
    assert small(4, **USUAL)(image).shape == usual(4, **USUAL)(image).shape


def test_no_images() -> None:
    assert SmallMapConv2D(4, **USUAL)(values(0, 4, 4, 6)).shape == (0, 2, 2, 4)
    assert SmallMapConv2DTranspose(4, **USUAL)(values(0, 4, 4, 6)).shape == (0, 8, 8, 4)
