"""The user operation `max_unpool`: values, gradients, sums."""

import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.unpooling import max_pool_with_switches, max_unpool
from tests.support.op_oracles import DTYPES, TOLERANCE, Array, close, gathered, plain_unpool, random

pytestmark = pytest.mark.usefixtures("backend")


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
