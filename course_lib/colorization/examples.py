"""What a colorizer learns from: batches of normalized L and ab, in an order that can be repeated from any epoch on.

Every batch is a function of the seed, the epoch and its place in the epoch. So a training that is resumed sees what it
would have seen without the interruption.
"""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import matplotlib as mpl
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from course_lib.color import normalize_lab, rgb_to_lab
from course_lib.color.scale import normalized
from course_lib.colorization.pictures import lab_picture
from course_lib.images import photographs, read_image
from course_lib.integers import count

Lab = NDArray[np.float32]
FOREVER = tf.int64.max
TWIN = "motorcycle_right"  # the scene of motorcycle_left, from a few centimeters beside it


class Examples(Protocol):
    """Batches without end.

    Attributes
    ----------
    steps : int
        How many batches are an epoch.
    settings : dict
        What the batches depend on, as JSON has it.
    """

    steps: int
    settings: dict[str, Any]

    def dataset(self, first_epoch: int = 0) -> tf.data.Dataset:
        """Make the dataset of ``(L, ab)`` from an epoch on."""


class Crops:
    """Random crops of photographs, each as likely to be of one photograph as of another.

    Parameters
    ----------
    photographs : mapping of str to ndarray
        Normalized Lab, ``(H, W, 3)`` each, of any sizes.
    size : int
        Side of a crop in pixels, up to the shortest side of the photographs.
    batch : int
        How many crops in a batch, 1 or more.
    steps : int
        How many batches are called an epoch, 1 or more.
    seed : int
        0 or more.
    flip : bool
        Whether every second crop, at random, is mirrored.

    Raises
    ------
    ValueError
        If there is no photograph, one is smaller than a crop or not normalized, or a number is out of bounds.
    """

    def __init__(
        self, photographs: Mapping[str, ArrayLike], size: int, batch: int, steps: int, seed: int, flip: bool = True
    ) -> None:
        self.size, self.batch, self.steps = count("size", size), count("batch", batch), count("steps", steps)
        self.seed, self.flip = count("seed", seed, least=0), flip
        arrays = [lab_picture(name, photograph) for name, photograph in photographs.items()]
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
        return numbers.map(crops, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    def _place(self, number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the epoch of a batch and its place in the epoch."""
        return number // self.steps, number % self.steps


class Pairs:
    """Whole images, shuffled again in every epoch.

    An epoch has as many full batches as there are; what is left over has its turn in another epoch.

    Parameters
    ----------
    L, ab : ndarray
        Normalized, ``(N, H, W, 1)`` and ``(N, H, W, 2)``.
    batch : int
        How many images in a batch, 1 to N.
    seed : int
        0 or more.

    Raises
    ------
    ValueError
        If the shapes are not as above, values are not normalized, or a number is out of bounds.
    """

    def __init__(self, L: ArrayLike, ab: ArrayLike, batch: int, seed: int) -> None:
        self._lab = np.concatenate(checked(np.asarray(L), np.asarray(ab)), axis=-1, dtype=np.float32)
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
        return rows.map(lambda chosen: _split(tf.gather(lab, chosen))).prefetch(tf.data.AUTOTUNE)


def held_out(photographs: Mapping[str, Lab], width: int = 64) -> tuple[dict[str, Lab], dict[str, Lab]]:
    """Keep the middle of photographs from training, to measure on.

    A strip in the middle has, to its left and right, what the network has seen. At the edge it would have to
    extrapolate.

    Parameters
    ----------
    photographs : mapping of str to ndarray
        ``(H, W, C)`` each.
    width : int
        Width of the strips in pixels, 1 or more.

    Returns
    -------
    strips : dict of str to ndarray
        ``(H, width, C)``, by the photographs' names: the columns from 40 % of the width on.
    parts : dict of str to ndarray
        ``(H, W', C)``, named "<name>_left" and "<name>_right": the other columns. Views, as the strips are.

    Raises
    ------
    ValueError
        If a photograph has no pixels to the left or right of its strip.
    """
    strips, parts = {}, {}
    for name, photograph in photographs.items():
        whole = photograph.shape[1]
        start = whole * 2 // 5
        if not 0 < start < whole - count("width", width):
            raise ValueError(
                f"expected photographs wider than a strip of {width} pixels from 40 % of the width on, "
                f"got {whole} pixels in {name}"
            )
        strips[name] = photograph[:, start : start + width]
        parts[f"{name}_left"], parts[f"{name}_right"] = photograph[:, :start], photograph[:, start + width :]
    return strips, parts


def photographs_for_coloring(side: int = 256) -> tuple[dict[str, Lab], dict[str, Lab]]:
    """Read the color photographs that come with the course's packages.

    Parameters
    ----------
    side : int
        Their shortest side in pixels, 1 or more.

    Returns
    -------
    training : dict of str to ndarray
        Eight photographs from scikit-image in normalized Lab, ``(H, W, 3)`` float32, by name.
    unseen : dict of str to ndarray
        Matplotlib's photograph of Grace Hopper, in the same form: nothing like it is among the others.

    Raises
    ------
    ValueError
        If the side is out of bounds.
    """
    hopper = read_image(Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg")
    training = {name: _resized(image, side) for name, image in photographs() if name != TWIN}
    return training, {"grace_hopper": _resized(hopper, side)}


def checked(L: NDArray[Any], ab: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return L and ab, if they belong together and are normalized.

    Parameters
    ----------
    L, ab : ndarray
        ``(B, H, W, 1)`` and ``(B, H, W, 2)``, floats in [-1, 1]; what rounding leaves beyond is allowed.

    Raises
    ------
    ValueError
        If they are anything else.
    """
    if L.ndim != 4 or 0 in L.shape or L.shape[3] != 1 or ab.shape != (*L.shape[:3], 2):
        raise ValueError(f"expected L (B, H, W, 1) and ab (B, H, W, 2), got {L.shape} and {ab.shape}")
    return normalized(L, 1, "normalized L"), normalized(ab, 2, "normalized ab")


def _resized(image: NDArray[np.uint8], side: int) -> Lab:
    """Give a photograph its shortest side, and turn it into normalized Lab."""
    factor = count("side", side) / min(image.shape[:2])
    height, width = (round(each * factor) for each in image.shape[:2])
    return normalize_lab(
        rgb_to_lab(np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)))
    )


def _seed(seed: int, *places: tf.Tensor) -> tf.Tensor:
    """Make the seed of a stateless random number, of whole numbers from 0 on."""
    folded = tf.constant([seed % FOREVER, 0], tf.int64)
    for place in places:
        folded = tf.random.experimental.stateless_fold_in(folded, place)
    return folded


def _split(lab: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return lab[..., :1], lab[..., 1:]
