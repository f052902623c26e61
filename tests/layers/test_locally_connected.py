from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.layers import LocallyConnected2D, ScaledConv2D, locally_connected

pytestmark = pytest.mark.slow

# height, width, taps, strides, padding
LAYOUTS = [
    (5, 7, (3, 3), (1, 1), "valid"),
    (7, 4, (2, 3), (2, 1), "valid"),
    (8, 9, (1, 2), (3, 4), "valid"),
    (3, 2, (3, 2), (1, 1), "valid"),
    (5, 6, (3, 3), (1, 1), "same"),
    (7, 6, (2, 3), (2, 3), "same"),
    (9, 8, (1, 1), (3, 2), "same"),
    (2, 3, (5, 4), (1, 2), "same"),
]


def random(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def places(x: Any, taps: Any, strides: Any, padding: str) -> Any:
    """Where a convolution has places, and how it pads: TensorFlow's own convolution says so."""
    return tf.nn.conv2d(x, np.zeros((*taps, x.shape[-1], 1)), strides, padding.upper()).shape[1:3]


def loop(x: Any, kernels: Any, strides: Any, padding: str) -> Any:
    """Convolve with the kernel of each place, and keep what belongs to that place."""
    y = np.zeros((len(x), *kernels.shape[:2], kernels.shape[-1]))
    for p, q in np.ndindex(kernels.shape[:2]):
        y[:, p, q] = tf.nn.conv2d(x, kernels[p, q], strides, padding.upper())[:, p, q]
    return y


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("batch", [1, 3])
def test_equals_a_loop_over_places(layout: Any, batch: int) -> None:
    height, width, taps, strides, padding = layout
    x = random(batch, height, width, 3)
    kernels = random(*places(x, taps, strides, padding), *taps, 3, 2, seed=1)
    y = locally_connected(x, kernels, strides, padding)
    np.testing.assert_allclose(y, loop(x, kernels, strides, padding), atol=1e-12)


def test_worked_by_hand() -> None:
    x = np.arange(1.0, 7).reshape(1, 2, 3, 1)  # 1 2 3 / 4 5 6
    kernels = np.zeros((1, 2, 2, 2, 1, 1))
    kernels[0, 0, ..., 0, 0] = [[1, 0], [0, 0]]
    kernels[0, 1, ..., 0, 0] = [[0, 10], [0, 100]]
    np.testing.assert_array_equal(locally_connected(x, kernels)[0, :, :, 0], [[1, 3 * 10 + 6 * 100]])


def check_slopes(function: Any, *inputs: Any) -> None:
    """Compare gradients with central differences along a random direction of each input."""
    inputs = tuple(map(tf.constant, inputs))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = function(*inputs)
    for n, slope in enumerate(tape.gradient(value, inputs)):
        step = 1e-5 * random(*inputs[n].shape, seed=9)
        ahead, behind = (function(*inputs[:n], inputs[n] + sign * step, *inputs[n + 1 :]) for sign in (1, -1))
        np.testing.assert_allclose(np.sum(slope * step), (ahead - behind) / 2, rtol=1e-6)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("filters", [1, 4])  # fewer and more than images: the kernels' gradient is made in two ways
def test_gradients_by_finite_differences(layout: Any, filters: int) -> None:
    height, width, taps, strides, padding = layout
    x = random(2, height, width, 2)
    kernels = random(*places(x, taps, strides, padding), *taps, 2, filters, seed=1)
    check_slopes(lambda *both: tf.reduce_sum(locally_connected(both[0], both[1], strides, padding) ** 3), x, kernels)


def test_second_derivatives_by_finite_differences() -> None:
    def steepness(x: Any, kernels: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([x, kernels])
            value = tf.reduce_sum(locally_connected(x, kernels, (1, 3)) ** 3)
        return tf.add_n([tf.reduce_sum(slope**3) for slope in tape.gradient(value, [x, kernels])])

    check_slopes(steepness, random(2, 4, 5, 2), random(2, 2, 3, 2, 2, 3, seed=1))


def gradients(x: Any, kernels: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch([x, kernels])
        y = locally_connected(x, kernels, 2, "same")
    return y, *tape.gradient(y, [x, kernels], y)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_graphs_of_any_batch(jit_compile: bool) -> None:
    kernels = tf.constant(random(3, 2, 3, 3, 2, 2))
    signature = [tf.TensorSpec((None, 5, 4, 2), tf.float64), tf.TensorSpec(kernels.shape, kernels.dtype)]
    graph = tf.function(gradients, signature, jit_compile=jit_compile)
    for batch in (1, 4):
        x = tf.constant(random(batch, 5, 4, 2))
        for one, other in zip(graph(x, kernels), gradients(x, kernels), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-12)


def test_no_images() -> None:
    y, x_gradient, kernels_gradient = gradients(tf.zeros((0, 5, 4, 2)), tf.ones((3, 2, 3, 3, 2, 2)))
    assert (y.shape, x_gradient.shape) == ((0, 3, 2, 2), (0, 5, 4, 2))
    np.testing.assert_array_equal(kernels_gradient, np.zeros((3, 2, 3, 3, 2, 2)))


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 0.05), ("bfloat16", 0.4), ("float32", 1e-5)])
def test_keeps_the_type(dtype: str, tolerance: float) -> None:
    x, kernels = random(2, 5, 4, 2), random(3, 2, 3, 3, 2, 2, seed=1)
    exact = gradients(tf.constant(x), tf.constant(kernels))
    for one, other in zip(gradients(tf.cast(x, dtype), tf.cast(kernels, dtype)), exact, strict=True):
        assert one.dtype == dtype
        np.testing.assert_allclose(tf.cast(one, "float64"), other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.ones((5, 4, 2)), np.ones((3, 2, 3, 3, 2, 1))), r"expected x of shape \(B, H, W, C\), got \(5, 4, 2\)"),
        ((np.ones((1, 5, 4, 2)), np.ones((3, 3, 2, 1))), r"expected kernels of shape \(OH, OW, KH, KW, C, F\), got"),
        ((np.ones((1, 5, 4, 2), int), np.ones((3, 2, 3, 3, 2, 1))), "expected x of a floating type, got int64"),
        ((np.ones((1, 5, 4, 2), "f4"), np.ones((3, 2, 3, 3, 2, 1))), "of one type, got float32 and float64"),
        ((np.ones((1, 5, 4, 3)), np.ones((3, 2, 3, 3, 2, 1))), r"maps of 2 channels.*got x of shape \(1, 5, 4, 3\)"),
        (
            (np.ones((1, 5, 4, 2)), np.ones((2, 3, 3, 3, 2, 1))),
            "kernels for 3 × 2 places.*of 5 × 4, got kernels for 2 × 3",
        ),
        ((np.ones((1, 5, 4, 2)), np.ones((3, 2, 3, 3, 2, 1)), 2), r"kernels for 2 × 1 places.*strides \(2, 2\)"),
        ((np.ones((1, 2, 4, 2)), np.ones((3, 2, 3, 3, 2, 1))), "maps of 3 × 3 pixels or more, got 2 × 4"),
        ((np.ones((1, 5, 4, 2)), np.ones((3, 2, 3, 3, 2, 0))), "a known shape without a 0"),
        ((np.ones((1, 5, 4, 2)), np.ones((3, 2, 3, 3, 2, 1)), 0), "strides to be one or two whole numbers.*got 0"),
        ((np.ones((1, 5, 4, 2)), np.ones((3, 2, 3, 3, 2, 1)), (1, 1, 1)), r"strides to be one or two.*got \(1, 1, 1\)"),
        ((np.ones((1, 5, 4, 2)), np.ones((3, 2, 3, 3, 2, 1)), 1, "SAME"), 'padding "valid" or "same", got \'SAME\''),
        (("maps", np.ones((3, 2, 3, 3, 2, 1))), "expected x of a floating type, got string"),
    ],
)
def test_refuses(arguments: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        locally_connected(*arguments)


def test_refuses_maps_of_unknown_size() -> None:
    graph = tf.function(locally_connected, [tf.TensorSpec((None, None, 4, 2)), tf.TensorSpec((3, 2, 3, 3, 2, 1))])
    with pytest.raises(ValueError, match="maps of known height and width, 1 or more, got None × 4"):
        graph.get_concrete_function()


def trained(layer: keras.layers.Layer) -> keras.Model:
    """Train a small model on targets that depend on the place."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6, 5, 3)), layer])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    x = random(32, 6, 5, 3).astype(np.float32)
    target = x.sum(axis=-1, keepdims=True) * np.linspace(0.5, 1.5, 30).reshape(6, 5, 1)
    losses = model.fit(x, target, epochs=80, verbose=0).history["loss"]
    assert losses[-1] < 0.1  # one kernel for all places reaches 0.26
    return model


LAYERS = [
    lambda: LocallyConnected2D(1, 1, kernel_regularizer=keras.regularizers.L2(1e-6), kernel_initializer="he_normal"),
    lambda: ScaledConv2D(1, (1, 1), padding="same", use_bias=False),
]


@pytest.mark.parametrize("make", LAYERS)
def test_layers_train_save_and_load(make: Any, tmp_path: Path) -> None:
    model = trained(make())
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].get_config() == model.layers[0].get_config()
    x = random(2, 6, 5, 3, seed=1).astype(np.float32)
    np.testing.assert_array_equal(loaded(x), model(x))


def test_layer_is_the_function_with_a_bias_for_each_place() -> None:
    layer = LocallyConnected2D(2, (3, 2), strides=(2, 1), padding="same", activation="relu", bias_initializer="normal")
    x = random(2, 5, 4, 3).astype(np.float32)
    y = layer(x)
    assert layer.kernel.shape == (3, 4, 3, 2, 3, 2)
    assert layer.bias.shape == (3, 4, 2)
    assert layer.compute_output_shape((None, 5, 4, 3)) == (None, 3, 4, 2)
    expected = loop(x, layer.kernel.numpy(), (2, 1), "same") + layer.bias.numpy()
    np.testing.assert_allclose(y, np.maximum(expected, 0), atol=1e-5)


def test_scaled_convolution_is_a_convolution_times_a_gain() -> None:
    layer = ScaledConv2D(2, 3, strides=2, activation="tanh", bias_initializer="normal")
    x = random(2, 7, 5, 3).astype(np.float32)
    convolution = keras.layers.Conv2D(2, 3, strides=2)
    convolution.build(x.shape)
    layer.build(x.shape)
    convolution.set_weights([layer.kernel.numpy(), np.zeros(2)])
    bias = layer.bias.numpy()
    np.testing.assert_allclose(layer(x), np.tanh(convolution(x) + bias), atol=1e-6)
    gain = random(3, 2, 1)
    layer.gain.assign(gain)
    np.testing.assert_allclose(layer(x), np.tanh(convolution(x) * gain + bias), atol=1e-6)


@pytest.mark.parametrize("layer", [LocallyConnected2D, ScaledConv2D])
def test_mixed_precision(layer: Any) -> None:
    mixed = layer(2, 3, dtype="mixed_float16")
    x = random(2, 5, 4, 3).astype(np.float32)
    with tf.GradientTape() as tape:
        y = mixed(x)
    assert y.dtype == "float16"
    slopes = tape.gradient(y, mixed.trainable_variables)
    assert [(each.dtype, each.shape) for each in slopes] == [
        ("float32", each.shape) for each in mixed.trainable_variables
    ]


@pytest.mark.parametrize(
    ("initializer", "variance"),
    [
        ("he_normal", 2 / (3 * 3 * 8)),
        ("lecun_uniform", 1 / (3 * 3 * 8)),
        ("glorot_uniform", 2 / (3 * 3 * (8 + 16))),
        (keras.initializers.VarianceScaling(3, "fan_out"), 3 / (3 * 3 * 16)),
        (keras.initializers.RandomNormal(stddev=0.5), 0.25),
    ],
)
def test_initial_weights_suit_the_inputs_of_one_place(initializer: Any, variance: float) -> None:
    keras.utils.set_random_seed(0)
    layer = LocallyConnected2D(16, 3, kernel_initializer=initializer)
    layer.build((None, 6, 7, 8))
    kernel = layer.kernel.numpy()
    assert kernel.var() == pytest.approx(variance, rel=0.03)
    assert not np.array_equal(kernel[0, 0], kernel[0, 1])


@pytest.mark.parametrize("layer", [LocallyConnected2D, ScaledConv2D])
def test_layers_refuse(layer: Any) -> None:
    for shape in ((None, None, 5, 3), (None, 5, 5, None), (None, 5, 3)):
        with pytest.raises(ValueError, match="known height, width and channels"):
            layer(2, 3).build(shape)
    for name, value in (("data_format", "channels_first"), ("dilation_rate", 2), ("groups", 2), ("lora_rank", 2)):
        with pytest.raises(ValueError, match=f"expected {name}="):
            layer(2, 3, **{name: value})
    with pytest.raises(ValueError, match=r"\(None, 2, 5, 3\)"):
        layer(2, 3).build((None, 2, 5, 3))
    built = layer(2, 3)
    built.build((None, 5, 5, 3))
    with pytest.raises(ValueError, match=r"expected shape=\(None, 5, 5, 3\), found shape=\(1, 6, 5, 3\)"):
        built(np.zeros((1, 6, 5, 3)))
    with pytest.raises(ValueError, match="expected no LoRA"):
        built.enable_lora(2)


def test_layer_refuses_an_orthogonal_initializer() -> None:
    with pytest.raises(ValueError, match="draws each weight by itself, got Orthogonal"):
        LocallyConnected2D(2, 3, kernel_initializer="orthogonal").build((None, 5, 5, 3))
