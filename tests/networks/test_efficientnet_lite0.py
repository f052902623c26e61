"""EfficientNet-Lite0 against what photographs show, and its blocks against NumPy."""

from pathlib import Path
from typing import Any

import keras
import matplotlib
import numpy as np
import pytest
import skimage.transform
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from course_lib.images import photographs
from course_lib.networks import (
    EFFICIENTNET_LITE0_STAGES,
    class_names,
    efficientnet_lite0,
    efficientnet_lite0_preprocess,
)
from course_lib.networks.checkpoint import read_checkpoint
from course_lib.networks.efficientnet_lite0 import PACKAGE_FILE
from course_lib.networks.files import package_file
from tests.support.torch_files import state_dict_file

pytestmark = pytest.mark.slow

Array = NDArray[Any]


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return efficientnet_lite0()


@pytest.fixture(scope="module")
def tensors() -> dict[str, Array]:
    return read_checkpoint(package_file(*PACKAGE_FILE))


def best(network: keras.Model, image: Array) -> list[tuple[str, float]]:
    """Name the five most probable classes of the middle square, and their probabilities."""
    side = min(image.shape[:2])
    top, left = (np.array(image.shape[:2]) - side) // 2
    square = image[top : top + side, left : left + side]
    pixels = skimage.transform.resize(square, (224, 224), anti_aliasing=True, preserve_range=True)
    (probabilities,) = tf.nn.softmax(network(efficientnet_lite0_preprocess(pixels)[None])).numpy()
    return [(class_names()[index], probabilities[index]) for index in probabilities.argsort()[:-6:-1]]


def test_it_names_what_photographs_show(network: keras.Model) -> None:
    images = dict(photographs())
    (name, probability), *_ = best(network, images["coffee"])
    assert name == "espresso"
    assert probability > 0.8
    cats = {"tabby cat", "tiger cat", "Egyptian cat"}
    found = best(network, images["chelsea"])
    assert {name for name, _ in found[:3]} == cats
    assert sum(probability for name, probability in found if name in cats) > 0.8
    assert [name for name, _ in best(network, images["rocket"])[:2]] == ["missile", "projectile"]
    assert {name for name, _ in best(network, images["motorcycle_left"])[:2]} == {"moped", "motor scooter"}
    hopper = Path(matplotlib.get_data_path(), "sample_data", "grace_hopper.jpg")
    assert best(network, np.asarray(Image.open(hopper)))[0][0] == "military uniform"


def test_its_parameters_are_those_of_the_published_network(network: keras.Model, tensors: dict[str, Array]) -> None:
    assert network.count_params() == 4_694_024 == sum(t.size for t in tensors.values() if t.dtype == np.float32)
    trained = sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)
    assert trained == 4_652_008  # 4.7 million in its authors' table; the others are means and variances
    assert sum("_project_conv" in layer.name for layer in network.layers) == 16


