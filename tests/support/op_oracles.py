"""What the operations must give, in NumPy from the formula, and what several of their tests need."""

import math
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.paths import ROOT

Array = NDArray[Any]
TOLERANCE = {"float16": 2e-3, "bfloat16": 1.6e-2, "float32": 2e-6, "float64": 1e-12}
DTYPES = tuple(TOLERANCE)
LAYOUTS = ("NHWC", "NCHW")


def random(*shape: int, dtype: str = "float32", seed: int = 0) -> Array:
    """Return numbers around 0 that the type can hold, as float64 where NumPy lacks the type."""
    numbers = np.random.default_rng(seed).standard_normal(shape)
    return tf.cast(numbers, dtype).numpy()


def close(got: Any, expected: Array, dtype: str = "float32", wide: float = 1) -> None:
    """Compare within the precision of a type, relative to the largest number."""
    got, expected = np.asarray(tf.cast(got, "float64")), np.asarray(expected, np.float64)
    assert got.shape == expected.shape
    largest = max(1.0, np.max(np.abs(expected), initial=0, where=np.isfinite(expected)))
    np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE[dtype] * wide * largest)


@dataclass(frozen=True)
class Axis:
    """The location arithmetic of one coordinate, one location after the other, in float32."""

    lower: int
    upper: int
    fraction: np.float32
    inside: bool

    @classmethod
    def at(cls, coordinate: np.float32, offset: float, scale: float, size: int) -> "Axis":
        """Place a coordinate that is not NaN on an axis."""
        with np.errstate(over="ignore"):
            position = (np.float32(coordinate) - np.float32(offset)) / np.float32(scale)
        clamped = np.clip(position, np.float32(0), np.float32(size - 1))
        lower = min(int(np.floor(clamped)), max(size - 2, 0))
        upper = min(lower + 1, size - 1)
        return cls(lower, upper, clamped - np.float32(lower), bool(0 <= position <= size - 1))

    def weights(self, size: int) -> Array:
        """Return the weight of each entry, float64."""
        row, fraction = np.zeros(size), float(self.fraction)
        row[self.lower] += 1 - fraction
        row[self.upper] += fraction
        return row

    def slopes(self, size: int, scale: float) -> Array:
        """Return how each weight grows with the coordinate."""
        row = np.zeros(size)
        if self.inside and self.upper > self.lower:
            row[self.lower], row[self.upper] = -1 / np.float32(scale), 1 / np.float32(scale)
        return row


@dataclass(frozen=True)
class Sampling:
    """Bilinear sampling as matrices of shape ``(B, L, H * W)``: the samples, and how they grow with y and with x."""

    values: Array
    by_y: Array
    by_x: Array

    @classmethod
    def of(cls, centroids: Array, height: int, width: int, scale: float, offset: tuple[float, float]) -> "Sampling":
        """Write out the matrices; a location with a NaN has rows of NaN."""
        matrices = np.full((3, *centroids.shape[:2], height, width), np.nan)
        for place in np.ndindex(*centroids.shape[:2]):
            if np.isnan(centroids[place]).any():
                continue
            y = Axis.at(centroids[place][0], offset[0], scale, height)
            x = Axis.at(centroids[place][1], offset[1], scale, width)
            matrices[0][place] = np.outer(y.weights(height), x.weights(width))
            matrices[1][place] = np.outer(y.slopes(height, scale), x.weights(width))
            matrices[2][place] = np.outer(y.weights(height), x.slopes(width, scale))
        return cls(*matrices.reshape(3, *centroids.shape[:2], height * width))

    def columns(self, maps: Array) -> Array:
        """Sample maps ``(B, H, W, C)``; the columns are ``(B * L, C)``."""
        return joined(product(self.values, pixels(maps)))

    def map_gradient(self, gradient: Array, maps: Array) -> Array:
        """Return the gradient for the maps; a NaN scatters nothing."""
        whole = product(np.nan_to_num(self.values).transpose(0, 2, 1), split(gradient, self.values))
        return whole.reshape(maps.shape)

    def centroid_gradient(self, gradient: Array, maps: Array) -> Array:
        """Return the gradient for the locations, ``(B, L, 2)``; NaN where one has a NaN, 0 where one was clamped."""
        g = split(gradient, self.values)
        with np.errstate(invalid="ignore"):
            sums = [np.sum(times(g, product(matrix, pixels(maps))), axis=-1) for matrix in (self.by_y, self.by_x)]
        moves = [matrix.any(axis=-1) for matrix in (self.by_y, self.by_x)]
        slopes = [np.where(moving, each, 0) for moving, each in zip(moves, sums, strict=True)]
        return np.where(np.isnan(self.values[:, :, :1]), np.nan, np.stack(slopes, axis=-1))


def times(a: Array, b: Array) -> Array:
    """Multiply numbers; where the first one is exactly 0 the second takes no part, be it infinite or NaN."""
    with np.errstate(invalid="ignore"):
        return np.where(a == 0, 0, a * b)


def product(a: Array, b: Array) -> Array:
    """Multiply matrices ``(B, M, N)`` and ``(B, N, C)`` in this way."""
    if np.isfinite(b).all():
        return a @ b
    with np.errstate(invalid="ignore"):  # infinite numbers of both signs make NaN
        return times(a[..., None], b[:, None]).sum(axis=2)


