"""Max-pooling that keeps its switches: which value of each window was the largest."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.ops import arguments
from course_lib.unpooling.windows import Shape, window


def max_pool_with_switches(
    x: ArrayLike | tf.Tensor,
    pool_size: int | Sequence[int] = 2,
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the maximum of each window, and its place; the maxima are differentiable once.

    Parameters
    ----------
    x : array_like or tf.Tensor
        Shape ``(B, H, W, C)``, each 1 or more; float16, bfloat16, float32 or float64.
    pool_size : int or (int, int)
        Height and width of a window, each 1 or more.
    strides : int or (int, int), optional
        Steps from window to window, each 1 or more; by default ``pool_size``.
    padding : {"valid", "same"}
        Whether windows are inside the map, or may overlap its border; values outside never count.

    Returns
    -------
    pooled : tf.Tensor
        Shape ``(B, h, w, C)``, of ``x``'s type. A NaN counts as the maximum only if it comes first in its window;
        `tf.nn.max_pool2d` never returns one.
    argmax : tf.Tensor
        Shape ``(B, h, w, C)``, int64: ``(y * W + x) * C + c`` within the image, for `max_unpool`. Among equal maxima
        the first wins, row by row.

    Raises
    ------
    ValueError
        If an argument is not as above, as far as shapes are known, or inside ``jit_compile=True``.
    tf.errors.InvalidArgumentError
        If a map whose shape was not known in advance is empty.
    """
    if tf.__internal__.get_enclosing_xla_context() is not None:
        raise ValueError("max_pool_with_switches cannot run inside jit_compile=True: XLA has no pooling with argmax")
    x = arguments.maps(x, "x")
    if x.shape.rank is not None and 0 in x.shape:
        raise ValueError(f"expected x (B, H, W, C) to have one number or more, got shape {x.shape}")
    windows, steps, border = window(pool_size, strides, padding)
    return tuple(tf.nn.max_pool_with_argmax(x, windows, steps, border.upper()))


@keras.saving.register_keras_serializable("pixelwise")
class MaxPoolSwitches(keras.layers.Layer):
    """`max_pool_with_switches` as a Keras layer: it takes a map and returns the pair (pooled, argmax).

    Parameters
    ----------
    pool_size, strides, padding
        As for `max_pool_with_switches`.
    **kwargs
        As for `keras.layers.Layer`.

    Raises
    ------
    ValueError
        As for `max_pool_with_switches`.
    """

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_jit = False
        self.pool_size, self.strides, self.padding = window(pool_size, strides, padding)

    def call(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the maxima and their switches, both ``(B, h, w, C)``."""
        return max_pool_with_switches(x, self.pool_size, self.strides, self.padding)

    def compute_output_shape(self, input_shape: Shape) -> tuple[Shape, Shape]:
        """Return the shape of the maxima, and again for their switches."""
        batch, *sides, channels = input_shape
        slack = self.pool_size if self.padding == "valid" else (1, 1)
        pooled = [
            None if side is None else max(0, (side - window) // step + 1)
            for side, window, step in zip(sides, slack, self.strides, strict=True)
        ]
        shape = (batch, *pooled, channels)
        return shape, shape

    def compute_output_spec(self, x: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """Return the symbolic result for a map: numbers of the compute type, and int64."""
        pooled, argmax = self.compute_output_shape(x.shape)
        return keras.KerasTensor(pooled, self.compute_dtype), keras.KerasTensor(argmax, "int64")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one."""
        own = {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}
        return {**super().get_config(), **own}
