"""Pooling with switches and its way back: values, gradients, ties, layers."""

import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.unpooling import MaxPoolSwitches, MaxUnpool, max_pool_with_switches, max_unpool
from tests.op_oracles import DTYPES, TOLERANCE, Array, close, random

pytestmark = pytest.mark.usefixtures("backend")


def plain_unpool(pooled: Array, argmax: Array, shape: tuple[int, ...], batch_in_index: bool) -> Array:
    """Put back value by value, from the definition."""
    _, height, width, channels = shape
    result = np.zeros(shape)
    for place in np.ndindex(*pooled.shape):
        rest, c = divmod(int(argmax[place]), channels)
        rest, x = divmod(rest, width)
        b, y = divmod(rest, height) if batch_in_index else (place[0], rest)
        result[b, y, x, c] += pooled[place]
    return result


def gathered(gradient: Array, argmax: Array, batch_in_index: bool) -> Array:
    """Read the gradient back at each index."""
    images = 0 if batch_in_index else np.arange(len(argmax))[:, None, None, None] * math.prod(gradient.shape[1:])
    return gradient.reshape(-1)[argmax + images]


@st.composite
def switches(draw: st.DrawFn) -> tuple[Array, Array, tuple[int, ...], bool, str]:
    """Draw pooled values with any switches, many of them equal: (pooled, argmax, shape, batch in index, type)."""
    batch, height, width = draw(st.integers(0, 3)), draw(st.integers(1, 5)), draw(st.integers(1, 5))
    channels = draw(st.sampled_from([1, 2, 3, 4, 8, 9]))
    pooled_shape = (batch, draw(st.integers(0, 4)), draw(st.integers(0, 4)), channels)
    numbers = np.random.default_rng(draw(st.integers(0, 99)))
    argmax = numbers.integers(0, height * width * channels, pooled_shape)
    batch_in_index, dtype = draw(st.booleans()), draw(st.sampled_from(DTYPES))
    if batch_in_index:
        argmax += np.arange(batch)[:, None, None, None] * height * width * channels
    return random(*pooled_shape, dtype=dtype), argmax, (batch, height, width, channels), batch_in_index, dtype


def test_worked_by_hand() -> None:
    x = np.array([[1, 2, 0], [4, 3, 7], [0, 6, 5]], np.float32)[None, :, :, None]
    pooled, argmax = max_pool_with_switches(x, 2, 1)
    np.testing.assert_array_equal(pooled[0, :, :, 0], [[4, 7], [6, 7]])
    np.testing.assert_array_equal(argmax[0, :, :, 0], [[3, 5], [7, 5]])
    np.testing.assert_array_equal(max_unpool(pooled, argmax, x.shape)[0, :, :, 0], [[0, 0, 0], [4, 0, 14], [0, 6, 0]])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 16, 17])
def test_infinite_values_stay_in_their_place(channels: int, dtype: str) -> None:
    """Windows that tile the output, and any other way; a plain sum with zeros would make NaN of its neighbors."""
    values = np.resize([np.inf, 1, -np.inf, np.nan, 0], (2, 3, 4, channels))
    for shape in ((2, 6, 8, channels), (2, 7, 9, channels)):
        numbers = np.random.default_rng(0)
        places = np.stack([numbers.permutation(math.prod(shape[1:]))[: values[0].size] for _ in range(2)])
        for argmax in (places.reshape(values.shape), first_of_each_window(values.shape, shape)):
            pooled = tf.cast(values, dtype)
            with tf.GradientTape() as tape:
                tape.watch(pooled)
                output = max_unpool(pooled, argmax, shape)
            expected = plain_unpool(values, argmax, shape, False)
            np.testing.assert_array_equal(tf.cast(output, "float64"), expected)
            gradient = tape.gradient(output, pooled, tf.cast(expected, dtype))
            np.testing.assert_array_equal(tf.cast(gradient, "float64"), values)


