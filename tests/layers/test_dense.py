from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.layers import dense_to_conv

SIZES = [(1, 1), (7, 7), (2, 5), (6, 3)]


def random(*shape: int) -> Any:
    return np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_convolution_computes_what_the_dense_layer_does(height: int, width: int) -> None:
    x = random(2, height, width, 3).astype(np.float32)
    dense = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(4, use_bias=False)])
    expected = dense(x)
    kernel = dense_to_conv(dense.layers[-1].kernel, height, width)
    np.testing.assert_allclose(tf.nn.conv2d(x, kernel, 1, "VALID")[:, 0, 0], expected, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_channels_first_is_how_pytorch_flattens(height: int, width: int) -> None:
    x, weights = random(2, height, width, 3), random(3 * height * width, 4)
    flat = x.transpose(0, 3, 1, 2).reshape(2, -1)
    kernel = dense_to_conv(weights, height, width, order="channels_first")
    np.testing.assert_allclose(tf.nn.conv2d(x, kernel, 1, "VALID")[:, 0, 0], flat @ weights, atol=1e-12)


def test_orders_worked_by_hand() -> None:
    weights = np.arange(4)[:, None]  # a map of 1 x 2 positions, 2 channels, 1 unit
    last, first = (dense_to_conv(weights, 1, 2, order).numpy() for order in ("channels_last", "channels_first"))
    np.testing.assert_array_equal(last[0, :, :, 0], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(first[0, :, :, 0], [[0, 2], [1, 3]])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_keeps_the_type(dtype: str) -> None:
    assert dense_to_conv(random(8, 2).astype(dtype), 2, 2).dtype == dtype


def test_gradient_goes_back_to_the_weights() -> None:
    weights = tf.constant(random(12, 2))
    with tf.GradientTape() as tape:
        tape.watch(weights)
        loss = tf.reduce_sum(dense_to_conv(weights, 2, 2, "channels_first") ** 2)
    np.testing.assert_allclose(tape.gradient(loss, weights), 2 * weights)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.ones((50, 4)), 7, 7), r"\(7 \* 7 \* D, units\) for a map of 7 × 7 positions, got \(50, 4\), and 49 does"),
        ((np.ones((10, 98)), 7, 7), r"got \(10, 98\).* it divides 98: are they transposed\?"),
        (
            (np.ones((2, 2, 3, 4)), 2, 2),
            r"expected weights of shape \(height \* width \* D, units\), got \(2, 2, 3, 4\)",
        ),
        ((np.ones((0, 4)), 2, 2), r"got \(0, 4\)"),
        ((np.ones((4, 4), complex), 2, 2), "expected weights of real numbers, got complex128"),
        (([[1], [1, 2]], 1, 1), "expected weights of real numbers, got list"),
        ((np.ones((4, 4)), 0, 2), "expected a whole height of 1 or more, got 0"),
        ((np.ones((4, 4)), 2, 2.0), "expected a whole width of 1 or more, got 2.0"),
        ((np.ones((4, 4)), 2, 2, "NCHW"), 'expected order "channels_last" or "channels_first", got \'NCHW\''),
    ],
)
def test_wrong_arguments(arguments: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        dense_to_conv(*arguments)


def test_weights_of_unknown_size() -> None:
    graph = tf.function(lambda weights: dense_to_conv(weights, 2, 2), input_signature=[tf.TensorSpec((None, 3))])
    with pytest.raises(ValueError, match=r"expected weights of shape .*, got \(None, 3\)"):
        graph.get_concrete_function()
