"""Hypercolumns: sparse against dense, the layer, and the trap of half precision."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.hypercolumns import Offset, SparseHypercolumn, dense_hypercolumn, sparse_hypercolumn
from course_lib.ops import sparse_extractor
from tests.support.op_oracles import DTYPES, Array, close, random

pytestmark = pytest.mark.slow

# With the native operations, and with those of TensorFlow: what samples maps.
both_backends = pytest.mark.usefixtures("backend")
SCALES = (1, 2, 4)


def pyramid(size: int = 8, dtype: str = "float32") -> list[tf.Tensor]:
    """Maps of two images at scales 1, 2 and 4, with 3, 5 and 2 channels."""
    return [
        tf.cast(random(2, size // scale, 2 * size // scale, channels, seed=scale), dtype)
        for scale, channels in zip(SCALES, (3, 5, 2), strict=True)
    ]


def points(count: int = 6, size: int = 8) -> Array:
    """Locations in two images."""
    return np.random.default_rng(0).uniform(-1, size + 1, (2, count, 2)).astype(np.float32)


@both_backends
@pytest.mark.parametrize("half_pixel_centers", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
def test_sparse_agrees_with_dense_at_every_pixel(half_pixel_centers: bool, dtype: str) -> None:
    maps = pyramid(dtype=dtype)
    dense = dense_hypercolumn(maps, (8, 16), half_pixel_centers)
    assert dense.shape == (2, 8, 16, 10)
    assert dense.dtype == dtype
    pixels = np.stack(np.meshgrid(np.arange(8), np.arange(16), indexing="ij"), axis=-1).reshape(1, -1, 2)
    offsets = [(scale - 1) / 2 if half_pixel_centers else 0 for scale in SCALES]
    sparse = sparse_hypercolumn(np.repeat(pixels, 2, axis=0), maps, SCALES, offsets)
    assert sparse.dtype == dtype
    expected = tf.cast(tf.reshape(dense, (-1, 10)), "float64").numpy()
    close(sparse, expected, "float32" if dtype == "float64" else dtype, wide=2)


@both_backends
@pytest.mark.parametrize("half_pixel_centers", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_sparse_agrees_with_dense_beside_infinite_entries(scale: int, dtype: str, half_pixel_centers: bool) -> None:
    """Each entry of the map, border and corner, is infinite or NaN once, in a channel of its own."""
    spoiled = np.full((1, 3, 4, 12), 2.0)
    spoiled.reshape(12, 12)[np.diag_indices(12)] = np.resize([np.inf, -np.inf, np.nan], 12)
    maps = tf.cast(spoiled, dtype)
    size = (3 * scale, 4 * scale)
    dense = dense_hypercolumn([maps], size, half_pixel_centers)
    pixels = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), axis=-1).reshape(1, -1, 2)
    sparse = sparse_hypercolumn(pixels, [maps], [scale], [(scale - 1) / 2 if half_pixel_centers else 0])
    np.testing.assert_array_equal(tf.cast(tf.reshape(dense, (-1, 12)), "float64"), tf.cast(sparse, "float64"))
    positions = (pixels[0] - ((scale - 1) / 2 if half_pixel_centers else 0)) / scale
    positions = np.clip(positions, 0, (2, 3))
    entries = np.stack(np.meshgrid(np.arange(3), np.arange(4), indexing="ij"), axis=-1).reshape(-1, 2)
    near = (np.abs(positions[:, None] - entries) < 1).all(axis=-1)  # pixels x entries with a positive weight
    expected = np.where(near, np.resize([np.inf, -np.inf, np.nan], 12), 2)
    close(sparse, expected, dtype)


@pytest.mark.parametrize("half_pixel_centers", [True, False])
def test_dense_is_resize_and_concatenate(half_pixel_centers: bool) -> None:
    maps = pyramid()
    resize = tf.image.resize if half_pixel_centers else tf.compat.v1.image.resize_bilinear
    expected = tf.concat([resize(each, (11, 9)) for each in maps], axis=-1)
    close(dense_hypercolumn(maps, (11, 9), half_pixel_centers), expected.numpy())


@pytest.mark.parametrize("jit", [False, True])
def test_dense_in_a_graph_of_unknown_sizes(jit: bool) -> None:
    maps = pyramid()
    specs = [[tf.TensorSpec((None, None, None, each.shape[-1]), tf.float32) for each in maps]]
    graph = tf.function(lambda maps: dense_hypercolumn(maps, (9, 7)), input_signature=specs, jit_compile=jit)
    assert graph.get_concrete_function().output_shapes.as_list() == [None, 9, 7, 10]
    close(graph(maps), dense_hypercolumn(maps, (9, 7)).numpy())


@both_backends
def test_sparse_is_extract_and_concatenate() -> None:
    maps = pyramid()
    offsets: list[Offset] = [0, (1.5, -1), [0.25, 3]]
    pairs = ((0, 0), (1.5, -1), (0.25, 3))
    parts = [sparse_extractor(points(), *each) for each in zip(maps, SCALES, pairs, strict=True)]
    np.testing.assert_array_equal(sparse_hypercolumn(points(), maps, SCALES, offsets), tf.concat(parts, axis=-1))


@both_backends
def test_gradients_reach_locations_and_all_maps() -> None:
    maps, centroids = pyramid(dtype="float64"), tf.constant(points())
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([centroids, maps])
        columns = sparse_hypercolumn(centroids, maps, SCALES, SCALES)
        dense = dense_hypercolumn(maps, (8, 16))
    assert all(tf.reduce_any(each != 0) for each in tape.gradient(columns, [centroids, *maps]))
    assert all(tf.reduce_any(each != 0) for each in tape.gradient(dense, maps))


ONE = random(1, 4, 4, 2)
PLACE = np.zeros((1, 3, 2), np.float32)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((PLACE, [], [], []), "expected a list of one map or more, got list"),
        ((PLACE, ONE, [1], [0]), "expected a list of one map or more, got ndarray"),
        ((PLACE, [ONE, ONE], [1], [0, 0]), "one scale and one offset for each of 2 maps, got 1 and 2"),
        ((PLACE, [ONE], 1, 0), "one scale and one offset for each of 1 maps, got 1 and 0"),
        ((PLACE, [ONE], [1], [0, 0]), "one scale and one offset for each of 1 maps, got 1 and 2"),
        ((PLACE, [ONE, ONE.astype(float)], [1, 1], [0, 0]), "expected maps of one type, got float32 and float64"),
        ((PLACE, [ONE[0]], [1], [0]), r"expected maps of shape \(B, H, W, C\), got \(4, 4, 2\)"),
        ((PLACE, [ONE], [0], [0]), "expected a finite scale above 0 .*, got 0"),
        ((PLACE, [ONE], [1], [(0, 1, 2)]), r"expected an offset of two finite numbers \(y, x\), got \(0, 1, 2\)"),
        ((PLACE, [ONE], [1], [float("nan")]), "expected an offset of two finite numbers"),
        ((PLACE[0], [ONE], [1], [0]), "expected centroids of shape"),
    ],
)
def test_wrong_arguments_of_sparse(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sparse_hypercolumn(*arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((ONE, (4, 4)), "expected a list of one map or more, got ndarray"),
        (([ONE], 4), r"expected a size of two whole numbers \(height, width\) of 1 or more, got 4"),
        (([ONE], (4, 0)), r"expected a size of .*, got \(4, 0\)"),
        (([ONE], (4.0, 4)), r"expected a size of .*, got \(4.0, 4\)"),
        (([ONE], (4, 4), 1), "expected half_pixel_centers to be True or False, got 1"),
    ],
)
def test_wrong_arguments_of_dense(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        dense_hypercolumn(*arguments)


# The layer


@both_backends
def test_layer_is_the_function_with_images_along_the_first_axis() -> None:
    maps = pyramid()
    offsets: list[Offset] = [(0, 1), 0.5, 2]
    got = SparseHypercolumn(SCALES, offsets)(points(), maps)
    assert got.shape == (2, 6, 10)
    np.testing.assert_array_equal(tf.reshape(got, (-1, 10)), sparse_hypercolumn(points(), maps, SCALES, offsets))


def test_layer_agrees_with_resize_unless_told_otherwise() -> None:
    offsets = [(scale - 1) / 2 for scale in SCALES]
    expected = SparseHypercolumn(SCALES, offsets)(points(), pyramid())
    np.testing.assert_array_equal(SparseHypercolumn(SCALES)(points(), pyramid()), expected)


def sparse_model(policy: str = "float32", locations: int | None = None) -> keras.Model:
    """Build a little network that says something about some pixels."""
    centroids, image = keras.Input((locations, 2), name="centroids"), keras.Input((16, 16, 1), name="image")
    fine = keras.layers.Conv2D(4, 3, padding="same", activation="relu", dtype=policy)(image)
    coarse = keras.layers.Conv2D(8, 3, 2, padding="same", activation="relu", dtype=policy)(fine)
    columns = SparseHypercolumn((1, 2), dtype=policy)(centroids, [fine, coarse])
    return keras.Model([centroids, image], keras.layers.Dense(2, dtype="float32")(columns))


@both_backends
def test_layer_in_a_model_that_learns() -> None:
    model = sparse_model()
    assert model.output_shape == (None, None, 2)
    model.compile("adam", "mse")
    assert model.jit_compile is False
    numbers = np.random.default_rng(0)
    inputs = [numbers.uniform(0, 15, (8, 5, 2)).astype(np.float32), numbers.random((8, 16, 16, 1), np.float32)]
    losses = model.fit(inputs, numbers.random((8, 5, 2)), batch_size=4, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.predict(inputs, batch_size=3, verbose=0).shape == (8, 5, 2)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_locations_stay_float32_under_mixed_precision(policy: str) -> None:
    """Halves cannot tell 3001 from 3000, nor bfloat16 257 from 256."""
    ramp = np.arange(4000, dtype=np.float32).reshape(1, 4000, 1, 1) % 2
    centroids = np.array([[[3000, 0], [3001, 0], [257, 0]]], np.float32)
    layer = SparseHypercolumn([1], dtype=policy)
    got = layer(centroids, [ramp])
    assert got.dtype == layer.compute_dtype
    np.testing.assert_array_equal(tf.cast(got, "float32")[0, :, 0], [0, 1, 1])
    symbolic = layer(keras.Input((3, 2)), [keras.Input((None, None, 1))])
    assert (symbolic.shape, symbolic.dtype) == ((None, 3, 1), layer.compute_dtype)
    with pytest.raises(ValueError, match=r"expected centroids of type float32, got .*autocast"):
        layer(tf.cast(centroids, layer.compute_dtype), [ramp])
    model = sparse_model(policy)
    model.compile("adam", "mse")
    model.fit([np.zeros((2, 3, 2)), random(2, 16, 16, 1)], np.zeros((2, 3, 2)), verbose=0)


def test_layer_under_a_policy_for_the_whole_program() -> None:
    kept = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = SparseHypercolumn([1])
        assert layer(points(), [random(2, 4, 4, 1)]).dtype == tf.float16
    finally:
        keras.config.set_dtype_policy(kept)


def test_layer_is_rebuilt_from_its_configuration() -> None:
    layer = SparseHypercolumn((1, 2.5), [0, (1, 2)], name="columns", dtype="mixed_float16")
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    assert (again.supports_jit, again.autocast) == (False, False)
    maps = [random(2, 4, 4, 1), random(2, 2, 2, 3)]
    np.testing.assert_array_equal(again(points(), maps), layer(points(), maps))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0],), "expected a finite scale above 0 .*, got 0"),
        (([1, 2], [0]), "one scale and one offset for each of 2 maps, got 2 and 1"),
        (([1], [(1, 2, 3)]), "expected an offset of two finite numbers"),
    ],
)
def test_wrong_arguments_of_the_layer(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SparseHypercolumn(*arguments)


def test_layer_wants_one_map_for_each_scale() -> None:
    with pytest.raises(ValueError, match="one scale and one offset for each of 1 maps, got 2 and 2"):
        SparseHypercolumn([1, 2])(PLACE, [ONE])
