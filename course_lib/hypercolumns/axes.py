"""How layers change the grid on which the entries of a map lie, along one axis of the image."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras

CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)
POOLING = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)
# Layers and operations that move the entries of a map; on a square map, the size of the output does not show it.
MOVING = {"Flip", "Moveaxis", "Permute", "Roll", "Rot90", "Swapaxes", "Transpose"}


class Axis(NamedTuple):
    """Entries along one axis: entry i lies at ``offset + scale * i``, in pixels of the image."""

    scale: float
    offset: float
    size: int

    def moved(self, start: float, step: float, size: int) -> "Axis":
        """Return entries that begin at a fractional index of this axis, with a spacing in steps of it."""
        return Axis(self.scale * step, self.offset + self.scale * start, size)


Place = tuple[Axis, Axis]


def after(layer: Any, place: Place, sides: Sequence[int | None]) -> Place | None:
    """Work out where the entries of a layer's output lie.

    Parameters
    ----------
    layer : keras.layers.Layer or keras.Operation
        The layer that takes the map.
    place : (Axis, Axis)
        Where the map's entries lie, along y and along x.
    sides : (int or None, int or None)
        Height and width of the layer's output.

    Returns
    -------
    (Axis, Axis) or None
        Where the output's entries lie; None if no rule is known for such a layer, or its rule gives other sides.
    """
    rule = _rule(layer)
    if rule is None or None in sides:
        return None
    y, x = (rule(axis, number, side) for number, (axis, side) in enumerate(zip(place, sides, strict=True)))
    return (y, x) if [y.size, x.size] == list(sides) else None


def _rule(layer: Any) -> Any:
    """Return what a layer does to an axis: a function of the axis, its number and the size of the output."""
    if isinstance(layer, CONVOLUTIONS):
        return lambda axis, number, _: _windows(axis, layer.kernel_size[number], layer, number)
    if isinstance(layer, POOLING):
        return lambda axis, number, _: _windows(axis, layer.pool_size[number], layer, number)
    if isinstance(layer, keras.layers.Conv2DTranspose):
        return lambda axis, number, size: _transposed(axis, layer, number, size)
    if isinstance(layer, keras.layers.UpSampling2D):
        return lambda axis, number, _: _enlarged(axis, layer.size[number])
    if isinstance(layer, keras.layers.ZeroPadding2D):
        return lambda axis, number, _: _cropped(axis, *(-each for each in layer.padding[number]))
    if isinstance(layer, keras.layers.Cropping2D):
        return lambda axis, number, _: _cropped(axis, *layer.cropping[number])
    if type(layer).__name__ in MOVING:
        return None
    return lambda axis, *_: axis


def _windows(axis: Axis, window: int, layer: Any, number: int) -> Axis:
    """Return the centers of windows; with padding "same" they begin before the first entry."""
    stride, dilation = layer.strides[number], getattr(layer, "dilation_rate", (1, 1))[number]
    reach = (window - 1) * dilation
    if layer.padding == "same":
        size = math.ceil(axis.size / stride)
        before = max((size - 1) * stride + reach + 1 - axis.size, 0) // 2
    else:
        size, before = (axis.size - reach - 1) // stride + 1, 0
    return axis.moved(reach / 2 - before, stride, size)


def _transposed(axis: Axis, layer: Any, number: int, size: int) -> Axis:
    """Return the entries that windows with these centers would have read."""
    stride, reach = layer.strides[number], (layer.kernel_size[number] - 1) * layer.dilation_rate[number]
    before = max((axis.size - 1) * stride + reach + 1 - size, 0) // 2 if layer.padding == "same" else 0
    return axis.moved((before - reach / 2) / stride, 1 / stride, size)


def _enlarged(axis: Axis, factor: int) -> Axis:
    """Return the centers of the equal parts into which upsampling divides each entry."""
    return axis.moved((1 / factor - 1) / 2, 1 / factor, axis.size * factor)


def _cropped(axis: Axis, before: int, behind: int) -> Axis:
    """Remove some entries at both ends of an axis."""
    return axis.moved(before, 1, axis.size - before - behind)
