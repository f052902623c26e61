import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.transform import rescale

from course_lib.upsampling import (
    bilinear_class_weights,
    bilinear_kernel,
    kernel_size,
    transposed_upsample,
)

Array = NDArray[Any]
FACTORS = range(2, 10)
factors = st.integers(1, 40)


def random(*shape: int, seed: int = 0) -> Array:
    """Numbers around 0, so that nothing is hidden by clipping."""
    return np.random.default_rng(seed).standard_normal(shape)


def plain_upsample(x: Array, factor: int) -> Array:
    """Stamp the tent of every sample into the output, one by one, from the definition."""
    batch, height, width, channels = x.shape
    result = np.zeros((batch, height * factor, width * factor, channels))
    for row, column in np.ndindex(height, width):
        for i, j in np.ndindex(height * factor, width * factor):
            down, across = tent(i, row, factor), tent(j, column, factor)
            if down > 0 and across > 0:
                result[:, i, j] += down * across * x[:, row, column]
    return result


def tent(pixel: int, sample: int, factor: int) -> float:
    """Return the weight of a sample for a pixel: 1 minus their distance in samples, exactly 0 where that is 1."""
    return (2 * factor - abs(2 * pixel + 1 - (2 * sample + 1) * factor)) / (2 * factor)


@pytest.mark.parametrize(
    ("factor", "row"), [(1, [1]), (2, [0.25, 0.75, 0.75, 0.25]), (3, [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3])]
)
def test_kernels_worked_by_hand(factor: int, row: list[float]) -> None:
    kernel = bilinear_kernel(factor)
    assert kernel.dtype == np.float32
    assert kernel.shape == (len(row), len(row)) == (kernel_size(factor),) * 2
    np.testing.assert_allclose(kernel, [[a * b for b in row] for a in row], atol=1e-7)


@given(factors)
def test_kernel_sums_to_the_square_of_the_factor(factor: int) -> None:
    assert bilinear_kernel(factor).sum(dtype=float) == pytest.approx(factor**2, rel=1e-5)


@given(factors)
def test_kernel_is_symmetric_and_within_0_and_1(factor: int) -> None:
    kernel = bilinear_kernel(factor)
    np.testing.assert_array_equal(kernel, kernel.T)
    np.testing.assert_array_equal(kernel, kernel[::-1])
    assert kernel.min() > 0
    assert kernel.max() <= 1


@given(factors)
def test_taps_that_meet_in_one_pixel_sum_to_1(factor: int) -> None:
    kernel = bilinear_kernel(factor)
    phases = [kernel[i::factor, j::factor].sum(dtype=float) for i in range(factor) for j in range(factor)]
    np.testing.assert_allclose(phases, 1, rtol=1e-5)


def test_class_weights_hold_one_kernel_a_class() -> None:
    weights = bilinear_class_weights(3, 4)
    assert weights.shape == (5, 5, 4, 4)
    assert weights.dtype == np.float32
    for i, j in np.ndindex(4, 4):
        np.testing.assert_array_equal(weights[:, :, i, j], bilinear_kernel(3) * (i == j))


def test_weights_larger_than_the_free_memory_are_refused_before_any_is_asked_for() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(
            MemoryError, match=r"GB of free memory, got 64 × 64 taps .* 100,000 × 100,000 .* 163,840\.0 GB"
        ):
            bilinear_class_weights(32, 100_000)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 6), st.integers(1, 2), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 9))
def test_upsampling_is_its_definition(
    factor: int, batch: int, height: int, width: int, channels: int, seed: int
) -> None:
    x = random(batch, height, width, channels, seed=seed)
    got = transposed_upsample(x, factor)
    assert got.shape == (batch, height * factor, width * factor, channels)
    np.testing.assert_allclose(got, plain_upsample(x, factor), atol=1e-6)


@pytest.mark.parametrize("factor", FACTORS)
def test_equals_scikit_image(factor: int) -> None:
    x = random(5, 7, 3)
    expected = rescale(x, factor, order=1, mode="constant", cval=0, clip=False, channel_axis=2)
    np.testing.assert_allclose(transposed_upsample(x[None], factor)[0], expected, atol=1e-6)


@pytest.mark.parametrize("factor", FACTORS)
def test_equals_the_dense_transposed_convolution(factor: int) -> None:
    x = random(2, 3, 4, 5).astype(np.float32)
    weights = bilinear_class_weights(factor, 5)
    dense = tf.nn.conv2d_transpose(x, weights, (2, 3 * factor, 4 * factor, 5), factor, "SAME")
    np.testing.assert_allclose(transposed_upsample(x, factor), dense, atol=1e-5)


@pytest.mark.parametrize("factor", FACTORS)
def test_equals_resize_away_from_the_border(factor: int) -> None:
    x = random(1, 5, 6, 2)
    resized = tf.image.resize(x, (5 * factor, 6 * factor)).numpy()
    inner = (slice(None), slice(factor, -factor), slice(factor, -factor))
    np.testing.assert_allclose(transposed_upsample(x, factor).numpy()[inner], resized[inner], atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 9), st.floats(-100, 100), st.floats(-100, 100))
def test_is_linear(factor: int, a: float, b: float) -> None:
    x, y = random(1, 3, 4, 2), random(1, 3, 4, 2, seed=1)
    whole = transposed_upsample(a * x + b * y, factor)
    parts = a * transposed_upsample(x, factor) + b * transposed_upsample(y, factor)
    np.testing.assert_allclose(whole, parts, atol=1e-9)


