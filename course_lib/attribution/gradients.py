"""The gradient of a score with respect to the image: how much the score rises if a pixel does.

References
----------
.. [1] Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", ICLR Workshop 2014, arXiv 1312.6034.
.. [2] Smilkov, Thorat, Kim, Viégas and Wattenberg, "SmoothGrad: removing noise by adding noise", arXiv 1706.03825.
"""

import math
from functools import partial
from numbers import Real

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.attribution.score import Channel, Place, Score, as_images, scores
from course_lib.integers import count

__all__ = ["image_gradient", "saliency", "smooth_gradient", "strongest_channel"]

BATCH = 5  # noisy images at a time: five VGG-16s of 224 x 224 pixels take 1 GB


def saliency(
    model: keras.Model,
    images: ArrayLike | tf.Tensor,
    *,
    layer: str | None = None,
    channel: Channel = None,
    place: Place = None,
) -> NDArray[np.float32]:
    """Compute the gradient of a score with respect to each pixel [1]_.

    Parameters
    ----------
    model : keras.Model
        As for `scores`.
    images : array_like or tf.Tensor
        Shape ``(B, H, W, C)``, real numbers, as the model takes them.
    layer, channel, place
        The parts of the score, as for `scores`: by default, the sum of the model's whole output.

    Returns
    -------
    ndarray
        Shape ``(B, H, W, C)``, float32, with signs, in units of the score for one unit of the input. For a map of one
        number for each pixel, as in the paper, see `strongest_channel`. It is 0 if the score does not change, as for a
        channel after a ReLU6 that has reached 6.

    Raises
    ------
    ValueError
        As `scores`; if the images have another shape than the model takes, there is not one channel for each, or the
        score cannot be differentiated.
    """
    return image_gradient(scores(model, layer, channel, place), images).numpy()


def smooth_gradient(  # noqa: PLR0913 - what the others take, and three numbers
    model: keras.Model,
    images: ArrayLike | tf.Tensor,
    *,
    layer: str | None = None,
    channel: Channel = None,
    place: Place = None,
    noise: float = 0.15,
    samples: int = 25,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Compute the mean of the gradients at noisy copies of each image, SmoothGrad [2]_.

    Parameters
    ----------
    model, images, layer, channel, place
        As for `saliency`.
    noise : float
        The standard deviation of the noise, 0 or more, as a fraction of the range of each image's values.
    samples : int
        The number of noisy copies of each image, 1 or more.
    seed : int
        0 or more; the same seed gives the same noise.

    Returns
    -------
    ndarray
        Shape ``(B, H, W, C)``, float32, with signs, in units of the score for one unit of the input.

    Raises
    ------
    ValueError
        As `saliency`; if noise, samples or seed are not as above.
    """
    if not isinstance(noise, Real) or isinstance(noise, bool) or not 0 <= noise < math.inf:
        raise ValueError(f"expected noise of 0 or more, got {noise!r}")
    samples, random = count("samples", samples), np.random.default_rng(count("seed", seed, least=0))
    score = scores(model, layer, channel, place)
    pixels = as_images(score.features, images).numpy()
    score.require_channels(len(pixels))
    deviation = noise * np.ptp(pixels, axis=tuple(range(1, pixels.ndim)), keepdims=True)
    # In a graph, unlike eagerly, TensorFlow leaves out the gradients of the filters: several times faster.
    shapes = tf.TensorSpec((None, *pixels.shape[1:])), tf.TensorSpec((None,), tf.int64)
    # Called as a `tf.function`, it would count as retraced at each call of this one, of which TensorFlow warns.
    gradient = tf.function(partial(image_gradient, score), autograph=False).get_concrete_function(*shapes)
    total = np.zeros_like(pixels)
    sources = np.repeat(np.arange(len(pixels)), samples)
    for start in range(0, len(sources), BATCH):
        source = sources[start : start + BATCH]
        noisy = pixels[source] + deviation[source] * random.standard_normal(pixels[source].shape, dtype=np.float32)
        np.add.at(total, source, gradient(tf.constant(noisy), tf.constant(source)).numpy())
    return total / np.float32(samples)


def strongest_channel(maps: ArrayLike | tf.Tensor) -> NDArray[np.float32]:
    """Reduce the values of a pixel's colors to one number: the largest absolute value [1]_.

    Parameters
    ----------
    maps : array_like or tf.Tensor
        Shape ``(…, H, W, C)``, real numbers, such as gradients.

    Returns
    -------
    ndarray
        Shape ``(…, H, W)``, float32, 0 or more.

    Raises
    ------
    ValueError
        If the maps are not as above.
    """
    values = np.asarray(maps)
    if values.dtype.kind not in "iuf" or values.ndim < 3 or values.shape[-1] == 0:
        raise ValueError(f"expected maps of real numbers (…, H, W, C), got {values.dtype} of shape {values.shape}")
    return np.abs(values.astype(np.float32)).max(axis=-1)


def image_gradient(
    score: Score, images: ArrayLike | tf.Tensor, source: ArrayLike | tf.Tensor | None = None
) -> tf.Tensor:
    """Differentiate a score with respect to the images.

    Parameters
    ----------
    score : Score
        What `scores` returns.
    images, source
        As for the score.

    Returns
    -------
    tf.Tensor
        Shape ``(B, H, W, C)``, float32.

    Raises
    ------
    ValueError
        As the score; if it does not depend on the images, or only through operations without a gradient.
    """
    pixels = as_images(score.features, images)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(pixels)
        values = score(pixels, source)
    gradient = tape.gradient(values, pixels)
    if gradient is None:
        raise ValueError("expected a score that depends on the images by operations with a gradient")
    return tf.convert_to_tensor(gradient)
