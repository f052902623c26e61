"""Inner layers of models of every form, and of the course's networks."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib import plots
from course_lib.layers import features_at, layer_table
from course_lib.networks import (
    EFFICIENTNET_LITE0_STAGES,
    VGG16_STAGES,
    alexnet,
    efficientnet_lite0,
    hed,
    vgg16,
)

pytestmark = pytest.mark.slow

Dense = keras.layers.Dense
X = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
SLIM = 1 / 32


@pytest.fixture(autouse=True)
def same_weights_and_no_leftovers() -> Iterator[None]:
    keras.utils.set_random_seed(0)
    yield
    keras.backend.clear_session()


def dense(layer: Any, x: Any) -> Any:
    """What a dense layer without activation computes, in NumPy."""
    kernel, bias = layer.get_weights()
    return np.asarray(x) @ kernel + bias


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-4, atol=1e-5)


def chain() -> keras.Sequential:
    return keras.Sequential([keras.Input((3,)), Dense(4, name="first"), Dense(5, name="second")], name="chain")


def test_names_keep_their_order_in_every_way_to_run() -> None:
    model = chain()
    features = features_at(model, ["second", "first"])
    ways = [features(X), features.predict(X, verbose=0), tf.function(features)(X)]
    for found in ways:
        assert list(found) == ["second", "first"]
        close(found["first"], dense(model.layers[0], X))
        close(found["second"], model(X))


def test_weights_are_shared_and_the_model_stays_as_it_was() -> None:
    model = chain()
    model.compile(loss="mse")
    before = model.to_json(), [layer.name for layer in model.layers], model.layers[1].output, model.compiled
    features = features_at(model, ["first"])
    assert not features.compiled
    assert (model.to_json(), [layer.name for layer in model.layers], model.layers[1].output, model.compiled) == before
    assert [id(weight) for weight in features.weights] == [id(weight) for weight in model.layers[0].weights]
    model.layers[0].kernel.assign(tf.zeros((3, 4)))
    close(features(X)["first"], np.zeros((2, 4)))


class Counting(keras.layers.Layer):
    """Passes on what it gets, and counts how often it really runs."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.runs = tf.Variable(0, trainable=False)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        if tf.executing_eagerly():
            self.runs.assign_add(1)
        return tf.identity(x)


def test_each_layer_runs_once_and_those_behind_do_not_run() -> None:
    low, middle, high = Counting(name="low"), Counting(name="middle"), Counting(name="high")
    inner = keras.Sequential([keras.Input((3,)), low, Dense(3, name="d"), middle], name="inner")
    images = keras.Input((3,))
    model = keras.Model(images, high(inner(images)))
    features_at(model, ["low", "d", "middle", "inner"])(X)
    assert [int(layer.runs) for layer in (low, middle, high)] == [1, 1, 0]
    features_at(model, ["low"])(X)
    assert [int(layer.runs) for layer in (low, middle, high)] == [2, 2, 0]


def test_dropout_and_normalization_are_in_inference_mode_by_default() -> None:
    layers = [Dense(50, name="d"), keras.layers.BatchNormalization(name="bn"), keras.layers.Dropout(0.5, name="drop")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    features = features_at(model, ["drop"])
    expected = dense(layers[0], X) / np.sqrt(1 + layers[1].epsilon)
    close(features(X)["drop"], expected)
    close(features.predict(X, verbose=0)["drop"], expected)
    assert (np.asarray(features(X, training=True)["drop"]) == 0).mean() > 0.2


def nested() -> tuple[keras.Model, keras.Model]:
    """Two branches, in models of their own; the layers inside have the same names, except for one."""
    left = keras.Sequential([keras.Input((3,)), Dense(4, name="conv"), Dense(2, name="own")], name="left")
    x = keras.Input((3,))
    right = keras.Model(x, Dense(2, name="conv")(keras.layers.Dropout(0.9, name="drop")(x)), name="right")
    images, other = keras.Input((3,), name="images"), keras.Input((3,), name="other")
    total = keras.layers.Add(name="total")([left(images), right(other, training=True)])
    return keras.Model({"images": images, "other": other}, Dense(1, name="last")(total)), left


def test_layers_inside_of_models_and_several_inputs() -> None:
    model, left = nested()
    both = {"images": X, "other": 2 * X}
    found = features_at(model, ["own", "left/conv", "left", "right/conv"])(both)
    close(found["left/conv"], dense(left.layers[0], X))
    close(found["own"], left(X))
    close(found["left"], left(X))
    assert found["right/conv"].shape == (2, 2)
    with pytest.raises(
        ValueError, match='expected a name of one layer, got "conv": several have it: left/conv, right/conv'
    ):
        features_at(model, ["conv"])


def test_a_layer_inside_and_one_behind_agree() -> None:
    model, _ = nested()
    found = features_at(model, ["left", "right/conv", "total", "last"])({"images": X, "other": X})
    close(found["total"], np.asarray(found["left"]) + found["right/conv"])
    close(found["last"], dense(model.get_layer("last"), found["total"]))


def test_an_inner_model_that_always_trains_goes_on_so() -> None:
    model, _ = nested()
    found = features_at(model, ["right/drop"])({"images": X, "other": np.ones((20, 3), np.float32)})
    assert set(np.unique(np.asarray(found["right/drop"]).round(3))) == {0.0, 10.0}  # nine of ten are dropped


def test_models_in_models_in_models() -> None:
    low = chain()
    x = keras.Input((3,))
    middle = keras.Model(x, [low(x), low(2 * x)], name="middle")
    y = keras.Input((3,))
    high = keras.Model(y, middle(y)[0])
    found = features_at(high, ["second", "middle/chain/first"])(X)
    once, twice = sorted(found["second"], key=lambda output: float(tf.norm(output)))  # the chain is used twice
    close(once, low(X))
    close(twice, low(2 * X))
    outputs = sorted(found["middle/chain/first"], key=lambda output: float(tf.norm(output)))
    close(outputs[1], dense(low.layers[0], 2 * X))


def test_a_layer_used_twice_gives_both_outputs() -> None:
    one, other = keras.Input((3,)), keras.Input((3,))
    shared = Dense(4, name="shared")
    model = keras.Model([one, other], keras.layers.Subtract(name="difference")([shared(one), shared(other)]))
    found = features_at(model, ["shared", "difference"])([X, -X])
    close(found["shared"][0], dense(shared, X))
    close(found["shared"][1], dense(shared, -X))
    close(found["difference"], 2 * X @ shared.get_weights()[0])


def test_a_layer_that_another_model_used_first_gives_its_output_here() -> None:
    shared = Dense(4, name="shared")
    earlier = keras.Input((3,))
    keras.Model(earlier, shared(earlier))
    x = keras.Input((3,))
    doubled = keras.layers.Rescaling(2.0, name="doubled")(x)
    close(features_at(keras.Model(x, shared(doubled)), ["shared"])(X)["shared"], dense(shared, 2 * X))


def test_a_layer_with_several_outputs_gives_them_all() -> None:
    x = keras.Input((4, 3))
    _, state = keras.layers.GRU(5, return_sequences=True, return_state=True, name="gru")(x)
    found = features_at(keras.Model(x, Dense(1)(state)), ["gru"])(np.ones((2, 4, 3), np.float32))["gru"]
    assert [part.shape for part in found] == [(2, 4, 5), (2, 5)]
    close(found[0][:, -1], found[1])


def test_inputs_and_outputs_have_names_too() -> None:
    x = keras.Input((3,), name="x")
    inner = keras.Model(x, Dense(2)(x), name="inner")
    images = keras.Input((3,), name="images")
    model = keras.Model(images, inner(keras.layers.Rescaling(2.0)(images)))
    found = features_at(model, ["images", "inner", "x"])(X)
    close(found["images"], X)
    close(found["inner"], model(X))
    close(found["x"], 2 * X)


def test_gradients_reach_the_weights() -> None:
    model = chain()
    features = features_at(model, ["first"])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(features(X)["first"])
    gradients = tape.gradient(loss, features.trainable_weights)
    close(gradients[0], np.tile(X.sum(axis=0)[:, None], 4))


class OwnCall(keras.Model):
    """Its layers cannot be followed."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("first", r'expected a list of names, got "first": for one layer it is \["first"\]'),
        ([], r"expected different names of layers, one or more, got \[\]"),
        (["first", "first"], r"expected different names"),
        ([1], r"expected different names of layers, one or more, got \[1\]"),
        (["first_1"], 'expected the name of a layer, got "first_1": the nearest are first'),
        (["second_1", "first"], 'got "second_1": the nearest are second'),
        (["conv5_3"], 'got "conv5_3": the layers are .*first, second'),
    ],
)
def test_wrong_names_are_refused(names: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        features_at(chain(), names)


@pytest.mark.parametrize("model", [OwnCall(), keras.Sequential([Dense(2)]), Dense(2), "vgg16", None])
def test_what_has_no_known_layers_is_refused(model: Any) -> None:
    with pytest.raises(ValueError, match="expected a Functional or Sequential model that is built, got"):
        features_at(model, ["first"])


class Doubled(keras.Sequential):
    """It computes more than its graph."""

    def call(self, x: tf.Tensor, training: bool | None = None, mask: Any = None) -> tf.Tensor:
        return 2 * super().call(x, training=training, mask=mask)


def test_a_model_that_computes_more_than_its_graph_is_refused() -> None:
    inner = Doubled([keras.Input((3,)), Dense(2, name="first")], name="inner")
    x = keras.Input((3,))
    for model in (inner, keras.Model(x, inner(x))):
        with pytest.raises(ValueError, match='got "inner", whose class Doubled overrides call'):
            features_at(model, ["first"])
    model = keras.Model(x, inner(x))
    close(features_at(model, ["inner"])(X)["inner"], model(X))


def test_stages_of_vgg16_have_their_strides() -> None:
    model = vgg16(include_top=False, width=SLIM)
    found = features_at(model, list(VGG16_STAGES.values()))(np.ones((1, 64, 96, 3), np.float32))
    assert {name: maps.shape[1:3] for name, maps in found.items()} == {
        VGG16_STAGES[stride]: (64 // stride, 96 // stride) for stride in (8, 16, 32)
    }
    close(found["block5_pool"], model(np.ones((1, 64, 96, 3), np.float32)))


def test_efficientnet_and_hed_give_their_inner_maps() -> None:
    image = np.random.default_rng(0).normal(size=(1, 64, 64, 3)).astype(np.float32)
    names = list(EFFICIENTNET_LITE0_STAGES.values())
    found = features_at(efficientnet_lite0(None, include_top=False), names)(image)
    assert [found[name].shape[1] for name in names] == [64 // stride for stride in EFFICIENTNET_LITE0_STAGES]
    edges = hed(None)
    inner = features_at(edges, ["block1_conv2", "side1", "fused"])(image)
    kernel, bias = edges.get_layer("side1").get_weights()
    close(inner["side1"], np.asarray(inner["block1_conv2"]) @ kernel[0, 0] + bias)
    close(inner["fused"], edges(image)["fused"])


def test_the_table_of_alexnet_is_that_of_the_paper() -> None:
    table = layer_table(alexnet())
    assert table[:2] == [("conv1", (55, 55, 96), 34_944), ("norm1", (55, 55, 96), 0)]
    assert table[-1] == ("predictions", (1000,), 4_097_000)
    assert sum(count for _, _, count in table) == 60_965_224
    assert "61 million parameters" in plots.architecture(table).alternative


def test_the_table_leaves_sizes_open_that_are_open() -> None:
    table = layer_table(vgg16(include_top=False, width=SLIM))
    assert ("block1_conv1", (None, None, 2), 3 * 3 * 3 * 2 + 2) in table


def test_a_table_has_no_row_for_a_layer_of_several_outputs() -> None:
    x = keras.Input((4, 3))
    model = keras.Model(x, keras.layers.GRU(5, return_state=True, name="gru")(x))
    with pytest.raises(ValueError, match="expected layers that return one tensor each, got gru"):
        layer_table(model)
