"""Training data for a colorizer: batches of normalized L and ab, in an order that can be repeated from any epoch.

Every batch is a function of the seed, the epoch and its place in the epoch. So a resumed training gets the same batches
as without the interruption.
"""

import zlib
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.color.scale import normalized
from course_lib.colorization.pictures import lab_picture, named
from course_lib.integers import count

FOREVER = tf.int64.max
ENDLESS = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)


@runtime_checkable
class Examples(Protocol):
    """Batches without end.

    Attributes
    ----------
    steps : int
        The number of batches in an epoch.
    settings : dict
        The settings on which the batches depend, as JSON values.
    """

    steps: int
    settings: dict[str, Any]

    def dataset(self, first_epoch: int = 0) -> tf.data.Dataset:
        """Make the dataset of ``(L, ab)`` from an epoch on."""


class Crops:
    """Random crops of photographs, all of which are equally likely.

    Parameters
    ----------
    photographs : mapping of str to ndarray
        Normalized Lab, ``(H, W, 3)`` each, of any sizes.
    size : int
        Side of a crop in pixels, up to the shortest side of the photographs.
    batch : int
        The number of crops in a batch, 1 or more.
    steps : int
        The number of batches that count as an epoch, 1 or more.
    seed : int
        0 or more.
    flip : bool
        Whether each crop is mirrored with probability 1/2.

    Raises
    ------
    ValueError
        If there are no photographs, one is smaller than a crop or not normalized, or a number is out of bounds.
    """

    def __init__(
        self, photographs: Mapping[str, ArrayLike], size: int, batch: int, steps: int, seed: int, flip: bool = True
    ) -> None:
        self.size, self.batch, self.steps = count("size", size), count("batch", batch), count("steps", steps)
        self.seed, self.flip = count("seed", seed, least=0), flip
        arrays = [lab_picture(name, photograph) for name, photograph in named(photographs).items()]
        if not arrays:
            raise ValueError("expected 1 photograph or more, got 0")
        for name, (height, width, _) in zip(photographs, (each.shape for each in arrays), strict=True):
            if min(height, width) < self.size:
                raise ValueError(
                    f"expected photographs of {size} x {size} pixels or more for crops of that size, "
                    f"got {height} x {width} in {name}"
                )
        self._pixels = np.concatenate([each.reshape(-1, 3) for each in arrays])
        self._heights, self._widths = np.array([each.shape[:2] for each in arrays], np.int64).T
        self.settings = {
            "size": self.size,
            "batch": self.batch,
            "steps": self.steps,
            "seed": self.seed,
            "flip": flip,
            "pixels": zlib.crc32(self._pixels.data),
        }

    def dataset(self, first_epoch: int = 0) -> tf.data.Dataset:
        """Make the dataset from an epoch on, counted from 0: ``(B, size, size, 1)`` L and ``(B, size, size, 2)`` ab."""
        heights, widths, pixels = (tf.convert_to_tensor(each) for each in (self._heights, self._widths, self._pixels))
        starts = tf.cumsum(heights * widths, exclusive=True)
        along = tf.range(self.size, dtype=tf.int64)

        def crops(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            chance = tf.random.stateless_uniform(
                (4, self.batch), _seed(self.seed, *self._place(number)), dtype=tf.float64
            )

            def below(draws: tf.Tensor, most: tf.Tensor) -> tf.Tensor:
                return tf.cast(draws * tf.cast(most, tf.float64), tf.int64)

            chosen = below(chance[0], tf.size(heights))
            width = tf.gather(widths, chosen)
            top = below(chance[1], tf.gather(heights, chosen) - self.size + 1)
            left = below(chance[2], width - self.size + 1)
            mirrored = (chance[3] < 0.5)[:, None] & self.flip
            rows = tf.gather(starts, chosen)[:, None] + (top[:, None] + along) * width[:, None]
            columns = left[:, None] + tf.where(mirrored, along[::-1], along)
            return _split(tf.gather(pixels, rows[:, :, None] + columns[:, None, :]))

        numbers = tf.data.Dataset.range(first_epoch * self.steps, FOREVER)
        return numbers.map(crops, num_parallel_calls=tf.data.AUTOTUNE).apply(ENDLESS).prefetch(tf.data.AUTOTUNE)

    def _place(self, number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the epoch of a batch and its place in the epoch."""
        return number // self.steps, number % self.steps


class Pairs:
    """Whole images, shuffled again in every epoch.

    An epoch has full batches only; the images left over are used in other epochs.

    Parameters
    ----------
    L, ab : ndarray
        Normalized, ``(N, H, W, 1)`` and ``(N, H, W, 2)``.
    batch : int
        The number of images in a batch, 1 to N.
    seed : int
        0 or more.

    Raises
    ------
    ValueError
        If the shapes are not as above, values are not normalized, or a number is out of bounds.
    """

    def __init__(self, L: ArrayLike, ab: ArrayLike, batch: int, seed: int) -> None:
        self._lab = np.concatenate(normalized_batch(L, ab), axis=-1, dtype=np.float32)
        self.batch, self.seed = count("batch", batch), count("seed", seed, least=0)
        if self.batch > len(self._lab):
            raise ValueError(f"expected a batch of 1 to {len(self._lab)} images, as many as there are, got {batch}")
        self.steps = len(self._lab) // self.batch
        self.settings = {"batch": self.batch, "seed": self.seed, "pixels": zlib.crc32(self._lab.data)}

    def dataset(self, first_epoch: int = 0) -> tf.data.Dataset:
        """Make the dataset from an epoch on, counted from 0: ``(B, H, W, 1)`` L and ``(B, H, W, 2)`` ab."""
        lab = tf.convert_to_tensor(self._lab)

        def batches(epoch: tf.Tensor) -> tf.data.Dataset:
            order = tf.random.experimental.stateless_shuffle(tf.range(len(self._lab)), _seed(self.seed, epoch))
            return tf.data.Dataset.from_tensor_slices(order).batch(self.batch, drop_remainder=True)

        rows = tf.data.Dataset.range(first_epoch, FOREVER).flat_map(batches)
        return rows.map(lambda chosen: _split(tf.gather(lab, chosen))).apply(ENDLESS).prefetch(tf.data.AUTOTUNE)


def normalized_batch(L: ArrayLike, ab: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Check images: L and ab that belong together and are normalized.

    Parameters
    ----------
    L, ab : array_like
        ``(B, H, W, 1)`` and ``(B, H, W, 2)``, floats in [-1, 1]; what rounding leaves beyond is allowed.

    Raises
    ------
    ValueError
        If they are anything else.
    """
    L, ab = np.asarray(L), np.asarray(ab)
    if L.ndim != 4 or 0 in L.shape or L.shape[3] != 1 or ab.shape != (*L.shape[:3], 2):
        raise ValueError(f"expected L (B, H, W, 1) and ab (B, H, W, 2), got {L.shape} and {ab.shape}")
    return normalized(L, 1, "normalized L"), normalized(ab, 2, "normalized ab")


def _seed(seed: int, *places: tf.Tensor) -> tf.Tensor:
    """Make the seed of a stateless random number from integers of 0 or more."""
    folded = tf.constant([seed % FOREVER, 0], tf.int64)
    for place in places:
        folded = tf.random.experimental.stateless_fold_in(folded, place)
    return folded


def _split(lab: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return lab[..., :1], lab[..., 1:]
