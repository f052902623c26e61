from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.layers import dice_loss, euclidean_loss

pytestmark = pytest.mark.slow

TARGET = np.array([[[1.0, 0], [1, 0]]])
PREDICTION = np.array([[[0.5, 0], [1, 0.5]]])


def maps(*shape: int, seed: int = 0) -> tuple[Any, Any]:
    """Draw a mask, and probabilities."""
    random = np.random.default_rng(seed)
    return (random.random(shape) > 0.5).astype(float), random.random(shape)


def dice_by_hand(target: Any, prediction: Any, valid: Any = None, smooth: float = 1e-6) -> list[float]:
    """Return 1 - (2 I + s) / (S + s) for each image, pixel by pixel."""
    losses = []
    for image in range(len(target)):
        shared, size = 0.0, 0.0
        for pixel in np.ndindex(target.shape[1:]):
            if valid is None or valid[(image, *pixel)]:
                t, p = float(target[(image, *pixel)]), float(prediction[(image, *pixel)])
                shared, size = shared + t * p, size + t * t + p * p
        losses.append(1 - (2 * shared + smooth) / (size + smooth))
    return losses


def gradients(loss: Callable[..., Any], *inputs: Any) -> list[Any]:
    tensors = [tf.constant(x) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = loss(*tensors)
    return [gradient.numpy() for gradient in tape.gradient(value, tensors)]


def differences(loss: Callable[..., Any], inputs: list[Any], which: int, step: float = 1e-6) -> Any:
    """Return the gradient of the sum of losses by central differences."""
    gradient = np.empty_like(inputs[which])
    for index in np.ndindex(gradient.shape):
        values = []
        for sign in (1, -1):
            moved = [x.copy() for x in inputs]
            moved[which][index] += sign * step
            values.append(np.sum(loss(*moved).numpy()))
        gradient[index] = (values[0] - values[1]) / (2 * step)
    return gradient


def test_euclidean_on_two_by_two() -> None:
    assert euclidean_loss(TARGET, PREDICTION).numpy() == (0.5**2 + 0.5**2) / 2
    of_target, of_prediction = gradients(euclidean_loss, TARGET, PREDICTION)
    np.testing.assert_array_equal(of_prediction, PREDICTION - TARGET)
    np.testing.assert_array_equal(of_target, TARGET - PREDICTION)


@pytest.mark.parametrize("shape", [(3,), (2, 5), (4, 3, 2, 2)])
def test_euclidean_is_divided_by_the_batch_alone(shape: tuple[int, ...]) -> None:
    target, prediction = maps(*shape)
    expected = sum((t - p) ** 2 for t, p in zip(target.flat, prediction.flat, strict=True)) / (2 * shape[0])
    assert euclidean_loss(target, prediction).numpy() == pytest.approx(expected, rel=1e-12)


def test_euclidean_of_nothing() -> None:
    assert euclidean_loss(np.zeros((0, 3)), np.zeros((0, 3))).numpy() == 0


def test_dice_on_two_by_two() -> None:
    # Of sizes 2 and 1.5, 1.5 is shared: 1 - 2 * 1.5 / 3.5.
    assert dice_loss(TARGET, PREDICTION).numpy() == pytest.approx([1 / 7], rel=1e-6)
    # (-2 t S + 2 p * 2 I) / S ** 2, with I = 1.5 and S = 3.5.
    expected = (-2 * TARGET * 3.5 + 2 * PREDICTION * 3) / 3.5**2
    np.testing.assert_allclose(gradients(dice_loss, TARGET, PREDICTION)[1], expected, rtol=1e-5)


@pytest.mark.parametrize("smooth", [1e-6, 1.0])
def test_dice_against_a_loop(smooth: float) -> None:
    target, prediction = maps(3, 4, 5)
    valid = np.random.default_rng(1).random((3, 4, 5)) > 0.3
    expected = dice_by_hand(target, prediction, valid, smooth)
    np.testing.assert_allclose(dice_loss(target, prediction, valid, smooth), expected, rtol=1e-9)


def test_classes_count_alike() -> None:
    target, prediction = maps(2, 4, 5, 3)
    valid = np.random.default_rng(1).random((2, 4, 5)) > 0.3
    expected = np.mean([dice_by_hand(target[..., c], prediction[..., c], valid) for c in range(3)], axis=0)
    np.testing.assert_allclose(dice_loss(target, prediction, valid), expected, rtol=1e-9)


def test_one_number_for_each_image() -> None:
    target, prediction = maps(3, 4, 5)
    alone = [dice_loss(t[None], p[None]).numpy()[0] for t, p in zip(target, prediction, strict=True)]
    np.testing.assert_allclose(dice_loss(target, prediction), alone, rtol=1e-12)


@given(st.integers(0, 2**32 - 1), st.booleans())
@settings(max_examples=25, deadline=None, derandomize=True)
def test_dice_is_in_range_symmetric_and_blind_to_places(seed: int, several: bool) -> None:
    random = np.random.default_rng(seed)
    target, prediction = maps(2, 3, 4, *([2] if several else []), seed=seed)
    loss = dice_loss(target, prediction).numpy()
    assert ((loss >= 0) & (loss <= 1)).all()
    np.testing.assert_allclose(dice_loss(prediction, target), loss, rtol=1e-12)
    order = random.permutation(12)
    moved = [x.reshape(2, 12, *x.shape[3:])[:, order].reshape(x.shape) for x in (target, prediction)]
    np.testing.assert_allclose(dice_loss(*moved), loss, rtol=1e-12)
    np.testing.assert_array_equal(dice_loss(prediction, prediction), [0, 0])


@pytest.mark.parametrize("shape", [(2, 3, 2), (2, 3, 2, 2)])
@pytest.mark.parametrize("loss", [dice_loss, euclidean_loss])
def test_gradients_of_both_inputs(loss: Any, shape: tuple[int, ...]) -> None:
    inputs = list(maps(*shape))
    for which, gradient in enumerate(gradients(loss, *inputs)):
        np.testing.assert_allclose(gradient, differences(loss, inputs, which), atol=1e-7)


def test_dice_can_be_differentiated_twice() -> None:
    target, prediction = maps(1, 2, 2)

    def slope(p: Any) -> Any:
        p = tf.convert_to_tensor(p)
        with tf.GradientTape() as tape:
            tape.watch(p)
            loss = dice_loss(target, p)
        return tape.gradient(loss, p)[0, 0, 0]

    np.testing.assert_allclose(gradients(slope, prediction)[0], differences(slope, [prediction], 0), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("graph", [False, True])
def test_nothing_against_nothing(dtype: str, graph: bool) -> None:
    empty = tf.zeros((2, 3, 3), dtype)
    loss = tf.function(dice_loss) if graph else dice_loss
    np.testing.assert_array_equal(loss(empty, empty), [0, 0])
    for gradient in gradients(loss, empty, empty):
        np.testing.assert_array_equal(gradient, np.zeros((2, 3, 3)))


def test_something_against_nothing() -> None:
    mask, empty = np.ones((1, 2, 2)), np.zeros((1, 2, 2))
    assert dice_loss(mask, empty).numpy() == pytest.approx([1], abs=1e-6)
    assert dice_loss(empty, mask, smooth=4).numpy() == pytest.approx([0.5])


@pytest.mark.parametrize("kind", ["bool", "uint8", "float32"])
@pytest.mark.parametrize("classes", [(), (2,)])
def test_pixels_that_do_not_count(kind: str, classes: tuple[int, ...]) -> None:
    target, prediction = maps(2, 3, 4, *classes)
    valid = np.random.default_rng(1).random((2, 3, 4)) > 0.4
    changed = prediction.copy()
    changed[~valid] = np.nan
    loss = dice_loss(target, prediction, valid.astype(kind))
    np.testing.assert_array_equal(dice_loss(target, changed, valid.astype(kind)), loss)
    for gradient in gradients(lambda t, p: dice_loss(t, p, valid.astype(kind)), target, changed):
        assert (gradient[~valid] == 0).all()
        assert (gradient[valid] != 0).any()


def test_no_pixel_counts() -> None:
    target, prediction = maps(2, 3, 4)
    nothing = np.zeros((2, 3, 4), bool)
    np.testing.assert_array_equal(dice_loss(target, prediction, nothing), [0, 0])
    for gradient in gradients(lambda t, p: dice_loss(t, p, nothing), target, prediction):
        np.testing.assert_array_equal(gradient, np.zeros((2, 3, 4)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("loss", [dice_loss, euclidean_loss])
def test_halves_are_computed_in_float32(loss: Any, dtype: str) -> None:
    # 90000 pixels: no half holds their sum.
    target, prediction = tf.ones((1, 300, 300), dtype), tf.fill((1, 300, 300), tf.constant(0.5, dtype))
    got = loss(target, prediction)
    assert got.dtype == tf.float32
    expected = 0.2 if loss is dice_loss else 300 * 300 * 0.25 / 2
    np.testing.assert_allclose(got, np.full(got.shape, expected), rtol=1e-5)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("loss", [dice_loss, euclidean_loss])
def test_masks_of_any_type(loss: Any, dtype: str) -> None:
    target, prediction = maps(2, 3, 4)
    got = loss(target.astype(dtype), prediction.astype("float32"))
    assert got.dtype == tf.float32
    np.testing.assert_allclose(got, loss(target, prediction), rtol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_a_graph_of_unknown_sizes(jit_compile: bool) -> None:
    target, prediction = maps(2, 3, 4)
    valid = np.random.default_rng(1).random((2, 3, 4)) > 0.4
    floats, truths = tf.TensorSpec([None] * 3, tf.float64), tf.TensorSpec([None] * 3, tf.bool)
    graph = tf.function(dice_loss, input_signature=[floats, floats, truths], jit_compile=jit_compile)
    np.testing.assert_allclose(graph(target, prediction, valid), dice_loss(target, prediction, valid), rtol=1e-9)
    graph = tf.function(euclidean_loss, input_signature=[floats, floats], jit_compile=jit_compile)
    np.testing.assert_allclose(graph(target, prediction), euclidean_loss(target, prediction), rtol=1e-9)


@pytest.mark.parametrize("loss", [dice_loss, euclidean_loss])
def test_a_graph_refuses_what_it_would_broadcast(loss: Any) -> None:
    signature = [tf.TensorSpec([None] * 3, tf.float32)] * 2
    graph = tf.function(loss, input_signature=signature)
    with pytest.raises(tf.errors.InvalidArgumentError, match="of one shape"):
        graph(tf.zeros((2, 3, 4)), tf.zeros((2, 3, 1)))


def test_a_graph_refuses_logits() -> None:
    graph = tf.function(dice_loss, input_signature=[tf.TensorSpec([None] * 3, tf.float32)] * 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="are these logits"):
        graph(tf.zeros((1, 2, 2)), tf.fill((1, 2, 2), -3.0))


ONES = np.ones((2, 3, 4))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((ONES, np.ones((2, 3, 1))), r"of one shape, got \(2, 3, 4\) and \(2, 3, 1\)"),
        ((np.ones((2, 3, 4), int), np.ones((2, 3, 4, 5))), "of one shape"),
        ((np.ones((3, 4)), np.ones((3, 4))), r"target of shape \(B, H, W\) or"),
        ((ONES[..., :0, None][..., :0], ONES[..., :0, None][..., :0]), "target with a class or more"),
        ((255 * ONES, ONES), r"target with values in \[0, 1\], got values from 255 to 255"),
        ((ONES, -3 * ONES), "logits.*got values from -3 to -3"),
        ((ONES, ONES, ONES[:1]), r"valid pixels of shape \(2, 3, 4\), got \(1, 3, 4\)"),
        ((ONES, ONES, ONES[..., None]), "valid pixels of shape"),
        ((ONES, ONES, 0.5 * ONES), "zeros and ones.*from 0.5 to 0.5"),
        ((ONES, ONES, 255 * ONES), "zeros and ones"),
        ((ONES, ONES, None, 0), "positive number as smooth, got 0"),
        ((ONES, ONES, None, np.nan), "positive number as smooth"),
        ((ONES, ONES, None, "1"), "positive number as smooth"),
        ((ONES, ONES * 1j), "real numbers, got complex128"),
        (([[[0, 1], [0]]], ONES), "target of numbers"),
        ((ONES, "cat"), "real numbers, got string"),
    ],
)
def test_what_dice_refuses(arguments: tuple[Any, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        dice_loss(*arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((np.ones(3), np.ones((3, 1))), "of one shape"), ((1.0, 2.0), r"shape \(B, \.\.\.\)"), ((ONES, "cat"), "string")],
)
def test_what_euclidean_refuses(arguments: tuple[Any, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        euclidean_loss(*arguments)


def test_a_diverged_network_shows() -> None:
    assert np.isnan(dice_loss(ONES, ONES * np.nan)).all()


def pixel_model(policy: str = "float32") -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(1, 1, activation="sigmoid", dtype=policy)])
    return keras.Sequential([model, keras.layers.Reshape((4, 4), dtype=policy)])


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
@pytest.mark.parametrize("loss", [dice_loss, euclidean_loss])
def test_trains_a_keras_model(loss: Any, policy: str, tmp_path: Path) -> None:
    images = np.random.default_rng(0).standard_normal((6, 4, 4, 3)).astype(np.float32)
    masks = (images[..., 0] > 0).astype(np.uint8)
    model = pixel_model(policy)
    model.compile(keras.optimizers.Adam(0.1), loss=loss)
    before = model.evaluate(images, masks, verbose=0)
    expected = float(np.mean(loss(masks, model.predict(images, verbose=0))))
    assert before == pytest.approx(expected, rel=1e-3)
    model.fit(images, masks, epochs=20, verbose=0)
    after = model.evaluate(images, masks, verbose=0)
    assert after < before / 2
    model.save(tmp_path / "model.keras")
    assert keras.models.load_model(tmp_path / "model.keras").evaluate(images, masks, verbose=0) == pytest.approx(after)


def test_sample_weights_weight_images() -> None:
    images = np.random.default_rng(0).standard_normal((4, 4, 4, 3)).astype(np.float32)  # batch and width are equal
    masks = (images[..., 0] > 0).astype(np.float32)
    weights = np.array([1.0, 0, 2, 5], np.float32)
    model = pixel_model()
    model.compile(loss=dice_loss)
    expected = np.mean(weights * dice_loss(masks, model.predict(images, verbose=0)))
    assert model.evaluate(images, masks, sample_weight=weights, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_a_mask_of_valid_pixels_in_keras() -> None:
    images = np.random.default_rng(0).standard_normal((4, 4, 4, 3)).astype(np.float32)
    masks = (images[..., 0] > 0).astype(np.float32)
    valid = (images[..., 1] > 0).astype(np.float32)
    model = pixel_model()
    model.compile(loss=lambda y, p: dice_loss(y[..., 0], p, y[..., 1]))
    expected = np.mean(dice_loss(masks, model.predict(images, verbose=0), valid))
    assert model.evaluate(images, np.stack([masks, valid], -1), verbose=0) == pytest.approx(expected, rel=1e-5)