def pixels(maps: Array) -> Array:
    """Return maps as ``(B, H * W, C)`` in float64."""
    batch, height, width, channels = maps.shape
    return maps.astype(np.float64).reshape(batch, height * width, channels)


def joined(columns: Array) -> Array:
    """Return columns ``(B, L, C)`` as ``(B * L, C)``."""
    return columns.reshape(columns.shape[0] * columns.shape[1], columns.shape[2])


def split(columns: Array, like: Array) -> Array:
    """Return columns ``(B * L, C)`` as ``(B, L, C)`` in float64."""
    return columns.astype(np.float64).reshape(*like.shape[:2], columns.shape[1])


def to_layout(maps: Any, data_format: str) -> tf.Tensor:
    """Turn ``(B, H, W, C)`` into a layout."""
    return tf.convert_to_tensor(maps) if data_format == "NHWC" else tf.transpose(maps, (0, 3, 1, 2))


def from_layout(maps: Any, data_format: str) -> Array:
    """Turn a layout into ``(B, H, W, C)`` in float64."""
    wide = tf.cast(maps, "float64")
    return np.asarray(wide if data_format == "NHWC" else tf.transpose(wide, (0, 2, 3, 1)))


@dataclass(frozen=True)
class Problem:
    """Locations and a map, with what belongs to them."""

    centroids: Array
    maps: Array
    scale: float
    offset: tuple[float, float]
    data_format: str
    dtype: str

    @property
    def sampling(self) -> Sampling:
        """What NumPy says."""
        _, height, width, _ = self.maps.shape
        return Sampling.of(self.centroids, height, width, self.scale, self.offset)

    @property
    def columns(self) -> tuple[int, int]:
        """Shape of the result."""
        return self.centroids.shape[0] * self.centroids.shape[1], self.maps.shape[3]


def _coordinates(scale: float, offset: float, size: int) -> st.SearchStrategy[float]:
    """Anything, and above all what lies on entries and borders of an axis."""
    entries = st.integers(-1, size).map(lambda entry: float(np.float32(entry * scale + offset)))
    special = st.sampled_from([float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 3e38])
    near = st.floats(-1, 1, width=32).map(lambda part: float(np.float32((part + 0.5) * size * scale + offset)))
    return st.one_of(near, near, entries, special)


def plain_unpool(pooled: Array, argmax: Array, shape: tuple[int, ...], batch_in_index: bool) -> Array:
    """Put back value by value, from the definition."""
    _, height, width, channels = shape
    result = np.zeros(shape)
    for place in np.ndindex(*pooled.shape):
        rest, c = divmod(int(argmax[place]), channels)
        rest, x = divmod(rest, width)
        b, y = divmod(rest, height) if batch_in_index else (place[0], rest)
        result[b, y, x, c] += pooled[place]
    return result


def gathered(gradient: Array, argmax: Array, batch_in_index: bool) -> Array:
    """Read the gradient back at each index."""
    images = 0 if batch_in_index else np.arange(len(argmax))[:, None, None, None] * math.prod(gradient.shape[1:])
    return gradient.reshape(-1)[argmax + images]


@st.composite
def problems(draw: st.DrawFn, dtypes: tuple[str, ...] = DTYPES) -> Problem:
    """Draw small problems of every kind."""
    batch, locations = draw(st.integers(0, 3)), draw(st.integers(0, 4))
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    channels = draw(st.sampled_from([0, 1, 2, 3, 4, 5, 8, 17]))
    scale = draw(st.floats(0.125, 16, width=32))
    steps = st.integers(-640, 640)  # of 1/32; a position below 1e-38 may count as 0, which threads round to
    offset = (draw(steps) / 32, draw(steps) / 32)
    axes = [_coordinates(scale, offset[0], height), _coordinates(scale, offset[1], width)]
    count = batch * locations
    drawn = draw(st.lists(st.tuples(*axes), min_size=count, max_size=count))
    centroids = np.array(drawn, np.float32).reshape(batch, locations, 2)
    dtype = draw(st.sampled_from(dtypes))
    maps = random(batch, height, width, channels, dtype=dtype, seed=draw(st.integers(0, 9)))
    return Problem(centroids, maps, scale, offset, draw(st.sampled_from(LAYOUTS)), dtype)


@st.composite
def spoiled(draw: st.DrawFn, *shape: int, dtype: str) -> Array:
    """Draw numbers of which some are infinite, NaN or 0."""
    values = random(*shape, dtype=dtype, seed=draw(st.integers(0, 9)))
    spots = draw(st.lists(st.integers(0, max(values.size - 1, 0)), max_size=min(4, values.size)))
    for spot in spots:
        values.flat[spot] = draw(st.sampled_from([np.inf, -np.inf, np.nan, 0]))
    return values


def fresh_process(script: str, argument: str = "", backend: str = "library") -> str:
    """Run a script in a Python of its own, and return what it wrote."""
    wanted = "reference" if backend == "reference" else ""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PIXELWISE_OPS": wanted}
    command = [sys.executable, "-c", script, argument]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout
