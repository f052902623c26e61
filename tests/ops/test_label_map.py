"""Labels of coarse logits against the argmax over scores in float64, and over TensorFlow's own upsampling."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.ops import label_map, library, reference
from course_lib.upsampling import transposed_upsample
from tests.support.op_oracles import DTYPES, Array, fresh_process, random

pytestmark = pytest.mark.slow

BORDERS = ("constant", "edge")
FACTORS = (1, 2, 3, 4, 5, 8, 16, 31)
backends = pytest.mark.usefixtures("backend")


def weights(size: int, factor: int, border: str) -> Array:
    """Write out how much each entry of an axis counts for each pixel, ``(size * factor, size)``, in float64."""
    matrix = np.zeros((size * factor, size))
    for pixel, entry in np.ndindex(matrix.shape):
        # In half pixels, so that what should be 0 is; an edge is met by every pixel beyond the last entry.
        place, center = 2 * pixel + 1, (2 * entry + 1) * factor
        if border == "edge":
            place = min(max(place, factor), (2 * size - 1) * factor)
        matrix[pixel, entry] = max(0, 2 * factor - abs(place - center)) / (2 * factor)
    return matrix


def scores(logits: Any, factor: int, border: str = "constant") -> Array:
    """Upsample in float64, with no part for entries of weight 0; NaN counts as -inf."""
    wide = tf.cast(logits, "float64").numpy()
    down, across = (weights(size, factor, border) for size in wide.shape[1:3])
    result = np.zeros((len(wide), len(down), len(across), wide.shape[3]))
    with np.errstate(invalid="ignore"):
        for y, x in np.ndindex(wide.shape[1:3]):
            shares = np.outer(down[:, y], across[:, x])
            result[:, shares > 0] += shares[shares > 0][:, None] * wide[:, y, x][:, None]
    return np.where(np.isnan(result), -np.inf, result)


def expect_best(labels: Any, logits: Any, factor: int, border: str = "constant") -> None:
    """Expect at each pixel the best class, or one whose score is behind by less than 1e-5 of the logits' range."""
    expected, labels = scores(logits, factor, border), labels.numpy()
    assert labels.dtype == np.int64
    assert labels.shape == expected.shape[:3]
    numbers = tf.cast(logits, "float64").numpy()
    numbers = np.append(numbers[np.isfinite(numbers)], 0)
    chosen = np.take_along_axis(expected, labels[..., None], axis=-1)[..., 0]
    best = expected.max(axis=-1)
    equal = chosen == best
    rounded = 8 * np.finfo(np.float32).tiny  # each of eight products, where threads round what is not normal to 0
    assert (best[~equal] - chosen[~equal] < 1e-5 * np.ptp(numbers) + rounded).all()


@backends
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("factor", [*FACTORS, 32, 57])
def test_labels_are_the_best_classes(factor: int, dtype: str, border: str) -> None:
    logits = tf.cast(random(2, 3, 4, 21), dtype)
    expect_best(label_map(logits, factor, border), logits, factor, border)


@backends
@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(FACTORS),
    st.tuples(*[st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)]),
    st.sampled_from([1, 2, 3, 7, 8, 9, 40]),
    st.sampled_from(DTYPES),
    st.sampled_from(BORDERS),
    st.booleans(),
    st.data(),
)
def test_labels_of_any_logits(
    factor: int, shape: tuple[int, ...], classes: int, dtype: str, border: str, coarse: bool, data: st.DataObject
) -> None:
    """Some logits are equal, some infinite or NaN."""
    logits = random(*shape, classes, seed=data.draw(st.integers(0, 99)))
    logits = logits.round() if coarse else logits
    for spot in data.draw(st.lists(st.integers(0, logits.size - 1), max_size=5)):
        logits.flat[spot] = data.draw(st.sampled_from([np.inf, -np.inf, np.nan, 1e30, 0]))
    logits = tf.cast(logits, dtype)
    expect_best(label_map(logits, factor, border), logits, factor, border)


PATTERNS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "waves": lambda y, x, c: np.sin(y * 0.7 + c) * np.cos(x * 0.6 - 2 * c) + 0.05 * np.sin(y * x * c),
    "ramps": lambda y, x, c: c * x - c**2 + 0.1 * y,
    "one class below another": lambda y, x, c: np.sin(y) + np.cos(x) - 1e-3 * c,
    "checkerboards": lambda y, x, c: (-1.0) ** (y + x + c) * (1 + 0.1 * c),
    "spikes": lambda y, x, c: np.where((7 * y + 5 * x) % 29 == c, 100.0, 0.1 * np.cos(c + x)),
    "far from 0": lambda y, x, c: 1e4 + np.sin(y + c) * np.cos(x - c),
    "huge": lambda y, x, c: 3e38 * np.sin(y + c) * np.cos(x - c),
    "hardly normal": lambda y, x, c: 1e-36 * np.sin(y + c) * np.cos(x - c),
    "of all sizes": lambda y, x, c: np.sin(y * x + c) * 10.0 ** (c % 37 - 18),
}


@backends
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("factor", [4, 15, 32])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns(pattern: str, factor: int, border: str) -> None:
    y, x, c = np.meshgrid(*(np.arange(float(size)) for size in (6, 7, 29)), indexing="ij")
    logits = PATTERNS[pattern](y, x, c)[None].astype(np.float32)
    expect_best(label_map(logits, factor, border), logits, factor, border)


@backends
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("factor", [1, 2, 3, 32])
def test_equal_classes_go_to_the_first(factor: int, border: str) -> None:
    logits = np.repeat(random(1, 3, 4, 12), 4, axis=-1)
    labels = label_map(logits, factor, border).numpy()
    assert not (labels % 4).any()
    assert len(np.unique(labels)) > 1
    for numbers in ([3, 3, 3], [0, 0, 0], [np.inf, np.inf, 1], [-np.inf] * 3, [np.nan, -np.inf, np.nan]):
        same = np.tile(numbers, (1, 3, 4, 1))
        np.testing.assert_array_equal(label_map(same, factor, border), np.zeros((1, 3 * factor, 4 * factor)))


@backends
def test_worked_by_hand() -> None:
    logits = np.array([[[[1.0, 0.0], [0.0, 3.0]]]])  # class 1 wins from a quarter of the way
    np.testing.assert_array_equal(label_map(logits, 4)[0], [[0, 0, 0, 1, 1, 1, 1, 1]] * 4)
    fading = np.array([[[[1.0, 0.0]], [[-1.0, 0.0]]]]).transpose(0, 2, 1, 3)  # outside of the map all are 0
    np.testing.assert_array_equal(label_map(-fading, 4)[0], [[1, 1, 1, 1, 0, 0, 0, 0]] * 4)
    np.testing.assert_array_equal(label_map([[[[2, 7, 1]]]], 1), [[[1]]])


@backends
def test_beyond_the_border() -> None:
    """Beside zeros a score fades, beside an edge it stays: no class crosses another one there."""
    logits = np.array([[[[-1.0, 0.0, -0.4]]]])
    for border in BORDERS:
        np.testing.assert_array_equal(label_map(logits, 6, border), np.ones((1, 6, 6)))
    tall = np.array([[[[4.0, 3.9]], [[1.0, 2.0]]]])
    for border in BORDERS:
        expect_best(label_map(tall, 8, border), tall, 8, border)


@backends
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("value", [-np.inf, np.inf, np.nan])
def test_infinite_logit_reaches_its_own_pixels_only(value: float, factor: int, border: str, dtype: str) -> None:
    """Class 1 is infinite or NaN at one entry, at every border in turn, and above class 0 elsewhere."""
    for row, column in np.ndindex(3, 4):
        logits = np.tile([1.0, 2.0], (1, 3, 4, 1))
        logits[0, row, column, 1] = value
        reached = np.outer(weights(3, factor, border)[:, row] > 0, weights(4, factor, border)[:, column] > 0)
        expected = np.where(reached, int(value == np.inf), 1)
        np.testing.assert_array_equal(label_map(tf.cast(logits, dtype), factor, border)[0], expected)


@backends
@pytest.mark.parametrize("factor", [4, 5])
@pytest.mark.parametrize("value", [-np.inf, np.inf, np.nan])
def test_class_that_is_infinite_everywhere(value: float, factor: int) -> None:
    logits = random(2, 3, 4, 50)
    logits[..., 2] = value
    others = label_map(np.delete(logits, 2, axis=-1), factor).numpy()
    expected = np.full_like(others, 2) if value == np.inf else others + (others >= 2)
    np.testing.assert_array_equal(label_map(logits, factor), expected)


