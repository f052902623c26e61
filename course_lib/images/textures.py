"""Eight textures from scikit-image's photographs, equal in brightness and contrast, and mosaics of them.

Only their patterns differ: mean and deviation are the same in each picture and, because brightness and contrast are
equalized locally, nearly the same in each window of a few dozen pixels.
"""

from functools import cache, partial
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from skimage.filters import gaussian

from course_lib.images.decode import Pixels, read_image
from course_lib.images.shipped import Mosaics, shipped

Part = Literal["train", "test"]

_WHOLE = (slice(None), slice(None))
_PICTURES = {
    "brick": ("brick.png", _WHOLE),
    "coins": ("coins.png", _WHOLE),
    "grass": ("grass.png", _WHOLE),
    "gravel": ("gravel.png", _WHOLE),
    "moon": ("moon.png", _WHOLE),
    "stars": ("hubble_deep_field.jpg", _WHOLE),
    "tissue": ("ihc.png", _WHOLE),
    "vessels": ("retina.jpg", (slice(250, 1150), slice(250, 1150))),  # without the black rim around the eye
}
TEXTURE_CLASSES = tuple(_PICTURES)
_REACH = 16  # pixels; standard deviation of the window in which a texture is equalized
_MEAN, _DEVIATION, _LIMIT = 127.5, 36.0, 2.0  # in gray levels; the limit in deviations


def texture_mosaics(
    count: int, size: int | tuple[int, int] = 224, seed: int = 0, part: Part = "train", cells: int = 8
) -> Mosaics:
    """Mosaics of eight equalized textures with exact labels, for training or for testing.

    Like `mosaics`, but with the textures that `equalized_textures` describes.

    Parameters
    ----------
    count, size, seed, cells
        As for `mosaics`. With eight cells or more, all textures are there.
    part : {"train", "test"}
        The part of each photograph that the textures are cropped from. The two parts also have different regions.

    Returns
    -------
    Mosaics
        Yields ``(name, image, labels)``: the image ``(H, W, 3)`` uint8, gray; the labels ``(H, W)``
        uint8, the index into `TEXTURE_CLASSES` of every pixel.

    Raises
    ------
    ValueError
        If a number is out of its bounds, or ``part`` is neither.
    """
    seeds = (seed, get_args(Part).index(_known(part)))
    return Mosaics(partial(equalized_textures, part), count, size, seeds, cells)


@cache
def equalized_textures(part: Part) -> tuple[Pixels, ...]:
    """Cut out eight gray textures, all with the same brightness and contrast.

    "train" is the left two thirds of each photograph, "test" the rest, so they have no pixel in common. In each, the
    mean and deviation around every pixel, in a Gaussian window of 16 pixels, are normalized to 0 and 1. Values beyond 2
    are clipped, and the whole part is scaled to mean 127.5 and deviation 36, in gray levels.

    Mean and deviation of 32 x 32 pixels reveal the texture of 63 % of such windows in the plain photographs, and of 33
    % here (nearest neighbors in the other part; chance is 12.5 %).

    The set is not chosen to be easy. Brick, coins, grass and gravel are regular. Tissue changes its direction; moon,
    stars and vessels (of a retina) are sparse, and the empty areas between their structures differ only in noise.

    Parameters
    ----------
    part : {"train", "test"}
        Which part.

    Returns
    -------
    tuple of ndarray
        One for each of `TEXTURE_CLASSES`, ``(h, w)`` uint8, from 303 x 128 to 900 x 600 pixels. Read-only.

    Raises
    ------
    ValueError
        If ``part`` is neither.
    """
    first = _known(part) == "train"
    textures = []
    for file, crop in _PICTURES.values():
        picture = read_image(shipped(file), channels=1)[..., 0][crop]
        border = 2 * picture.shape[1] // 3
        texture = equalize(picture[:, :border] if first else picture[:, border:])
        texture.flags.writeable = False
        textures.append(texture)
    return tuple(textures)


def equalize(gray: Pixels) -> Pixels:
    """Give a picture the same brightness and contrast everywhere, as `equalized_textures` says.

    Parameters
    ----------
    gray : ndarray
        Shape ``(H, W)``, uint8.

    Returns
    -------
    ndarray
        Shape ``(H, W)``, uint8.
    """
    levels = gray.astype(np.float32)
    deviations = levels - _local_mean(levels)
    contrast = np.sqrt(_local_mean(deviations**2))
    even = np.clip(deviations / np.maximum(contrast, 1), -_LIMIT, _LIMIT)
    standard = (even - even.mean()) / max(even.std(), 1e-6)
    return np.clip(np.round(_MEAN + _DEVIATION * standard), 0, 255).astype(np.uint8)


def _local_mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average around each pixel; beyond the border, the picture is mirrored."""
    return gaussian(values, _REACH, mode="reflect")


def _known(part: str) -> str:
    """Refuse an unknown part."""
    if part not in get_args(Part):
        raise ValueError(f"expected a part of {' or '.join(get_args(Part))}, got {part!r}")
    return part
