"""The operations in NumPy, from their formulas: locations in float32, sums in float64."""

from typing import Any

import numpy as np

from tests.gpu.launchers import Array, Sampling


def neighbors(coordinates: Array, offset: float, scale: float, size: int) -> tuple[Array, Array, Array, Array]:
    """Give the lower and the upper neighbor, the fraction, and whether the position lies on the map."""
    position = (coordinates.astype(np.float32) - np.float32(offset)) / np.float32(scale)
    inside = (position >= 0) & (position <= size - 1)
    clamped = np.clip(np.nan_to_num(position, nan=0, posinf=size - 1, neginf=0), 0, size - 1).astype(np.float32)
    lower = np.minimum(np.floor(clamped).astype(np.int64), max(size - 2, 0))
    return lower, np.minimum(lower + 1, size - 1), (clamped - lower).astype(np.float32).astype(np.float64), inside


def weights(sampling: Sampling, centroids: Array, height: int, width: int) -> tuple[Array, Array]:
    """Give the rows and columns of the matrices that sample a line of each axis: [2][batch, location, size]."""
    matrices = []
    for axis, size in enumerate((height, width)):
        lower, upper, fraction, _ = neighbors(centroids[..., axis], sampling.offset[axis], sampling.scale, size)
        entries = np.arange(size)
        matrices.append(
            (1 - fraction)[..., None] * (entries == lower[..., None])
            + fraction[..., None] * (entries == upper[..., None])
        )
    return matrices[0], matrices[1]


def slopes(sampling: Sampling, centroids: Array, height: int, width: int) -> tuple[Array, Array]:
    """Give the derivatives of `weights` by the coordinate."""
    matrices = []
    for axis, size in enumerate((height, width)):
        lower, upper, _, inside = neighbors(centroids[..., axis], sampling.offset[axis], sampling.scale, size)
        entries = np.arange(size)
        difference = 1.0 * (entries == upper[..., None]) - 1.0 * (entries == lower[..., None])
        matrices.append(difference * inside[..., None] / sampling.scale)
    return matrices[0], matrices[1]


def pixels_last(sampling: Sampling, activations: Array) -> Array:
    """Order a map as [batch, height, width, channels], in float64."""
    return np.moveaxis(activations, 1, -1).astype(np.float64) if sampling.channels_first else activations.astype(float)


def extract(sampling: Sampling, centroids: Array, activations: Array) -> Array:
    """Sample a map at each location."""
    image = pixels_last(sampling, activations)
    y, x = weights(sampling, centroids, *image.shape[1:3])
    columns = np.einsum("bly,blx,byxc->blc", y, x, image, optimize=True)
    columns[np.isnan(centroids).any(axis=-1)] = np.nan
    return columns.reshape(centroids.shape[0] * centroids.shape[1], -1)


def extract_gradient(sampling: Sampling, centroids: Array, gradient: Array, shape: Any) -> Array:
    """Scatter the gradient of each column back to the map."""
    height, width = shape[2:] if sampling.channels_first else shape[1:3]
    channels = shape[1] if sampling.channels_first else shape[3]
    columns = gradient.astype(float).reshape(*centroids.shape[:2], channels)
    columns = np.where(np.isnan(centroids).any(axis=-1, keepdims=True), 0, columns)
    y, x = weights(sampling, centroids, height, width)
    return np.einsum("bly,blx,blc->b" + ("cyx" if sampling.channels_first else "yxc"), y, x, columns, optimize=True)


def extract_centroid_gradient(sampling: Sampling, centroids: Array, gradient: Array, activations: Array) -> Array:
    """Differentiate the columns by the locations."""
    image = pixels_last(sampling, activations)
    columns = gradient.astype(float).reshape(*centroids.shape[:2], image.shape[-1])
    y, x = weights(sampling, centroids, *image.shape[1:3])
    dy, dx = slopes(sampling, centroids, *image.shape[1:3])
    result = np.stack(
        [np.einsum("bly,blx,byxc,blc->bl", *pair, image, columns, optimize=True) for pair in ((dy, x), (y, dx))], -1
    )
    result[np.isnan(centroids).any(axis=-1)] = np.nan
    return result


def places(argmax: Array, output_size: int, batch_in_index: bool) -> tuple[Array, Array]:
    """Give the place of each index in its image, and whether it lies inside."""
    starts = output_size * np.arange(len(argmax), dtype=object)[:, None] if batch_in_index else 0
    exact = argmax.astype(object) - starts
    inside = ((exact >= 0) & (exact < output_size)).astype(bool)
    return np.where(inside, exact, 0).astype(np.int64), inside


def unpool(pooled: Array, argmax: Array, output_size: int, batch_in_index: bool) -> Array:
    """Put pooled values back in their order, in the type that sums are kept in; drop those outside."""
    place, inside = places(argmax, output_size, batch_in_index)
    wide = np.float64 if pooled.dtype == np.float64 else np.float32
    result = np.zeros((len(pooled), output_size), wide)
    for row, values, place_row, inside_row in zip(result, pooled.astype(wide), place, inside, strict=True):
        np.add.at(row, place_row[inside_row], values[inside_row])
    return result


def unpool_gradient(gradient: Array, argmax: Array, batch_in_index: bool) -> Array:
    """Gather the gradient at each index; 0 outside."""
    if not gradient.shape[1]:
        return np.zeros(argmax.shape)
    place, inside = places(argmax, gradient.shape[1], batch_in_index)
    return np.where(inside, np.take_along_axis(gradient, place, axis=1).astype(float), 0)