@backends
@pytest.mark.parametrize("border", BORDERS)
def test_rounding_alone_tells_it_from_argmax(border: str) -> None:
    """TensorFlow adds the same products, but may round less often: that decides in about one of a million pixels."""
    logits = random(1, 10, 16, 20)
    upsample = (
        (lambda x: transposed_upsample(x, 32)) if border == "constant" else (lambda x: tf.image.resize(x, (320, 512)))
    )
    expected = upsample(logits).numpy()
    labels = label_map(logits, 32, border).numpy()
    other = labels != expected.argmax(axis=-1)
    behind = expected.max(axis=-1) - np.take_along_axis(expected, labels[..., None], axis=-1)[..., 0]
    assert np.count_nonzero(other) <= 5  # of 163,840 pixels
    assert behind.max() < 1e-5 * np.ptp(logits)


@pytest.mark.usefixtures("native_only")
@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40),
    st.tuples(*[st.integers(1, 4)] * 3),
    st.integers(1, 70),
    st.sampled_from(["float32", "float64"]),
    st.sampled_from(BORDERS),
    st.integers(0, 99),
)
def test_native_equals_the_reference(
    factor: int, shape: tuple[int, ...], classes: int, dtype: str, border: str, seed: int
) -> None:
    logits = tf.constant(random(*shape, classes, seed=seed), dtype)
    native, plain = label_map(logits, factor, border), reference.label_map(logits, factor, border)
    assert (native.dtype, native.shape) == (plain.dtype, plain.shape)
    other = native.numpy() != plain.numpy()
    assert np.count_nonzero(other) <= 3  # where rounding decides
    expect_best(plain, logits, factor, border)


@backends
@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
def test_whole_numbers_are_logits(dtype: str) -> None:
    logits = np.random.default_rng(0).integers(0, 9, (1, 3, 4, 5)).astype(dtype)
    np.testing.assert_array_equal(label_map(logits, 4), label_map(logits.astype("float32"), 4))


@backends
def test_halves_are_not_rounded_again() -> None:
    """Between 256 and 256.125 there is no bfloat16; the scores of this column are all between them."""
    logits = tf.constant([[[[256.0, 255.0]], [[254.0, 256.0]]]], tf.bfloat16)
    labels = label_map(logits, 128, "edge").numpy()[0, :, 0]
    assert np.count_nonzero(labels == 0) == 64 + 43  # 256 - 2 t against 255 + t, for t above 1/3


@backends
@pytest.mark.parametrize("shape", [(0, 3, 4, 5), (1, 1, 1, 1), (2, 1, 1, 3), (1, 1, 9, 2), (1, 9, 1, 2)])
@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("factor", [1, 2, 3, 32])
def test_small_maps(factor: int, border: str, shape: tuple[int, ...]) -> None:
    logits = random(*shape)
    labels = label_map(logits, factor, border)
    assert labels.shape == (shape[0], shape[1] * factor, shape[2] * factor)
    if shape[0]:
        expect_best(labels, logits, factor, border)


@backends
@pytest.mark.parametrize("shape", [None, (None,) * 4, (None, 3, None, 5), (2, 3, 4, 5), (0, 3, 4, 5)])
def test_in_graphs_and_xla(shape: tuple[int | None, ...] | None) -> None:
    logits = random(0 if shape and shape[0] == 0 else 2, 3, 4, 5)
    expected = label_map(logits, 3)
    for xla in (False, True):
        graph = tf.function(lambda x: label_map(x, 3), [tf.TensorSpec(shape, tf.float32)], jit_compile=xla)
        known = graph.get_concrete_function().output_shapes
        sides = (None, None) if shape is None else tuple(side and 3 * side for side in shape[1:3])
        assert known.as_list() == [shape[0] if shape else None, *sides]
        np.testing.assert_array_equal(graph(logits), expected)


@backends
def test_labels_have_no_gradient() -> None:
    logits = tf.constant(random(1, 3, 4, 5))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = tf.reduce_sum(tf.cast(label_map(logits, 2), tf.float32)) + tf.reduce_sum(logits)
    np.testing.assert_array_equal(tape.gradient(total, logits), tf.ones_like(logits))


def kinds_of_operations(device: str | None) -> set[str]:
    """Name the operations of a graph that labels on a device."""

    def label(logits: tf.Tensor) -> tf.Tensor:
        with tf.device(device):
            return label_map(logits, 2)

    graph = tf.function(label, [tf.TensorSpec((1, 3, 4, 5))]).get_concrete_function().graph
    return {operation.type for operation in graph.get_operations()}