@pytest.mark.parametrize("factor", [1, *FACTORS])
def test_is_the_adjoint_of_the_convolution(factor: int) -> None:
    small, large = random(2, 3, 4, 2), random(2, 3 * factor, 4 * factor, 2, seed=1)
    kernel = np.repeat(bilinear_kernel(factor)[:, :, None, None], 2, axis=2).astype(float)
    down = tf.nn.depthwise_conv2d(large, kernel, [1, factor, factor, 1], "SAME").numpy()
    up = transposed_upsample(small, factor).numpy()
    assert np.sum(up * large) == pytest.approx(np.sum(small * down), rel=1e-9)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_gradient_against_finite_differences(factor: int) -> None:
    x = random(1, 2, 3, 2)

    def loss(x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(transposed_upsample(x, factor) ** 3)

    given_x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(given_x)
        value = loss(given_x)
    gradient = tape.gradient(value, given_x).numpy()
    step = 1e-5
    for place in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[place] = step
        difference = (loss(x + nudge) - loss(x - nudge)).numpy() / (2 * step)
        assert gradient[place] == pytest.approx(difference, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("given_dtype", "expected"),
    [(d, d) for d in ("float16", "float32", "float64")] + [(d, "float32") for d in ("int32", "uint8", "int64", "bool")],
)
def test_dtypes(given_dtype: str, expected: str) -> None:
    x = np.arange(6).reshape(1, 2, 3, 1).astype(given_dtype)
    got = transposed_upsample(x, 2)
    assert got.dtype == expected
    np.testing.assert_allclose(got, plain_upsample(x.astype(float), 2), atol=1e-3)


@pytest.mark.parametrize("shape", [(None, None, None, 2), (None, None, None, None)])
def test_in_a_graph_of_unknown_sizes(shape: tuple[int | None, ...]) -> None:
    graph = tf.function(lambda x: transposed_upsample(x, 3), input_signature=[tf.TensorSpec(shape, tf.float64)])
    assert graph.get_concrete_function().output_shapes[-1] == shape[-1]
    for x in (random(1, 2, 3, 2), random(3, 4, 1, 2)):
        np.testing.assert_allclose(graph(x), plain_upsample(x, 3), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("factor", [1, *FACTORS])
def test_infinite_gradient_reaches_its_own_samples_only(factor: int, dtype: str) -> None:
    for pixel in {
        (0, 0),
        (0, 2 * factor - 1),
        (factor - 1, factor),
        (3 * factor - 1, 0),
        (3 * factor - 1, 2 * factor - 1),
    }:
        x = tf.zeros((1, 3, 2, 1), dtype)
        upstream = np.zeros((1, 3 * factor, 2 * factor, 1))
        upstream[0, *pixel] = np.inf
        with tf.GradientTape() as tape:
            tape.watch(x)
            wide = transposed_upsample(x, factor)
        got = tape.gradient(wide, x, tf.cast(upstream, dtype)).numpy()[0, ..., 0]
        near = [
            [tent(place, entry, factor) > 0 for entry in range(size)] for place, size in zip(pixel, (3, 2), strict=True)
        ]
        reached = np.outer(near[0], near[1])
        np.testing.assert_array_equal(got, np.where(reached, np.inf, 0))


@pytest.mark.parametrize("factor", [2.0, 1.5, 0, -3, True, "2", None])
@pytest.mark.parametrize(
    "function",
    [
        kernel_size,
        bilinear_kernel,
        lambda factor: bilinear_class_weights(factor, 2),
        lambda factor: transposed_upsample(np.ones((1, 2, 2, 1)), factor),
    ],
)
def test_wrong_factors(function: Callable[[object], object], factor: object) -> None:
    with pytest.raises(ValueError, match="expected a whole factor of 1 or more, got") as caught:
        function(factor)
    assert str(caught.value).endswith(repr(factor))


def test_numpy_integers_are_factors() -> None:
    four: Any = np.int64(4)
    assert kernel_size(four) == 8


@pytest.mark.parametrize("classes", [0, -1, 2.0, True])
def test_wrong_numbers_of_classes(classes: Any) -> None:
    with pytest.raises(ValueError, match=f"expected a whole number of classes of 1 or more, got {classes}"):
        bilinear_class_weights(2, classes)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.ones((2, 3, 4)), r"expected maps of shape \(B, H, W, C\) with no empty axis, got \(2, 3, 4\)"),
        (np.ones((1, 2, 3, 4, 1)), r"expected maps of shape .*, got \(1, 2, 3, 4, 1\)"),
        (5.0, r"expected maps of shape .*, got \(\)"),
        (np.ones((1, 0, 2, 3)), r"expected maps of shape .*, got \(1, 0, 2, 3\)"),
        (np.ones((0, 1, 2, 3)), r"expected maps of shape .*, got \(0, 1, 2, 3\)"),
        (np.full((1, 1, 1, 1), "a"), "expected maps of real numbers, got string"),
        (np.ones((1, 1, 1, 1), complex), "expected maps of real numbers, got complex128"),
        ([[[[1], [1, 2]]]], "expected maps of real numbers, got list"),
        (None, "expected maps of real numbers, got NoneType"),
    ],
)
def test_wrong_maps(x: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        transposed_upsample(x, 2)
