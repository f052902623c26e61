"""AlexNet: its table, its groups, its normalization, and weights from a file."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.networks import alexnet, vgg16
from course_lib.networks.alexnet import ResponseNormalization

pytestmark = pytest.mark.slow

# Shapes from the paper's section 3.5; parameters worked out from them, kernels and biases.
TABLE = {
    "conv1": ((55, 55, 96), 96 * (11 * 11 * 3 + 1)),
    "norm1": ((55, 55, 96), 0),
    "pool1": ((27, 27, 96), 0),
    "conv2": ((27, 27, 256), 256 * (5 * 5 * 48 + 1)),
    "norm2": ((27, 27, 256), 0),
    "pool2": ((13, 13, 256), 0),
    "conv3": ((13, 13, 384), 384 * (3 * 3 * 256 + 1)),
    "conv4": ((13, 13, 384), 384 * (3 * 3 * 192 + 1)),
    "conv5": ((13, 13, 256), 256 * (3 * 3 * 192 + 1)),
    "pool5": ((6, 6, 256), 0),
    "flatten": ((9216,), 0),
    "fc6": ((4096,), 4096 * (9216 + 1)),
    "drop6": ((4096,), 0),
    "fc7": ((4096,), 4096 * (4096 + 1)),
    "drop7": ((4096,), 0),
    "predictions": ((1000,), 1000 * (4096 + 1)),
}


@pytest.fixture(scope="module")
def network() -> Iterator[keras.Model]:
    """Build one AlexNet with random weights."""
    keras.utils.set_random_seed(0)
    yield alexnet()
    keras.backend.clear_session()


def test_layers_are_those_of_the_paper(network: keras.Model) -> None:
    table = {layer.name: (layer.output.shape[1:], layer.count_params()) for layer in network.layers}
    assert table == TABLE
    assert network.count_params() == 60_965_224
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    dense = [layer for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    activations = [layer.activation.__name__ for layer in (*convolutions, *dense)]
    assert activations == ["relu"] * 7 + ["linear"]


def test_groups_do_not_see_each_other(network: keras.Model) -> None:
    x = tf.random.stateless_uniform((1, 27, 27, 96), (0, 0))
    with tf.GradientTape() as tape:
        tape.watch(x)
        first_half = network.get_layer("conv2")(x)[..., :128]
    gradient = tape.gradient(first_half, x).numpy()
    assert np.abs(gradient[..., :48]).max() > 0
    assert np.abs(gradient[..., 48:]).max() == 0


def test_normalization_divides_by_neighbors_across_channels() -> None:
    x = np.random.default_rng(0).normal(0, 100, (2, 3, 4, 9)).astype(np.float32)
    squares = np.pad(x**2.0, [(0, 0)] * 3 + [(2, 2)])
    sums = sum(squares[..., shift : shift + 9] for shift in range(5))
    np.testing.assert_allclose(ResponseNormalization()(x), x / (2 + 1e-4 * sums) ** 0.75, rtol=1e-5)


def test_weights_from_a_file(network: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "alexnet.weights.h5"
    network.save_weights(path)
    again = alexnet(path)
    path.unlink()  # 244 MB, and pytest keeps the folder
    image = np.random.default_rng(0).uniform(-100, 100, (1, 227, 227, 3)).astype(np.float32)
    np.testing.assert_array_equal(again(image), network(image))


def test_other_files_and_arguments_are_refused(tmp_path: Path) -> None:
    vgg16(include_top=False, width=1 / 64).save_weights(tmp_path / "vgg16.weights.h5")
    with pytest.raises(ValueError, match=r"expected a layer conv1, got block1_conv1.*vgg16\.weights\.h5"):
        alexnet(tmp_path / "vgg16.weights.h5", classes=2)
    with pytest.raises(ValueError, match="expected a whole number of classes of 1 or more, got 0"):
        alexnet(classes=0)