@pytest.mark.usefixtures("native_only")
def test_beside_a_gpu_the_native_operation_is_for_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PixelwiseLabelMap" in kinds_of_operations(None)
    assert "PixelwiseLabelMap" not in kinds_of_operations("GPU:0")
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [f"a {kind}"])
    assert "PixelwiseLabelMap" in kinds_of_operations("CPU:0")
    assert "PixelwiseLabelMap" not in kinds_of_operations(None)


@backends
@pytest.mark.parametrize(
    ("logits", "words"),
    [
        (np.ones((2, 3, 4)), r"expected logits of shape \(B, H, W, C\) with no empty map, got \(2, 3, 4\)"),
        (np.ones((1, 2, 3, 4, 1)), r"expected logits of shape .*, got \(1, 2, 3, 4, 1\)"),
        (5.0, r"expected logits of shape .*, got \(\)"),
        (np.ones((1, 0, 2, 3)), r"expected logits of shape .*, got \(1, 0, 2, 3\)"),
        (np.ones((1, 2, 0, 3)), r"expected logits of shape .*, got \(1, 2, 0, 3\)"),
        (np.ones((1, 2, 3, 0)), r"expected logits of shape .*, got \(1, 2, 3, 0\)"),
        (np.full((1, 1, 1, 1), "a"), "expected logits of real numbers, got string"),
        (np.ones((1, 1, 1, 1), complex), "expected logits of real numbers, got complex128"),
        ([[[[1], [1, 2]]]], "expected logits as a tensor or an array, got list"),
        (None, "expected logits as a tensor or an array, got NoneType"),
    ],
)
def test_wrong_logits(logits: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        label_map(logits, 2)


@backends
@pytest.mark.parametrize("factor", [2.0, 1.5, 0, -3, True, "2", None, 2**31])
def test_wrong_factors(factor: Any) -> None:
    with pytest.raises(ValueError, match=r"expected a whole factor of 1 or more, below 2\^31, got") as caught:
        label_map(np.ones((1, 2, 2, 1)), factor)
    assert str(caught.value).endswith(repr(factor))


@backends
@pytest.mark.parametrize("border", ["reflect", "", None, 0])
def test_wrong_borders(border: Any) -> None:
    with pytest.raises(ValueError, match=f'expected border "constant" or "edge", got {border!r}'):
        label_map(np.ones((1, 2, 2, 1)), 2, border)


@backends
@pytest.mark.parametrize("shape", [(1, 0, 2, 3), (1, 2, 0, 3), (1, 2, 3, 0)])
def test_empty_maps_that_were_not_known_before(shape: tuple[int, ...]) -> None:
    graph = tf.function(lambda x: label_map(x, 2), [tf.TensorSpec(None, tf.float32)])
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected"):
        graph(np.zeros(shape, np.float32))


@pytest.mark.usefixtures("native_only")
def test_the_native_operation_refuses() -> None:
    native: Any = library.load()
    for logits in (np.ones((2, 3, 4)), np.ones((1, 0, 2, 3)), np.ones((1, 2, 3, 0)), np.float64(1)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="logits: expected"):
            native.pixelwise_label_map(logits, factor=2, border="edge")
    for factor in (2**62, 2**31):
        with pytest.raises(tf.errors.InvalidArgumentError):
            native.pixelwise_label_map(np.ones((1, 2, 3, 4)), factor=factor, border="edge")
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        native.pixelwise_label_map(np.ones((1, 2, 3, 4)), factor=0, border="edge")
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        native.pixelwise_label_map(np.ones((1, 2, 3, 4)), factor=2, border="reflect")


MEMORY = """
import resource, sys
import course_lib, numpy as np, psutil
from course_lib.ops import label_map
logits = np.random.default_rng(0).random((1, int(sys.argv[1]), 32, 1000), np.float32)
label_map(logits[:, :2], 32)  # loads code, starts threads
unit = 1 if sys.platform == "darwin" else 1024
highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
ballast = np.ones(max(0, highest - psutil.Process().memory_info().rss), np.uint8)  # so that no earlier peak hides one
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
labels = label_map(logits, 32)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) * unit - labels.numpy().nbytes)
"""


def test_labels_need_little_memory(backend: str) -> None:
    """All of the upsampled logits are 131 MB for each row of the map, one row of pixels is 4 MB."""
    if backend == "library":
        assert int(fresh_process(MEMORY, "20")) < 10e6
    else:
        assert int(fresh_process(MEMORY, "3", backend=backend)) < 100e6
