"""Checks of the public operations' arguments: each is converted, or refused with what was expected."""

from collections.abc import Sequence
from numbers import Real

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.integers import as_integer

FLOATS = (tf.float16, tf.bfloat16, tf.float32, tf.float64)
LAYOUTS = {"NHWC": "(B, H, W, C)", "NCHW": "(B, C, H, W)"}
BORDERS = ("constant", "edge")
_SMALLEST, _LARGEST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)


def tensor(value: ArrayLike | tf.Tensor, what: str) -> tf.Tensor:
    """Convert a value to a tensor, or raise a ValueError that says what was expected."""
    try:
        return tf.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected {what} as a tensor or an array, got {type(value).__name__}: {error}") from None


def locations(value: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Return centroids, ``(B, L, 2)``, as float32; integers and float64 are cast, half-precision types are refused."""
    centroids = tensor(value, "centroids")
    if centroids.dtype in (tf.float16, tf.bfloat16):
        raise ValueError(
            f"expected centroids of type float32, got {centroids.dtype.name}, which cannot tell pixels apart in a "
            "large image; keep locations out of mixed precision (autocast=False in a Keras layer)"
        )
    if not (centroids.dtype.is_floating or centroids.dtype.is_integer):
        raise ValueError(f"expected centroids of type float32, got {centroids.dtype.name}")
    if not centroids.shape.is_compatible_with((None, None, 2)):
        raise ValueError(f"expected centroids of shape (B, L, 2) with (y, x) last, got {centroids.shape}")
    return tf.cast(centroids, tf.float32)


def maps(value: ArrayLike | tf.Tensor, name: str, data_format: str = "NHWC") -> tf.Tensor:
    """Return maps of four axes and one of the four float types."""
    activations = tensor(value, name)
    if activations.dtype not in FLOATS:
        raise ValueError(f"expected {name} of type float16, bfloat16, float32 or float64, got {activations.dtype.name}")
    if activations.shape.rank not in (4, None):
        raise ValueError(f"expected {name} of shape {LAYOUTS[data_format]}, got {activations.shape}")
    return activations


def layout(value: str) -> str:
    """Return the name of a layout."""
    if value not in tuple(LAYOUTS):
        raise ValueError(f'expected data_format "NHWC" or "NCHW", got {value!r}')
    return value


def same_batch(centroids: tf.Tensor, activations: tf.Tensor, data_format: str) -> None:
    """Refuse maps that do not fit the centroids, or that have no entries, as far as shapes are known."""
    if centroids.shape.rank is None or activations.shape.rank is None:
        return
    if not centroids.shape[:1].is_compatible_with(activations.shape[:1]):
        raise ValueError(
            "expected centroids and activations for the same number of images, "
            f"got {centroids.shape[0]} and {activations.shape[0]}"
        )
    if 0 in activations.shape[1:3] if data_format == "NHWC" else 0 in activations.shape[2:]:
        raise ValueError(f"expected maps of 1 x 1 or more, got {LAYOUTS[data_format]} = {activations.shape}")


def scale_of(value: float) -> float:
    """Return a scale that float32 can divide by."""
    if not _is_number(value) or not _SMALLEST <= value <= _LARGEST:
        raise ValueError(f"expected a finite scale above 0 (at least {_SMALLEST:.2g}), got {value!r}")
    return float(value)


def offset_of(value: Sequence[float]) -> tuple[float, float]:
    """Return an offset (y, x)."""
    pair = tuple(value) if isinstance(value, tuple | list | np.ndarray) else ()
    if len(pair) != 2 or not all(_is_number(number) and abs(number) <= _LARGEST for number in pair):
        raise ValueError(f"expected an offset of two finite numbers (y, x), got {value!r}")
    return float(pair[0]), float(pair[1])


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def indices(value: ArrayLike | tf.Tensor, pooled: tf.Tensor) -> tf.Tensor:
    """Return argmax, of the pooled values' shape, as int64."""
    argmax = tensor(value, "argmax")
    if argmax.dtype not in (tf.int32, tf.int64):
        raise ValueError(f"expected argmax of type int64 or int32, got {argmax.dtype.name}")
    if not argmax.shape.is_compatible_with(pooled.shape):
        raise ValueError(f"expected argmax of the pooled values' shape {pooled.shape}, got {argmax.shape}")
    return tf.cast(argmax, tf.int64)


def flag(value: bool, name: str) -> bool:
    """Return a truth value."""
    if not isinstance(value, bool | np.bool):
        raise ValueError(f"expected {name} to be True or False, got {value!r}")
    return bool(value)


def unpooled_shape(value: ArrayLike | tf.Tensor | tf.TensorShape, pooled: tf.Tensor) -> tf.Tensor:
    """Return the shape ``(B, H, W, C)`` of an unpooled map as int64; B and C are those of the pooled values."""
    shape = tensor(value, "output_shape, four whole numbers,")
    if not shape.dtype.is_integer or not shape.shape.is_compatible_with((4,)):
        raise ValueError(
            f"expected output_shape of four whole numbers (B, H, W, C), got {shape.dtype.name} of shape {shape.shape}"
        )
    known = tf.get_static_value(shape)
    if known is not None:
        outside = tf.TensorShape([pooled.shape[0], None, None, pooled.shape[3]]) if pooled.shape.rank else None
        if min(known) < 0 or not tf.TensorShape(known).is_compatible_with(outside):
            raise ValueError(
                "expected output_shape (B, H, W, C) with as many images and channels as pooled values of shape "
                f"{pooled.shape}, got {tuple(known.tolist())}"
            )
    return tf.cast(shape, tf.int64)


def unpooling(
    pooled: ArrayLike | tf.Tensor,
    argmax: ArrayLike | tf.Tensor,
    output_shape: ArrayLike | tf.Tensor,
    include_batch_in_index: bool,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, bool]:
    """Return the arguments of unpooling: values, their indices, the output shape, whether indices include the batch."""
    values = maps(pooled, "pooled values")
    return (
        values,
        indices(argmax, values),
        unpooled_shape(output_shape, values),
        flag(include_batch_in_index, "include_batch_in_index"),
    )


def logits(value: ArrayLike | tf.Tensor) -> tf.Tensor:
    """Return logits of four axes, of which only the batch may be empty: float64 is kept, other types become float32."""
    scores = tensor(value, "logits")
    if not (scores.dtype in FLOATS or scores.dtype.is_integer or scores.dtype.is_bool):
        raise ValueError(f"expected logits of real numbers, got {scores.dtype.name}")
    if scores.shape.rank not in (4, None) or (scores.shape.rank and 0 in scores.shape[1:]):
        raise ValueError(f"expected logits of shape {LAYOUTS['NHWC']} with no empty map, got {scores.shape}")
    return tf.cast(scores, tf.float64 if scores.dtype == tf.float64 else tf.float32)


def factor_of(value: int) -> int:
    """Return a factor that sizes are multiplied by."""
    factor = as_integer(value)
    if factor is None or not 1 <= factor < 2**31:
        raise ValueError(f"expected a whole factor of 1 or more, below 2^31, got {value!r}")
    return factor


def border_of(value: str) -> str:
    """Return the name of a border."""
    if value not in BORDERS:
        raise ValueError(f'expected border "constant" or "edge", got {value!r}')
    return value