@pytest.mark.parametrize("sides", [(32, 32), (33, 70), (224, 224)])
def test_stages_have_their_strides(network: keras.Model, sides: tuple[int, int]) -> None:
    outputs = [network.get_layer(name).output for name in EFFICIENTNET_LITE0_STAGES.values()]
    maps = keras.Model(network.input, outputs)(np.zeros((1, *sides, 3), np.float32))
    channels = (240, 672, 1280)
    for features, stride, depth in zip(maps, EFFICIENTNET_LITE0_STAGES, channels, strict=True):
        assert features.shape == (1, -(-sides[0] // stride), -(-sides[1] // stride), depth)
        assert 0 <= np.min(features) <= np.max(features) <= 6


def same_windows(x: Array, kernel: int, stride: int) -> Array:
    """Cut a map ``(H, W, C)`` into windows as TensorFlow's SAME does: what is odd is padded behind."""
    pads = []
    for side in x.shape[:2]:
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        pads.append((total // 2, total - total // 2))
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, (*pads, (0, 0))), (kernel, kernel), (0, 1))
    return windows[::stride, ::stride]


def normalized(x: Array, tensors: dict[str, Array], name: str) -> Array:
    weight, bias, mean, variance = (
        tensors[f"{name}.{part}"].astype(np.float64) for part in ("weight", "bias", "running_mean", "running_var")
    )
    return (x - mean) / np.sqrt(variance + 1e-3) * weight + bias


def block(x: Array, tensors: dict[str, Array], name: str, stride: int) -> Array:
    """Compute a block from the checkpoint's tensors, whose axes are PyTorch's."""
    expand, depthwise, project = (
        tensors[f"{name}._{part}_conv.weight"].astype(np.float64) for part in ("expand", "depthwise", "project")
    )
    wide = np.clip(normalized(x @ expand[:, :, 0, 0].T, tensors, f"{name}._bn0"), 0, 6)
    windows = same_windows(wide, depthwise.shape[-1], stride)
    each = np.einsum("hwcij,cij->hwc", windows, depthwise[:, 0])
    narrow = np.clip(normalized(each, tensors, f"{name}._bn1"), 0, 6) @ project[:, :, 0, 0].T
    y = normalized(narrow, tensors, f"{name}._bn2")
    return x + y if y.shape == x.shape else y


@pytest.mark.parametrize("sides", [(64, 48), (37, 58)])
def test_stem_and_blocks_equal_numpy(network: keras.Model, tensors: dict[str, Array], sides: tuple[int, int]) -> None:
    image = np.random.default_rng(5).uniform(-1, 1, (*sides, 3))
    names = ["stem_relu6", "block1a_project_bn", "block2a_project_bn", "block2b_add", "block3a_project_bn"]
    maps = keras.Model(network.input, [network.get_layer(name).output for name in names])(image[None])
    stem, first, *others = (np.asarray(features[0], np.float64) for features in maps)
    convolved = np.einsum("hwcij,ocij->hwo", same_windows(image, 3, 2), tensors["_conv_stem.weight"])
    np.testing.assert_allclose(stem, np.clip(normalized(convolved, tensors, "_bn0"), 0, 6), atol=1e-4)
    for index, (stride, x, expected) in enumerate(zip((2, 1, 2), (first, *others), others, strict=False), start=1):
        np.testing.assert_allclose(block(x, tensors, f"_blocks.{index}", stride), expected, atol=1e-4)


def test_the_mean_of_the_last_map_decides(network: keras.Model) -> None:
    image = np.random.default_rng(2).uniform(-1, 1, (1, 64, 96, 3)).astype(np.float32)
    trunk = efficientnet_lite0(include_top=False)
    assert trunk.count_params() == network.count_params() - 1000 * (1280 + 1)
    kernel, bias = network.get_layer("predictions").get_weights()
    assert kernel.shape == (1280, 1000)
    expected = np.mean(trunk(image), axis=(1, 2)) @ kernel + bias
    np.testing.assert_allclose(network(image), expected, atol=1e-4)


def test_a_small_image_is_refused(network: keras.Model) -> None:
    with pytest.raises(ValueError, match="expected images of 32 x 32 pixels or more, got 31 x 64"):
        network(np.zeros((1, 31, 64, 3), np.float32))


def test_random_weights_follow_the_seed(network: keras.Model) -> None:
    kernels = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        kernels.append(efficientnet_lite0(None, include_top=False).get_layer("head_conv").kernel.numpy())
    np.testing.assert_array_equal(*kernels)
    assert np.abs(kernels[0] - network.get_layer("head_conv").kernel).max() > 0.01


def test_weights_of_a_file(network: keras.Model, tensors: dict[str, Array], tmp_path: Path) -> None:
    path = tmp_path / "tuned.pth"
    path.write_bytes(state_dict_file({**tensors, "_fc.bias": tensors["_fc.bias"] + 1}))
    image = np.zeros((1, 32, 32, 3), np.float32)
    np.testing.assert_allclose(efficientnet_lite0(path)(image), network(image) + 1, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"_fc.bias": None}, r"missing are \['_fc.bias'\], unknown are \[\]"),
        ({"_fc.scale": np.zeros(3)}, r"missing are \[\], unknown are \['_fc.scale'\]"),
        ({"_fc.bias": np.zeros(1001)}, r"expected _fc.bias of shape \(1000,\), float32, got \(1001,\)"),
        ({"_bn0.weight": np.zeros((32, 1))}, r"expected _bn0.weight of shape \(32,\), float32, got \(32, 1\)"),
        ({"_bn0.weight": np.full(32, np.nan)}, "expected _bn0.weight with finite numbers"),
    ],
)
def test_other_weights_are_refused(
    tensors: dict[str, Array], tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    path = tmp_path / "other.pth"
    changed = {name: tensor for name, tensor in {**tensors, **change}.items() if tensor is not None}
    path.write_bytes(state_dict_file(changed))
    with pytest.raises(ValueError, match=rf"other\.pth: .*{words}"):
        efficientnet_lite0(path)


def test_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        efficientnet_lite0(tmp_path / "weights.pth")


def test_preprocessing_scales_and_leaves_its_input_alone() -> None:
    image = np.array([[[0, 127, 255]]], np.float32)
    np.testing.assert_array_equal(efficientnet_lite0_preprocess(image), [[[-127 / 128, 0, 1]]])
    np.testing.assert_array_equal(image, [[[0, 127, 255]]])
    for pixels in (image.astype(np.uint8), image.astype(np.float64), tf.constant(image, tf.uint8)):
        prepared = efficientnet_lite0_preprocess(pixels)
        assert prepared.dtype == np.float32
        np.testing.assert_array_equal(prepared, [[[-127 / 128, 0, 1]]])
    with pytest.raises(ValueError, match=r"RGB image of shape .* got \(4, 4\)"):
        efficientnet_lite0_preprocess(np.zeros((4, 4)))
