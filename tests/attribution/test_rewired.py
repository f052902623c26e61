"""Guided ReLU and the deconvnet, against the four sign cases and a network that is run backwards by hand."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import skimage.data
import skimage.transform
import tensorflow as tf

from course_lib.attribution import (
    deconvnet,
    guided_relu,
    saliency,
    scores,
    smooth_gradient,
    strongest_channel,
)
from course_lib.networks import efficientnet_lite0, vgg16, vgg16_preprocess
from course_lib.unpooling import max_pool_with_switches, max_unpool

pytestmark = pytest.mark.slow

layers = keras.layers
METHODS = (saliency, guided_relu, deconvnet)
X = np.random.default_rng(0).normal(size=(2, 21, 26, 3)).astype(np.float32)
Build = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def same_weights_and_no_leftovers() -> Iterator[None]:
    keras.utils.set_random_seed(0)
    yield
    keras.backend.clear_session()


def four_cases(relu: Build) -> dict[str, list[float]]:
    """What each method passes back through a ReLU that takes 1, 1, -1 and -1, where 1, -1, 1 and -1 arrive."""
    x = keras.Input((4,))
    weights = keras.ops.reshape(keras.ops.convert_to_tensor([1.0, -1.0, 1.0, -1.0]), (1, 4))
    model = keras.Model(x, keras.ops.sum(relu(x) * weights, axis=-1, keepdims=True))
    return {method.__name__: method(model, [[1, 1, -1, -1]])[0].round(4).tolist() for method in METHODS}


def as_layer(name: str, **settings: Any) -> Build:
    """A Keras layer that keeps its input's shape; each use makes a new one."""

    def apply(x: Any) -> Any:
        return getattr(layers, name)(**settings)(x)

    return apply


def diagonal(activation: Any) -> Build:
    return as_layer("Dense", units=4, kernel_initializer="identity", activation=activation)


class Block(keras.layers.Layer):
    """Layers inside of a layer of one's own, in an attribute, a list, a dict, a tuple; a function in an attribute."""

    def __init__(self) -> None:
        super().__init__()
        self.first = layers.Dense(4, kernel_initializer="identity")
        self.middle = [layers.Activation("linear"), {"relu": keras.Sequential([layers.ReLU()])}]
        self.last = (layers.Dense(4, "relu", kernel_initializer="identity"),)
        self.function = keras.activations.relu

    @tf.function
    def call(self, x: tf.Tensor) -> tf.Tensor:
        start, more = self.middle
        return self.function(self.last[0](more["relu"](start(self.first(x)))))


def blocks(x: Any) -> Any:
    return Block()(Block()(x))


def twice(x: Any) -> Any:
    relu = layers.ReLU()
    return relu(relu(x))


def inside(x: Any) -> Any:
    low = keras.Input((4,))
    model = keras.Model(low, layers.ReLU()(low))
    return keras.Sequential([keras.Input((4,)), model, layers.Activation("relu")])(x)


def one_by_one(x: Any) -> Any:
    dense = layers.TimeDistributed(layers.Dense(1, "relu", kernel_initializer="ones"))
    return layers.Flatten()(dense(layers.Reshape((4, 1))(x)))


RELUS = {
    "layer": as_layer("ReLU"),
    "layer called by name": lambda x: layers.ReLU()(inputs=x),
    "Activation": as_layer("Activation", activation="relu"),
    "activation": diagonal("relu"),
    "relu6": diagonal("relu6"),
    "of TensorFlow": diagonal(tf.nn.relu),
    "of keras.ops": diagonal(keras.ops.relu6),
    "a layer as activation": diagonal(layers.ReLU(max_value=6)),
    "partial": diagonal(partial(keras.activations.relu, max_value=2)),
    "largest value": as_layer("ReLU", max_value=3),
    "threshold": as_layer("ReLU", threshold=0.5),
    "operation": keras.ops.relu,
    "operation relu6": keras.ops.relu6,
    "function on a graph": keras.activations.relu,
    "layers in a layer": blocks,
    "used twice": twice,
    "models in models": inside,
    "TimeDistributed": one_by_one,
}


@pytest.mark.parametrize("relu", RELUS.values(), ids=RELUS)
def test_the_four_sign_cases(relu: Build) -> None:
    expected = {"saliency": [1, -1, 0, 0], "guided_relu": [1, 0, 0, 0], "deconvnet": [1, 0, 1, 0]}
    assert four_cases(relu) == expected


