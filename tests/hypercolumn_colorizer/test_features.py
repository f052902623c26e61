import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.color import lab_to_rgb
from course_lib.hypercolumn_colorizer import features
from course_lib.networks import hed, vgg16

pytestmark = pytest.mark.slow

WIDTH = 1 / 16
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def small() -> keras.Model:
    keras.utils.set_random_seed(0)
    return features.trunk(None, WIDTH)


def lightness(height: int, width: int) -> np.ndarray:
    return RNG.uniform(-1, 1, (height, width, 1)).astype(np.float32)


def test_gray_is_given_to_the_network_as_rgb_of_that_lightness() -> None:
    L = np.array([-1, -0.3, 0, 0.7, 1], np.float32)
    lab = np.stack([(L + 1) * 50, 0 * L, 0 * L], axis=-1)
    bgr = 255 * lab_to_rgb(lab)[:, ::-1] - np.array([104.00699, 116.66877, 122.67892])
    got = features.GrayToBGR()(L[None, None, :, None])
    np.testing.assert_allclose(got[0, 0], bgr, atol=0.05)


def test_maps_are_those_of_vgg16(small: keras.Model) -> None:
    """Layer by layer the same as the whole network with the same weights, on an image of gray."""
    whole = vgg16(None, include_top=False, width=WIDTH)
    for layer in small.layers:
        if layer.weights:
            whole.get_layer(layer.name).set_weights(layer.get_weights())
    L = lightness(32, 48)
    maps = features.maps(small, L)
    wanted = keras.Model(whole.input, [whole.get_layer(name).output for name in features.LAYERS])
    for got, expected, stride in zip(maps, wanted(features.GrayToBGR()(L[None])), features.STRIDES, strict=False):
        assert got.shape[1:3] == (32 // stride, 48 // stride)
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(maps[-1][0], L)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 40), (33, 16)])
def test_any_size_is_mirrored_to_multiples_of_16(small: keras.Model, height: int, width: int) -> None:
    L = lightness(height, width)
    *maps, padded = features.maps(small, L)
    assert padded.shape == (1, -(-height // 16) * 16, -(-width // 16) * 16, 1)
    there_and_back = np.concatenate([L, L[::-1], L, L[::-1]] * 16)[: padded.shape[1]]
    np.testing.assert_array_equal(padded[0, :, :width], there_and_back)
    assert [each.shape[1] for each in maps] == [padded.shape[1] // stride for stride in features.STRIDES[:-1]]


def test_columns_are_those_of_upsampled_maps(small: keras.Model) -> None:
    L = lightness(32, 48)
    sites = np.array([[0, 0], [31, 47], [7, 20], [16, 0]])
    wide = tf.concat([tf.image.resize(each, (32, 48)) for each in features.maps(small, L)], axis=-1)[0].numpy()
    columns = features.columns(small, L, sites)
    assert columns.shape == (4, features.channels(small))
    np.testing.assert_allclose(columns, wide[tuple(sites.T)], rtol=1e-4, atol=1e-4)


def test_shipped_trunk_has_the_convolutions_of_hed_and_is_shared() -> None:
    shipped = features.trunk()
    assert features.channels(shipped) == features.CHANNELS
    assert features.trunk() is shipped
    assert not shipped.trainable_variables
    edges = hed()
    for layer in ("block1_conv1", "block5_conv3"):
        for got, expected in zip(shipped.get_layer(layer).weights, edges.get_layer(layer).weights, strict=True):
            np.testing.assert_array_equal(got, expected)


def test_computing_maps_writes_nothing() -> None:
    code = (
        "import numpy as np; from course_lib.hypercolumn_colorizer import features; "
        "features.maps(features.trunk(), np.zeros((20, 30, 1), np.float32))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_CPP")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True, timeout=120)
    assert (done.stdout, done.stderr) == (b"", b"")


@pytest.mark.parametrize(
    "L",
    [np.zeros((4, 4), np.float32), np.zeros((0, 4, 1), np.float32), np.full((4, 4, 1), 50.0), np.zeros((4, 4, 1), int)],
)
def test_other_lightness_is_refused(small: keras.Model, L: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected"):
        features.maps(small, L)


def test_other_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="expected weights"):
        features.trunk("imagenet")
    with pytest.raises(ValueError, match="expected weights"):
        features.trunk("hed", WIDTH)
