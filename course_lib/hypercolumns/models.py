"""Hypercolumns of any network: models that return columns, made from the names of layers alone."""

from collections.abc import Sequence
from typing import Any

import keras

from course_lib.hypercolumns.axes import Axis, Place
from course_lib.hypercolumns.geometry import Tapped, tap
from course_lib.hypercolumns.layers import DenseHypercolumn, SparseHypercolumn

ALIGNMENTS = ("receptive field", "resize")


def sparse_hypercolumn_model(
    model: keras.Model, layers: Sequence[str], size: Sequence[int] | None = None, alignment: str = "receptive field"
) -> keras.Model:
    """Make a model that returns the columns of images at a few locations: for training on large images.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, built, from one batch of images. It is not changed.
    layers : sequence of str
        Names of the layers whose outputs form a column, as for `course_lib.layers.features_at`.
    size : (int, int), optional
        Height and width of the images; by default those of the model's input.
    alignment : {"receptive field", "resize"}
        Where the entries of a map lie in the image: in the middle of the pixels that they see, as `grids` works it
        out, or spread over the whole image, as for `tf.image.resize`. For VGG-16 the two agree on images whose
        sides are multiples of 16.

    Returns
    -------
    keras.Model
        From ``[images, centroids]`` to columns ``(B, L, C_1 + C_2 + ...)``; the centroids are ``(B, L, 2)``, float32
        under any policy: y and x in pixels. Its weights are those of ``model``. The columns have the type of the maps.

    Raises
    ------
    ValueError
        If an argument is not as above, or as for `grids`.
    """
    tapped = tap(model, layers, size)
    centroids = keras.Input((None, 2), dtype="float32", name="centroids")
    columns = SparseHypercolumn(**_settings(tapped, alignment))(centroids, tapped.maps)
    return keras.Model([tapped.images, centroids], columns, name="sparse_hypercolumn_model")


def dense_hypercolumn_model(
    model: keras.Model, layers: Sequence[str], size: Sequence[int] | None = None, alignment: str = "receptive field"
) -> keras.Model:
    """Make a model that returns the columns of images at every pixel: for inference.

    At every pixel they are the columns of `sparse_hypercolumn_model`, so a network trained on one can be used on the
    other.

    Parameters
    ----------
    model, layers, size, alignment
        As for `sparse_hypercolumn_model`.

    Returns
    -------
    keras.Model
        From images ``(B, H, W, C)`` to columns ``(B, H, W, C_1 + C_2 + ...)``, or from ``(B, C, H, W)`` to
        ``(B, C_1 + C_2 + ..., H, W)`` where the model's layers have ``data_format="channels_first"``. Its weights are
        those of ``model``.

    Raises
    ------
    ValueError
        As for `sparse_hypercolumn_model`.
    """
    tapped = tap(model, layers, size)
    columns = DenseHypercolumn(tapped.size, **_settings(tapped, alignment))(tapped.maps)
    return keras.Model(tapped.images, columns, name="dense_hypercolumn_model")


def _settings(tapped: Tapped, alignment: str) -> dict[str, Any]:
    """Return the arguments of both layers."""
    if alignment not in ALIGNMENTS:
        raise ValueError(f'expected alignment "receptive field" or "resize", got {alignment!r}')
    places = tapped.places
    if alignment == "resize":
        places = [_covering(tapped.size, each) for each in places]
    return {
        "scales": [(y.scale, x.scale) for y, x in places],
        "offsets": [(y.offset, x.offset) for y, x in places],
        "data_format": tapped.data_format,
        "dtype": keras.backend.result_type(*[each.dtype for each in tapped.maps]),
        "name": "hypercolumns",
    }


def _covering(size: tuple[int, int], place: Place) -> Place:
    """Spread the entries of a map over the image."""
    y, x = (
        Axis(side / axis.size, (side / axis.size - 1) / 2, axis.size) for side, axis in zip(size, place, strict=True)
    )
    return y, x
