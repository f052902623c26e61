from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.segmentation import segmentation_loss

pytestmark = pytest.mark.slow

LABELS = np.array([[[0, 255, 2], [255, 1, 1]]])
LOGITS = np.random.default_rng(0).standard_normal((1, 2, 3, 3))


def by_hand(labels: Any, logits: Any, ignore: int | None) -> float:
    """Return the mean of the negative log-softmax, pixel by pixel."""
    errors = [
        np.log(np.exp(logits[pixel]).sum()) - logits[pixel][label]
        for pixel, label in np.ndenumerate(labels)
        if label != ignore
    ]
    return float(np.mean(errors))


def gradient(loss: Any, labels: Any, logits: Any) -> Any:
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(labels, logits)
    return tape.gradient(value, logits).numpy()


def test_equal_logits_cost_the_logarithm_of_the_classes() -> None:
    for labels in (LABELS, np.zeros_like(LABELS)):
        assert segmentation_loss()(labels, np.zeros((1, 2, 3, 3))).numpy() == pytest.approx(np.log(3))


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float32"])
def test_ignored_pixels_leave_the_denominator(dtype: str) -> None:
    got = segmentation_loss()(LABELS.astype(dtype), LOGITS)
    assert got.numpy() == pytest.approx(by_hand(LABELS, LOGITS, 255), rel=1e-12)


@pytest.mark.parametrize("ignore", [-1, 0, 1, 7, None])
def test_any_label_can_be_ignored(ignore: int | None) -> None:
    labels = np.where(LABELS == 255, 1 if ignore is None else ignore, LABELS)
    got = segmentation_loss(ignore)(labels, LOGITS)
    assert got.numpy() == pytest.approx(by_hand(labels, LOGITS, ignore), rel=1e-12)


def test_gradient_is_0_at_ignored_pixels_alone() -> None:
    got = gradient(segmentation_loss(), LABELS, LOGITS)
    softmax = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)
    counts = LABELS != 255
    expected = np.where(counts[..., None], softmax - np.eye(3)[np.where(counts, LABELS, 0)], 0) / counts.sum()
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_nothing_counts() -> None:
    labels = np.full((1, 2, 3), 255)
    assert segmentation_loss()(labels, LOGITS).numpy() == 0
    np.testing.assert_array_equal(gradient(segmentation_loss(), labels, LOGITS), np.zeros_like(LOGITS))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_computed_in_float32(dtype: str) -> None:
    logits = tf.cast(np.tile([0.0, 0.0], (1, 300, 300, 1)), dtype)  # the sum, 62383, is beyond what a half holds well
    got = segmentation_loss()(np.zeros((1, 300, 300), int), logits)
    assert got.dtype == tf.float32
    assert got.numpy() == pytest.approx(np.log(2), rel=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_a_graph_of_unknown_sizes(jit_compile: bool) -> None:
    signature = [tf.TensorSpec([None] * 3, tf.int32), tf.TensorSpec([None] * 4, tf.float64)]
    graph = tf.function(segmentation_loss(), input_signature=signature, jit_compile=jit_compile)
    assert graph(LABELS.astype(np.int32), LOGITS).numpy() == pytest.approx(by_hand(LABELS, LOGITS, 255), rel=1e-9)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_trains_a_keras_model(policy: str) -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2, 3, 3)), keras.layers.Conv2D(3, 1, dtype=policy)])
    model.compile(keras.optimizers.Adam(0.1), loss=segmentation_loss())
    x, labels = LOGITS.astype(np.float32), LABELS.astype(np.uint8)
    expected = by_hand(LABELS, model.predict(x, verbose=0).astype(float), 255)
    assert model.evaluate(x, labels, verbose=0) == pytest.approx(expected, rel=1e-3)
    model.fit(x, labels, epochs=20, verbose=0)
    assert model.evaluate(x, labels, verbose=0) < expected / 2


@pytest.mark.parametrize(("label", "least"), [(3, 0), (-1, -1), (254, 0)])
def test_labels_that_are_no_class(label: int, least: int) -> None:
    labels = np.where(LABELS == 2, label, LABELS)
    words = rf"expected labels in \[0, 3\) or 255, got labels from {least} to {max(label, 1)}"
    with pytest.raises(ValueError, match=words):
        segmentation_loss()(labels, LOGITS)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"expected labels in \[0, C\) or 255, got"):
        tf.function(segmentation_loss())(labels, LOGITS)


@pytest.mark.parametrize(
    ("labels", "logits", "words"),
    [
        (LABELS[..., None], LOGITS, r"expected labels of shape \(B, H, W\), whole numbers, got shape \(1, 2, 3, 1\)"),
        (
            LABELS[:, :1],
            LOGITS,
            r"expected a label for each pixel of logits of shape \(1, 2, 3, 3\), got .*\(1, 1, 3\)",
        ),
        (LABELS, LOGITS[0], r"expected logits of shape \(B, H, W, C\), floats, got shape \(2, 3, 3\), float64"),
        (LABELS, LOGITS.astype(int), r"expected logits .*, got shape \(1, 2, 3, 3\), int64"),
        (LABELS == 0, LOGITS, "expected labels .*, got shape .*, bool"),
    ],
)
def test_wrong_shapes_and_types(labels: Any, logits: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        segmentation_loss()(labels, logits)


@pytest.mark.parametrize("ignore", [1.5, "255", True])
def test_wrong_labels_to_ignore(ignore: Any) -> None:
    with pytest.raises(ValueError, match="expected a whole number to ignore, or None, got"):
        segmentation_loss(ignore)
