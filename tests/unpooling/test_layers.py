"""Pooling and unpooling as Keras layers."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.unpooling import FixedSwitches, MaxPoolSwitches, MaxUnpool, max_pool_with_switches, max_unpool
from tests.support.op_oracles import random

pytestmark = pytest.mark.usefixtures("backend")


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("size", [None, (7, 6)])
def test_layers_do_what_the_functions_do(padding: str, size: tuple[int, int] | None) -> None:
    inputs = keras.Input((7, 6, 3))
    pooled, argmax = MaxPoolSwitches((2, 3), 2, padding)(inputs)
    assert argmax.dtype == "int64"
    unpool = MaxUnpool(size)
    restored = unpool(pooled, argmax) if size else unpool(pooled, argmax, inputs)
    assert restored.shape == (None, 7, 6, 3)
    model = keras.Model(inputs, [pooled, argmax, restored])
    x = random(2, 7, 6, 3)
    values, switches = max_pool_with_switches(x, (2, 3), 2, padding)
    expected = (values, switches, max_unpool(values, switches, x.shape))
    for got, wanted, symbolic in zip(model(x), expected, model.outputs, strict=True):
        np.testing.assert_array_equal(got, wanted)
        assert got.shape[1:] == symbolic.shape[1:]


def test_layers_take_maps_of_any_size() -> None:
    inputs = keras.Input((None, None, 2))
    pooled, argmax = MaxPoolSwitches()(inputs)
    model = keras.Model(inputs, MaxUnpool()(pooled, argmax, inputs))
    assert model.output_shape == (None, None, None, 2)
    for shape in ((1, 5, 8, 2), (3, 4, 4, 2)):
        assert model(random(*shape)).shape == shape
    assert model.predict(random(5, 6, 7, 2), batch_size=2, verbose=0).shape == (5, 6, 7, 2)


def test_layers_learn_through_their_values() -> None:
    inputs = keras.Input((8, 8, 1))
    pooled, argmax = MaxPoolSwitches()(keras.layers.Conv2D(4, 3, padding="same")(inputs))
    restored = MaxUnpool((8, 8))(pooled, argmax)
    model = keras.Model(inputs, keras.layers.Conv2D(1, 3, padding="same")(restored))
    model.compile("adam", "mse")
    x = random(8, 8, 8, 1)
    losses = model.fit(x, x, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.jit_compile is False


def test_layers_under_mixed_precision() -> None:
    pool, unpool = MaxPoolSwitches(dtype="mixed_float16"), MaxUnpool(dtype="mixed_float16")
    inputs = keras.Input((4, 4, 1))
    symbolic, _ = pool(inputs)
    pooled, argmax = pool(random(1, 4, 4, 1))
    assert symbolic.dtype == pooled.dtype.name == "float16"
    assert argmax.dtype == tf.int64
    assert unpool(pooled, argmax, tf.zeros((1, 4, 4, 1))).dtype == tf.float16


@pytest.mark.parametrize(
    "layer", [MaxPoolSwitches((2, 3), 1, "SAME", name="a"), MaxUnpool((4, 5)), MaxUnpool(), FixedSwitches()]
)
def test_layers_are_rebuilt_from_their_configuration(layer: keras.layers.Layer) -> None:
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    assert again.supports_jit is layer.supports_jit


@pytest.mark.parametrize(("size", "like"), [(None, None), ((4, 4), tf.zeros((1, 4, 4, 1)))])
def test_unpooling_needs_one_size(size: Any, like: Any) -> None:
    pooled, argmax = max_pool_with_switches(random(1, 4, 4, 1))
    with pytest.raises(ValueError, match="expected either a size for the layer or a map to be like"):
        MaxUnpool(size)(pooled, argmax, like)


def test_unpooling_refuses_values_of_another_rank() -> None:
    with pytest.raises(ValueError, match=r"expected pooled values of shape \(B, H, W, C\), got \(2, 2, 1\)"):
        MaxUnpool((4, 4))(random(2, 2, 1), np.zeros((2, 2, 1), np.int64))


@pytest.mark.parametrize("size", [0, (4, 0), (1, 2, 3), 2.5, "ab"])
def test_wrong_sizes_of_a_layer(size: Any) -> None:
    with pytest.raises(ValueError, match="expected size as one or two whole numbers of 1 or more, got"):
        MaxUnpool(size)


@pytest.mark.parametrize("shape", [(2, 4, 6, 3), (1, 5, 3, 2), (3, 1, 7, 1)])
def test_fixed_switches_point_to_the_top_left(shape: tuple[int, ...]) -> None:
    """As pooling's own do where all values are equal."""
    pooled, argmax = max_pool_with_switches(np.zeros(shape, np.float32), 2, None, "same")
    fixed = FixedSwitches()(pooled, np.ones(shape, np.float32))
    assert fixed.dtype == tf.int64
    np.testing.assert_array_equal(fixed, argmax)
