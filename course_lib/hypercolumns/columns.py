"""Columns of several maps, sparse and dense, as functions."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.integers import as_integer
from course_lib.ops import arguments, sparse_extractor

Scale = float | Sequence[float]
Offset = float | Sequence[float]
Pair = tuple[float, float]
Numbers = Sequence[float | tf.Tensor]  # for y and for x


def sparse_hypercolumn(
    centroids: ArrayLike | tf.Tensor,
    maps: Sequence[ArrayLike | tf.Tensor],
    scales: Sequence[Scale],
    offsets: Sequence[Offset],
    data_format: str = "NHWC",
) -> tf.Tensor:
    """Sample several maps at the same locations, and join the samples to columns; differentiable.

    Parameters
    ----------
    centroids : array_like or tf.Tensor
        Shape ``(B, L, 2)``, float32: y and x in pixels of the image.
    maps : sequence of array_like or tf.Tensor
        Each of shape ``(B, H_i, W_i, C_i)``, all of one type: float16, bfloat16, float32 or float64.
    scales : sequence of float or (float, float)
        For each map, pixels of the image for one of its steps, above 0: (y, x), or one number for both.
    offsets : sequence of float or (float, float)
        For each map, where its entry (0, 0) lies in pixels of the image: (y, x), or one number for both. With
        ``(scale - 1) / 2`` the columns are those of ``dense_hypercolumn(maps, size, half_pixel_centers=True)``,
        with 0 those of ``half_pixel_centers=False``.
    data_format : {"NHWC", "NCHW"}
        Order of the axes of the maps; with ``"NCHW"`` they are ``(B, C_i, H_i, W_i)``.

    Returns
    -------
    tf.Tensor
        Shape ``(B * L, C_1 + C_2 + ...)``, of the maps' type; the columns of the first image come first.

    Raises
    ------
    ValueError
        If there is not one scale and one offset for each map, or an argument is not as above.
    """
    maps = _maps(maps, arguments.layout(data_format))
    steps, pairs = one_each(len(maps), scales, offsets)
    columns = []
    for each, (y, x), offset in zip(maps, steps, pairs, strict=True):
        if y == x:
            columns.append(sparse_extractor(centroids, each, y, offset, data_format))
        else:
            positions = (arguments.locations(centroids) - offset) / (y, x)
            columns.append(sparse_extractor(positions, each, 1, data_format=data_format))
    return tf.concat(columns, axis=-1)


def dense_hypercolumn(
    activations: Sequence[ArrayLike | tf.Tensor],
    size: Sequence[int],
    half_pixel_centers: bool = True,
    scales: Sequence[Scale] | None = None,
    offsets: Sequence[Offset] | None = None,
    data_format: str = "NHWC",
) -> tf.Tensor:
    """Upsample several maps to one size bilinearly, and join them; differentiable.

    Parameters
    ----------
    activations : sequence of array_like or tf.Tensor
        Each of shape ``(B, H_i, W_i, C_i)``, all of one type: float16, bfloat16, float32 or float64.
    size : (int, int)
        Height and width of the image, each 1 or more.
    half_pixel_centers : bool
        Whether pixels are sampled at their centers, as `tf.image.resize` does, or at their upper left corners, as
        the resize of TensorFlow 1 did. Ignored if scales and offsets are given.
    scales, offsets : sequence of float or (float, float), optional
        Where the maps' entries lie, as for `sparse_hypercolumn`, both or neither. By default each map covers
        the image.
    data_format : {"NHWC", "NCHW"}
        Order of the axes; with ``"NCHW"`` the maps are ``(B, C_i, H_i, W_i)``, and so is the result.

    Returns
    -------
    tf.Tensor
        Shape ``(B, *size, C_1 + C_2 + ...)``, of the maps' type. Every pixel is a sample of `sparse_extractor`, so the
        two also agree near infinite entries and NaN, which `tf.image.resize` spreads to finite neighbors.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """
    maps = _maps(activations, arguments.layout(data_format))
    pixels = image_size(size)
    centers = arguments.flag(half_pixel_centers, "half_pixel_centers")
    if (scales is None) != (offsets is None):
        raise ValueError(f"expected scales and offsets, or neither, got scales={scales} and offsets={offsets}")
    grids: list[tuple[Numbers, Numbers]]
    if scales is None or offsets is None:
        grids = [_covering(each, pixels, centers, data_format) for each in maps]
    else:
        steps, pairs = one_each(len(maps), scales, offsets)
        grids = list(zip(steps, pairs, strict=True))
    wide = [_upsample(each, pixels, *grid, data_format) for each, grid in zip(maps, grids, strict=True)]
    return tf.concat(wide, axis=-1 if data_format == "NHWC" else 1)


def image_size(size: Sequence[int]) -> tuple[int, int]:
    """Return the height and width of an image, or raise ValueError."""
    sides = tuple(size) if isinstance(size, tuple | list | np.ndarray | tf.TensorShape) else ()
    pixels = [as_integer(side) or 0 for side in sides]
    if len(pixels) != 2 or min(pixels) < 1:
        raise ValueError(f"expected a size of two whole numbers (height, width) of 1 or more, got {size!r}")
    return pixels[0], pixels[1]


def one_each(count: int, scales: Sequence[Scale], offsets: Sequence[Offset]) -> tuple[list[Pair], list[Pair]]:
    """Return a scale (y, x) and an offset (y, x) for each map, or raise ValueError."""
    found = [len(each) if isinstance(each, Sequence | np.ndarray) else repr(each) for each in (scales, offsets)]
    if found != [count, count]:
        raise ValueError(f"expected one scale and one offset for each of {count} maps, got {found[0]} and {found[1]}")
    return [scale_pair(scale) for scale in scales], [arguments.offset_of(_pair(offset)) for offset in offsets]


def scale_pair(scale: Scale) -> Pair:
    """Return a scale for y and for x, or raise ValueError."""
    pair = _pair(scale)
    if len(pair) != 2:
        raise ValueError(f"expected a scale of one number, or of two numbers (y, x), got {scale!r}")
    return arguments.scale_of(pair[0]), arguments.scale_of(pair[1])


def _pair(value: float | Sequence[float]) -> Sequence[float]:
    """Return two numbers; a single one is repeated."""
    return value if isinstance(value, Sequence | np.ndarray) else (value, value)


def _covering(
    maps: tf.Tensor, size: tuple[int, int], half_pixel_centers: bool, data_format: str
) -> tuple[Numbers, Numbers]:
    """Return the scale and the offset with which a map covers an image, as in a resize."""
    sides = tf.shape(maps)[1:3] if data_format == "NHWC" else tf.shape(maps)[2:]
    scales = [pixels / tf.cast(side, tf.float32) for pixels, side in zip(size, tf.unstack(sides), strict=True)]
    return scales, [(scale - 1) / 2 if half_pixel_centers else 0.0 for scale in scales]


def _upsample(
    maps: tf.Tensor,
    size: tuple[int, int],
    scales: Numbers,
    offsets: Numbers,
    data_format: str,
) -> tf.Tensor:
    """Sample maps at every pixel of an image."""
    maps = tf.ensure_shape(maps, (None, None, None, None))
    axes = [
        (tf.range(pixels, dtype=tf.float32) - offset) / scale
        for pixels, scale, offset in zip(size, scales, offsets, strict=True)
    ]
    places = tf.reshape(tf.stack(tf.meshgrid(*axes, indexing="ij"), axis=-1), (1, -1, 2))
    columns = sparse_extractor(tf.repeat(places, tf.shape(maps)[0], axis=0), maps, 1, data_format=data_format)
    channel = 3 if data_format == "NHWC" else 1
    wide = tf.reshape(columns, tf.stack([tf.shape(maps)[0], *size, tf.shape(maps)[channel]]))
    wide = tf.ensure_shape(wide, (maps.shape[0], *size, maps.shape[channel]))
    return wide if data_format == "NHWC" else tf.transpose(wide, (0, 3, 1, 2))


def _maps(maps: Sequence[ArrayLike | tf.Tensor], data_format: str) -> list[tf.Tensor]:
    """Return one map or more, all of one type."""
    if not isinstance(maps, tuple | list) or not maps:
        raise ValueError(f"expected a list of one map or more, got {type(maps).__name__}")
    tensors = [arguments.maps(each, "maps", data_format) for each in maps]
    names = sorted({each.dtype.name for each in tensors})
    if len(names) > 1:
        raise ValueError(f"expected maps of one type, got {' and '.join(names)}")
    return tensors
