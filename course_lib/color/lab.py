"""From sRGB to CIE 1976 L*a*b* and back, for arrays.

Pixels pass through three steps: the transfer curve of sRGB (IEC 61966-2-1), a matrix to tristimulus values relative
to white, and the cube root of CIE 15 with its linear foot. A second matrix takes the roots to L, a, b. Pixels are
converted a few thousand at a time: so the result of one step is still in the processor's cache for the next.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_lib.color import arguments

Floats = NDArray[np.float32]

# sRGB's primaries, those of ITU-R BT.709, with white D65: the matrix of Poynton's "Color FAQ", with more digits than
# the four of IEC 61966-2-1. White is D65 seen by the observer of 2 degrees, ASTM E308. Both as in scikit-image.
XYZ_OF_RGB = np.array([[0.412453, 0.35758, 0.180423], [0.212671, 0.71516, 0.072169], [0.019334, 0.119193, 0.950227]])
WHITE = np.array([0.95047, 1.0, 1.08883])

# The foot reaches to ROOT_OF_FOOT ** 3. Above it, f(t) is the cube root of t; below, its tangent there (CIE 15:2004).
# L is 116 f(Y) - 16, and a and b are differences of f. So with roots g = f - SHIFT, all three are a plain matrix
# product, and g(t) is cbrt(max(t, FOOT)) - ROOT_OF_FOOT + SLOPE * min(t, FOOT).
ROOT_OF_FOOT, SLOPE, SHIFT = 6 / 29, 841 / 108, 4 / 29
FOOT = ROOT_OF_FOOT**3
LAB_OF_ROOTS = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]])

# The same steps for pixels in rows, there and back.
RGB_TO_RELATIVE = (XYZ_OF_RGB / WHITE[:, None]).T.astype(np.float32)
RELATIVE_TO_RGB = np.linalg.inv(XYZ_OF_RGB / WHITE[:, None]).T.astype(np.float32)
ROOTS_TO_LAB = LAB_OF_ROOTS.T.astype(np.float32)
LAB_TO_ROOTS = np.linalg.inv(LAB_OF_ROOTS).T.astype(np.float32)

CHUNK = 16384  # pixels: each of the buffers at work takes 192 KB
FARTHEST = 2000.0  # a Lab value beyond this is a mistake; cubes of smaller values fit into float32


def decode_srgb(values: NDArray[np.floating]) -> Floats:
    """Turn sRGB in [0, 1] into linear light in [0, 1]."""
    x = values.astype(np.float32)
    # The maximum keeps the power from negative numbers.
    curve = ((np.maximum(x, 0.04045) + 0.055) / 1.055) ** 2.4
    return np.where(x > 0.04045, curve, x / 12.92)


def encode_srgb(light: Floats) -> Floats:
    """Turn linear light into sRGB in [0, 1]; values outside are clipped."""
    x = np.clip(light, 0, 1)
    return np.where(x > 0.0031308, 1.055 * x ** (1 / 2.4) - 0.055, x * 12.92)


LINEAR_OF_UINT8 = decode_srgb(np.arange(256) / 255)


def rgb_to_lab(rgb: ArrayLike) -> Floats:
    """Convert sRGB to CIE 1976 L*a*b* with white D65.

    Parameters
    ----------
    rgb : array_like
        Shape ``(..., 3)``: uint8, or floats in [0, 1]. Floats may be outside by 0.001, because of rounding.

    Returns
    -------
    ndarray
        Shape ``(..., 3)``, float32: L in [0, 100], a in [-86.2, 98.3], b in [-107.9, 94.5]. It is
        `skimage.color.rgb2lab`'s result to 0.0005.

    Raises
    ------
    ValueError
        If the last axis is not 3 long, the type is another integer or not a number, or a value is NaN or outside.

    References
    ----------
    IEC 61966-2-1:1999; CIE 15:2004.
    """
    return in_chunks(arguments.rgb(rgb), _chunk_to_lab)


def lab_to_rgb(lab: ArrayLike) -> Floats:
    """Convert CIE 1976 L*a*b* with white D65 to sRGB.

    Parameters
    ----------
    lab : array_like
        Shape ``(..., 3)``, floats: L in [0, 100]; a and b about in [-110, 110].

    Returns
    -------
    ndarray
        Shape ``(..., 3)``, float32, in [0, 1]. A color outside the gamut of sRGB is clipped, each channel separately,
        which changes its lightness; `clip_chroma` keeps it. ``lab_to_rgb(rgb_to_lab(rgb))`` is ``rgb`` to 0.00003.

    Raises
    ------
    ValueError
        If the last axis is not 3 long, the values are not floats, or one is NaN or beyond 2000.

    References
    ----------
    As for `rgb_to_lab`.
    """
    return in_chunks(arguments.bounded(lab, 3, "Lab with L in [0, 100]", -FARTHEST, FARTHEST), _chunk_to_rgb)


def in_chunks(values: NDArray[Any], convert: Callable[[NDArray[Any], Floats], None]) -> Floats:
    """Convert pixels into a new array, CHUNK of them at a time."""
    pixels = values.reshape(-1, 3)
    result = np.empty(pixels.shape, np.float32)
    for start in range(0, len(pixels), CHUNK):
        part = slice(start, start + CHUNK)
        convert(pixels[part], result[part])
    return result.reshape(values.shape)


def _chunk_to_lab(rgb: NDArray[Any], lab: Floats) -> None:
    """Fill ``lab`` with the colors of ``rgb``."""
    light = LINEAR_OF_UINT8[rgb] if rgb.dtype == np.uint8 else decode_srgb(rgb)
    relative = light @ RGB_TO_RELATIVE
    tangent = np.minimum(relative, FOOT)
    tangent *= SLOPE
    roots = np.maximum(relative, FOOT, out=relative)
    np.log(roots, out=roots)  # np.cbrt is not vectorized without AVX-512; log and exp are
    roots /= 3
    np.exp(roots, out=roots)
    roots -= ROOT_OF_FOOT
    roots += tangent
    np.matmul(roots, ROOTS_TO_LAB, out=lab)


def linear_light(lab: NDArray[np.floating]) -> Floats:
    """Turn Lab into linear red, green and blue; those of a color that sRGB cannot show lie outside [0, 1]."""
    roots = lab.astype(np.float32) @ LAB_TO_ROOTS
    relative = np.where(roots > SLOPE * FOOT, np.power(roots + SHIFT, 3), roots / SLOPE)
    return relative @ RELATIVE_TO_RGB


def _chunk_to_rgb(lab: NDArray[np.floating], rgb: Floats) -> None:
    """Fill ``rgb`` with the colors of ``lab``."""
    rgb[:] = encode_srgb(linear_light(lab))
