"""From a classifier to a network that classifies every position, for images of any size [1]_.

References
----------
.. [1] Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015.
"""

import keras
import tensorflow as tf

from course_lib.layers import dense_to_conv

__all__ = ["to_fully_convolutional"]


def to_fully_convolutional(model: keras.Model) -> keras.Model:
    """Turn a classifier into a network that classifies every position of its last map.

    A dense layer on a flattened map of h x w positions becomes a convolution with an h x w kernel and SAME padding, so
    that there are as many answers as positions on the map. The dense layers that follow, or all of them after global
    average pooling, become 1 x 1 convolutions. Dropout and activations are kept.

    With SAME padding, ``(h - 1) // 2`` rows of a window are above its position and ``h // 2`` below; likewise for
    columns. An odd kernel is centered. An even one, such as the 6 x 6 of AlexNet, reaches one row further down and one
    column further right. So for an image of the classifier's size, whose map is one window, the classifier's own answer
    is at row ``(h - 1) // 2`` and column ``(w - 1) // 2``: in the middle of the 7 x 7 answers of VGG-16. All other
    windows overlap the border, and contain zeros there.

    Parameters
    ----------
    model : keras.Model
        Built of layers, Functional or Sequential, channels last: layers that take images of any size, then one
        ``Flatten`` or ``GlobalAveragePooling2D``, then a chain of ``Dense`` with ``Dropout``, ``Activation`` and
        ``ReLU`` between.

    Returns
    -------
    keras.Model
        From ``(B, H, W, C)`` of any size that the first layers take to answers ``(B, h, w, units)``. Its layers have
        the names of the classifier's layers; the classifier is not changed. The weights are equal, and share memory
        until one of the two is trained. If a single dense layer follows global average pooling, the mean of the answers
        over all positions, before an activation, is the classifier's answer.

    Raises
    ------
    ValueError
        If the model has another form.
    """
    pooling, head = _split(model)
    features = _for_any_size(model, pooling)
    height, width = pooling.input.shape[1:3] if isinstance(pooling, keras.layers.Flatten) else (1, 1)
    x = features.output
    for layer in head:
        if isinstance(layer, keras.layers.Dense):
            x = _convolve(x, layer, height, width)
            height = width = 1
        else:
            x = layer.__class__.from_config(layer.get_config())(x)
    return keras.Model(features.input, x, name=model.name)


def _split(model: keras.Model) -> tuple[keras.layers.Layer, list[keras.layers.Layer]]:
    """Find the Flatten or global pooling layer, and the chain of layers after it."""
    try:
        inputs, outputs, layers = model.inputs, model.outputs, model.layers
    except (AttributeError, ValueError):
        raise ValueError(f"expected a Functional or Sequential model that is built, got {model!r}") from None
    if (len(inputs), len(outputs)) != (1, 1):
        raise ValueError(f"expected a model of one input and one output, got {len(inputs)} and {len(outputs)}")
    kinds = (keras.layers.Flatten, keras.layers.GlobalAveragePooling2D)
    places = [place for place, layer in enumerate(layers) if isinstance(layer, kinds)]
    if len(places) != 1:
        found = ", ".join(layers[place].name for place in places) or "none"
        raise ValueError(f"expected one Flatten or GlobalAveragePooling2D among the layers of the model, got {found}")
    pooling, *head = layers[places[0] :]
    if pooling.data_format != "channels_last":
        raise ValueError(f"expected {pooling.name!r} to take maps with the channels last, got {pooling.data_format}")
    if len(pooling.input.shape) != 4:
        raise ValueError(f"expected {pooling.name!r} to take maps (B, H, W, C), got {pooling.input.shape}")
    _check_chain(pooling, head, outputs[0])
    return pooling, head


def _check_chain(pooling: keras.layers.Layer, head: list[keras.layers.Layer], output: keras.KerasTensor) -> None:
    """Refuse a head that is not a chain of dense layers."""
    between = (keras.layers.Dropout, keras.layers.Activation, keras.layers.ReLU)
    x, flat = pooling.output, isinstance(pooling, keras.layers.Flatten)
    for layer in head:
        # Until the first dense layer, a flattened map mixes positions and channels.
        allowed = (keras.layers.Dense, keras.layers.Dropout) if flat else (keras.layers.Dense, *between)
        if not isinstance(layer, allowed):
            names = ", ".join(kind.__name__ for kind in allowed)
            raise ValueError(
                f"expected only layers of type {names} at this place behind {pooling.name!r}, "
                f"got {layer.name!r}, a {type(layer).__name__}"
            )
        if layer.input is not x:
            raise ValueError(f"expected a chain of layers behind {pooling.name!r}, got a branch at {layer.name!r}")
        x, flat = layer.output, flat and not isinstance(layer, keras.layers.Dense)
    if x is not output or not any(isinstance(layer, keras.layers.Dense) for layer in head):
        raise ValueError(f"expected a chain of dense layers from {pooling.name!r} to the model's only output")


def _for_any_size(model: keras.Model, pooling: keras.layers.Layer) -> keras.Model:
    """Copy the layers before the pooling, for images of any size."""
    given = model.inputs[0]
    fixed = keras.Model(given, pooling.input)
    images = keras.Input((None, None, given.shape[-1]), dtype=given.dtype, name=given.name)
    try:
        copy = keras.models.clone_model(fixed, input_tensors=images)
    except (TypeError, ValueError) as error:
        raise ValueError(f"expected layers before {pooling.name!r} that take images of any size: {error}") from error
    if copy.output.shape != (None, None, None, pooling.input.shape[-1]):
        raise ValueError(
            f"expected maps before {pooling.name!r} that grow with the image, "
            f"got shape {copy.output.shape} for images of any size"
        )
    for variable, original in zip(copy.weights, fixed.weights, strict=True):
        variable.assign(original)
    return copy


def _convolve(x: keras.KerasTensor, dense: keras.layers.Dense, height: int, width: int) -> keras.KerasTensor:
    """Append a convolution with the weights of a dense layer."""
    layer = keras.layers.Conv2D(
        dense.units,
        (height, width),
        padding="same",
        activation=dense.activation,
        use_bias=dense.use_bias,
        kernel_initializer="zeros",
        kernel_regularizer=dense.kernel_regularizer,
        bias_regularizer=dense.bias_regularizer,
        trainable=dense.trainable,
        dtype=dense.dtype_policy,
        name=dense.name,
    )
    x = layer(x)
    layer.kernel.assign(dense_to_conv(tf.convert_to_tensor(dense.kernel), height, width))
    if dense.use_bias:
        layer.bias.assign(dense.bias)
    return x
