"""The TensorFlow versions by themselves, and the native operations against them."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings

from course_lib.ops import library, max_unpool, reference, sparse_extractor
from tests.support.op_oracles import DTYPES, LAYOUTS, TOLERANCE, Problem, close, problems, random, to_layout

pytestmark = pytest.mark.slow


def results(extract: Callable[..., tf.Tensor], problem: Problem) -> list[tf.Tensor]:
    """Return columns and gradients for centroids and maps."""
    centroids = tf.constant(problem.centroids)
    upstream = tf.cast(np.random.default_rng(1).standard_normal(problem.columns), problem.dtype)
    maps = to_layout(tf.cast(problem.maps, problem.dtype), problem.data_format)
    with tf.GradientTape() as tape:
        tape.watch([centroids, maps])
        columns = extract(centroids, maps, problem.scale, problem.offset, problem.data_format)
    return [columns, *tape.gradient(columns, [centroids, maps], upstream)]


@pytest.mark.usefixtures("native_only")
@settings(max_examples=100, deadline=None)
@given(problems())
def test_native_extractor_equals_the_reference(problem: Problem) -> None:
    native, plain = results(sparse_extractor, problem), results(reference.sparse_extractor, problem)
    for got, expected, dtype in zip(native, plain, (problem.dtype, "float32", problem.dtype), strict=True):
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        close(got, tf.cast(expected, "float64").numpy(), dtype, wide=20)


@pytest.mark.usefixtures("native_only")
@pytest.mark.parametrize("batch_in_index", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_native_unpooling_equals_the_reference(dtype: str, batch_in_index: bool) -> None:
    x = tf.cast(random(3, 7, 6, 5), dtype)
    pooled, argmax = tf.nn.max_pool_with_argmax(x, 3, 2, "SAME", include_batch_in_index=batch_in_index)
    plain = reference.max_unpool(pooled, argmax, tf.shape(x, tf.int64), batch_in_index)
    close(max_unpool(pooled, argmax, x.shape, batch_in_index), tf.cast(plain, "float64").numpy(), dtype)


def test_takes_over_where_nothing_can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIXELWISE_OPS", raising=False)
    monkeypatch.setattr(library, "load", lambda: None)
    centroids, maps = np.ones((2, 3, 2), np.float32), random(2, 4, 6, 3)
    expected = reference.sparse_extractor(centroids, maps, 2, (0.5, 0.5))
    np.testing.assert_array_equal(sparse_extractor(centroids, maps, 2, (0.5, 0.5)), expected)
    pooled, argmax = tf.nn.max_pool_with_argmax(maps, 2, 2, "VALID")
    expected = reference.max_unpool(pooled, argmax, tf.constant(maps.shape, tf.int64))
    np.testing.assert_array_equal(max_unpool(pooled, argmax, maps.shape), expected)


@pytest.mark.parametrize("data_format", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_shapes_need_not_be_known(dtype: str, data_format: str) -> None:
    maps = to_layout(tf.cast(random(2, 3, 4, 5), dtype), data_format)
    centroids = np.random.default_rng(0).uniform(0, 8, (2, 6, 2)).astype(np.float32)
    expected = reference.sparse_extractor(centroids, maps, 2, (0.5, 0.5), data_format)
    for shape in (None, (None,) * 4, maps.shape):
        graph = tf.function(
            lambda c, a: reference.sparse_extractor(c, a, 2, (0.5, 0.5), data_format),
            [tf.TensorSpec(None, tf.float32), tf.TensorSpec(shape, dtype)],
        )
        assert graph.get_concrete_function().output_shapes.rank == 2
        close(graph(centroids, maps), tf.cast(expected, "float64").numpy(), dtype)
    assert graph.get_concrete_function().output_shapes.as_list() == [None, 5]


def test_unpooled_shapes_need_not_be_known() -> None:
    pooled, argmax = tf.nn.max_pool_with_argmax(random(2, 4, 6, 3), 2, 2, "VALID")
    expected = reference.max_unpool(pooled, argmax, tf.constant((2, 4, 6, 3), tf.int64))
    graph = tf.function(reference.max_unpool, [tf.TensorSpec(None, dtype) for dtype in ("float32", "int64", "int64")])
    np.testing.assert_array_equal(graph(pooled, argmax, tf.constant((2, 4, 6, 3), tf.int64)), expected)


def test_shapes_that_do_not_fit() -> None:
    points, maps = np.zeros((1, 3, 2), np.float32), random(2, 3, 4, 5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="centroids for as many images as there are activations"):
        reference.sparse_extractor(points, maps, 1)
    pooled, argmax = maps, np.zeros(maps.shape, np.int64)
    with pytest.raises(tf.errors.InvalidArgumentError, match="one index for each pooled value"):
        reference.max_unpool(pooled, argmax[:1], tf.constant(maps.shape, tf.int64))
    with pytest.raises(tf.errors.InvalidArgumentError, match="as many images and channels as were pooled"):
        reference.max_unpool(pooled, argmax, tf.constant((1, 3, 4, 5), tf.int64))


@pytest.mark.parametrize("data_format", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_compiles_with_xla(dtype: str, data_format: str) -> None:
    numbers = np.random.default_rng(0)
    centroids = numbers.uniform(-3, 12, (2, 6, 2)).astype(np.float32)
    centroids[0, 0, 1], centroids[1, 2, 0] = np.nan, np.inf
    problem = Problem(centroids, random(2, 3, 4, 5, dtype=dtype), 3, (1, 2), data_format, dtype)
    compiled = tf.function(lambda: results(reference.sparse_extractor, problem), jit_compile=True)()
    plain = results(reference.sparse_extractor, problem)
    for got, expected in zip(compiled, plain, strict=True):
        close(got, tf.cast(expected, "float64").numpy(), dtype, wide=20 * TOLERANCE["float32"] / TOLERANCE[dtype] + 1)
