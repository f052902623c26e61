"""Images that make a score as large as possible: what a class or a channel looks for.

The image is made of waves [1]_. As in natural images, short waves are weaker, and steps are shorter for them; otherwise
the result would be noise that only the network can see. Before each step, the image is moved, turned and zoomed a
little, so that the result does not depend on single pixels.

References
----------
.. [1] Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017, doi 10.23915/distill.00007.
"""

import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.attribution.progress import progress_bar
from course_lib.attribution.score import Place, scores
from course_lib.integers import count

__all__ = ["activation_maximization"]

START = 0.1  # standard deviation of the first image, before it is bounded
FALL = 1.5  # waves of frequency f have amplitudes of f to the power of minus this
COLOR = 0.45  # the difference between colors, for a difference in lightness of 1
SHIFT, TURN, ZOOM = 0.08, 0.25, 0.2  # the most that the image is moved (share of its sides), turned (radians), zoomed


def activation_maximization(  # noqa: PLR0913 - what the others take, and the settings of the ascent
    model: keras.Model,
    *,
    bounds: Sequence[ArrayLike] | NDArray[Any],
    layer: str | None = None,
    channel: int | None = None,
    place: Place = None,
    size: tuple[int, int] = (128, 128),
    steps: int = 128,
    rate: float = 0.2,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Make an image that a class, a channel or a place responds to strongly.

    A progress bar counts the steps in a terminal or a notebook.

    Parameters
    ----------
    model : keras.Model
        As for `scores`. It is not changed.
    bounds : (low, high)
        The range of the image in the model's units, each a number or one for each channel: black and white, prepared
        for the model, such as ``vgg16_preprocess([[[0, 0, 0], [255, 255, 255]]])[0]``.
    layer, place
        What is looked at, as for `scores`.
    channel : int, optional
        A class or channel. By default all together.
    size : (int, int)
        Height and width of the image in pixels.
    steps : int
        The number of changes to the image. The time is that of as many forward and backward passes of one image.
    rate : float
        The change of a wave in the first step, in units of its usual amplitude; above 0. Steps get shorter, down
        to 0.
    seed : int
        0 or more; determines the first image, and its movements.

    Returns
    -------
    ndarray
        Shape ``(H, W, C)``, float32, within the bounds.

    Raises
    ------
    ValueError
        If what is looked at is not as for `scores`, if another argument is not as above, or if the score of the first
        image has no gradient, because the channel is dead, or silent for this seed.
    """
    score = scores(model, layer, channel, place)
    if isinstance(score.channel, tuple):
        raise ValueError(f"expected one channel, or None for all, got {channel!r}")
    if not isinstance(rate, Real) or not 0 < rate < math.inf:
        raise ValueError(f"expected a rate above 0, got {rate!r}")
    steps = count("the number of steps", steps)
    if np.shape(size) != (2,):
        raise ValueError(f"expected the size to be (height, width), got {size!r}")
    height, width = count("the height", size[0]), count("the width", size[1])
    shape = score.features.inputs[0].shape
    if len(shape) != 4 or shape[-1] is None:
        raise ValueError(f"expected a model that takes images (B, H, W, C), with C known, got one that takes {shape}")
    low, high = _bounds(bounds, shape[-1])
    rng = np.random.default_rng(count("the seed", seed, least=0))

    draw, waves = _waves(height, width, len(low), rng)

    def image() -> tf.Tensor:
        return low + (high - low) * tf.sigmoid(draw(waves))

    decay = keras.optimizers.schedules.CosineDecay(rate, steps)
    optimizer = keras.optimizers.Adam(decay, beta_2=0.99, epsilon=1e-12)
    optimizer.build([waves])

    @tf.function(autograph=False)
    def step(movement: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            # The backward pass of a zoom is not exact: its gradient lacks the factor of the area, which has no effect
            # on Adam.
            moved = keras.ops.image.affine_transform(
                image()[None], movement, fill_mode="reflect", data_format="channels_last"
            )
            found = score(moved)
        gradient = tape.gradient(found, waves)
        optimizer.apply([-gradient], [waves])
        return tf.reduce_any(gradient != 0)

    # Called as a `tf.function`, it would count as retraced at each call of this one, of which TensorFlow warns.
    run = step.get_concrete_function(tf.TensorSpec((1, 8)))
    with progress_bar("steps", steps) as advance:
        for number, movement in enumerate(_movements(height, width, steps, rng)):
            responds = run(tf.constant(movement[None]))
            if number == 0 and not responds:
                raise ValueError(
                    "expected a score that depends on the image, got one whose gradient is 0: the channel may be dead, "
                    "or respond with another seed"
                )
            advance(1)
    return image().numpy()


def _bounds(bounds: Any, channels: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Check the range of an image: the lowest and the highest value of each channel."""
    ends = [np.asarray(end) for end in bounds] if isinstance(bounds, Sequence | np.ndarray) else []
    wrong = [
        end
        for end in ends
        if end.dtype.kind not in "iuf" or end.shape not in ((), (channels,)) or not np.isfinite(end).all()
    ]
    if len(ends) != 2 or wrong or np.any(ends[0] >= ends[1]):
        raise ValueError(
            f"expected bounds (low, high), each a number or one for each of {channels} channels, and low below high, "
            f"got {bounds!r}"
        )
    low, high = (np.broadcast_to(end, channels).astype(np.float32) for end in ends)
    return low, high


def _waves(
    height: int, width: int, channels: int, rng: np.random.Generator
) -> tuple[Callable[[tf.Variable], tf.Tensor], tf.Variable]:
    """Make waves of random amplitudes, and the function that draws them as an image of mean 0."""
    frequencies = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)) * max(height, width)
    amplitudes = 1 / np.maximum(frequencies, 1) ** FALL
    amplitudes *= height * width / np.sqrt(4 * np.sum(amplitudes**2))  # waves of variance 1 give an image of variance 1
    scale = tf.constant(amplitudes, tf.float32)

    def draw(waves: tf.Variable) -> tf.Tensor:
        drawn = tf.signal.irfft2d(tf.complex(waves[0] * scale, waves[1] * scale), [height, width])
        colors = tf.transpose(drawn, (1, 2, 0))
        gray = tf.reduce_mean(colors, axis=-1, keepdims=True)
        return gray + COLOR * (colors - gray)

    return draw, tf.Variable(rng.normal(0, START, (2, channels, *frequencies.shape)), dtype=tf.float32)


def _movements(height: int, width: int, steps: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw how the image is moved before each step: a row of `keras.ops.image.affine_transform` for each."""
    angle, zoom = rng.uniform(-TURN, TURN, steps), rng.uniform(1 - ZOOM, 1 + ZOOM, steps)
    down, across = (rng.uniform(-SHIFT, SHIFT, steps) * side for side in (height, width))
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    y, x = (height - 1) / 2, (width - 1) / 2
    rows = [cosine, -sine, across + x - cosine * x + sine * y, sine, cosine, down + y - sine * x - cosine * y]
    return np.stack([*rows, np.zeros(steps), np.zeros(steps)], axis=1).astype(np.float32)
