"""Columns of any network by names of layers: sparse beside dense, and both beside TensorFlow's resize."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.ndimage import map_coordinates

from course_lib.hypercolumns import (
    DenseHypercolumn,
    dense_hypercolumn,
    dense_hypercolumn_model,
    sparse_hypercolumn_model,
)
from course_lib.layers import features_at
from course_lib.networks import hed, vgg16

pytestmark = pytest.mark.slow

VGG = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")


@pytest.fixture(scope="module")
def trunk() -> keras.Model:
    """Return a narrow VGG-16."""
    keras.utils.set_random_seed(0)
    return vgg16(None, include_top=False, width=0.1)


def uneven(policy: str = "float32") -> keras.Model:
    """Make a network of VALID and SAME windows, and of strides that differ."""
    keras.utils.set_random_seed(0)
    images = keras.Input((None, None, 3))
    x = layers.Conv2D(4, 3, 2, name="valid", dtype=policy)(images)
    inner = keras.Sequential([keras.Input((None, None, 4)), layers.Conv2D(5, 4, 2, "same", name="same", dtype=policy)])
    x = layers.MaxPooling2D((1, 2), name="wide", dtype=policy)(inner(x))
    return keras.Model(images, x)


UNEVEN = ("valid", "same", "wide")


def pictures(*size: int) -> Any:
    """Return two pictures."""
    return np.random.default_rng(0).normal(size=(2, *size, 3)).astype(np.float32)


def pixels(height: int, width: int) -> Any:
    """Return all locations of two pictures."""
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), axis=-1)
    return np.repeat(grid.reshape(1, -1, 2), 2, axis=0).astype(np.float32)


@pytest.mark.parametrize("alignment", ["receptive field", "resize"])
@pytest.mark.parametrize("size", [(48, 64), (45, 67)], ids=str)
@pytest.mark.parametrize("name", ["vgg16", "uneven"])
def test_sparse_is_dense_at_every_pixel(name: str, size: tuple[int, int], alignment: str, trunk: keras.Model) -> None:
    model, names = (trunk, VGG) if name == "vgg16" else (uneven(), UNEVEN)
    dense = dense_hypercolumn_model(model, names, size, alignment)
    sparse = sparse_hypercolumn_model(model, names, size, alignment)
    images = pictures(*size)
    expected = dense(images)
    assert dense.output_shape == (None, *size, expected.shape[-1])
    got = sparse([images, pixels(*size)])
    np.testing.assert_allclose(tf.reshape(got, expected.shape), expected, atol=1e-5)
    if alignment == "resize":
        maps = features_at(model, names)(images)
        resized = tf.concat([tf.image.resize(maps[each], size) for each in names], axis=-1)
        np.testing.assert_allclose(expected, resized, atol=1e-5)


def test_columns_are_read_where_the_layers_see() -> None:
    """By hand: windows of 3, VALID, are centered at 1, 3, …; those of 4, SAME, begin one entry outside of these."""
    model, size = uneven(), (45, 64)
    places = np.array([[[3.3, 7.8], [20, 31.25], [40, 60]]] * 2, np.float32)
    got = sparse_hypercolumn_model(model, UNEVEN, size)([pictures(*size), places])
    maps = features_at(model, UNEVEN)(pictures(*size))
    geometry = {"valid": ((2, 2), (1, 1)), "same": ((4, 4), (2, 2)), "wide": ((4, 8), (2, 4))}
    for image in (0, 1):
        expected = [
            map_coordinates(channel, ((places[image] - offset) / scale).T, order=1, mode="nearest")
            for name, (scale, offset) in geometry.items()
            for channel in np.moveaxis(maps[name][image].numpy(), -1, 0)
        ]
        np.testing.assert_allclose(got[image], np.transpose(expected), atol=1e-5)


def test_weights_are_shared_and_trained(tmp_path: Path) -> None:
    trained = uneven()
    columns = sparse_hypercolumn_model(trained, UNEVEN, (32, 32))
    model = keras.Model(columns.input, layers.Dense(2)(columns.output))
    model.compile("adam", "mse")
    images, places = pictures(32, 32), pixels(32, 32)[:, ::100]
    before = trained.get_layer("valid").get_weights()[0]
    losses = model.fit([images, places], np.ones((2, len(places[0]), 2)), epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert np.any(trained.get_layer("valid").get_weights()[0] != before)

    model.save(tmp_path / "sparse.keras")
    again = keras.models.load_model(tmp_path / "sparse.keras")
    np.testing.assert_array_equal(again([images, places]), model([images, places]))
    dense = dense_hypercolumn_model(trained, UNEVEN, (32, 32))
    dense.save(tmp_path / "dense.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "dense.keras")(images), dense(images))
    got = tf.reshape(dense(images), (2, 32 * 32, -1))[:, ::100]
    np.testing.assert_allclose(columns([images, places]), got, atol=1e-5)


@pytest.mark.parametrize("everywhere", [False, True])
def test_locations_stay_float32_under_mixed_precision(everywhere: bool) -> None:
    """A half cannot tell 3001 from 3000."""
    kept = keras.config.dtype_policy()
    try:
        if everywhere:
            keras.config.set_dtype_policy("mixed_float16")
        images = keras.Input((3002, 2, 1))
        model = keras.Model(images, layers.Activation("linear", name="same", dtype="mixed_float16")(images))
        columns = sparse_hypercolumn_model(model, ["same"])
        stripes = np.arange(3002, dtype=np.float32).reshape(1, -1, 1, 1) % 2 * np.ones((1, 1, 2, 1), np.float32)
        got = columns([stripes, np.array([[[3000, 0], [3001, 0]]], np.float32)])
    finally:
        keras.config.set_dtype_policy(kept)
    assert got.dtype == tf.float16
    np.testing.assert_array_equal(got[0, :, 0], [0, 1])


def test_channels_first_is_the_same_network_with_its_axes_exchanged() -> None:
    results = []
    for data_format in ("channels_last", "channels_first"):
        shape = (10, 15, 3) if data_format == "channels_last" else (3, 10, 15)
        images = keras.Input(shape)
        x = layers.AveragePooling2D((2, 3), data_format=data_format, name="fine")(images)
        x = layers.MaxPooling2D(3, 2, "same", data_format=data_format, name="coarse")(x)
        model = keras.Model(images, x)
        given = pictures(10, 15)
        given = given if data_format == "channels_last" else given.transpose(0, 3, 1, 2)
        sparse = sparse_hypercolumn_model(model, ["fine", "coarse"])([given, pixels(10, 15)])
        dense = dense_hypercolumn_model(model, ["fine", "coarse"])
        made = dense(given)
        assert dense.output_shape[1:] == made.shape[1:]
        results.append((sparse, made))
    (sparse, dense), (sparse_first, dense_first) = results
    np.testing.assert_allclose(sparse_first, sparse, atol=1e-6)
    np.testing.assert_allclose(tf.transpose(dense_first, (0, 2, 3, 1)), dense, atol=1e-6)
    np.testing.assert_allclose(tf.reshape(dense, sparse.shape), sparse, atol=1e-6)


def test_hed_is_a_head_on_columns_of_five_numbers() -> None:
    model, size = hed(), (48, 64)
    images = 100 * pictures(*size)
    sides = sparse_hypercolumn_model(model, [f"side{number}" for number in range(1, 6)], size)
    fused = model.get_layer("fused")
    kernel, bias = (each.numpy() for each in (fused.kernel, fused.bias))
    places = pixels(*size)[:, ::7]
    got = sides([images, places]) @ kernel[0, 0] + bias
    expected = tf.reshape(model(images)["fused"], (2, -1, 1))[:, ::7]
    np.testing.assert_allclose(got, expected, atol=1e-3)


def test_wrong_arguments(trunk: keras.Model) -> None:
    with pytest.raises(ValueError, match=r'expected alignment "receptive field" or "resize", got .corner'):
        sparse_hypercolumn_model(trunk, VGG, (32, 32), "corner")
    with pytest.raises(ValueError, match="expected the name of a layer"):
        dense_hypercolumn_model(trunk, ["block6_conv1"], (32, 32))
    with pytest.raises(ValueError, match='expected data_format "channels_last" or "channels_first", got'):
        DenseHypercolumn((4, 4), [1], data_format="NHWC")
    with pytest.raises(ValueError, match="expected scales and offsets, or neither"):
        dense_hypercolumn([pictures(4, 4)], (4, 4), scales=[1])
    with pytest.raises(
        ValueError, match=r"expected a scale of one number, or of two numbers \(y, x\), got \(1, 2, 3\)"
    ):
        DenseHypercolumn((4, 4), [(1, 2, 3)])
