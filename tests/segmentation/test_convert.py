from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from course_lib.networks import efficientnet_lite0, vgg16
from course_lib.segmentation import labels_at_full_size, logits_at_full_size, to_fully_convolutional
from course_lib.upsampling import transposed_upsample

pytestmark = pytest.mark.slow

Array = Any


def images(*shape: int) -> Array:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def vgg_like(side: int = 56, pools: int = 3, width: int = 4) -> keras.Model:
    """Build a small VGG-16: a map of 7 x 7 positions, two hidden dense layers with dropout."""
    keras.utils.set_random_seed(0)
    x = given = keras.Input((side, side, 3), name="images")
    for pool in range(1, pools + 1):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", bias_initializer="normal", name=f"conv{pool}")(x)
        x = layers.MaxPooling2D(name=f"pool{pool}")(x)
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc1", "fc2"):
        x = layers.Dense(8, activation="relu", bias_initializer="normal", name=name)(x)
        x = layers.Dropout(0.5, name=f"{name}_dropout")(x)
    return keras.Model(given, layers.Dense(5, name="predictions")(x), name="small_vgg")


def chain(*steps: layers.Layer, shape: tuple[int, ...] = (6, 8, 3)) -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input(shape), *steps])


def test_middle_answer_is_the_classifiers() -> None:
    model = vgg_like()
    network, x = to_fully_convolutional(model), images(2, 56, 56, 3)
    answers = network(x)
    assert answers.shape == (2, 7, 7, 5)
    np.testing.assert_allclose(answers[:, 3, 3], model(x), atol=1e-5)
    differences = np.abs(answers - model(x)[:, None, None]).max(axis=(0, 3))
    assert (differences > 1e-3).sum() == 48  # all others see the border
    named = [layer.name for layer in model.layers if layer.name != "flatten"]
    assert [layer.name for layer in network.layers] == named


@pytest.mark.parametrize("width", [1 / 32, 1 / 16])
def test_vgg16(width: float) -> None:
    model = vgg16(width=width)
    x = 50 * images(1, 224, 224, 3)
    answers = to_fully_convolutional(model)(x)
    assert answers.shape == (1, 7, 7, 1000)
    np.testing.assert_allclose(answers[:, 3, 3], model(x), atol=1e-4)
    assert np.abs(model(x)).max() > 0.1


def test_efficientnet_lite0() -> None:
    model = efficientnet_lite0(weights=None)
    x = images(1, 96, 64, 3)
    answers = to_fully_convolutional(model)(x)
    assert answers.shape == (1, 3, 2, 1000)
    np.testing.assert_allclose(np.mean(answers, axis=(1, 2)), model(x), atol=1e-4)


def test_every_answer_is_the_classifiers_for_its_window() -> None:
    model = vgg_like()
    network = to_fully_convolutional(model)
    x = images(1, 96, 80, 3)
    features = keras.Model(model.input, model.get_layer("pool3").output)
    head = keras.Model(model.get_layer("flatten").input, model.output)
    trunk = keras.models.clone_model(features, input_tensors=keras.Input((None, None, 3)))
    trunk.set_weights(features.get_weights())
    maps = np.pad(trunk(x), ((0, 0), (3, 3), (3, 3), (0, 0)))
    answers = network(x)
    assert answers.shape == (1, 12, 10, 5)
    for row, column in np.ndindex(12, 10):
        expected = head(maps[:, row : row + 7, column : column + 7])
        np.testing.assert_allclose(answers[:, row, column], expected, atol=1e-5)


