"""Colors for many classes, chosen so that neighbors differ for color-blind readers too."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from numpy.typing import ArrayLike, NDArray
from skimage.color import rgb2lab

from course_lib.plots.base import COLORS

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency" (2009):
# what people without L cones and without M cones see, in linear RGB.
PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
FAR = 17.0  # in Lab; no two of COLORS are nearer


def seen_with(matrix: ArrayLike, rgb: ArrayLike) -> NDArray[np.float64]:
    """Simulate how somebody with a color vision deficiency sees colors.

    Parameters
    ----------
    matrix : array_like
        `PROTANOPIA` or `DEUTERANOPIA`.
    rgb : array_like
        sRGB in [0, 1], shape ``(..., 3)``.

    Returns
    -------
    ndarray
        sRGB in [0, 1], of the same shape.
    """
    values = np.asarray(rgb, float)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    mixed = np.clip(linear @ np.transpose(matrix), 0, 1)
    return np.where(mixed <= 0.0031308, 12.92 * mixed, 1.055 * mixed ** (1 / 2.4) - 0.055)


def distances(colors: Sequence[str]) -> NDArray[np.float64]:
    """Return how far apart colors are in Lab, for whichever readers see the smallest difference.

    Parameters
    ----------
    colors : sequence of str
        Any names of colors that Matplotlib knows.

    Returns
    -------
    ndarray
        Shape ``(len(colors), len(colors))``. Black and white are 100 apart.
    """
    rgb = np.array([to_rgb(color) for color in colors])
    views = np.stack([rgb, seen_with(PROTANOPIA, rgb), seen_with(DEUTERANOPIA, rgb)])
    lab: NDArray[Any] = rgb2lab(views)
    return np.asarray(np.linalg.norm(lab[:, :, None] - lab[:, None], axis=-1).min(axis=0), float)


def _mixed(color: str, other: str, part: float) -> str:
    red, green, blue = (1 - part) * np.array(to_rgb(color)) + part * np.array(to_rgb(other))
    return to_hex((red, green, blue))


_HUES = [color for color in COLORS if color != "#000000"]
SHADES = (*COLORS, *(_mixed(hue, "white", 0.6) for hue in _HUES), *(_mixed(hue, "black", 0.5) for hue in _HUES))
_DISTANCES = distances(SHADES)


def colors_for(neighbors: Sequence[Collection[int]]) -> list[str]:
    """Choose a color for each class: those of `COLORS` first, and colors far apart for neighbors.

    Parameters
    ----------
    neighbors : sequence of collection of int
        For each class, the classes that it touches.

    Returns
    -------
    list of str
        One for each class. They repeat only if no remaining color is far enough from the neighbors.
    """
    chosen: list[int] = []
    for index, others in enumerate(neighbors):
        around = [chosen[other] for other in others if other < index]
        fresh_first = sorted(range(len(SHADES)), key=chosen.count)
        room = [min((_DISTANCES[shade, other] for other in around), default=np.inf) for shade in fresh_first]
        far = [shade for shade, distance in zip(fresh_first, room, strict=True) if distance >= FAR]
        chosen.append(far[0] if far else fresh_first[int(np.argmax(room))])
    return [SHADES[index] for index in chosen]


def ink_on(color: str) -> str:
    """Return black or white, whichever is easier to read on a color."""
    return "black" if np.dot(to_rgb(color), (0.299, 0.587, 0.114)) > 0.5 else "white"
