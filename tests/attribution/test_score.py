"""What scores are made of, for models of every form; and that a model never notices."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.attribution import scores

pytestmark = pytest.mark.slow

layers = keras.layers
X = np.random.default_rng(0).normal(size=(2, 5, 6, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def same_weights_and_no_leftovers() -> Iterator[None]:
    keras.utils.set_random_seed(0)
    yield
    keras.backend.clear_session()


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-4, atol=1e-5)


def classifier(*end: Any, policy: str | None = None) -> keras.Sequential:
    """A convolution, batch norm, dropout, the mean over all places, and what a test adds."""
    return keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv", dtype=policy),
            layers.BatchNormalization(name="norm", dtype=policy),
            layers.Dropout(0.5, dtype=policy),
            layers.GlobalAveragePooling2D(name="mean", dtype=policy),
            *end,
        ]
    )


def maps_of(model: keras.Model, name: str) -> Any:
    return np.asarray(keras.Model(model.inputs[0], model.get_layer(name).output)(X))


def test_channels_and_places_of_a_layer() -> None:
    model = classifier(layers.Dense(5))
    maps = maps_of(model, "conv")
    close(scores(model, "conv")(X), maps.sum(axis=(1, 2, 3)))
    close(scores(model, "conv", 2)(X), maps[..., 2].sum(axis=(1, 2)))
    close(scores(model, "conv", [2, 0])(X), [maps[0, ..., 2].sum(), maps[1, ..., 0].sum()])
    close(scores(model, "conv", 2, (1, 3))(X), maps[:, 1, 3, 2])
    close(scores(model, "conv", None, (1, 3))(X), maps[:, 1, 3].sum(axis=-1))
    close(scores(model, "conv", np.array([2, 0]), "peak")(X), [maps[0, ..., 2].max(), maps[1, ..., 0].max()])
    close(scores(model, "conv", None, "peak")(X), maps.sum(axis=-1).max(axis=(1, 2)))
    close(scores(model, channel=[4, 1])(X), np.asarray(model(X))[[0, 1], [4, 1]])


def test_variants_of_an_image_have_its_channel() -> None:
    model = classifier(layers.Dense(5))
    found = scores(model, channel=[4, 1])(X[[0, 1, 1]], source=[0, 1, 1])
    close(found, np.asarray(model(X))[[0, 1, 1], [4, 1, 1]])


def test_the_first_of_equal_peaks_alone_has_a_gradient() -> None:
    x = keras.Input((2, 2, 1))
    images = tf.ones((1, 2, 2, 1))
    with tf.GradientTape() as tape:
        tape.watch(images)
        score = scores(keras.Model(x, layers.Rescaling(3.0, name="tripled")(x)), "tripled", 0, "peak")(images)
    close(tape.gradient(score, images)[0, ..., 0], [[3, 0], [0, 0]])


def wrapped(inner: keras.Model) -> keras.Model:
    x = keras.Input((5, 6, 3))
    return keras.Model(x, inner(x))


def from_operations() -> keras.Model:
    x = keras.Input((5, 6, 3))
    return keras.Model(x, keras.ops.softmax(layers.Dense(5, name="logits")(layers.Flatten()(x))))


@pytest.mark.parametrize(
    ("model", "layer"),
    [
        (lambda: classifier(layers.Dense(5, "softmax", name="last")), "last"),
        (lambda: classifier(layers.Dense(5), layers.Softmax(name="last")), "last"),
        (lambda: classifier(layers.Dense(5), layers.Activation("softmax", name="last")), "last"),
        (lambda: classifier(layers.Dense(5, tf.nn.log_softmax, name="last")), "last"),
        (lambda: classifier(layers.Dense(5, layers.Softmax(), name="last")), "last"),
        (lambda: classifier(layers.Dense(5, partial(keras.activations.softmax, axis=-1), name="last")), "last"),
        (lambda: classifier(layers.SpectralNormalization(layers.Dense(5, "softmax"), name="last")), "last"),
        (lambda: wrapped(wrapped(classifier(layers.Dense(5, "softmax", name="last")))), "last"),
        (from_operations, None),
    ],
)
def test_what_goes_into_the_softmax_is_the_score(model: Any, layer: str | None) -> None:
    model = model()
    before = np.asarray(model(X))
    before = np.log(before) if before.min() > 0 else before  # the logits, but for a number for each image
    for name in {layer, None}:
        logits = np.stack([np.asarray(scores(model, name, channel)(X)) for channel in range(5)], axis=-1)
        close(logits - logits.mean(axis=-1, keepdims=True), before - before.mean(axis=-1, keepdims=True))
        assert abs(np.exp(logits).sum(axis=-1) - 1).min() > 1e-3


def test_the_softmax_of_a_model_in_a_wrapper() -> None:
    x = keras.Input((5, 6, 3))
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Softmax()])
    model = keras.Model(x, layers.TimeDistributed(layers.TimeDistributed(inner))(x))
    kernel, _ = inner.get_weights()
    close(scores(model, channel=1)(X), (X @ kernel)[..., 1].sum(axis=(1, 2)))


def test_a_softmax_inside_of_the_model_stays() -> None:
    model = classifier(layers.Softmax(name="inside"), layers.Dense(2, name="last"))
    close(scores(model, channel=1)(X), np.asarray(model(X))[:, 1])


def test_half_precision_gives_float32() -> None:
    model = classifier(layers.Dense(5, "softmax", dtype="float32"), policy="mixed_float16")
    score = scores(model, "conv", 1)(X)
    assert score.dtype == tf.float32
    np.testing.assert_allclose(score, maps_of(model, "conv")[..., 1].sum(axis=(1, 2)), rtol=1e-2)


def test_weights_are_those_of_the_model_also_afterwards() -> None:
    model = classifier(layers.Dense(5))
    score = scores(model, channel=0)
    for weight in model.trainable_weights:
        weight.assign(weight + 1)
    close(score(X), np.asarray(model(X))[:, 0])


def two_inputs() -> keras.Model:
    one, other = keras.Input((3,), name="one"), keras.Input((3,), name="other")
    return keras.Model([one, other], layers.Add()([one, other]))


def two_outputs() -> keras.Model:
    x = keras.Input((5, 6, 3), name="image")
    return keras.Model({"image": x}, [layers.Flatten(name="flat")(x), x])


def shared(layer: Any) -> keras.Model:
    x = keras.Input((5, 6, 3))
    return keras.Model(x, layer(layer(x)))


class Doubled(keras.Sequential):
    """It computes more than its graph."""

    def call(self, x: tf.Tensor, training: bool | None = None, mask: Any = None) -> tf.Tensor:
        return 2 * super().call(x, training=training, mask=mask)


def doubled() -> keras.Model:
    return Doubled([keras.Input((5, 6, 3)), layers.Flatten()], name="inner")


class Spare(keras.layers.Layer):
    """It has a model that it never runs, and that is not built."""

    def __init__(self) -> None:
        super().__init__()
        self.spare = keras.Sequential([layers.Dense(3)])

    def build(self, shape: Any) -> None:
        pass

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return 2 * x


def test_a_layer_may_hold_a_model_that_is_not_built() -> None:
    close(scores(shared(Spare()))(X), 4 * X.sum(axis=(1, 2, 3)))


def test_a_layer_of_a_model_with_several_outputs() -> None:
    close(scores(two_outputs(), "flat", 7)(X), X.reshape(2, -1)[:, 7])


def test_the_output_of_a_layer_that_is_used_twice() -> None:
    model = shared(layers.Conv2D(3, 1, name="twice"))
    close(scores(model, channel=1)(X), np.asarray(model(X))[..., 1].sum(axis=(1, 2)))


@pytest.mark.parametrize(
    ("model", "arguments", "message"),
    [
        (classifier, {"layer": "covn"}, 'expected the name of a layer, got "covn": the nearest are conv'),
        (classifier, {"channel": 4}, "expected a channel below 4, or one for each image, got 4"),
        (classifier, {"channel": -1}, "expected a channel from 0 on, or one for each image, got -1"),
        (classifier, {"channel": True}, "expected a channel from 0 on"),
        (classifier, {"channel": "cat"}, "expected a channel from 0 on, or one for each image, got 'cat'"),
        (classifier, {"channel": [0, 9]}, r"expected a channel below 4, .* got \[0, 9\]"),
        (classifier, {"channel": [[1], [2, 3]]}, r"expected a channel from 0 on, .* got \[\[1\], \[2, 3\]\]"),
        (classifier, {"channel": b"ab"}, "expected a channel from 0 on"),
        (classifier, {"channel": {1}}, r"expected a channel from 0 on, .* got \{1\}"),
        (classifier, {"channel": []}, "expected a channel from 0 on"),
        (classifier, {"place": (0, 0)}, r"that returns maps \(B, h, w, c\) for the place \(0, 0\), got \(None, 4\)"),
        (classifier, {"layer": "conv", "place": "top"}, r"expected a place \(y, x\) .* or \"peak\", got 'top'"),
        (classifier, {"layer": "conv", "place": (0, -1)}, r"expected a place \(y, x\)"),
        (classifier, {"layer": "conv", "place": 3}, r"expected a place \(y, x\)"),
        (two_inputs, {}, "expected a model with one input, got 2: one, other"),
        (two_outputs, {}, "expected the name of a layer, since the model has 2 outputs"),
        (lambda: shared(layers.ReLU(name="r")), {"layer": "r"}, 'returns one tensor and is used once, got "r"'),
        (lambda: shared(layers.Softmax(name="s")), {}, 'that the model uses once, got that of "s"'),
        (lambda: shared(layers.ReLU(name="r")), {"place": (5, 0)}, r"inside a map of 5 x 6, got \(5, 0\)"),
        (lambda: keras.Sequential([layers.Dense(2)]), {}, "expected a Functional or Sequential model that is built"),
        (doubled, {}, 'a model that computes its graph and nothing else, got "inner", whose class Doubled overrides'),
        (lambda: wrapped(doubled()), {}, 'got "inner", whose class Doubled overrides call'),
        (classifier, {"layer": 3}, "expected the name of a layer, got 3"),
        (classifier, {"layer": ["conv"]}, r"expected the name of a layer, got \['conv'\]"),
        (lambda: "vgg16", {}, "expected a Functional or Sequential model that is built, got 'vgg16'"),
    ],
)
def test_what_does_not_exist_is_refused(model: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scores(model(), **arguments)


@pytest.mark.parametrize(
    ("arguments", "images", "message"),
    [
        ({}, X[0], r"expected images of shape \(any, any, any, 3\), got \(5, 6, 3\)"),
        ({}, X[..., :1], r"got \(2, 5, 6, 1\)"),
        ({}, X[:0], r"expected one image or more, each with pixels, got shape \(0, 5, 6, 3\)"),
        ({}, X[:, :0], r"each with pixels, got shape \(2, 0, 6, 3\)"),
        ({}, [[1], [2, 3]], "expected images of real numbers, got list: Can't convert non-rectangular"),
        ({}, X > 0, "expected images of real numbers, got bool"),
        ({}, X + 1j, "expected images of real numbers, got complex"),
        ({}, "cat.jpg", "expected images of real numbers"),
        ({"channel": [0, 1, 2]}, X, "expected one channel for each of 2 images, got 3"),
        ({"layer": "conv", "place": (3, 0)}, X, r"expected a place inside a map of 3 x 4, got \(3, 0\)"),
    ],
)
def test_wrong_images_are_refused(arguments: dict[str, Any], images: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scores(classifier(), **arguments)(images)


@pytest.mark.parametrize("dtype", [np.uint8, np.float64, tf.float16, tf.bfloat16])
def test_images_of_every_type(dtype: Any) -> None:
    images = np.arange(180).reshape(2, 5, 6, 3) % 17
    given = tf.cast(images, dtype) if isinstance(dtype, tf.DType) else images.astype(dtype)
    score = scores(classifier(), channel=0)
    close(score(given), score(images.astype(np.float32)))