LEAKY = {
    "negative slope": as_layer("ReLU", negative_slope=0.25),
    "LeakyReLU": as_layer("LeakyReLU", negative_slope=0.25),
    "partial": diagonal(partial(keras.activations.leaky_relu, negative_slope=0.25)),
}


@pytest.mark.parametrize("relu", LEAKY.values(), ids=LEAKY)
def test_a_slope_below_zero_stays_in_the_guided_gradient(relu: Build) -> None:
    expected = {"saliency": [1, -1, 0.25, -0.25], "guided_relu": [1, 0, 0.25, 0], "deconvnet": [1, 0, 1, 0]}
    assert four_cases(relu) == expected


def network() -> keras.Sequential:
    """Convolutions with ReLU, and between them pooling, whose windows overlap once, and batch norm."""
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1"),
            layers.MaxPooling2D(3, 2, padding="same"),
            layers.Conv2D(5, 3, strides=2, padding="same", use_bias=False, name="conv2"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(name="relu2"),
            layers.MaxPooling2D(2),
            layers.Conv2D(6, 2, activation="relu", name="conv3"),
        ]
    )
    model.get_layer("conv1").bias.assign([0.3, -0.2, 0.1, 0])
    model.get_layer("norm").set_weights([*np.random.default_rng(1).uniform(0.5, 2, size=(4, 5))])
    return model


def backwards(model: keras.Model, channel: int, place: tuple[int, int] | None, rule: str) -> Any:
    """Run the network backwards with unpooling and transposed filters, and ReLU by a rule."""
    (kernel1, bias1), (kernel2,), (kernel3, bias3) = (model.get_layer(f"conv{n}").get_weights() for n in (1, 2, 3))
    gamma, beta, mean, variance = model.get_layer("norm").get_weights()
    scale = gamma / np.sqrt(variance + model.get_layer("norm").epsilon)

    def relu(x: tf.Tensor, arriving: tf.Tensor) -> tf.Tensor:
        passed = {"saliency": x > 0, "deconvnet": arriving > 0, "guided_relu": (x > 0) & (arriving > 0)}[rule]
        return tf.where(passed, arriving, 0)

    x1 = tf.nn.conv2d(X, kernel1, 1, "SAME") + bias1
    pooled1, switches1 = max_pool_with_switches(tf.nn.relu(x1), 3, 2, "same")
    x2 = (tf.nn.conv2d(pooled1, kernel2, 2, "SAME") - mean) * scale + beta
    pooled2, switches2 = max_pool_with_switches(tf.nn.relu(x2), 2)
    x3 = tf.nn.conv2d(pooled2, kernel3, 1, "VALID") + bias3

    start = np.zeros(x3.shape, np.float32)
    chosen = (slice(None), *(place or (slice(None), slice(None))), channel)
    start[chosen] = np.asarray(x3 > 0)[chosen]
    back = tf.nn.conv2d_transpose(start, kernel3, pooled2.shape, 1, "VALID")
    back = relu(x2, max_unpool(back, switches2, x2.shape)) * scale
    back = tf.nn.conv2d_transpose(back, kernel2, pooled1.shape, 2, "SAME")
    back = relu(x1, max_unpool(back, switches1, x1.shape))
    return tf.nn.conv2d_transpose(back, kernel1, X.shape, 1, "SAME")


@pytest.mark.parametrize("place", [None, (0, 1)])
@pytest.mark.parametrize("method", METHODS)
def test_a_network_run_backwards_by_hand(method: Any, place: tuple[int, int] | None) -> None:
    model = network()
    for channel in range(6):
        expected = backwards(model, channel, place, method.__name__)
        np.testing.assert_allclose(
            method(model, X, layer="conv3", channel=channel, place=place), expected, rtol=1e-4, atol=1e-5
        )
    each = method(model, X, channel=[3, 5], place=place)
    for image, channel in enumerate((3, 5)):
        expected = backwards(model, channel, place, method.__name__)[image]
        np.testing.assert_allclose(each[image], expected, rtol=1e-4, atol=1e-5)


def test_the_deconvnet_starts_from_places_above_zero() -> None:
    x = keras.Input((1, 2, 1))
    model = keras.Model(x, layers.MaxPooling2D(1)(layers.ReLU()(x)))
    np.testing.assert_array_equal(deconvnet(model, np.reshape([3, -3], (1, 1, 2, 1))).ravel(), [1, 0])


