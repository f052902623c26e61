"""The ways to unpool beside the user operation: equal where they are defined, and what each does where it is not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.unpooling import flat_unpool, max_unpool, scatter_unpool, sparse_unpool
from tests.support.op_oracles import DTYPES, TOLERANCE, Array, close, gathered, plain_unpool, random

pytestmark = pytest.mark.slow

Unpool = Callable[..., tf.Tensor]
WAYS: dict[str, Unpool] = {"sparse": sparse_unpool, "scatter": scatter_unpool, "flat": flat_unpool, "user": max_unpool}
ADDING = [scatter_unpool, flat_unpool, max_unpool]
MODES: dict[str, Callable[[Callable[[], Any]], Callable[[], Any]]] = {
    "eager": lambda way: way,
    "graph": lambda way: tf.function(way, autograph=False),
    "xla": lambda way: tf.function(way, autograph=False, jit_compile=True),
}
SHAPE = (2, 2, 3, 2)
UPSTREAM = np.arange(1.0, 25).reshape(SHAPE).astype("f")


@st.composite
def poolings(draw: st.DrawFn) -> tuple[Array, Array, tuple[int, ...], bool, str]:
    """Pool a map by any windows: (pooled, argmax, the map's shape, batch in index, type)."""
    pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
    window, strides, beyond = draw(pairs), draw(pairs), draw(pairs)
    shape = (draw(st.integers(1, 3)), window[0] + beyond[0], window[1] + beyond[1], draw(st.integers(1, 3)))
    padding, batch_in_index = draw(st.sampled_from(["SAME", "VALID"])), draw(st.booleans())
    dtype, seed = draw(st.sampled_from(DTYPES)), draw(st.integers(0, 99))
    x = tf.cast(random(*shape, dtype=dtype, seed=seed), dtype)
    pooled, argmax = tf.nn.max_pool_with_argmax(
        x, window, strides, padding, include_batch_in_index=batch_in_index, output_dtype=tf.int64
    )
    return tf.cast(pooled, "float64").numpy(), argmax.numpy(), shape, batch_in_index, dtype


def with_gradient(way: Unpool, pooled: Array, argmax: Any, shape: Any, upstream: Array, *more: Any) -> Any:
    """Return an unpooled map, and the gradient for the pooled values."""
    values = tf.convert_to_tensor(pooled)
    with tf.GradientTape() as tape:
        tape.watch(values)
        output = way(values, argmax, shape, *more)
    return output, tape.gradient(output, values, tf.cast(upstream, values.dtype))


def repeated(argmax: Array, batch_in_index: bool) -> bool:
    """Tell whether two values go to the same entry."""
    images = [argmax] if batch_in_index else argmax
    return any(np.unique(image).size < image.size for image in images)


@settings(max_examples=150, deadline=None)
@given(poolings())
def test_all_ways_are_equal_where_they_are_defined(drawn: Any) -> None:
    values, argmax, shape, batch_in_index, dtype = drawn
    expected, upstream = plain_unpool(values, argmax, shape, batch_in_index), random(*shape, dtype=dtype, seed=1)
    for name, way in WAYS.items():
        arguments = (tf.cast(values, dtype), argmax, shape, upstream, batch_in_index)
        if name == "sparse" and repeated(argmax, batch_in_index):
            with pytest.raises(tf.errors.InvalidArgumentError, match="is repeated"):
                with_gradient(way, *arguments)
            continue
        output, gradient = with_gradient(way, *arguments)
        assert (output.dtype, gradient.dtype) == (dtype, dtype)
        close(output, expected, dtype, wide=8)  # scatter_nd rounds the sums of halves at every step
        close(gradient, gathered(upstream.astype("float64"), argmax, batch_in_index), dtype)


@pytest.mark.parametrize("way", WAYS.values())
def test_worked_by_hand(way: Unpool) -> None:
    """Two images of 2 x 3 pixels; an index counts from the start of its image, or of the batch."""
    pooled = np.array([[7, 8], [5, 6]], np.float32)[:, None, :, None]
    argmax = np.array([[4, 2], [0, 3]])[:, None, :, None]
    expected = np.array([[[0, 0, 8], [0, 7, 0]], [[5, 0, 0], [6, 0, 0]]])[..., None]
    np.testing.assert_array_equal(way(pooled, argmax, (2, 2, 3, 1)), expected)
    np.testing.assert_array_equal(
        way(pooled, argmax + np.array([0, 6]).reshape(2, 1, 1, 1), (2, 2, 3, 1), True), expected
    )


def meeting() -> tuple[Array, Array]:
    """Two values of the second image go to its entry (1, 0, 1)."""
    return np.arange(1, 5, dtype=np.float32).reshape(2, 1, 1, 2), np.array([0, 5, 7, 7]).reshape(2, 1, 1, 2)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", ADDING)
def test_values_of_repeated_indices_add_up(way: Unpool, mode: str) -> None:
    pooled, argmax = meeting()
    output, gradient = MODES[mode](lambda: with_gradient(way, pooled, argmax, SHAPE, UPSTREAM))()
    expected = np.zeros(SHAPE)
    expected[0, 0, 0, 0], expected[0, 0, 2, 1], expected[1, 1, 0, 1] = 1, 2, 7
    np.testing.assert_array_equal(output, expected)
    np.testing.assert_array_equal(tf.reshape(gradient, (-1,)), [1, 6, 20, 20])


@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_a_sparse_tensor_refuses_repeated_indices(mode: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"\[1,1,0,1\] is repeated"):
        MODES[mode](lambda: sparse_unpool(*meeting(), SHAPE))()


def test_a_sparse_tensor_cannot_be_sorted_inside_xla() -> None:
    with pytest.raises(ValueError, match="sparse_unpool cannot run inside jit_compile=True"):
        MODES["xla"](lambda: sparse_unpool(np.ones((1, 1, 1, 1), "f"), np.zeros((1, 1, 1, 1), int), (1, 2, 2, 1)))()


OUTSIDE = pytest.mark.parametrize("index", [-1, 12, 13, -13, 2**40])  # 13 lies in the second image


@OUTSIDE
@pytest.mark.parametrize("batch_in_index", [False, True])
@pytest.mark.parametrize("mode", ["eager", "graph"])
@pytest.mark.parametrize("way", WAYS.values())
def test_an_index_outside_its_image_is_refused(way: Unpool, mode: str, batch_in_index: bool, index: int) -> None:
    argmax = np.array([0, index, 7, 8]).reshape(2, 1, 1, 2)
    argmax[1] += 12 * batch_in_index
    run = MODES[mode](lambda: way(meeting()[0], argmax, SHAPE, batch_in_index))
    with tf.device("CPU"), pytest.raises(tf.errors.InvalidArgumentError):
        run()


@OUTSIDE
@pytest.mark.parametrize("batch_in_index", [False, True])
@pytest.mark.parametrize("way", ADDING)
def test_inside_xla_it_is_dropped_and_has_no_gradient(way: Unpool, batch_in_index: bool, index: int) -> None:
    argmax = np.array([0, index, 7, 8]).reshape(2, 1, 1, 2)
    argmax[1] += 12 * batch_in_index
    run = MODES["xla"](lambda: with_gradient(way, meeting()[0], argmax, SHAPE, UPSTREAM, batch_in_index))
    output, gradient = run()
    expected = np.zeros(SHAPE)
    expected[0, 0, 0, 0], expected[1, 1, 0, 1], expected[1, 1, 1, 0] = 1, 3, 4
    np.testing.assert_array_equal(output, expected)
    np.testing.assert_array_equal(tf.reshape(gradient, (-1,)), [1, 0, 20, 21])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_only_the_user_operation_sums_halves_in_float32(dtype: str) -> None:
    """A sum of ones stops to grow where the type's neighbors are 2 apart."""
    pooled, argmax = tf.ones((1, 50, 100, 1), dtype), np.zeros((1, 50, 100, 1), np.int64)
    stopped = {"float16": 2048, "bfloat16": 256}[dtype]
    for way, expected in ((scatter_unpool, stopped), (flat_unpool, stopped), (max_unpool, 5000)):
        assert float(way(pooled, argmax, (1, 1, 1, 1))[0, 0, 0, 0]) == pytest.approx(expected, rel=TOLERANCE[dtype])


@pytest.mark.parametrize("way", WAYS.values())
def test_gradients_agree_with_finite_differences(way: Unpool) -> None:
    x = tf.constant(random(2, 5, 7, 3, dtype="float64"))
    pooled, argmax = tf.nn.max_pool_with_argmax(x, 2, 2, "SAME", output_dtype=tf.int64)

    def loss(values: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(way(values, argmax, x.shape) ** 3)

    (exact,), (numeric,) = tf.test.compute_gradient(loss, [pooled], delta=1e-4)
    close(exact, numeric, "float32", wide=10)


@pytest.mark.parametrize("way", WAYS.values())
def test_ways_have_second_derivatives(way: Unpool) -> None:
    pooled = tf.constant(random(1, 2, 2, 2, dtype="float64"))
    argmax = tf.range(8, dtype=tf.int64)[::-1] * 3
    with tf.GradientTape() as outer:
        outer.watch(pooled)
        with tf.GradientTape() as inner:
            inner.watch(pooled)
            loss = tf.reduce_sum(way(pooled, tf.reshape(argmax, (1, 2, 2, 2)), (1, 3, 4, 2)) ** 3)
        slope = tf.reduce_sum(inner.gradient(loss, pooled))
    close(outer.gradient(slope, pooled), 6 * pooled.numpy(), "float64")


@pytest.mark.parametrize("way", WAYS.values())
def test_shapes_need_not_be_known(way: Unpool) -> None:
    specs = [tf.TensorSpec(None, dtype) for dtype in ("float32", "int32", "int64")]
    graph = tf.function(way, specs)
    values, argmax = random(2, 1, 2, 2), np.array([0, 5, 2, 7, 1, 6, 4, 3]).reshape(2, 1, 2, 2)
    expected = plain_unpool(values, argmax, SHAPE, False)
    np.testing.assert_array_equal(graph(values, argmax, tf.constant(SHAPE, tf.int64)), expected)
    for shape in ((3, 2, 3, 2), (2, 2, 3, 1)):
        with pytest.raises(tf.errors.InvalidArgumentError):
            graph(values, argmax, tf.constant(shape, tf.int64))
    with pytest.raises(tf.errors.InvalidArgumentError):
        graph(values, argmax[:, :, :1], tf.constant(SHAPE, tf.int64))


@pytest.mark.parametrize(("pooled", "shape"), [((0, 2, 2, 3), (0, 4, 4, 3)), ((2, 0, 2, 3), (2, 4, 4, 3)),
                                               ((2, 2, 2, 0), (2, 4, 4, 0)), ((1, 0, 0, 2), (1, 0, 0, 2))])  # fmt: skip
@pytest.mark.parametrize("way", WAYS.values())
def test_empty(way: Unpool, pooled: tuple[int, ...], shape: tuple[int, ...]) -> None:
    numbers = (np.zeros(pooled, np.float32), np.zeros(pooled, np.int64))
    output, gradient = with_gradient(way, *numbers, shape, np.zeros(shape, np.float32))
    np.testing.assert_array_equal(output, np.zeros(shape))
    assert gradient.shape == pooled


POOLED, ARGMAX = np.ones((2, 1, 1, 2), np.float32), np.zeros((2, 1, 1, 2), np.int64)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((POOLED[0], ARGMAX, SHAPE), "expected pooled values of shape"),
        ((POOLED.astype(int), ARGMAX, SHAPE), "expected pooled values of type float16, bfloat16, float32 or float64"),
        ((POOLED, ARGMAX[:1], SHAPE), "expected argmax of the pooled values' shape"),
        ((POOLED, ARGMAX.astype("f"), SHAPE), "expected argmax of type int64 or int32, got float32"),
        ((POOLED, ARGMAX, SHAPE[:3]), "expected output_shape of four whole numbers"),
        ((POOLED, ARGMAX, (3, 2, 3, 2)), r"expected output_shape \(B, H, W, C\) with as many images and channels"),
        ((POOLED, ARGMAX, SHAPE, 1), "expected include_batch_in_index to be True or False, got 1"),
    ],
)
@pytest.mark.parametrize("way", WAYS.values())
def test_wrong_arguments(way: Unpool, arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        way(*arguments)