@pytest.mark.parametrize("sides", [(1, 1), (2, 2), (6, 6), (5, 4), (3, 8)])
def test_window_begins_where_the_kernel_size_says(sides: tuple[int, int]) -> None:
    model = chain(layers.Flatten(), layers.Dense(3), shape=(*sides, 2))
    x = images(2, *sides, 2)
    answers = to_fully_convolutional(model)(x)
    assert answers.shape == (2, *sides, 3)
    np.testing.assert_allclose(answers[:, (sides[0] - 1) // 2, (sides[1] - 1) // 2], model(x), atol=1e-5)


def test_global_average_pooling_is_the_mean_of_the_answers() -> None:
    model = chain(
        layers.Conv2D(4, 3, strides=2, padding="same"),
        layers.BatchNormalization(),
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.2),
        layers.Dense(5, bias_initializer="normal"),
    )
    model.layers[1].moving_mean.assign([1, 2, 3, 4])
    x = images(2, 6, 8, 3)
    answers = to_fully_convolutional(model)(x)
    assert answers.shape == (2, 3, 4, 5)
    np.testing.assert_allclose(np.mean(answers, axis=(1, 2)), model(x), atol=1e-5)


def test_softmax_and_activations_stay() -> None:
    model = chain(
        layers.Flatten(),
        layers.Dense(4, use_bias=False),
        layers.Activation("tanh"),
        layers.Dense(4),
        layers.ReLU(6.0),
        layers.Dense(3, activation="softmax"),
        shape=(3, 3, 2),
    )
    x = 20 * images(4, 3, 3, 2)
    answers = to_fully_convolutional(model)(x)
    np.testing.assert_allclose(answers[:, 1, 1], model(x), atol=1e-5)
    np.testing.assert_allclose(np.sum(answers, axis=-1), np.ones((4, 3, 3)), atol=1e-5)


def test_base_model_within_a_model() -> None:
    base = chain(layers.Conv2D(4, 3, strides=4, padding="same"))
    model = keras.Sequential([base, layers.GlobalAveragePooling2D(), layers.Dense(2)])
    x = images(1, 6, 8, 3)
    np.testing.assert_allclose(np.mean(to_fully_convolutional(model)(x), axis=(1, 2)), model(x), atol=1e-5)


def test_classifier_and_network_share_memory_until_one_is_trained() -> None:
    model = vgg_like()
    before, x = [weight.numpy() for weight in model.weights], images(1, 56, 56, 3)
    network = to_fully_convolutional(model)
    for weight, copy in zip(model.weights, network.weights, strict=True):
        first, second = (memoryview(variable.value.read_value()) for variable in (weight, copy))
        assert np.shares_memory(first, second)
    expected = network(x).numpy()
    network.compile("sgd", "mse")
    network.fit(x, np.ones((1, 7, 7, 5)), verbose=0)
    assert np.abs(network(x) - expected).max() > 1e-3
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_network_is_saved_and_loaded(tmp_path: Any) -> None:
    network, x = to_fully_convolutional(vgg_like()), images(1, 64, 72, 3)
    network.save(tmp_path / "network.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "network.keras")(x), network(x))


def branch() -> keras.Model:
    x = keras.Input((2, 2, 1))
    flat = layers.Flatten()(x)
    return keras.Model(x, layers.Dense(2)(layers.Dropout(0.5)(flat)) + layers.Dense(2)(flat))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: chain(layers.Conv2D(2, 3)), "expected one Flatten or GlobalAveragePooling2D .*, got none"),
        (
            lambda: chain(layers.Flatten(), layers.Dense(2), layers.Flatten(name="b")),
            "expected one Flatten .*, got .*, b",
        ),
        (lambda: chain(layers.GlobalMaxPooling2D(), layers.Dense(2)), "expected one Flatten .*, got none"),
        (
            lambda: chain(layers.Flatten()),
            "expected a chain of dense layers from 'flatten.*' to the model's only output",
        ),
        (
            lambda: chain(layers.Flatten(), layers.Activation("softmax", name="odd"), layers.Dense(2)),
            "Dense, Dropout at",
        ),
        (
            lambda: chain(layers.Flatten(), layers.Dense(2), layers.BatchNormalization(name="bn")),
            "got 'bn', a BatchNorm",
        ),
        (
            lambda: chain(layers.Flatten(name="f"), layers.Dense(2), shape=(4, 3)),
            r"'f' to take maps \(B, H, W, C\), got",
        ),
        (
            lambda: chain(layers.Permute((3, 1, 2)), layers.Flatten(), layers.Dense(2)),
            r"grow with the image, got .* 3, N",
        ),
        (
            lambda: chain(layers.Resizing(4, 4), layers.Flatten(), layers.Dense(2)),
            r"grow with the image, got .* 4, 4, 3",
        ),
        (
            lambda: chain(layers.Reshape((8, 6, 3)), layers.Flatten(), layers.Dense(2)),
            "images of any size|grow with the",
        ),
        (lambda: chain(layers.Flatten("channels_first"), layers.Dense(2)), "channels last, got channels_first"),
        (lambda: keras.Sequential([layers.Flatten(), layers.Dense(2)]), "Functional or Sequential model that is built"),
        (branch, "expected only layers of type|got a branch"),
    ],
)
def test_models_that_cannot_be_converted(model: Callable[[], keras.Model], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        to_fully_convolutional(model())


def local(stride: int = 8) -> keras.Model:
    """Build a network that looks 9 pixels beyond each block of pixels, and adds biases."""
    keras.utils.set_random_seed(0)
    x = given = keras.Input((None, None, 2))
    x = layers.Conv2D(3, 3, padding="same", activation="relu", bias_initializer="normal")(x)
    x = layers.Conv2D(3, stride, strides=stride, padding="same", bias_initializer="normal")(x)
    return keras.Model(given, layers.Conv2D(4, 3, padding="same", bias_initializer="normal")(x))


@pytest.mark.parametrize(("height", "width", "padded"), [(16, 24, (16, 24)), (18, 23, (24, 24)), (1, 9, (8, 16))])
def test_equals_padding_and_cutting_by_hand(height: int, width: int, padded: tuple[int, int]) -> None:
    network, x = local(), images(2, height, width, 2)
    wide = np.zeros((2, *padded, 2), np.float32)
    wide[:, :height, :width] = x
    expected = transposed_upsample(network(wide), 8)[:, :height, :width]
    got = logits_at_full_size(network, x, 8)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(got, logits_at_full_size(network, wide, 8)[:, :height, :width])
    np.testing.assert_array_equal(labels_at_full_size(network, x, 8), np.argmax(expected, axis=-1))


@pytest.mark.parametrize(("down", "across"), [(8, 0), (0, 16), (16, 8)])
@pytest.mark.parametrize(("height", "width"), [(64, 96), (70, 90)])
def test_shifted_image_shifts_the_output(height: int, width: int, down: int, across: int) -> None:
    network, scene = local(), images(1, height + 16, width + 16, 2)
    whole = logits_at_full_size(network, scene, 8)
    part = logits_at_full_size(network, scene[:, down : down + height, across : across + width], 8)
    inner = 24  # beyond the reach of the borders and of the padding
    np.testing.assert_allclose(
        part[:, inner:-inner, inner:-inner],
        whole[:, down + inner : down + height - inner, across + inner : across + width - inner],
        atol=1e-5,
    )


def test_answer_lies_in_the_middle_of_its_block() -> None:
    """The mean of each block of a ramp, enlarged, is the ramp again."""
    network = layers.AveragePooling2D(32)
    rows, columns = np.mgrid[:150, :200].astype(np.float32)
    ramp = np.stack([rows, columns], axis=-1)[None]
    got = logits_at_full_size(network, ramp)
    assert got.shape == ramp.shape
    inner = (slice(None), slice(16, 112), slice(16, 176))  # between the middles of blocks without padding
    np.testing.assert_allclose(got[inner], ramp[inner], atol=1e-3)


def test_in_a_graph_of_unknown_sizes() -> None:
    network, x = local(), images(1, 18, 23, 2)

    @tf.function(input_signature=[tf.TensorSpec([None] * 4, tf.float32)])
    def graph(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return logits_at_full_size(network, x, 8), labels_at_full_size(network, x, 8)

    logits, labels = graph(x)
    np.testing.assert_allclose(logits, logits_at_full_size(network, x, 8), atol=1e-5)
    np.testing.assert_array_equal(labels, labels_at_full_size(network, x, 8))

    @tf.function(input_signature=[tf.TensorSpec([None] * 4, tf.float32)])
    def wrong(x: tf.Tensor) -> tf.Tensor:
        return logits_at_full_size(network, x, 4)

    with pytest.raises(tf.errors.InvalidArgumentError, match="expected a network that answers once in 4 x 4 pixels"):
        wrong(x)


def test_gradient_reaches_every_weight() -> None:
    network, x = local(), images(1, 18, 23, 2)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(logits_at_full_size(network, x, 8) ** 2)
    assert all(np.abs(gradient).max() > 0 for gradient in tape.gradient(loss, network.trainable_variables))


@pytest.mark.parametrize("function", [logits_at_full_size, labels_at_full_size])
@pytest.mark.parametrize(
    ("shape", "stride", "words"),
    [
        ((1, 16, 24, 2), 4, "once in 4 x 4 pixels: a map of 4 x 6 for images of 16 x 24 pixels, got 2 x 3"),
        ((16, 24, 2), 8, r"expected images of shape \(B, H, W, D\) with no empty axis, got \(16, 24, 2\)"),
        ((1, 0, 24, 2), 8, r"got \(1, 0, 24, 2\)"),
        ((1, 16, 24, 2), 0, "expected a whole stride of 1 pixel or more, got 0"),
        ((1, 16, 24, 2), 8.0, "expected a whole stride of 1 pixel or more, got 8.0"),
    ],
)
def test_wrong_arguments(function: Callable[..., Any], shape: tuple[int, ...], stride: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        function(local(), np.zeros(shape, np.float32), stride)


def test_classifier_is_no_network_of_this_kind() -> None:
    with pytest.raises(ValueError, match=r"expected a network that gives logits of shape \(B, h, w, C\), got \(1, 5\)"):
        logits_at_full_size(vgg_like(), images(1, 56, 56, 3), 8)
