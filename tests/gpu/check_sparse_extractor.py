"""The kernels of sparse_extractor against NumPy. Run by run.py, on a GPU or in the emulation."""

import itertools

import numpy as np
import pytest

from tests.gpu import launchers, oracle
from tests.gpu.launchers import TYPES, Array, Sampling

TOLERANCE = {"half": 2e-3, "bfloat16": 1.6e-2, "float": 2e-6, "double": 1e-12}
# batch, locations, height, width, channels: even and odd channels, more than one tile, maps of one row, column, pixel.
SHAPES = [
    (2, 9, 5, 7, 16),
    (2, 9, 5, 7, 3),
    (1, 150, 3, 70, 5),
    (1, 4, 6, 4, 136),
    (1, 7, 1, 6, 8),
    (1, 7, 6, 1, 8),
    (2, 5, 1, 1, 4),
]
SAMPLINGS = [Sampling(4.0, (1.5, 1.5)), Sampling(1.0), Sampling(0.7, (-2.0, 3.0))]
FORMS = [False, True]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def locations(random: np.random.Generator, sampling: Sampling, shape: tuple[int, ...]) -> Array:
    """Draw locations on a map and a little around it, on pixels too, with NaN and infinite ones."""
    batch, count, height, width, _ = shape
    span = np.array([height + 2, width + 2])
    positions = random.uniform(-2, span, (batch, count, 2))
    positions[:, ::3] = np.round(positions[:, ::3])
    centroids = (positions * sampling.scale + sampling.offset).astype(np.float32)
    centroids[:, 1] = [np.inf, -np.inf]
    centroids[:, 2, 1] = np.nan
    return centroids


def on_map(sampling: Sampling, shape: tuple[int, ...]) -> tuple[int, ...]:
    batch, _, height, width, channels = shape
    return (batch, channels, height, width) if sampling.channels_first else (batch, height, width, channels)


def draw(random: np.random.Generator, shape: tuple[int, ...], kind: str) -> Array:
    return random.normal(size=shape).astype(TYPES[kind])


def agree(result: Array, expected: Array, kind: str) -> None:
    scale = max(1.0, float(np.max(np.abs(expected), initial=0, where=np.isfinite(expected))))
    np.testing.assert_allclose(result.astype(float), expected, rtol=TOLERANCE[kind], atol=TOLERANCE[kind] * scale)


CASES = pytest.mark.parametrize(
    ("kind", "shape", "sampling"),
    [
        (kind, shape, Sampling(sampling.scale, sampling.offset, channels_first))
        for kind, (i, shape), channels_first in itertools.product(TYPES, enumerate(SHAPES), (False, True))
        for sampling in [SAMPLINGS[i % len(SAMPLINGS)]]
    ],
)
KINDS = pytest.mark.parametrize("kind", TYPES)


@CASES
def check_forward(random: np.random.Generator, kind: str, shape: tuple[int, ...], sampling: Sampling) -> None:
    centroids = locations(random, sampling, shape)
    activations = draw(random, on_map(sampling, shape), kind)
    agree(launchers.extract(sampling, centroids, activations), oracle.extract(sampling, centroids, activations), kind)


@CASES
@pytest.mark.parametrize("deterministic", FORMS)
def check_gradient(
    random: np.random.Generator, kind: str, shape: tuple[int, ...], sampling: Sampling, deterministic: bool
) -> None:
    centroids = locations(random, sampling, shape)
    gradient = draw(random, (shape[0] * shape[1], shape[4]), kind)
    result = launchers.extract_gradient(sampling, centroids, gradient, on_map(sampling, shape), deterministic)
    agree(result, oracle.extract_gradient(sampling, centroids, gradient, result.shape), kind)


@CASES
def check_centroid_gradient(random: np.random.Generator, kind: str, shape: tuple[int, ...], sampling: Sampling) -> None:
    centroids = locations(random, sampling, shape)
    activations = draw(random, on_map(sampling, shape), kind)
    gradient = draw(random, (shape[0] * shape[1], shape[4]), kind)
    result = launchers.extract_centroid_gradient(sampling, centroids, gradient, activations)
    expected = oracle.extract_centroid_gradient(sampling, centroids, gradient, activations)
    agree(result, expected, "float")


@CASES
def check_what_has_weight_0_takes_no_part(
    random: np.random.Generator, kind: str, shape: tuple[int, ...], sampling: Sampling
) -> None:
    """An infinite number reaches what it has a positive weight in; the rest is the same to the bit."""
    batch, count, height, width, channels = shape
    centroids, last = locations(random, sampling, shape), (1, -1) if sampling.channels_first else (-1, -1)
    activations = draw(random, on_map(sampling, shape), kind)
    gradient = draw(random, (batch * count, channels), kind)
    y, x = oracle.weights(sampling, centroids, height, width)
    known = np.logical_not(np.isnan(centroids).any(axis=-1)).reshape(batch, count)
    readers: Array = np.logical_and(y[..., None] * x[:, :, None] > 0, known[..., None, None])

    columns = launchers.extract(sampling, centroids, activations).reshape(batch, count, channels)
    entry = (0, height // 2, width // 2)
    spoiled = activations.copy()
    np.moveaxis(spoiled, *last)[(*entry, 0)] = np.inf
    result = launchers.extract(sampling, centroids, spoiled).reshape(batch, count, channels)
    columns[0, readers[(0, slice(None), *entry[1:])], 0] = np.inf
    np.testing.assert_array_equal(result.astype(float), columns.astype(float))

    upstream = gradient.copy()
    upstream[0, 0] = np.inf
    for deterministic in FORMS:
        expected = launchers.extract_gradient(sampling, centroids, gradient, activations.shape, deterministic)
        np.moveaxis(expected, *last)[0, readers[0, 0], 0] = np.inf
        result = launchers.extract_gradient(sampling, centroids, upstream, activations.shape, deterministic)
        if deterministic:
            np.testing.assert_array_equal(result.astype(float), expected.astype(float))
        else:
            agree(result, expected.astype(float), kind)

    gradient[:, 0] = 0
    np.moveaxis(spoiled, *last)[..., 0] = np.inf
    expected = launchers.extract_centroid_gradient(sampling, centroids, gradient, activations)
    result = launchers.extract_centroid_gradient(sampling, centroids, gradient, spoiled)
    np.testing.assert_array_equal(result, expected)


@KINDS
@pytest.mark.parametrize("shift", [2, 4, 8])
def check_misaligned_pointers(random: np.random.Generator, kind: str, shift: int) -> None:
    shift = max(shift, np.dtype(TYPES[kind]).itemsize)
    sampling, shape = SAMPLINGS[0], SHAPES[0]
    centroids = locations(random, sampling, shape)
    activations = draw(random, on_map(sampling, shape), kind)
    columns = launchers.extract(sampling, centroids, activations, shift)
    agree(columns, oracle.extract(sampling, centroids, activations), kind)
    gradient = draw(random, columns.shape, kind)
    for deterministic in FORMS:
        result = launchers.extract_gradient(sampling, centroids, gradient, activations.shape, deterministic, shift)
        agree(result, oracle.extract_gradient(sampling, centroids, gradient, activations.shape), kind)
    slopes = launchers.extract_centroid_gradient(sampling, centroids, gradient, activations, shift)
    agree(slopes, oracle.extract_centroid_gradient(sampling, centroids, gradient, activations), "float")


@KINDS
@pytest.mark.parametrize("channels_first", [False, True])
def check_the_same_bits_again(random: np.random.Generator, kind: str, channels_first: bool) -> None:
    shape = (1, 600, 2, 3, 20) if launchers.emulated() else (2, 20_000, 9, 40, 200)  # many locations for each pixel
    sampling = Sampling(2.0, channels_first=channels_first)
    centroids = locations(random, sampling, shape)
    gradient = draw(random, (shape[0] * shape[1], shape[4]), kind)
    activations = draw(random, on_map(sampling, shape), kind)
    first = launchers.extract_gradient(sampling, centroids, gradient, activations.shape, deterministic=True)
    slopes = launchers.extract_centroid_gradient(sampling, centroids, gradient, activations)
    for _ in range(3):
        again = launchers.extract_gradient(sampling, centroids, gradient, activations.shape, deterministic=True)
        assert again.tobytes() == first.tobytes()
        again = launchers.extract_centroid_gradient(sampling, centroids, gradient, activations)
        assert again.tobytes() == slopes.tobytes()


@KINDS
@pytest.mark.parametrize("shape", [(0, 4, 3, 3, 8), (2, 0, 3, 3, 8), (2, 4, 3, 3, 0), (2, 0, 0, 3, 8)])
def check_empty(kind: str, shape: tuple[int, ...]) -> None:
    batch, count, height, width, channels = shape
    sampling, centroids = Sampling(), np.ones((batch, count, 2), np.float32)
    activations = np.ones((batch, height, width, channels), TYPES[kind])
    gradient = np.ones((batch * count, channels), TYPES[kind])
    assert launchers.extract(sampling, centroids, activations).size == 0
    for deterministic in FORMS:
        result = launchers.extract_gradient(sampling, centroids, gradient, activations.shape, deterministic)
        assert (result == 0).all()
    assert (launchers.extract_centroid_gradient(sampling, centroids, gradient, activations) == 0).all()


def check_an_unknown_type_is_an_error() -> None:
    problem = launchers.Extractor(1, 1, 1, 1, 1, 1.0, 0.0, 0.0, 0, 9)
    pointer = launchers.blank(64).pointer
    with pytest.raises(AssertionError, match="CUDA error 1"):
        launchers.call("pixelwise_sparse_extractor_gpu", problem, pointer, pointer, pointer)
