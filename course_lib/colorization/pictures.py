"""Pictures that callbacks color during training: their checks, predictions and colors.

Shapes here are those of single pictures, without a batch.
"""

from collections.abc import Mapping

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.color import clip_chroma, denormalize_lab, lab_to_rgb
from course_lib.color.scale import FAR_BEYOND, normalized

Floats = NDArray[np.float32]
RGB = NDArray[np.uint8]


def named(pictures: Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
    """Check pictures by name.

    Raises
    ------
    ValueError
        If they are not a mapping, but for example a list or a single picture.
    """
    if not isinstance(pictures, Mapping):
        raise ValueError(f"expected a dictionary of pictures by name, got {type(pictures).__name__}")
    return dict(pictures)


def lab_picture(name: str, values: ArrayLike) -> Floats:
    """Copy a picture in normalized Lab, or say what is wrong with it.

    Parameters
    ----------
    name : str
        What the error calls it.
    values : array_like
        Shape ``(H, W, 3)``, floats in [-1, 1].

    Returns
    -------
    ndarray
        The same as float32.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    array = np.asarray(values)
    if array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise ValueError(f"expected {name} as normalized Lab of shape (H, W, 3), got {array.shape}")
    return normalized(array, 3, f"{name} as normalized Lab").astype(np.float32)


def lightness_picture(name: str, values: ArrayLike) -> Floats:
    """Copy a picture's normalized L, or say what is wrong with it.

    Parameters
    ----------
    name : str
        What the error calls it.
    values : array_like
        Shape ``(H, W)``, floats in [-1, 1].

    Returns
    -------
    ndarray
        The same as float32.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    array = np.asarray(values)
    if array.ndim != 2 or not array.size:
        raise ValueError(f"expected {name} as normalized L of shape (H, W), got {array.shape}")
    return normalized(array[..., None], 1, f"{name} as normalized L")[..., 0].astype(np.float32)


def predicted_ab(model: keras.Model, name: str, lightness: Floats) -> Floats:
    """Predict the color of a picture, in inference mode.

    Parameters
    ----------
    model : keras.Model
        From normalized L, ``(B, H, W, 1)``, to normalized ab, ``(B, H, W, 2)``.
    name : str
        The picture's name in the error.
    lightness : ndarray
        Shape ``(H, W)``, normalized L.

    Returns
    -------
    ndarray
        Shape ``(H, W, 2)``: normalized ab, of any size, or NaN if the network has diverged.

    Raises
    ------
    ValueError
        If the network does not take the picture's sides, or returns another shape.
    """
    ab = np.asarray(model(lightness[None, ..., None], training=False), np.float32)
    expected = (1, *lightness.shape, 2)
    if ab.shape != expected:
        raise ValueError(f"expected a network that returns {expected} for {name}, got {ab.shape}")
    return ab[0]


def colored(lightness: Floats, ab: Floats) -> RGB:
    """Convert normalized L and ab to RGB of the same lightness.

    Parameters
    ----------
    lightness : ndarray
        Shape ``(H, W)``, normalized L.
    ab : ndarray
        Shape ``(H, W, 2)``, normalized ab of any finite size. A color that sRGB cannot show at that lightness gets less
        chroma.

    Returns
    -------
    ndarray
        Shape ``(H, W, 3)``, uint8.
    """
    lab = np.concatenate([lightness[..., None], np.clip(ab, -FAR_BEYOND, FAR_BEYOND)], axis=-1)
    return np.rint(255 * lab_to_rgb(clip_chroma(denormalize_lab(lab)))).astype(np.uint8)
