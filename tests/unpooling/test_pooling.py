"""Pooling with switches: values, ties, the kinds of index."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from course_lib.unpooling import max_pool_with_switches, max_unpool
from tests.support.op_oracles import DTYPES, close, random

pytestmark = pytest.mark.usefixtures("backend")


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
def test_infinite_numbers_have_a_switch_and_only_a_first_nan_has(dtype: str) -> None:
    """The windows of `tf.nn.max_pool2d` make -3.4e38 of the first one."""
    windows = [[-np.inf, -np.inf], [1, np.inf], [np.nan, 1], [1, np.nan]]
    x = tf.cast(np.array(windows).reshape(1, 4, 2, 1), dtype)
    pooled, argmax = max_pool_with_switches(x, (1, 2))
    np.testing.assert_array_equal(tf.cast(pooled, "float64")[0, :, 0, 0], [-np.inf, np.inf, np.nan, 1])
    np.testing.assert_array_equal(argmax[0, :, 0, 0], [0, 3, 4, 6])


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


def test_pooling_has_no_second_derivative() -> None:
    x = tf.constant(random(1, 2, 2, 1))
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            loss = tf.reduce_sum(max_pool_with_switches(x)[0] ** 2)
        slope = inner.gradient(loss, x)
    with pytest.raises(LookupError, match="MaxPoolGradWithArgmax"):
        outer.gradient(slope, x)


def test_an_empty_map_whose_shape_was_not_known_is_refused() -> None:
    graph = tf.function(max_pool_with_switches, input_signature=[tf.TensorSpec(None)], autograph=False)
    with pytest.raises(tf.errors.InvalidArgumentError):
        graph(random(0, 4, 4, 1))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((random(4, 4, 1),), r"expected x of shape \(B, H, W, C\), got \(4, 4, 1\)"),
        ((random(0, 4, 4, 1),), r"expected x \(B, H, W, C\) to have one number or more, got shape \(0, 4, 4, 1\)"),
        ((random(1, 0, 4, 1),), r"got shape \(1, 0, 4, 1\)"),
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
