"""Convolutions that differ from place to place, as Keras layers."""

from math import prod
from typing import Any

import keras
import tensorflow as tf

from course_lib.layers.locally_connected import locally_connected

__all__ = ["LocallyConnected2D", "ScaledConv2D"]

Shape = tuple[int | None, ...]

ONLY = {"data_format": "channels_last", "dilation_rate": (1, 1), "groups": 1, "lora_rank": None}


class _PlacedConv2D(keras.layers.Conv2D):
    """A convolution with weights for each place, so the size of its maps is fixed when it is built."""

    def __init__(self, filters: int, kernel_size: int | tuple[int, int], **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, **kwargs)
        for name, value in ONLY.items():
            if getattr(self, name) != value:
                raise ValueError(f"expected {name}={value!r}, got {getattr(self, name)!r}")

    def places(self, shape: Shape) -> tuple[int, int]:
        """Count the places on maps of some shape, down and across."""
        if len(shape) != 4 or None in shape[1:]:
            raise ValueError(
                f"expected maps (B, H, W, C) of known height, width and channels, since layer {self.name!r} "
                f"has weights for each place, got shape {tuple(shape)}"
            )
        _, rows, columns, _ = self.compute_output_shape(shape)
        return rows, columns

    def enable_lora(self, *args: Any, **kwargs: Any) -> None:
        """Refuse LoRA, like ``lora_rank``: a model that is saved with it could not be loaded."""
        raise ValueError(f"expected no LoRA, which layer {self.name!r} does not have, got a call of enable_lora")

    def save_own_variables(self, store: Any) -> None:
        """Save all weights; `keras.layers.Conv2D` saves only its kernel and its bias."""
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        """Load all weights."""
        keras.layers.Layer.load_own_variables(self, store)


@keras.saving.register_keras_serializable("pixelwise")
class LocallyConnected2D(_PlacedConv2D):
    """A convolution with a separate kernel and bias for each place; Keras 3 has no such layer.

    It has ``OH * OW`` times the weights of `keras.layers.Conv2D`: kernels ``(OH, OW, KH, KW, C, filters)`` and biases
    ``(OH, OW, filters)``. The size of its maps, ``(B, H, W, C)``, is fixed when it is built.

    Parameters
    ----------
    filters, kernel_size, **kwargs
        As for `keras.layers.Conv2D`, including strides, padding, activation, initializers, regularizers and
        constraints; but only ``data_format="channels_last"``, and no dilation, groups or LoRA. An initializer that
        adapts its range to the size of a layer, such as ``"glorot_uniform"``, counts the inputs and outputs of one
        place.

    Raises
    ------
    ValueError
        If an argument is not as above; when built, if the height, width or channels are unknown, or no window fits.

    See Also
    --------
    course_lib.layers.locally_connected : the function, and the memory that it takes.
    """

    def build(self, shape: Shape) -> None:
        """Make the kernels and the biases."""
        places = self.places(shape)
        self._kernel = self.add_weight(
            name="kernel",
            shape=(*places, *self.kernel_size, shape[-1], self.filters),
            initializer=_of_one_place(self.kernel_initializer),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias: Any = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(*places, self.filters),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = keras.layers.InputSpec(shape=(None, *shape[1:]))
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Filter maps, ``(B, H, W, C)``."""
        outputs = locally_connected(inputs, self.kernel, self.strides, self.padding)
        if self.bias is not None:
            outputs += self.bias
        return outputs if self.activation is None else self.activation(outputs)


@keras.saving.register_keras_serializable("pixelwise")
class ScaledConv2D(_PlacedConv2D):
    """A convolution whose one kernel is multiplied by a learned gain at each place.

    It is between `keras.layers.Conv2D`, to which it is equal before training, and `LocallyConnected2D`: the kernels of
    two places differ only by a factor, and it has ``OH * OW`` weights more than a convolution. The gains, ``(OH, OW,
    1)``, start at 1 and do not scale the bias. The size of its maps, ``(B, H, W, C)``, is fixed when it is built.

    Parameters
    ----------
    filters, kernel_size, **kwargs
        As for `keras.layers.Conv2D`, but ``data_format="channels_last"`` only, and no dilation, groups or LoRA.

    Raises
    ------
    ValueError
        If an argument is not as above; when built, if the height, width or channels are unknown, or no window fits.
    """

    def build(self, shape: Shape) -> None:
        """Make the kernel, the bias and the gains."""
        places = self.places(shape)
        super().build(shape)
        self.gain = self.add_weight(name="gain", shape=(*places, 1), initializer="ones")
        self.input_spec = keras.layers.InputSpec(shape=(None, *shape[1:]))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Filter maps, ``(B, H, W, C)``."""
        outputs = self.convolution_op(inputs, self.kernel) * self.gain
        if self.bias is not None:
            outputs += self.bias
        return outputs if self.activation is None else self.activation(outputs)


def _of_one_place(initializer: Any) -> Any:
    """Make an initializer of the kernels of all places that counts the inputs and outputs of one place.

    Keras counts those of all places, and would make the kernels smaller by the square root of their number.
    """
    if isinstance(initializer, keras.initializers.Orthogonal):
        raise ValueError("expected a kernel_initializer that draws each weight by itself, got Orthogonal")
    if not isinstance(initializer, keras.initializers.VarianceScaling):
        return initializer

    def of_all_places(shape: tuple[int, ...], dtype: Any = None) -> Any:
        inputs, outputs = prod(shape[2:5]), prod(shape[2:4]) * shape[5]
        mean = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[initializer.mode]
        scale = initializer.scale * prod(shape[:5]) / mean
        return keras.initializers.VarianceScaling(scale, "fan_in", initializer.distribution, initializer.seed)(
            shape, dtype
        )

    return of_all_places