def test_half_precision_agrees_with_single() -> None:
    models = []
    for policy in ("float32", "mixed_float16"):
        conv = layers.Conv2D(4, 3, activation="relu", dtype=policy)
        end = [layers.GlobalAveragePooling2D(dtype=policy), layers.Dense(3, "softmax", dtype="float32")]
        models.append(keras.Sequential([keras.Input((21, 26, 3)), conv, *end]))
    for model in models:
        model.set_weights([weight.round(2) for weight in models[0].get_weights()])
        model.layers[0].kernel.assign(np.round(model.layers[0].kernel * 4) / 4)
    images = np.round(X * 2) / 2  # so halves hold each sum exactly, and each ReLU sees the same sign
    for method in (guided_relu, deconvnet):
        expected, found = (method(model, images, channel=1) for model in models)
        np.testing.assert_allclose(found, expected, atol=1e-2 * np.abs(expected).max())


class Counting(keras.layers.Layer):
    """It counts its runs, also in inference, and has a loss."""

    def build(self, shape: Any) -> None:
        self.runs = self.add_weight(shape=(), trainable=False, initializer="zeros")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        self.runs.assign_add(1)
        self.add_loss(tf.reduce_sum(x))
        return 2 * x


def busy() -> keras.Model:
    """A compiled model in a model, partly frozen, with weights that change in inference, and losses."""
    inner = keras.Sequential(
        [
            keras.Input((21, 26, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv", trainable=False),
            Counting(),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Activation("relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(5, "softmax", activity_regularizer="l2"),
        ]
    )
    inner.compile("adam", "mse")
    x = keras.Input((21, 26, 3))
    model = keras.Model(x, inner(x))
    model.compile("adam", "mse")
    return model


def state(model: keras.Model) -> list[Any]:
    """Everything of a model that may not change."""
    every = list(model._flatten_layers())
    return [
        [weight.numpy().tolist() for weight in model.weights],
        [weight.path for weight in model.trainable_weights],
        [(each.name, each.trainable, each.get_config()) for each in every],
        [(len(each._inbound_nodes), len(each._outbound_nodes), len(each.losses)) for each in every],
        [{name: id(value) for name, value in vars(each).items() if callable(value)} for each in every],
        model.get_config(),
    ]


def test_nothing_in_the_model_changes() -> None:
    model = busy()
    expected, before = model.predict(X, verbose=0), state(model)
    for method in (*METHODS, smooth_gradient):
        method(model, X, channel=3)
        method(model, X, layer="conv", channel=3, place="peak")
    score = scores(model, channel=3)
    score(X), tf.function(score)(X)
    assert state(model) == before
    np.testing.assert_array_equal(model.predict(X, verbose=0), expected)
    np.testing.assert_allclose(expected.sum(axis=-1), 1, rtol=1e-5)  # still a softmax


@pytest.mark.parametrize("method", [guided_relu, deconvnet])
def test_models_without_relu_are_refused(method: Any) -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, "tanh")], name="smooth")
    with pytest.raises(ValueError, match='expected a model with ReLUs, got "smooth", which has none'):
        method(model, np.ones((1, 3)))


@pytest.mark.parametrize("method", METHODS)
def test_vgg16_looks_at_its_receptive_field(method: Any) -> None:
    cat = skimage.data.chelsea()[:120, 100:260]
    model = vgg16("hed", include_top=False)
    maps = np.asarray(keras.Model(model.inputs[0], model.get_layer("block2_conv2").output)(vgg16_preprocess(cat)[None]))
    channel = int(maps[0, 30, 40].argmax())
    found = strongest_channel(
        method(model, vgg16_preprocess(cat)[None], layer="block2_conv2", channel=channel, place=(30, 40))
    )[0]
    rows, columns = np.nonzero(found)
    # Two convolutions of 3 x 3 before pooling and two behind it: 14 x 14 pixels around the window's two.
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (54, 67, 74, 87)


def test_without_pooling_a_deconvnet_does_not_depend_on_the_image() -> None:
    images = np.random.default_rng(0).normal(size=(2, 64, 64, 3))
    network = efficientnet_lite0()
    one, other = deconvnet(network, images, channel=967)
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * np.abs(one).max())
    one, other = guided_relu(network, images, channel=967)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] < 0.5
