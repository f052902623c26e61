"""Max-pooling that keeps its switches, and unpooling that uses them.

A switch is the index of the value that a window's maximum came from. Unpooling puts each value back there: what
deconvnets do to look into a network [1]_, and to draw sharp label maps [2]_.

References
----------
.. [1] Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
.. [2] Noh, Hong and Han, "Learning Deconvolution Network for Semantic Segmentation", ICCV 2015.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from course_lib.integers import as_integer
from course_lib.ops import arguments, max_unpool

__all__ = ["MaxPoolSwitches", "MaxUnpool", "max_pool_with_switches", "max_unpool"]

Shape = tuple[int | None, ...]


def max_pool_with_switches(
    x: ArrayLike | tf.Tensor,
    pool_size: int | Sequence[int] = 2,
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
) -> tuple[tf.Tensor, tf.Tensor]:
    """Take the maximum of each window, and where it stood; the maxima are differentiable.

    Parameters
    ----------
    x : array_like or tf.Tensor
        Shape ``(B, H, W, C)`` with one image or more; float16, bfloat16, float32 or float64.
    pool_size : int or (int, int)
        Height and width of a window, each 1 or more.
    strides : int or (int, int), optional
        Steps from window to window, each 1 or more; by default ``pool_size``.
    padding : {"valid", "same"}
        Whether windows lie inside the map, or may overlap its border; nothing outside is ever taken.

    Returns
    -------
    pooled : tf.Tensor
        Shape ``(B, h, w, C)``, of ``x``'s type.
    argmax : tf.Tensor
        Shape ``(B, h, w, C)``, int64: ``(y * W + x) * C + c`` within the image, for `max_unpool`. Among equal maxima
        the first wins, row by row.

    Raises
    ------
    ValueError
        If an argument is not as above, or inside ``jit_compile=True``.
    """
    if tf.__internal__.get_enclosing_xla_context() is not None:
        raise ValueError("max_pool_with_switches cannot run inside jit_compile=True: XLA has no pooling with argmax")
    x = arguments.maps(x, "x")
    windows, steps, border = _window(pool_size, strides, padding)
    return tuple(tf.nn.max_pool_with_argmax(x, windows, steps, border.upper()))


@keras.saving.register_keras_serializable("pixelwise")
class MaxPoolSwitches(keras.layers.Layer):
    """`max_pool_with_switches` as a Keras layer: a map in, the pair (pooled, argmax) out.

    Parameters
    ----------
    pool_size, strides, padding
        As `max_pool_with_switches` takes them.
    **kwargs
        As `keras.layers.Layer` takes them.

    Raises
    ------
    ValueError
        As `max_pool_with_switches`.
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
        self.pool_size, self.strides, self.padding = _window(pool_size, strides, padding)

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
        """Return what comes out for a symbolic map: numbers of the compute type, and int64."""
        pooled, argmax = self.compute_output_shape(x.shape)
        return keras.KerasTensor(pooled, self.compute_dtype), keras.KerasTensor(argmax, "int64")

    def get_config(self) -> dict[str, Any]:
        """Return what makes a layer like this one."""
        own = {"pool_size": self.pool_size, "strides": self.strides, "padding": self.padding}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("pixelwise")
class MaxUnpool(keras.layers.Layer):
    """`max_unpool` as a Keras layer: ``layer(pooled, argmax)`` with a size, or ``layer(pooled, argmax, like)``.

    The size of the output cannot be told from the pooled values: 4 and 5 rows both give 2. It is that of the map that
    was pooled, which is what ``like`` stands for, shape ``(B, H, W, C)``; its values are not used.

    Parameters
    ----------
    size : (int, int), optional
        Height and width of the output, each 1 or more, where they are known beforehand.
    **kwargs
        As `keras.layers.Layer` takes them.

    Raises
    ------
    ValueError
        If ``size`` is not as above; when called, if it takes both or neither of ``size`` and ``like``.
    """

    def __init__(self, size: Sequence[int] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_jit = False
        self.size = None if size is None else _pair(size, "size")

    def call(self, pooled: tf.Tensor, argmax: tf.Tensor, like: tf.Tensor | None = None) -> tf.Tensor:
        """Return the map, ``(B, H, W, C)``."""
        if (like is None) == (self.size is None):
            raise ValueError("expected either a size for the layer or a map to be like, got both or neither")
        images, _, _, channels = tf.unstack(tf.shape(pooled))
        height, width = self.size or tf.unstack(tf.shape(like)[1:3])
        output = max_unpool(pooled, argmax, tf.stack([images, height, width, channels]))
        output.set_shape(self.compute_output_shape(pooled.shape, argmax.shape, None if like is None else like.shape))
        return output

    def compute_output_shape(self, pooled_shape: Shape, argmax_shape: Shape, like_shape: Shape | None = None) -> Shape:
        """Return ``(B, H, W, C)``; what is not known is None."""
        height, width = self.size or (like_shape[1:3] if like_shape is not None else (None, None))
        return (pooled_shape[0], height, width, pooled_shape[3])

    def get_config(self) -> dict[str, Any]:
        """Return what makes a layer like this one."""
        return {**super().get_config(), "size": self.size}


def _window(
    pool_size: int | Sequence[int], strides: int | Sequence[int] | None, padding: str
) -> tuple[tuple[int, int], tuple[int, int], str]:
    """Return a window, its steps and the padding, in the form that layers keep."""
    if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
        raise ValueError(f'expected padding "valid" or "same", got {padding!r}')
    windows = _pair(pool_size, "pool_size")
    return windows, windows if strides is None else _pair(strides, "strides"), padding.lower()


def _pair(value: int | Sequence[int], name: str) -> tuple[int, int]:
    """Return two whole numbers of 1 or more."""
    several = isinstance(value, tuple | list | np.ndarray) and np.ndim(value) > 0
    pair: Any = tuple(value) if several else (value, value)  # type: ignore[arg-type]
    numbers = [as_integer(each) or 0 for each in pair]
    if len(pair) != 2 or min(numbers) < 1:
        raise ValueError(f"expected {name} as one or two whole numbers of 1 or more, got {value!r}")
    return numbers[0], numbers[1]
