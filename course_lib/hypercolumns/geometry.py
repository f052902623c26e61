"""Where the entries of a network's maps are in the image, computed from its layers.

An entry lies at the center of the pixels that it sees. Along each axis these centers are evenly spaced, by the product
of the strides; where they begin depends on every kernel and on every padding, and for padding ``"same"`` on the size of
the image.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras

from course_lib.hypercolumns.axes import Axis, Place, after
from course_lib.hypercolumns.columns import image_size
from course_lib.layers import features_at
from course_lib.layers.graphs import is_graph, plain_graph

Pair = tuple[float, float]
Sides = tuple[int | None, ...]


class Grid(NamedTuple):
    """Where the entries of a map lie: entry (i, j) at ``offset + scale * (i, j)``, in pixels of the image.

    Attributes
    ----------
    scale : float or (float, float)
        Pixels of the image for one step on the map, above 0; (y, x) where they differ.
    offset : float or (float, float)
        Where entry (0, 0) lies; (y, x) where they differ.
    """

    scale: float | Pair
    offset: float | Pair


@dataclass(frozen=True)
class Tapped:
    """A network for images of one size, cut off after some layers.

    Attributes
    ----------
    images : keras.KerasTensor
        The input of the network.
    maps : list of keras.KerasTensor
        The outputs of the layers, in the order of their names.
    places : list of (Axis, Axis)
        Where the entries of each map lie.
    size : (int, int)
        Height and width of the images.
    data_format : {"channels_last", "channels_first"}
        Order of the axes of images and maps.
    """

    images: keras.KerasTensor
    maps: list[keras.KerasTensor]
    places: list[Place]
    size: tuple[int, int]
    data_format: str


def grids(model: keras.Model, layers: Sequence[str], size: Sequence[int] | None = None) -> list[Grid]:
    """Compute where the entries of a network's maps are in the image.

    An entry lies at the center of its receptive field. So a network of averages turns an image of coordinates into maps
    of exactly these places, except for entries that see padding.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, built, from one batch of images. It is not changed.
    layers : sequence of str
        Names of layers, as for `course_lib.layers.features_at`. Each is used once and returns one map.
    size : (int, int), optional
        Height and width of the image, on which padding ``"same"`` depends; by default those of the model's input.

    Returns
    -------
    list of Grid
        Scale and offset of each layer's output.

    Raises
    ------
    ValueError
        If an argument is not as above; if paths with different scales or offsets join before a layer; if a layer moves
        entries in an unknown way. The known layers are convolutions (depthwise, separable and transposed ones, too),
        pooling, upsampling, zero padding, cropping and models of such layers. Any other layer is assumed to work on
        each entry separately if its output is as large as its input, and refused by name if it is not.
    """
    return [_grid(place) for place in tap(model, layers, size).places]


def tap(model: keras.Model, layers: Sequence[str], size: Sequence[int] | None = None) -> Tapped:
    """Cut a network off after some layers, for images of one size; parameters and errors are those of `grids`."""
    features = features_at(model, layers)
    if len(features.inputs) != 1 or len(features.inputs[0].shape) != 4:
        shapes = [each.shape for each in features.inputs]
        raise ValueError(f"expected a model that takes one batch of images of four axes, got inputs of shape {shapes}")
    data_format = _data_format(model)
    shape = list(features.inputs[0].shape)
    axes = slice(1, 3) if data_format == "channels_last" else slice(2, 4)
    height, width = shape[axes] = _size(size, shape[axes])
    images = keras.Input(shape[1:], dtype=features.inputs[0].dtype, name="images")

    walk = _Walk(axes, {id(images): (Axis(1, 0, height), Axis(1, 0, width))}, [])
    outputs = walk.through(features, [images]).output
    maps = [_map(outputs[name], name) for name in layers]
    places = [walk.places.get(id(each)) for each in maps]
    for name, place in zip(layers, places, strict=True):
        if place is None:
            raise ValueError(f'expected layers whose output is a map of the image, got "{name}"')
    return Tapped(images, maps, [each for each in places if each], (height, width), data_format)


@dataclass
class _Walk:
    """A walk through a graph that records where the entries of every tensor are, by the tensor's id."""

    axes: slice
    places: dict[int, Place | None]
    kept: list[Any]  # Only ids of living objects are unique.

    def through(self, model: keras.Model, inputs: list[keras.KerasTensor]) -> keras.Model:
        """Apply the layers of a model to tensors; return the model from these."""
        given = keras.tree.pack_sequence_as(model.input, inputs)
        return keras.models.clone_model(model, given, clone_function=lambda layer: layer, call_function=self.step)

    def step(self, layer: Any, *args: Any, **settings: Any) -> Any:
        """Apply one layer."""
        given = [each for each in keras.tree.flatten((args, settings)) if isinstance(each, keras.KerasTensor)]
        output = layer(*args, **settings)
        made = keras.tree.flatten(output)
        if is_graph(layer):
            # A model from tensors in the middle of a graph would be a model of copies of them.
            fresh = [keras.Input(batch_shape=each.shape, dtype=each.dtype) for each in given]
            self.places.update((id(to), self.places.get(id(of))) for to, of in zip(fresh, given, strict=True))
            inside = self.through(plain_graph(layer), fresh)
            self.kept.append(inside)
            found = [self.places.get(id(each)) for each in inside.outputs]
        else:
            found = [self.placed(layer, given, each) for each in made]
        self.places.update(zip(map(id, made), found, strict=True))
        self.kept.append(output)
        return output

    def placed(self, layer: Any, given: list[keras.KerasTensor], made: keras.KerasTensor) -> Place | None:
        """Return where the entries of a layer's output lie, or None if it is no map of the image."""
        sides = tuple(made.shape[self.axes])
        maps = [place for each in given if (place := self.places.get(id(each)))]
        if len(made.shape) != 4 or not maps:
            return None
        whole = [each for each in maps if _sides(each) != (1, 1)]
        if whole and sides != (1, 1):  # a single entry is everywhere, as in squeeze and excitation
            maps = whole
        found = [after(layer, each, sides) for each in maps]
        known = [each for each in found if each]
        if len(known) < len(found):
            if sides == (1, 1):
                return None
            raise ValueError(_unknown(layer, _sides(maps[found.index(None)]), sides))
        for other in known[1:]:
            if not _agree(known[0], other):
                raise ValueError(
                    f'expected paths that agree where they meet, got at "{layer.name}" {_grid(known[0])} and '
                    f"{_grid(other)}: name layers in front of it"
                )
        return known[0]


