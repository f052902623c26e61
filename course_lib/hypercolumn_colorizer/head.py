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
DROPPED_UNITS = 0.5
DECAY = 1e-3
CHUNK = 4096  # hypercolumns
DROPPED_MAPS = (0.1, 0.1, 0.1, 0.3, 0.5, 0.0)  # of a hypercolumn, fine to coarse, then lightness
SHARES = np.array([64, 128, 256, 512, 512]) / 1472  # of the channels, before lightness


class DropMaps(keras.layers.Layer):
    """Drop whole maps from hypercolumns in training, as dropout drops single channels.

    The coarse maps identify a photograph, regardless of the site: a head that can rely on them memorizes its few
    photographs. Maps that are kept are divided by the probability that they are kept.

    Parameters
    ----------
    seed : int
        Determines what is dropped.
    **kwargs
        As for `keras.layers.Layer`.
    """

    def __init__(self, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._draws = keras.random.SeedGenerator(seed)

    def call(self, columns: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Return the hypercolumns, ``(N, channels)``, without some maps of each."""
        if not training:
            return columns
        rates = tf.constant(DROPPED_MAPS)
        kept = keras.random.uniform((tf.shape(columns)[0], len(DROPPED_MAPS)), seed=self._draws) >= rates
        return columns * ((tf.cast(kept, tf.float32) / (1 - rates)) @ _maps_of_channels(columns.shape[-1]))


def _maps_of_channels(channels: int) -> NDArray[np.float32]:
    """Return the map of each channel as 1 or 0, ``(maps, channels)``, with the proportions of VGG-16."""
    ends = np.rint(np.cumsum(SHARES) * (channels - 1)).astype(int)
    place = np.searchsorted(ends, np.arange(channels), side="right")
    return np.eye(len(DROPPED_MAPS), dtype=np.float32)[:, place]


def head(channels: int = CHANNELS, hidden: int = HIDDEN, bins: int = BINS, seed: int = 0) -> keras.Model:
    """Make a head: a standardization of each channel, one hidden layer, and a linear layer.

    There are few photographs. Dropping whole maps and half of the hidden units in training, and adding the squares of
    the hidden layer's weights, times 0.001, to the loss, keep the head from memorizing them.

    Parameters
    ----------
    channels : int
        Of the hypercolumns, 1 or more.
    hidden : int
        Units of the hidden layer, 1 or more.
    bins : int
        Of each histogram, 3 or more.
    seed : int
        0 or more; determines the initial weights and what dropout drops.

    Returns
    -------
    keras.Model
        From hypercolumns ``(N, channels)`` to logits ``(N, 2 * bins)``, those of hue first. Its layers with weights
        are "standardize", which `standardize` sets and training does not change, "hidden" and "logits".

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
    x = DropMaps(seeds[0], name="drop_maps")(x)
    decay = keras.regularizers.L2(DECAY)
    x = dense(hidden, seeds[1], activation="relu", kernel_regularizer=decay, name="hidden")(x)
    x = keras.layers.Dropout(DROPPED_UNITS, seed=seeds[2])(x)
    return keras.Model(columns, dense(2 * bins, seeds[3], name="logits")(x), name="head")


def standardize(head: keras.Model, columns: NDArray[np.float32]) -> None:
    """Give each channel mean 0 and variance 1 over some hypercolumns, ``(N, channels)``, of 1 or more."""
    mean, variance = np.zeros((2, columns.shape[-1]))
    for start in range(0, len(columns), CHUNK):  # all at once would take twice their memory
        mean += columns[start : start + CHUNK].sum(axis=0, dtype=np.float64)
    mean /= len(columns)
    for start in range(0, len(columns), CHUNK):
        variance += np.square(columns[start : start + CHUNK] - mean).sum(axis=0)
    head.get_layer("standardize").set_weights([mean, variance / len(columns)])


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
