"""The kernels of max_unpool against NumPy. Run by run.py, on a GPU or in the emulation."""

import numpy as np
import pytest

from tests.gpu import launchers, oracle
from tests.gpu.launchers import TYPES, Array

Sizes = tuple[int, int, int]  # batch, pooled_size, output_size
SIZES: list[Sizes] = [(2, 64, 256), (3, 37, 101), (1, 2500, 5000), (2, 1500, 2048)]
KINDS = pytest.mark.parametrize("kind", TYPES)
INDEXING = pytest.mark.parametrize("batch_in_index", [False, True])
FORMS = pytest.mark.parametrize("deterministic", [False, True])


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def indices(random: np.random.Generator, sizes: Sizes, batch_in_index: bool) -> Array:
    """Draw indices, some of them repeated, some outside of their image."""
    batch, pooled_size, output_size = sizes
    argmax = random.integers(0, output_size, (batch, pooled_size))
    argmax[:, ::5] = argmax[:, :1]
    if batch_in_index:
        argmax += output_size * np.arange(batch)[:, None]
    argmax[:, 1:7] = [-1, output_size * batch, np.iinfo(np.int64).min, np.iinfo(np.int64).max, -output_size, 2**40]
    return argmax


def agree(result: Array, expected: Array) -> None:
    """Compare sums in any order; the terms are small integers, which every type adds exactly."""
    np.testing.assert_array_equal(result.astype(float), expected.astype(float))


def draw(random: np.random.Generator, shape: tuple[int, ...], kind: str) -> Array:
    return random.integers(-2, 3, shape).astype(TYPES[kind])


@KINDS
@INDEXING
@FORMS
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("shift", [0, 8])
def check_forward(
    random: np.random.Generator, kind: str, batch_in_index: bool, deterministic: bool, sizes: Sizes, shift: int
) -> None:
    pooled = draw(random, sizes[:2], kind)
    pooled[:, ::5] = np.sign(pooled[:, ::5].astype(float))
    argmax = indices(random, sizes, batch_in_index)
    result = launchers.unpool(pooled, argmax, sizes[2], batch_in_index, deterministic, shift)
    agree(result, oracle.unpool(pooled, argmax, sizes[2], batch_in_index).astype(TYPES[kind]))


@KINDS
@INDEXING
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("shift", [0, 8])
def check_gradient(random: np.random.Generator, kind: str, batch_in_index: bool, sizes: Sizes, shift: int) -> None:
    gradient = draw(random, (sizes[0], sizes[2]), kind)
    argmax = indices(random, sizes, batch_in_index)
    result = launchers.unpool_gradient(gradient, argmax, batch_in_index, shift)
    agree(result, oracle.unpool_gradient(gradient, argmax, batch_in_index))


@KINDS
@FORMS
def check_infinite_values_stay_in_their_place(random: np.random.Generator, kind: str, deterministic: bool) -> None:
    pooled = draw(random, (2, 30), kind)
    pooled[:, ::3], pooled[:, 1::3] = np.inf, np.nan
    argmax = np.stack([random.permutation(64)[:30] for _ in range(2)])
    expected = oracle.unpool(pooled, argmax, 64, False)
    agree(launchers.unpool(pooled, argmax, 64, False, deterministic), expected)
    agree(launchers.unpool_gradient(expected.astype(TYPES[kind]), argmax, False), pooled)


@KINDS
@pytest.mark.parametrize(("spread", "few"), [(1, 300), (7, 1100), (3000, 2100)])
def check_the_order_of_sums(random: np.random.Generator, kind: str, spread: int, few: int) -> None:
    """The deterministic form has the bits of sums in the order of the pooled values, and has them every time."""
    size = few if launchers.emulated() else 300_000
    pooled = random.normal(size=(2, size)).astype(TYPES[kind])
    argmax = random.integers(0, spread, pooled.shape)
    expected = oracle.unpool(pooled, argmax, 3001, False).astype(TYPES[kind])
    for _ in range(3):
        assert launchers.unpool(pooled, argmax, 3001, False, deterministic=True).tobytes() == expected.tobytes()


@KINDS
@pytest.mark.parametrize("start", [1023, 1024, 1025])
def check_runs_at_the_edge_of_a_tile(kind: str, start: int) -> None:
    """One value of a run of 1024 lies in a tile of 2048, or none."""
    argmax = start + np.arange(2500)[None]
    pooled = np.ones(argmax.shape, TYPES[kind])
    agree(launchers.unpool(pooled, argmax, 5000, False, True), oracle.unpool(pooled, argmax, 5000, False))


@KINDS
@INDEXING
@FORMS
@pytest.mark.parametrize("sizes", [(0, 8, 16), (2, 0, 16), (2, 8, 0)])
def check_empty(kind: str, batch_in_index: bool, deterministic: bool, sizes: Sizes) -> None:
    batch, pooled_size, output_size = sizes
    pooled, argmax = np.ones((batch, pooled_size), TYPES[kind]), np.zeros((batch, pooled_size), np.int64)
    assert (launchers.unpool(pooled, argmax, output_size, batch_in_index, deterministic) == 0).all()
    gradient = np.ones((batch, output_size), TYPES[kind])
    assert (launchers.unpool_gradient(gradient, argmax, batch_in_index) == 0).all()


@FORMS
def check_an_unknown_type_is_an_error(deterministic: bool) -> None:
    problem = launchers.MaxUnpool(1, 1, 1, 0, 9)
    pointer = launchers.blank(64).pointer
    with pytest.raises(AssertionError, match="CUDA error 1"):
        launchers.call("pixelwise_max_unpool_gpu", problem, int(deterministic), pointer, pointer, pointer, pointer)
