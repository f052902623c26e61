from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab

from course_lib import color
from course_lib.color import tensors

pytestmark = pytest.mark.slow

Array = NDArray[Any]
STEPS = np.linspace(0, 1, 33)
CUBE = np.stack(np.meshgrid(STEPS, STEPS, STEPS, indexing="ij"), axis=-1)
GAMUT = rgb2lab(CUBE).astype(np.float32)
BYTES = np.random.default_rng(0).integers(0, 256, (2, 20, 30, 3), dtype=np.uint8)
ALL = [
    tensors.rgb_to_lab,
    tensors.lab_to_rgb,
    tensors.normalize_lab,
    tensors.denormalize_lab,
    tensors.split_lab,
]


@pytest.mark.parametrize("rgb", [CUBE, CUBE.astype(np.float32), BYTES], ids=["float64", "float32", "uint8"])
def test_equals_scikit_image(rgb: Array) -> None:
    lab = tensors.rgb_to_lab(tf.constant(rgb))
    assert lab.dtype == tf.float32
    np.testing.assert_allclose(lab, rgb2lab(rgb), atol=1e-3)
    np.testing.assert_allclose(tensors.lab_to_rgb(lab), lab2rgb(rgb2lab(rgb)), atol=1e-4)


def test_round_trip() -> None:
    np.testing.assert_allclose(tensors.lab_to_rgb(tensors.rgb_to_lab(CUBE)), CUBE, atol=1e-4)


def test_gamut_is_clipped_as_in_numpy() -> None:
    lab = np.random.default_rng(0).uniform((-20, -200, -200), (120, 200, 200), (5000, 3))
    np.testing.assert_allclose(tensors.lab_to_rgb(lab), color.lab_to_rgb(lab), atol=1e-5)


def test_scale_and_parts_are_those_of_numpy() -> None:
    normalized = tensors.normalize_lab(GAMUT)
    np.testing.assert_allclose(normalized, color.normalize_lab(GAMUT), atol=1e-6)
    np.testing.assert_allclose(tensors.denormalize_lab(normalized), GAMUT, atol=1e-4)
    for part, expected in zip(tensors.split_lab(GAMUT), color.split_lab(GAMUT), strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_floats_of_every_size_give_float32(dtype: str) -> None:
    rgb = tf.cast(BYTES[:, :4, :4] / 255, dtype)
    lab = tensors.rgb_to_lab(rgb)
    expected = rgb2lab(tf.cast(rgb, tf.float64).numpy())
    assert lab.dtype == tf.float32
    np.testing.assert_allclose(lab, expected, atol=1e-3)
    assert tensors.lab_to_rgb(tf.cast(lab, dtype)).dtype == tf.float32
    assert tensors.normalize_lab(tf.cast(lab, dtype)).dtype == tf.float32
    assert tensors.denormalize_lab(tf.cast(lab / 110, dtype)).dtype == tf.float32


def test_in_a_dataset_of_images_of_different_sizes() -> None:
    images = [BYTES[0], BYTES[1, :7, :11], BYTES[:1, 0]]
    spec = tf.TensorSpec((None, None, 3), tf.uint8)
    dataset = tf.data.Dataset.from_generator(lambda: iter(images), output_signature=spec)
    parts = dataset.map(lambda rgb: tensors.split_lab(tensors.normalize_lab(tensors.rgb_to_lab(rgb))))
    assert [tuple(part.shape) for part in parts.element_spec] == [(None, None, 1), (None, None, 2)]
    for rgb, (lightness, ab) in zip(images, parts, strict=True):
        lab = color.normalize_lab(color.rgb_to_lab(rgb))
        np.testing.assert_allclose(np.concatenate([lightness, ab], axis=-1), lab, atol=1e-5)


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("shape", [None, (None, None), (None, 4, 3), (2, 4, 3)])
def test_in_a_graph_that_knows_more_or_less_of_the_shape(function: Callable[..., Any], shape: Any) -> None:
    graph = tf.function(function, input_signature=[tf.TensorSpec(shape, tf.float32)])
    x = np.random.default_rng(0).random((2, 3) if shape == (None, None) else (2, 4, 3)).astype(np.float32)
    for got, expected in zip(tf.nest.flatten(graph(x)), tf.nest.flatten(function(x)), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(3,), (0, 3), (0, 4, 3), (2, 1, 4, 1, 3)])
def test_shapes_are_kept(shape: tuple[int, ...]) -> None:
    rgb = np.random.default_rng(0).random(shape)
    lab = tensors.rgb_to_lab(rgb)
    assert lab.shape == tensors.lab_to_rgb(lab).shape == shape


def gradient(function: Callable[..., Any], x: Array) -> Array:
    """Take the gradient of the sum of the results, weighted so that no two channels cancel."""
    given = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(given)
        value = tf.reduce_sum(function(given) * [1.0, 0.7, 0.4])
    return tape.gradient(value, given).numpy()


@pytest.mark.parametrize("function", [tensors.rgb_to_lab, tensors.lab_to_rgb])
def test_gradients_against_finite_differences(function: Callable[..., Any]) -> None:
    rgb = np.random.default_rng(0).uniform(0.1, 0.9, (20, 3))
    x = rgb if function is tensors.rgb_to_lab else rgb2lab(rgb)
    reference = rgb2lab if function is tensors.rgb_to_lab else lab2rgb
    step = 1e-5
    differences = []
    for nudge in step * np.eye(3):
        change = (reference(x + nudge) - reference(x - nudge)) @ [1.0, 0.7, 0.4]
        differences.append(change / (2 * step))
    np.testing.assert_allclose(gradient(function, x), np.stack(differences, axis=-1), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize(("function", "x"), [(tensors.rgb_to_lab, CUBE), (tensors.lab_to_rgb, GAMUT)])
def test_gradients_are_finite_from_black_to_white(function: Callable[..., Any], x: Array) -> None:
    assert np.isfinite(gradient(function, x)).all()


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((4, 3), np.int32), "as .*floats, got int32"),
        (np.zeros((4, 3), bool), "as .*floats, got bool"),
        (np.zeros((4, 2), np.float32), r"of shape \(\.\.\., 3\), got \(4, 2\)"),
        (np.float32(0), r"of shape \(\.\.\., 3\), got \(\)"),
    ],
)
def test_refuses_other_types_and_shapes(function: Callable[..., Any], values: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(values)


@pytest.mark.parametrize("function", ALL[1:])
def test_lab_of_8_bits_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="as floats, got uint8"):
        function(BYTES)
