"""AlexNet as published in 2012 [1]_: five convolutions, three of them in two groups, then three dense layers.

The two groups of channels ran on two GPUs and are not connected. Later networks of the same name have one group, and so
more parameters in their convolutions.

References
----------
.. [1] Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012.
"""

from pathlib import Path

import keras
import tensorflow as tf

from course_lib.integers import as_integer
from course_lib.networks.files import load_weights

SIDE = 227  # the paper says 224, but its first map of 55 x 55 takes 227


def alexnet(weights: str | Path | None = None, classes: int = 1000) -> keras.Model:
    """Build AlexNet as published, with 60,965,224 parameters for 1000 classes.

    Parameters
    ----------
    weights : None or path
        None for random weights, or a file of Keras weights, whose layers are matched by name.
    classes : int
        The number of classes, 1 or more.

    Returns
    -------
    keras.Model
        From ``(B, 227, 227, 3)``, prepared as the weights require, to logits ``(B, classes)``, with no softmax. The
        layers with weights are ``conv1`` to ``conv5``, ``fc6``, ``fc7`` and ``predictions``.

    Raises
    ------
    ValueError
        If the number of classes is not as above, or the file does not contain weights for this network.
    FileNotFoundError
        If there is no such file.
    """
    number = as_integer(classes)
    if number is None or number < 1:
        raise ValueError(f"expected a whole number of classes of 1 or more, got {classes!r}")
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3), name="images"),
            layers.Conv2D(96, 11, strides=4, activation="relu", name="conv1"),
            ResponseNormalization(name="norm1"),
            layers.MaxPooling2D(3, strides=2, name="pool1"),
            layers.Conv2D(256, 5, padding="same", groups=2, activation="relu", name="conv2"),
            ResponseNormalization(name="norm2"),
            layers.MaxPooling2D(3, strides=2, name="pool2"),
            layers.Conv2D(384, 3, padding="same", activation="relu", name="conv3"),
            layers.Conv2D(384, 3, padding="same", groups=2, activation="relu", name="conv4"),
            layers.Conv2D(256, 3, padding="same", groups=2, activation="relu", name="conv5"),
            layers.MaxPooling2D(3, strides=2, name="pool5"),
            layers.Flatten(name="flatten"),
            layers.Dense(4096, activation="relu", name="fc6"),
            layers.Dropout(0.5, name="drop6"),
            layers.Dense(4096, activation="relu", name="fc7"),
            layers.Dropout(0.5, name="drop7"),
            layers.Dense(number, name="predictions"),
        ],
        name="alexnet",
    )
    if weights is not None:
        load_weights(model, weights)
    return model


@keras.saving.register_keras_serializable("pixelwise")
class ResponseNormalization(keras.layers.Layer):
    """Divide each value by ``(2 + 0.0001 * s) ** 0.75``; s is the sum of squares over five neighboring channels."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Return the map ``(B, H, W, C)``, normalized."""
        return tf.nn.local_response_normalization(x, depth_radius=2, bias=2, alpha=1e-4, beta=0.75)