def first_of_each_window(pooled: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """Return the indices of the upper left entries of windows of 2 x 2."""
    y, x, c = np.meshgrid(*map(np.arange, pooled[1:]), indexing="ij")
    return np.broadcast_to((2 * y * shape[2] + 2 * x) * shape[3] + c, pooled)


@settings(max_examples=80, deadline=None)
@given(switches())
def test_unpooling_is_its_definition_and_its_gradient_gathers(drawn: Any) -> None:
    values, argmax, shape, batch_in_index, dtype = drawn
    pooled, upstream = tf.cast(values, dtype), random(*shape, dtype=dtype, seed=1)
    with tf.GradientTape() as tape:
        tape.watch(pooled)
        output = max_unpool(pooled, argmax, shape, batch_in_index)
    assert output.dtype == dtype
    close(output, plain_unpool(values, argmax, shape, batch_in_index), dtype, wide=4)
    gradient = tape.gradient(output, pooled, tf.cast(upstream, dtype))
    assert gradient.dtype == dtype
    np.testing.assert_array_equal(
        tf.cast(gradient, "float64"), gathered(upstream.astype("float64"), argmax, batch_in_index)
    )


@settings(max_examples=30, deadline=None)
@given(switches())
def test_equals_scatter_nd(drawn: Any) -> None:
    values, argmax, shape, batch_in_index, _ = drawn
    if not batch_in_index:
        argmax = argmax + np.arange(shape[0])[:, None, None, None] * np.prod(shape[1:])
    flat = tf.scatter_nd(argmax.reshape(-1, 1), np.float64(values).reshape(-1), [np.prod(shape)])
    close(max_unpool(np.float64(values), argmax, shape, True), tf.reshape(flat, shape).numpy(), "float64")


def test_gradient_is_the_adjoint_and_has_one_itself() -> None:
    x = tf.constant(random(2, 5, 7, 3, dtype="float64"))
    pooled, argmax = max_pool_with_switches(x, 3, 2, "same")
    upstream, direction = random(*x.shape, dtype="float64", seed=1), random(*pooled.shape, dtype="float64", seed=2)
    weights = tf.constant(upstream)
    with tf.GradientTape() as outer:
        outer.watch(weights)
        with tf.GradientTape() as inner:
            inner.watch(pooled)
            inside = tf.reduce_sum(weights * max_unpool(pooled, argmax, x.shape))
        back = inner.gradient(inside, pooled)
        slope = tf.reduce_sum(back * direction)
    assert float(inside) == pytest.approx(float(tf.reduce_sum(back * pooled)))
    close(outer.gradient(slope, weights), max_unpool(direction, argmax, x.shape).numpy(), "float64")


def test_second_derivative() -> None:
    x = tf.constant(random(1, 4, 4, 2, dtype="float64"))
    pooled, argmax = max_pool_with_switches(x, 3, 1)
    with tf.GradientTape() as outer:
        outer.watch(pooled)
        with tf.GradientTape() as inner:
            inner.watch(pooled)
            loss = tf.reduce_sum(max_unpool(pooled, argmax, x.shape) ** 3)
        slope = tf.reduce_sum(inner.gradient(loss, pooled))
    output = plain_unpool(pooled.numpy(), argmax.numpy(), x.shape, False)
    ones = plain_unpool(np.ones(pooled.shape), argmax.numpy(), x.shape, False)
    close(outer.gradient(slope, pooled), gathered(6 * output * ones, argmax.numpy(), False), "float64")


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("pool_size", "strides"), [(1, None), (2, None), (3, 2), (2, 3), ((3, 2), (2, 1)), (4, 1)])
@pytest.mark.parametrize("batch_in_index", [False, True])
def test_values_return_to_where_they_stood(pool_size: Any, strides: Any, padding: str, batch_in_index: bool) -> None:
    """Nothing is hard-coded to windows of 2 x 2, and both kinds of index lead to the right image."""
    x = random(3, 6, 7, 2)
    pooled, argmax = max_pool_with_switches(x, pool_size, strides, padding)
    if batch_in_index:
        steps = pool_size if strides is None else strides
        _, argmax = tf.nn.max_pool_with_argmax(x, pool_size, steps, padding.upper(), include_batch_in_index=True)
    ones = max_unpool(tf.ones_like(pooled), argmax, x.shape, batch_in_index).numpy()
    assert ones.sum() == tf.size(pooled)
    close(max_unpool(pooled, argmax, x.shape, batch_in_index), x * ones)


def test_kinds_of_index_differ_from_the_second_image_on() -> None:
    x = random(2, 4, 4, 1)
    _, without = max_pool_with_switches(x)
    _, within = tf.nn.max_pool_with_argmax(x, 2, 2, "VALID", include_batch_in_index=True)
    np.testing.assert_array_equal(within - without, np.broadcast_to([[[[0]]], [[[16]]]], without.shape))
    with tf.device("CPU"), pytest.raises(tf.errors.InvalidArgumentError):
        max_unpool(tf.ones(within.shape), within, x.shape)  # the wrong kind does not go unnoticed


