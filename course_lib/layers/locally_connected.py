"""A convolution with a separate kernel for each place.

The windows of a row of places are multiplied by the kernels of these places in one batched matrix product. The result
is bilinear in maps and kernels, and so are its two gradients: each of the three is the gradient of the others, so there
are gradients of any order. A tape keeps the maps and the kernels, but not the windows, which take ``KH * KW`` times the
memory of the maps: the gradient of the kernels extracts them again.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.layers.windows import Windows, pair

__all__ = ["locally_connected"]

USUAL_BATCH = 32  # where a graph does not know
AT_A_TIME = 4  # rows
Product = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def locally_connected(
    x: ArrayLike | tf.Tensor,
    kernels: ArrayLike | tf.Tensor,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
) -> tf.Tensor:
    """Filter maps with a separate kernel for each place; differentiable to any order.

    Like `tf.nn.conv2d`, it computes ``y[b, p, q, f] = sum(x[b, p * s + i, q * t + j, c] * kernels[p, q, i, j, c, f])``
    over all taps ``(i, j)`` and channels ``c``, for strides ``(s, t)``. Only the kernels differ from place to place.

    Parameters
    ----------
    x : array_like or tf.Tensor
        Maps, shape ``(B, H, W, C)``, of a floating type. In a graph, ``B`` may be unknown.
    kernels : array_like or tf.Tensor
        Shape ``(OH, OW, KH, KW, C, F)``, of the type of `x`: a kernel for each of the ``OH`` × ``OW`` places that a
        convolution with these taps, strides and padding has on the maps.
    strides : int or (int, int)
        Pixels from a place to the next one, down and across, each 1 or more.
    padding : {"valid", "same"}
        Whether windows stay inside the maps, or zeros surround them, as in TensorFlow's convolutions.

    Returns
    -------
    tf.Tensor
        Shape ``(B, OH, OW, F)``, of the type of `x`.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    Windows take ``KH * KW`` times the memory of the maps. They are extracted a few rows of places at a time; all at
    once only for the gradient of kernels with at least as many filters as there are images. Outside of a `tf.function`,
    both gradients are computed even if one is asked for.
    """
    x, kernels = _floats(x, "x", "B, H, W, C"), _floats(kernels, "kernels", "OH, OW, KH, KW, C, F")
    if x.dtype != kernels.dtype:
        raise ValueError(f"expected x and kernels of one type, got {x.dtype.name} and {kernels.dtype.name}")
    if None in kernels.shape or 0 in kernels.shape:
        raise ValueError(f"expected kernels of a known shape without a 0, got {kernels.shape}")
    *places, rows, columns, channels, filters = kernels.shape
    if x.shape[-1] != channels:
        raise ValueError(f"expected maps of {channels} channels, as the kernels have, got x of shape {x.shape}")
    windows = Windows.of(x.shape[1:3], (rows, columns), pair(strides, "strides"), padding)
    if windows.places != tuple(places):
        raise ValueError(
            f"expected kernels for {windows.places[0]} × {windows.places[1]} places, which is what {rows} × {columns} "
            f"taps with strides {windows.strides} and padding {padding!r} have on a map of {x.shape[1]} × {x.shape[2]},"
            f" got kernels for {places[0]} × {places[1]}"
        )
    by_row = filters < (x.shape[0] or USUAL_BATCH)
    matrices = tf.reshape(kernels, (-1, rows * columns * channels, filters))
    y = _product(windows, channels, filters, x.dtype, by_row)(x, matrices)
    return tf.ensure_shape(y, (x.shape[0], *places, filters))


@cache
def _product(windows: Windows, channels: int, filters: int, dtype: tf.DType, by_row: bool) -> Product:
    """Make the product of maps, ``(B, H, W, C)``, and matrices, ``(OH * OW, KH * KW * C, F)``, with its gradients.

    With `by_row`, the gradient of the matrices is joined from those of the rows of places, which holds few windows at a
    time. Where it is larger than all windows together, it takes less memory in one piece.
    """
    maps_like = tf.TensorSpec((None, *windows.sides, channels), dtype)
    top_like = tf.TensorSpec((None, *windows.places, filters), dtype)
    down, across = windows.places
    matrices_like = tf.TensorSpec((down * across, windows.taps[0] * windows.taps[1] * channels, filters), dtype)

    # In a graph, a row takes a fraction of the time of the same operations one by one.
    @tf.function(input_signature=(maps_like, matrices_like), autograph=False)
    def forward(x: tf.Tensor, matrices: tf.Tensor) -> tf.Tensor:
        pixels = windows.prepare(x)
        y = in_turn(lambda p: tf.matmul(windows.row(pixels, p), part(matrices, p)))
        return tf.transpose(tf.stack(list(y)), (2, 0, 1, 3))

    @tf.function(input_signature=(top_like, matrices_like), autograph=False)
    def to_maps(top: tf.Tensor, matrices: tf.Tensor) -> tf.Tensor:
        near = tf.transpose(top, (1, 2, 0, 3))
        return windows.add(in_turn(lambda p: tf.matmul(near[p], part(matrices, p), transpose_b=True)))

    @tf.function(input_signature=(maps_like, top_like), autograph=False)
    def to_matrices(x: tf.Tensor, top: tf.Tensor) -> tf.Tensor:
        pixels, near = windows.prepare(x), tf.transpose(top, (1, 2, 0, 3))
        if by_row:
            rows = in_turn(lambda p: tf.matmul(windows.row(pixels, p), near[p], transpose_a=True))
            return tf.concat(list(rows), axis=0)
        return tf.matmul(windows.all(pixels), tf.reshape(near, (down * across, -1, filters)), transpose_a=True)

    def in_turn(make: Callable[[int], tf.Tensor]) -> Iterator[tf.Tensor]:
        """Make something for each row, a few at a time: a graph would first extract the windows of all rows."""
        made: list[tf.Tensor] = []
        for p in range(down):
            with tf.control_dependencies(made[-AT_A_TIME : 1 - AT_A_TIME]):
                made.append(make(p))
            yield made[-1]

    def part(matrices: tf.Tensor, p: int) -> tf.Tensor:
        return matrices[p * across : (p + 1) * across]

    @tf.custom_gradient
    def product(x: tf.Tensor, matrices: tf.Tensor) -> Any:
        return forward(x, matrices), lambda up: (maps_gradient(up, matrices), matrices_gradient(x, up))

    @tf.custom_gradient
    def maps_gradient(top: tf.Tensor, matrices: tf.Tensor) -> Any:
        return to_maps(top, matrices), lambda up: (product(up, matrices), matrices_gradient(up, top))

    @tf.custom_gradient
    def matrices_gradient(x: tf.Tensor, top: tf.Tensor) -> Any:
        return to_matrices(x, top), lambda up: (maps_gradient(top, up), product(x, up))

    return product


def _floats(value: ArrayLike | tf.Tensor, name: str, axes: str) -> tf.Tensor:
    """Check a tensor of a floating type with as many axes as `axes` names."""
    try:
        tensor = tf.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected {name} to be an array of floats, got {type(value).__name__}: {error}") from None
    if not tensor.dtype.is_floating:
        raise ValueError(f"expected {name} of a floating type, got {tensor.dtype.name}")
    if tensor.shape.rank != axes.count(",") + 1:
        raise ValueError(f"expected {name} of shape ({axes}), got {tensor.shape}")
    return tensor
