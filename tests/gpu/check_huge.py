"""More than 2^31 elements, where 32-bit arithmetic would wrap. Run by run.py, on a GPU with the memory for it."""

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.gpu import launchers, oracle
from tests.gpu.launchers import Sampling

cp = launchers.arrays()
GIGABYTE = 2**30
CODE = launchers.CODES[np.dtype(np.float16)]
FLOAT = launchers.CODES[np.dtype(np.float32)]


@pytest.fixture(autouse=True)
def memory() -> Iterator[None]:
    yield
    cp.get_default_memory_pool().free_all_blocks()


def need(gigabytes: int) -> None:
    free, _ = cp.cuda.runtime.memGetInfo()
    if free < gigabytes * GIGABYTE:
        pytest.skip(f"needs {gigabytes} GB of free GPU memory")


def pointers(*arrays: Any) -> list[Any]:
    return [ctypes.c_void_p(array.data.ptr) for array in arrays]


def problem(sampling: Sampling, locations: int, shape: tuple[int, int, int, int]) -> launchers.Extractor:
    return sampling.problem(np.empty((shape[0], locations, 2), np.float32), shape, np.dtype(np.float16))


@pytest.mark.parametrize("shape", [(1, 40_000, 13_500, 4), (1, 40_000, 18_000, 3), (3, 9_000, 10_000, 8)])
@pytest.mark.parametrize("channels_first", [False, True])
def check_a_huge_map(shape: tuple[int, int, int, int], channels_first: bool) -> None:
    """Locations in the last rows of the last image: forward, both gradients."""
    need(16)
    batch, height, width, channels = shape
    sampling = Sampling(channels_first=channels_first)
    on_map = (batch, channels, height, width) if channels_first else shape
    activations = cp.zeros(on_map, np.float16)
    corner = np.s_[-1, :, -4:, -4:] if channels_first else np.s_[-1, -4:, -4:, :]
    activations[corner] = cp.asarray(np.random.default_rng(0).normal(size=activations[corner].shape).astype(np.float16))
    small = Sampling(offset=(height - 4.0, width - 4.0), channels_first=channels_first)
    tail = activations[corner].get()[None]
    positions = np.random.default_rng(0).integers(0, 12, (1, 6, 2)) / 4 + [height - 4, width - 4]
    centroids = np.tile(positions, (batch, 1, 1)).astype(np.float32)
    locations, columns = cp.asarray(centroids), cp.empty((batch * 6, channels), np.float16)
    work = problem(sampling, 6, on_map)
    launchers.call("pixelwise_sparse_extractor_gpu", work, *pointers(locations, activations, columns))
    expected = oracle.extract(small, centroids[-1:], tail)
    np.testing.assert_allclose(columns[-6:].get().astype(float), expected, atol=4e-3)
    slopes = cp.empty_like(locations)
    name = "pixelwise_sparse_extractor_centroid_gradient_gpu"
    launchers.call(name, work, *pointers(locations, columns, activations, slopes))
    expected = oracle.extract_centroid_gradient(small, centroids[-1:], columns[-6:].get(), tail)
    np.testing.assert_allclose(slopes[-1:].get(), expected, rtol=1e-3, atol=1e-3)
    expected = oracle.extract_gradient(small, centroids[-1:], columns[-6:].get(), tail.shape)
    activations.fill(np.nan)
    name = "pixelwise_sparse_extractor_gradient_gpu"
    launchers.call(name, work, 1, *pointers(locations, columns, activations, activations))
    np.testing.assert_allclose(activations[corner].get()[None].astype(float), expected, atol=8e-3)
    assert bool((activations.reshape(-1)[: 2**20] == 0).all())


@pytest.mark.parametrize("channels", [4, 3])
def check_huge_atomics(channels: int) -> None:
    """The gradient in float, by atomics, into the last rows of a huge map."""
    need(16)
    height, width = 2**14, 2**31 // 2**14 // channels + 64
    activations = cp.full((1, height, width, channels), np.nan, np.float32)
    centroids = cp.asarray([[[height - 1.5, width - 1.5], [0.5, 0.5]]], np.float32)
    work = Sampling().problem(np.empty((1, 2, 2)), activations.shape, np.dtype(np.float32))
    columns = cp.ones((2, channels), np.float32)
    name = "pixelwise_sparse_extractor_gradient_gpu"
    launchers.call(name, work, 0, *pointers(centroids, columns, activations, activations))
    assert bool((activations[0, -2:, -2:] == 0.25).all())
    assert bool((activations[0, :2, :2] == 0.25).all())
    assert float(activations.sum(dtype=np.float64)) == 2 * channels


@pytest.mark.parametrize("channels", [512, 511])
def check_huge_columns(channels: int) -> None:
    need(16)
    locations = 2**31 // channels + 100
    activations = cp.arange(4 * channels, dtype=np.float32).reshape(1, 2, 2, channels).astype(np.float16) / 1024
    centroids = cp.zeros((1, locations, 2), np.float32)
    centroids[0, -50:] = 1
    columns = cp.full((locations, channels), np.nan, np.float16)
    work = problem(Sampling(), locations, activations.shape)
    launchers.call("pixelwise_sparse_extractor_gpu", work, *pointers(centroids, activations, columns))
    assert bool((columns[-50:] == activations[0, 1, 1]).all())
    assert bool((columns[:100] == activations[0, 0, 0]).all())
    assert bool((columns[-150:-50] == activations[0, 0, 0]).all())


@pytest.mark.parametrize(("code", "dtype"), [(CODE, np.float16), (FLOAT, np.float32)])
@pytest.mark.parametrize("deterministic", [0, 1])
def check_huge_unpool(code: int, dtype: Any, deterministic: int) -> None:
    """More than 2^31 pooled values, each put into a twice as large image: forward and gradient."""
    need(64)
    size = 2**31 + 1024
    argmax = 2 * cp.arange(size, dtype=np.int64)[None]
    pooled = cp.ones((1, size), dtype)
    pooled[0, -1] = 5
    output = cp.full((1, 2 * size), np.nan, dtype)
    work = launchers.MaxUnpool(1, size, 2 * size, 0, code)
    workspace = launchers.library().pixelwise_max_unpool_workspace(ctypes.byref(work), deterministic)
    scratch = cp.empty(max(workspace, 1), np.uint8)
    launchers.call("pixelwise_max_unpool_gpu", work, deterministic, *pointers(pooled, argmax, output, scratch))
    assert float(output[0, -2]) == 5
    assert int(cp.count_nonzero(output[0, 0::2])) == size
    assert int(cp.count_nonzero(output[0, 1::2])) == 0
    pooled.fill(np.nan)
    launchers.call("pixelwise_max_unpool_gradient_gpu", work, *pointers(output, argmax, pooled))
    assert float(pooled[0, -1]) == 5
    assert int(cp.count_nonzero(pooled == 1)) == size - 1
