"""The head of a colorizer: from a hypercolumn to the logits of two histograms."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from course_lib.hypercolumn_colorizer.features import CHANNELS
from course_lib.hypercolumn_colorizer.targets import BINS
from course_lib.integers import count

HIDDEN = 128
DROPPED_CHANNELS, DROPPED_UNITS = 0.2, 0.5
DECAY = 1e-3


def head(channels: int = CHANNELS, hidden: int = HIDDEN, bins: int = BINS, seed: int = 0) -> keras.Model:
    """Make a head: a standardization of each channel, one hidden layer, and a linear layer.

    Larsson et al. train through the whole network and need no more than a hidden layer. Here the features are given
    and photographs are few, so dropout and the squares of the hidden layer's weights, times 0.001 and added to the
    loss, keep it from learning them by heart.

    Parameters
    ----------
    channels : int
        Of the hypercolumns, 1 or more.
    hidden : int
        Units of the hidden layer, 1 or more.
    bins : int
        Of each histogram, 3 or more.
    seed : int
        0 or more; decides the first weights and what dropout drops.

    Returns
    -------
    keras.Model
        From hypercolumns ``(N, channels)`` to logits ``(N, 2 * bins)``, those of hue first. Its layers with weights
        are "standardize", which `standardize` sets and training leaves alone, "hidden" and "logits".

    Raises
    ------
    ValueError
        If a number is not as above.
    """
    count("channels", channels), count("hidden", hidden), count("bins", bins, least=3)
    seeds = [int(each) for each in np.random.default_rng(count("seed", seed, least=0)).integers(2**31, size=4)]

    def dense(units: int, seed: int, **settings: Any) -> keras.layers.Dense:
        return keras.layers.Dense(units, kernel_initializer=keras.initializers.GlorotUniform(seed), **settings)

    columns = keras.Input((channels,), name="columns")
    x = keras.layers.BatchNormalization(scale=False, center=False, trainable=False, name="standardize")(columns)
    x = keras.layers.Dropout(DROPPED_CHANNELS, seed=seeds[0])(x)
    decay = keras.regularizers.L2(DECAY)
    x = dense(hidden, seeds[1], activation="relu", kernel_regularizer=decay, name="hidden")(x)
    x = keras.layers.Dropout(DROPPED_UNITS, seed=seeds[2])(x)
    return keras.Model(columns, dense(2 * bins, seeds[3], name="logits")(x), name="head")


def standardize(head: keras.Model, columns: NDArray[np.float32]) -> None:
    """Give each channel mean 0 and variance 1 over some hypercolumns, ``(N, channels)``, of 1 or more."""
    head.get_layer("standardize").set_weights([columns.mean(axis=0), columns.var(axis=0)])


def probabilities(head: keras.Model, columns: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Predict histograms.

    Parameters
    ----------
    head : keras.Model
        As `head` makes it.
    columns : ndarray
        Shape ``(N, channels)``.

    Returns
    -------
    hue, chroma : ndarray
        Shape ``(N, bins)``, float32; each row sums to 1.
    """
    hue, chroma = (tf.nn.softmax(logits).numpy() for logits in tf.split(head(columns, training=False), 2, axis=-1))
    return hue, chroma