def _sides(place: Place) -> Sides:
    return tuple(axis.size for axis in place)


def _agree(place: Place, other: Place) -> bool:
    """Tell whether two maps have the same grid, up to rounding."""
    pairs = [pair for axis, beside in zip(place, other, strict=True) for pair in zip(axis, beside, strict=True)]
    return all(math.isclose(*pair, rel_tol=1e-9, abs_tol=1e-9) for pair in pairs)


def _unknown(layer: Any, before: Sides, behind: Sides) -> str:
    """Report an unknown layer."""
    sizes = " to ".join(" x ".join("?" if side is None else str(side) for side in sides) for sides in (before, behind))
    return (
        f'expected layers that are known to place their entries, got "{layer.name}", a {type(layer).__name__} from '
        f"{sizes}: name layers in front of it, or give scales and offsets to SparseHypercolumn yourself"
    )


def _grid(place: Place) -> Grid:
    """Return one number for both axes if they agree."""
    (y_scale, y_offset, _), (x_scale, x_offset, _) = place
    scale = y_scale if y_scale == x_scale else (y_scale, x_scale)
    return Grid(scale, y_offset if y_offset == x_offset else (y_offset, x_offset))


def _map(output: Any, name: str) -> keras.KerasTensor:
    """Return a layer's output, if it is one tensor."""
    if not isinstance(output, keras.KerasTensor):
        raise ValueError(f'expected layers that are used once and return one map, got "{name}"')
    return output


def _size(size: Sequence[int] | None, known: Sequence[int | None]) -> tuple[int, int]:
    """Return the height and width of the images."""
    if size is None:
        if None in known:
            raise ValueError("expected size=(height, width) in pixels, as the model takes images of any size, got None")
        size = [side for side in known if side is not None]
    return image_size(size)


def _data_format(model: keras.Model) -> str:
    """Return the order of the axes, which is one for all layers."""
    found = sorted(set(_data_formats(model)))
    if len(found) > 1:
        raise ValueError("expected a model with one data_format, got layers with channels_first and channels_last")
    return found[0] if found else keras.config.image_data_format()


def _data_formats(model: keras.Model) -> Iterator[str]:
    """Yield the order of the axes of each layer that has one."""
    for layer in model.layers:
        if is_graph(layer):
            yield from _data_formats(layer)
        elif isinstance(found := getattr(layer, "data_format", None), str):
            yield found