def test_ties_go_to_the_first() -> None:
    _, argmax = max_pool_with_switches(np.zeros((2, 4, 6, 3), np.float32), 2)
    rows, columns = np.arange(2)[:, None, None] * 2, np.arange(3)[None, :, None] * 2
    expected = (rows * 6 + columns) * 3 + np.arange(3)
    np.testing.assert_array_equal(argmax, np.broadcast_to(expected, (2, 2, 3, 3)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_pooling_equals_keras_and_is_differentiable(dtype: str) -> None:
    x = tf.cast(random(2, 5, 6, 3), dtype)
    for padding in ("valid", "same"):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            pooled, argmax = max_pool_with_switches(x, 2, None, padding)
            plain = tf.nn.max_pool2d(x, 2, 2, padding.upper())
        assert (pooled.dtype, argmax.dtype) == (dtype, tf.int64)
        np.testing.assert_array_equal(tf.cast(pooled, "float64"), tf.cast(plain, "float64"))
        close(tape.gradient(pooled, x), tf.cast(tape.gradient(plain, x), "float64").numpy(), dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_summed_in_float32(dtype: str) -> None:
    pooled = tf.ones((1, 50, 100, 1), dtype)
    output = max_unpool(pooled, np.zeros(pooled.shape, np.int64), (1, 1, 1, 1))
    assert float(output[0, 0, 0, 0]) == pytest.approx(5000, rel=TOLERANCE[dtype])


def test_sums_of_equal_switches_are_the_same_bits_each_time() -> None:
    pooled = random(2, 60, 60, 4)
    argmax = np.random.default_rng(0).integers(0, 5 * 5 * 4, pooled.shape)
    with tf.device("CPU"):  # a GPU promises it only with tf.config.experimental.enable_op_determinism
        first = max_unpool(pooled, argmax, (2, 5, 5, 4))
        for _ in range(3):
            np.testing.assert_array_equal(max_unpool(pooled, argmax, (2, 5, 5, 4)), first)


@pytest.mark.parametrize(("pooled", "shape"), [((0, 2, 2, 3), (0, 4, 4, 3)), ((2, 0, 2, 3), (2, 4, 4, 3)),
                                               ((2, 2, 2, 0), (2, 4, 4, 0)), ((1, 0, 0, 2), (1, 0, 0, 2))])  # fmt: skip
def test_empty(pooled: tuple[int, ...], shape: tuple[int, ...]) -> None:
    values = tf.zeros(pooled)
    with tf.GradientTape() as tape:
        tape.watch(values)
        output = max_unpool(values, np.zeros(pooled, np.int64), shape)
    np.testing.assert_array_equal(output, np.zeros(shape))
    assert tape.gradient(output, values).shape == pooled


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((random(4, 4, 1),), r"expected x of shape \(B, H, W, C\), got \(4, 4, 1\)"),
        ((np.ones((1, 4, 4, 1), int),), "expected x of type float16, bfloat16, float32 or float64, got int64"),
        ((random(1, 4, 4, 1), 0), "expected pool_size as one or two whole numbers of 1 or more, got 0"),
        ((random(1, 4, 4, 1), (2, 2, 2)), r"expected pool_size as .*, got \(2, 2, 2\)"),
        ((random(1, 4, 4, 1), 2.0), "expected pool_size as .*, got 2.0"),
        ((random(1, 4, 4, 1), 2, (1, -1)), r"expected strides as .*, got \(1, -1\)"),
        ((random(1, 4, 4, 1), 2, True), "expected strides as .*, got True"),
        ((random(1, 4, 4, 1), 2, 2, "full"), 'expected padding "valid" or "same", got \'full\''),
        ((random(1, 4, 4, 1), 2, 2, None), "expected padding .*, got None"),
    ],
)
def test_wrong_arguments(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        max_pool_with_switches(*arguments)


# Layers


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


@pytest.mark.parametrize("layer", [MaxPoolSwitches((2, 3), 1, "SAME", name="a"), MaxUnpool((4, 5)), MaxUnpool()])
def test_layers_are_rebuilt_from_their_configuration(layer: keras.layers.Layer) -> None:
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    assert again.supports_jit is False


@pytest.mark.parametrize(("size", "like"), [(None, None), ((4, 4), tf.zeros((1, 4, 4, 1)))])
def test_unpooling_needs_one_size(size: Any, like: Any) -> None:
    pooled, argmax = max_pool_with_switches(random(1, 4, 4, 1))
    with pytest.raises(ValueError, match="expected either a size for the layer or a map to be like"):
        MaxUnpool(size)(pooled, argmax, like)


@pytest.mark.parametrize("size", [0, (4, 0), (1, 2, 3), 2.5, "ab"])
def test_wrong_sizes_of_a_layer(size: Any) -> None:
    with pytest.raises(ValueError, match="expected size as one or two whole numbers of 1 or more, got"):
        MaxUnpool(size)
