"""Fully convolutional heads, FCN-32s, 16s and 8s, on the maps of any network that shrinks images 8, 16 and 32 times.

A scorer, a 1 x 1 convolution, turns the coarsest map into scores of the classes. They are upsampled 32 times (32s),
or first twice and added to the scores of the next finer map (16s), and once more (8s) [1]_. In the paper only the
last upsampling is fixed; here all of them learn, and start bilinear.

References
----------
.. [1] Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import keras
import numpy as np
from numpy.typing import NDArray

from course_lib.integers import as_integer
from course_lib.layers import features_at
from course_lib.segmentation.head_layers import BilinearUpsampling, Standardize
from course_lib.sizes import RequiredSize

Stride = Literal[32, 16, 8]
Features = Mapping[str, NDArray[np.float32]]
Inputs = NDArray[Any] | Mapping[str, NDArray[Any]]

STRIDES: tuple[Stride, ...] = get_args(Stride)
DECAY = 0.01
_TRIAL_SIDE = 256


def map_name(stride: int) -> str:
    """Return the name of the map at a stride in a trunk's outputs and a head's inputs: "stride_8"."""
    return f"stride_{stride}"


def trunk(model: keras.Model, stages: Mapping[int, str]) -> keras.Model:
    """Cut a network off at the maps that a head needs.

    Parameters
    ----------
    model : keras.Model
        From images ``(B, H, W, C)``, such as `vgg16(include_top=False)`.
    stages : mapping of int to str
        For strides 8, 16 and 32, or for some of these, the name of the layer with that map, such as `VGG16_STAGES`.

    Returns
    -------
    keras.Model
        From images, whose sides must be multiples of the largest stride, to a dict: "stride_8" to a map of
        ``(B, H / 8, W / 8, D)``, and so on. It shares the weights of ``model``, and refuses other sides.

    Raises
    ------
    ValueError
        If a stride is not 8, 16 or 32, a layer does not exist, or the size of its map does not fit its stride.
    """
    if not stages or not set(stages) <= set(STRIDES):
        raise ValueError(f"expected stages for strides among 8, 16 and 32, got {sorted(stages)}")
    features = features_at(model, [stages[stride] for stride in sorted(stages)])
    *sides, colors = model.input_shape[1:]
    height, width = (side or _TRIAL_SIDE for side in sides)
    maps = features(keras.Input((height, width, colors)))
    for stride, layer in stages.items():
        shape = maps[layer].shape
        if tuple(shape[1:3]) != (height / stride, width / stride):
            raise ValueError(
                f"expected layer {layer} at stride {stride}, a map of {height / stride:g} x {width / stride:g} for an "
                f"image of {height} x {width}, got one of shape {shape[1:]}"
            )
    images = keras.Input((*sides, colors), name="images")
    maps = features(RequiredSize(multiple=max(stages))(images))
    return keras.Model(images, {map_name(stride): maps[stages[stride]] for stride in sorted(stages)}, name="trunk")


def fcn_head(channels: Mapping[str, int], classes: int, finest: Stride) -> keras.Model:
    """Make a head that turns maps into the scores of every pixel.

    Each channel of a map is standardized (`standardize` sets mean and deviation; before that they are 0 and 1). All
    scorers start at zero, so a head with a coarser head's weights (`warm_start`) starts from the coarser scores,
    upsampled in several steps. That is not quite the result of the coarser head: enlarged bilinearly 2 times and then
    16 times, a map is smoother than enlarged 32 times at once.

    The squares of the scorers' weights, times 0.01, are added to the loss: maps have many channels, and a few images of
    a few textures do not show how useful each one is.

    Parameters
    ----------
    channels : mapping of str to int
        The depth of each map, such as ``{"stride_8": 256, "stride_16": 512, "stride_32": 512}``. Maps finer than
        ``finest`` are allowed, but not used.
    classes : int
        How many, 1 or more.
    finest : {32, 16, 8}
        The stride of the finest map that is used.

    Returns
    -------
    keras.Model
        From a dict of maps, ``(B, H / stride, W / stride, D)``, to logits ``(B, H, W, classes)``.

    Raises
    ------
    ValueError
        If a map is missing, or a number is not as above.
    """
    count = as_integer(classes)
    if count is None or count < 1:
        raise ValueError(f"expected a whole number of classes of 1 or more, got {classes!r}")
    if finest not in STRIDES:
        raise ValueError(f"expected 32, 16 or 8 as the finest stride, got {finest!r}")
    strides = [stride for stride in STRIDES if stride >= finest]
    missing = [map_name(stride) for stride in strides if map_name(stride) not in channels]
    if missing:
        raise ValueError(f"expected the number of channels of {', '.join(missing)}, got those of {sorted(channels)}")
    maps = {
        map_name(stride): keras.Input((None, None, channels[map_name(stride)]), name=map_name(stride))
        for stride in strides
    }
    scores = _scores(maps[map_name(32)], count, 32)
    for stride in strides[1:]:
        coarser = BilinearUpsampling(2, name=f"upsample_to_{stride}")(scores)
        scores = keras.layers.Add(name=f"fuse_{stride}")([coarser, _scores(maps[map_name(stride)], count, stride)])
    logits = BilinearUpsampling(finest, name=f"upsample_from_{finest}")(scores)
    return keras.Model(maps, logits, name="head")


def _scores(features: keras.KerasTensor, classes: int, stride: int) -> keras.KerasTensor:
    """Standardize a map and score it."""
    standard = Standardize(name=f"standardize_{stride}")
    scorer = keras.layers.Conv2D(
        classes,
        1,
        kernel_initializer="zeros",
        kernel_regularizer=keras.regularizers.L2(DECAY),
        name=f"score_{stride}",
    )
    return scorer(standard(features))


def fcn32(trunk: keras.Model, classes: int) -> keras.Model:
    """Put an FCN-32s head on a trunk.

    Parameters
    ----------
    trunk : keras.Model
        A model from the function `trunk`.
    classes : int
        How many, 1 or more.

    Returns
    -------
    keras.Model
        From images ``(B, H, W, C)``, sides multiples of 32, to logits ``(B, H, W, classes)``. Its layers
        "trunk" and "head" are models.

    Raises
    ------
    ValueError
        As `fcn_head`; when called, for other sides.
    """
    return _on_trunk(trunk, classes, 32)


def fcn16(trunk: keras.Model, classes: int) -> keras.Model:
    """Put an FCN-16s head on a trunk; otherwise as `fcn32`."""
    return _on_trunk(trunk, classes, 16)


def fcn8(trunk: keras.Model, classes: int) -> keras.Model:
    """Put an FCN-8s head on a trunk; otherwise as `fcn32`."""
    return _on_trunk(trunk, classes, 8)


def _on_trunk(trunk: keras.Model, classes: int, finest: Stride) -> keras.Model:
    images = keras.Input(trunk.input_shape[1:], name="images")
    maps = trunk(images)
    head = fcn_head({name: each.shape[-1] for name, each in maps.items()}, classes, finest)
    return keras.Model(images, head({name: maps[name] for name in head.input}), name=f"fcn{finest}")


def standardize(head: keras.Model, features: Features) -> None:
    """Set mean and deviation of every channel, so that all have equal weight when training begins.

    Parameters
    ----------
    head : keras.Model
        As `fcn_head` makes it. Changed in place.
    features : mapping of str to ndarray
        The maps of the training images by name, each ``(N, h, w, D)``. Additional maps are ignored.

    Raises
    ------
    ValueError
        If a map is not there.
    """
    for name, maps in taken(head, features).items():
        head.get_layer(name.replace("stride", "standardize")).adapt(maps)


def taken(model: keras.Model, inputs: Inputs) -> Any:
    """Leave out the maps that are not inputs of a model.

    Parameters
    ----------
    model : keras.Model
        From images, or from a dict of maps.
    inputs : ndarray or mapping of str to ndarray
        The images, or all maps by name.

    Returns
    -------
    ndarray or dict of str to ndarray
        The images, or the maps that the model takes.

    Raises
    ------
    ValueError
        If a map is missing, or maps are given for images or images for maps.
    """
    takes = getattr(model, "input", None)
    names = [*takes] if isinstance(takes, dict) else []
    given = [*inputs] if isinstance(inputs, Mapping) else []
    if bool(names) != isinstance(inputs, Mapping) or not {*names} <= {*given}:
        wanted, got = (f"maps {', '.join(each)}" if each else "an array" for each in (names, given))
        raise ValueError(f"expected {wanted} for {model.name}, got {got}")
    return {name: inputs[name] for name in names} if isinstance(inputs, Mapping) else inputs


def warm_start(head: keras.Model, coarser: keras.Model) -> None:
    """Copy the weights of a coarser head, except those of its last upsampling.

    Parameters
    ----------
    head : keras.Model
        As `fcn_head` makes it, with the same classes and channels. Changed in place.
    coarser : keras.Model
        A head with a coarser finest map.

    Raises
    ------
    ValueError
        If the heads do not fit together.
    """
    own: dict[str, Any] = {layer.name: layer for layer in head.layers}
    for layer in coarser.layers:
        if layer.weights and not layer.name.startswith("upsample_from"):
            shapes = [tuple(weight.shape) for weight in layer.weights]
            expected = [tuple(weight.shape) for weight in own[layer.name].weights] if layer.name in own else None
            if shapes != expected:
                raise ValueError(f"expected a coarser head with weights {expected} in {layer.name}, got {shapes}")
            own[layer.name].set_weights(layer.get_weights())
