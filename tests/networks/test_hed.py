"""HED: worked out from its features by NumPy, and edges where people see them."""

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from scipy import ndimage
from skimage.data import coffee
from skimage.filters import sobel
from skimage.transform import rescale
from sklearn.metrics import average_precision_score

from course_lib.images import mosaics
from course_lib.networks import hed, hed_edges, vgg16
from course_lib.networks.hed import MEAN
from course_lib.networks.vgg16 import hed_file

pytestmark = pytest.mark.slow

FEATURES = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")


def worked_out(images: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Score the features of VGG-16, enlarge the scores, and weigh them, with the numbers in the file."""
    trunk = vgg16("hed", include_top=False)
    features = keras.Model(trunk.input, [trunk.get_layer(name).output for name in FEATURES])(images)
    sides: dict[str, NDArray[np.float32]] = {}
    with h5py.File(hed_file()) as file:
        for index, maps in enumerate(features):
            kernel, bias = (file[f"dsn{index + 1}/vars/{number}"][()] for number in (0, 1))
            score = (maps[0].numpy() @ kernel[0, 0] + bias)[:, :, 0]
            sides[f"side{index + 1}"] = rescale(score, 2**index, order=1, mode="edge", clip=False, anti_aliasing=False)
        kernel, bias = (file[f"fuse/vars/{number}"][()] for number in (0, 1))
    fused = np.stack(list(sides.values()), axis=-1) @ kernel[0, 0] + bias
    return {**sides, "fused": fused[:, :, 0]}


def test_side_outputs_are_enlarged_and_fused() -> None:
    images = (coffee()[100:148, 200:264, ::-1].astype(np.float32) - np.array(MEAN, np.float32))[None]
    outputs = hed()(images)
    for name, expected in worked_out(images).items():
        assert outputs[name].shape == (1, 48, 64, 1)
        np.testing.assert_allclose(outputs[name][0, :, :, 0], expected, atol=1e-3)
    edges = hed_edges(coffee()[100:148, 200:264])
    np.testing.assert_allclose(edges, tf.sigmoid(outputs["fused"])[0, :, :, 0], atol=1e-6)


@pytest.mark.parametrize("top", [20, 33])
@pytest.mark.parametrize("colors", [(0, 255), (200, 50)])
def test_the_edges_of_a_square_are_its_outline(colors: tuple[int, int], top: int) -> None:
    """Also where 16 divides no side, and the square reaches into what is left over."""
    inside = np.zeros((77, 93), bool)
    inside[top : top + 38, top + 10 : top + 48] = True
    edges = hed_edges(np.where(inside[:, :, None], *colors).repeat(3, axis=2).astype(np.uint8))
    outline = ndimage.binary_dilation(inside) ^ ndimage.binary_erosion(inside)
    distance = ndimage.distance_transform_edt(~outline)
    assert edges[outline].min() > 0.7
    assert edges[distance > 6].mean() < 0.05


def test_borders_of_textures_are_found_better_than_by_differences_of_neighbors() -> None:
    """Sobel's filter answers to every blade of grass."""
    precision: dict[str, list[float]] = {"HED": [], "Sobel": []}
    for _, image, labels in mosaics(3, (128, 144), seed=0, cells=6):
        border = ndimage.maximum_filter(labels, 3) != ndimage.minimum_filter(labels, 3)
        near = ndimage.binary_dilation(border).ravel()
        precision["HED"].append(average_precision_score(near, hed_edges(image).ravel()))
        precision["Sobel"].append(average_precision_score(near, sobel(image[:, :, 0]).ravel()))
    assert np.mean(precision["HED"]) > 1.5 * np.mean(precision["Sobel"])


@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 31), (40, 33)])
def test_any_size_from_the_smallest_on(height: int, width: int) -> None:
    image = coffee()[:height, :width]
    edges = hed_edges(image)
    assert edges.shape == (height, width)
    assert edges.dtype == np.float32
    assert 0 <= edges.min() <= edges.max() <= 1
    np.testing.assert_allclose(hed_edges(image.astype(np.float64)), edges, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((15, 40, 3), "expected images of 16 x 16 pixels or more, got 15 x 40"),
        ((40, 40), r"expected an RGB image of shape \(…, H, W, 3\), got \(40, 40\)"),
        ((1, 40, 40, 3), r"expected an RGB image of shape \(H, W, 3\), got \(1, 40, 40, 3\)"),
    ],
)
def test_what_is_no_photograph_is_refused(shape: tuple[int, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        hed_edges(np.zeros(shape, np.uint8))


def test_the_model_is_saved_with_its_layers_and_refuses_small_images(tmp_path: Path) -> None:
    model = hed(None)
    assert model.count_params() == 14_714_688 + (64 + 128 + 256 + 512 + 512 + 5) + (5 + 1)
    model.save(tmp_path / "hed.keras")
    again = keras.models.load_model(tmp_path / "hed.keras")
    images = np.random.default_rng(0).uniform(-100, 100, (1, 21, 34, 3)).astype(np.float32)
    for name, output in model(images).items():
        np.testing.assert_array_equal(again(images)[name], output)
    any_size = tf.function(again, input_signature=[tf.TensorSpec((None, None, None, 3))])
    with pytest.raises(tf.errors.InvalidArgumentError, match="16 x 16 pixels or more, got 15 x 34"):
        any_size(images[:, :15])


def test_weights_are_named_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("weights")
    with pytest.raises(ValueError, match=r"expected Keras weights in .*text\.h5"):
        hed(tmp_path / "text.h5")
    with pytest.raises(FileNotFoundError, match="got 'bsds500': there is no such file"):
        hed("bsds500")
