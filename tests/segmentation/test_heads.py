from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from course_lib.segmentation import (
    BilinearUpsampling,
    Standardize,
    fcn8,
    fcn16,
    fcn32,
    fcn_head,
    standardize,
    trunk,
    warm_start,
)
from course_lib.segmentation.heads import STRIDES, Stride
from course_lib.upsampling import transposed_upsample

pytestmark = pytest.mark.slow

CHANNELS = {"stride_8": 4, "stride_16": 6, "stride_32": 5}
RNG = np.random.default_rng(0)
STAGES = {8: "pool3", 16: "pool4", 32: "pool5"}
Maps = dict[str, NDArray[np.float32]]


def maps(finest: int = 8) -> Maps:
    """Make maps of two images of 64 x 96 pixels."""
    return {
        f"stride_{stride}": RNG.normal(3, 2, (2, 64 // stride, 96 // stride, CHANNELS[f"stride_{stride}"])).astype("f")
        for stride in STRIDES
        if stride >= finest
    }


def randomize(model: keras.Model) -> None:
    """Give every weight a random number, away from zero."""
    for weight in model.weights:
        weight.assign(RNG.uniform(0.5, 1.5, weight.shape))


def small_network(side: int | None = None) -> keras.Model:
    """Make a network that halves its images five times."""
    x = images = keras.Input((side, side, 3))
    for number, depth in enumerate((2, 3, 4, 6, 5), 1):
        x = keras.layers.Conv2D(depth, 3, padding="same", activation="relu")(x)
        x = keras.layers.MaxPooling2D(2, name=f"pool{number}")(x)
    return keras.Model(images, x)


@pytest.mark.parametrize("factor", [1, 2, 3, 8])
def test_upsampling_starts_bilinear(factor: int) -> None:
    x = RNG.normal(size=(2, 3, 5, 4)).astype("f")
    got = BilinearUpsampling(factor)(x)
    np.testing.assert_allclose(got, transposed_upsample(x, factor), atol=1e-6)


def test_upsampling_is_the_diagonal_of_a_dense_transposed_convolution() -> None:
    layer = BilinearUpsampling(2)
    layer.build((None, None, None, 3))
    randomize(layer)
    dense = keras.layers.Conv2DTranspose(3, 4, 2, padding="same", use_bias=False)
    dense.build((None, None, None, 3))
    kernel = np.zeros((4, 4, 3, 3), np.float32)
    kernel[..., range(3), range(3)] = layer.kernel[..., 0]
    dense.kernel.assign(kernel)
    x = RNG.normal(size=(1, 4, 3, 3)).astype("f")
    np.testing.assert_allclose(layer(x), dense(x), atol=1e-5)


def test_upsampling_has_the_gradient_of_its_definition() -> None:
    """The result is linear in the kernel, so its derivative is a difference, whatever its size."""
    layer = BilinearUpsampling(2)
    x, outer = tf.constant(RNG.normal(size=(1, 2, 3, 2))), tf.constant(RNG.normal(size=(1, 4, 6, 2)))
    layer = BilinearUpsampling(2, dtype="float64")
    layer.build(x.shape)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(outer * layer(x))
    gradient = tape.gradient(value, layer.kernel)
    step = np.zeros(layer.kernel.shape)
    step[1, 2, 1, 0] = 1
    layer.kernel.assign_add(step)
    np.testing.assert_allclose(tf.reduce_sum(outer * layer(x)) - value, gradient[1, 2, 1, 0], atol=1e-9)


def test_standardized_channels_have_mean_0_and_deviation_1_except_constant_ones() -> None:
    x = RNG.normal([5, -300, 7], [0.1, 40, 0], (4, 6, 8, 3)).astype("f")
    layer = Standardize()
    layer.build(x.shape)
    layer.adapt(x)
    got = layer(x).numpy()
    np.testing.assert_allclose(got.mean(axis=(0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(got.std(axis=(0, 1, 2)), [1, 1, 0], atol=1e-4)
    layer.trainable = True
    assert not layer.trainable_variables


@pytest.mark.parametrize("finest", STRIDES)
def test_a_head_gives_logits_at_full_size(finest: Stride) -> None:
    head = fcn_head(CHANNELS, 7, finest)
    assert set(head.input) == set(maps(finest))
    assert head(maps(finest)).shape == (2, 64, 96, 7)
    assert head.compute_output_shape({name: each.shape for name, each in maps(finest).items()}) == (2, 64, 96, 7)


def test_a_head_is_standardizing_scoring_and_upsampling() -> None:
    x = maps(16)
    head = fcn_head(CHANNELS, 3, 16)
    standardize(head, x)
    weights = {name: RNG.normal(size=(each.shape[-1], 3)) for name, each in x.items()}
    for name, weight in weights.items():
        head.get_layer(name.replace("stride", "score")).set_weights([weight[None, None], np.ones(3)])
    scores = {name: (each - each.mean((0, 1, 2))) / each.std((0, 1, 2)) @ weights[name] + 1 for name, each in x.items()}
    fused = transposed_upsample(scores["stride_32"], 2) + scores["stride_16"]
    np.testing.assert_allclose(head(x), transposed_upsample(fused, 16), atol=1e-4)


def test_a_warm_start_begins_where_the_chain_without_the_skip_is() -> None:
    """Upsampled 2 and 16 times, or 2, 2 and 8 times, which is not the same as 32 times at once."""
    x, heads = maps(), [fcn_head(CHANNELS, 3, finest) for finest in STRIDES]
    needed = [{name: x[name] for name in head.input} for head in heads]
    standardize(heads[0], needed[0])
    heads[0].get_layer("score_32").set_weights([RNG.normal(size=(1, 1, 5, 3)), RNG.normal(size=3)])
    coarse = heads[0].get_layer("score_32")(heads[0].get_layer("standardize_32")(x["stride_32"]))
    warm_start(heads[1], heads[0])
    twice = transposed_upsample(coarse, 2)
    np.testing.assert_allclose(heads[1](needed[1]), transposed_upsample(twice, 16), atol=1e-5)
    warm_start(heads[2], heads[1])
    four_times = transposed_upsample(twice, 2)
    np.testing.assert_allclose(heads[2](needed[2]), transposed_upsample(four_times, 8), atol=1e-5)
    assert np.abs(heads[1](needed[1]) - heads[0](needed[0])).max() > 1e-3


def test_a_warm_start_takes_over_all_but_the_last_upsampling() -> None:
    coarser, head = fcn_head(CHANNELS, 3, 16), fcn_head(CHANNELS, 3, 8)
    randomize(coarser)
    warm_start(head, coarser)
    for layer in coarser.layers:
        if layer.name != "upsample_from_16":
            for got, expected in zip(head.get_layer(layer.name).get_weights(), layer.get_weights(), strict=True):
                np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("coarser", [fcn_head(CHANNELS, 4, 16), fcn_head({**CHANNELS, "stride_32": 9}, 3, 16)])
def test_a_warm_start_from_another_kind_of_head_is_refused(coarser: keras.Model) -> None:
    with pytest.raises(ValueError, match=r"expected a coarser head with weights .* in \w+, got"):
        warm_start(fcn_head(CHANNELS, 3, 8), coarser)


def test_a_warm_start_from_a_finer_head_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a coarser head .* got"):
        warm_start(fcn_head(CHANNELS, 3, 16), fcn_head(CHANNELS, 3, 8))


def test_gradients_reach_every_weight() -> None:
    model = fcn8(trunk(small_network(), STAGES), 3)
    randomize(model)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(model(RNG.random((1, 64, 64, 3), np.float32)) ** 2)
    for variable, gradient in zip(
        model.trainable_variables, tape.gradient(value, model.trainable_variables), strict=True
    ):
        assert np.abs(gradient).sum() > 0, variable.path


def test_a_new_head_learns_at_once() -> None:
    """All scorers start at zero, but their gradients do not."""
    head = fcn_head(CHANNELS, 3, 8)
    scorers = [head.get_layer(f"score_{stride}").kernel for stride in STRIDES]
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(head(maps())[..., 0])
    assert all(np.abs(gradient).sum() > 0 for gradient in tape.gradient(value, scorers))


@pytest.mark.parametrize("make", [fcn32, fcn16, fcn8])
@pytest.mark.parametrize("side", [None, 96])
def test_networks_give_logits_at_the_images_size(make: Any, side: int | None, tmp_path: Path) -> None:
    model = make(trunk(small_network(side), STAGES), 3)
    images = RNG.random((2, side or 64, 96, 3), np.float32)
    randomize(model)
    expected = model(images)
    assert expected.shape == (*images.shape[:3], 3)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(images), expected)


def test_a_trunk_gives_the_maps_of_its_network() -> None:
    network = small_network()
    images = RNG.random((1, 64, 96, 3), np.float32)
    got = trunk(network, STAGES)(images)
    assert set(got) == set(CHANNELS)
    for stride, name in STAGES.items():
        expected = keras.Model(network.input, network.get_layer(name).output)(images)
        np.testing.assert_array_equal(got[f"stride_{stride}"], expected)


def test_other_sizes_are_refused() -> None:
    model = fcn32(trunk(small_network(), STAGES), 3)
    words = "expected images whose sides are multiples of 32 pixels, got 50 x 96"
    images = np.zeros((1, 50, 96, 3), np.float32)
    with pytest.raises(ValueError, match=words):
        model(images)
    with pytest.raises(ValueError, match=words):
        model.predict(images, verbose=0)
    graph = tf.function(model, input_signature=[tf.TensorSpec((None, None, None, 3))])
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        graph(images)


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (
            {8: "pool4"},
            "expected layer pool4 at stride 8, a map of 32 x 32 for an image of 256 x 256, got one of shape",
        ),
        ({4: "pool2"}, r"expected stages for strides among 8, 16 and 32, got \[4\]"),
        ({}, "expected stages for strides among 8, 16 and 32"),
        ({8: "pool9"}, 'expected the name of a layer, got "pool9": the nearest are pool5, pool4'),
    ],
)
def test_a_trunk_checks_its_stages(stages: dict[int, str], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        trunk(small_network(), stages)


@pytest.mark.parametrize(
    ("channels", "classes", "finest", "expected"),
    [
        (CHANNELS, 0, 8, "expected a whole number of classes of 1 or more, got 0"),
        (CHANNELS, 3, 4, "expected 32, 16 or 8 as the finest stride, got 4"),
        ({"stride_8": 4, "stride_32": 4}, 3, 8, r"expected the number of channels of stride_16, got those of \["),
    ],
)
def test_heads_that_cannot_be_are_refused(channels: dict[str, int], classes: int, finest: Any, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        fcn_head(channels, classes, finest)
