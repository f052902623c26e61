"""The scale at which a colorizer works, and the way back to the size of the photograph.

A network recognizes things at a certain size in pixels. So the colors of any photograph are predicted at the size of
the photographs that the colorizer was trained on. The eye sees lightness sharply and color coarsely: enlarged colors,
combined with the photograph's own lightness, look sharp.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from course_lib.color import clip_chroma, lab_to_rgb, normalize_lab, rgb_to_lab, split_lab
from course_lib.color.scale import AB_BOUND

Floats = NDArray[np.float32]
RGB = NDArray[np.uint8]

SIDE = 256  # pixels: the shorter side of a working picture
LONGEST = 4 * SIDE  # and its longer side, at most: a panorama of any length takes bounded time and memory
LEAST_CHROMA = 5.0  # Lab units: a picture that is grayer everywhere has no color
BLOCK = 1 << 19  # pixels that are combined at a time


def working_size(height: int, width: int) -> tuple[int, int]:
    """Return height and width of a photograph's working picture.

    Parameters
    ----------
    height, width : int
        Of the photograph in pixels, 1 or more.

    Returns
    -------
    (int, int)
        In pixels, 1 or more: the shorter side is 256, or less if the longer side would be more than 1024.
    """
    factor = min(SIDE / min(height, width), LONGEST / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def working_picture(photograph: RGB) -> Floats:
    """Resize a photograph, enlarging a small one, and convert it to normalized Lab.

    Parameters
    ----------
    photograph : ndarray
        Shape ``(H, W, 3)``, uint8.

    Returns
    -------
    ndarray
        Shape ``(*working_size(H, W), 3)``, float32: normalized Lab.
    """
    height, width = working_size(*photograph.shape[:2])
    resized = Image.fromarray(photograph).resize((width, height), Image.Resampling.LANCZOS)
    return normalize_lab(rgb_to_lab(np.asarray(resized)))


def has_color(lab: Floats) -> bool:
    """Tell whether any pixel of a working picture in normalized Lab, ``(H, W, 3)``, is clearly not gray."""
    _, ab = split_lab(lab)
    return bool(np.hypot(ab[..., 0], ab[..., 1]).max() * AB_BOUND > LEAST_CHROMA)


def colored(photograph: RGB, ab: Floats) -> RGB:
    """Combine a photograph's lightness with the colors of its working picture.

    The colors are enlarged by bilinear interpolation. One that sRGB cannot show at its pixel's lightness gets less
    chroma. Rows are processed in blocks, so that it takes little more memory than the result.

    Parameters
    ----------
    photograph : ndarray
        Shape ``(H, W, 3)``, uint8.
    ab : ndarray
        Shape ``(h, w, 2)``, float32: normalized ab. A single pixel of zeros makes the photograph gray.

    Returns
    -------
    ndarray
        Shape ``(H, W, 3)``, uint8.
    """
    height, width = photograph.shape[:2]
    planes = [Image.fromarray(np.ascontiguousarray(ab[..., channel] * AB_BOUND, np.float32)) for channel in (0, 1)]
    result = np.empty_like(photograph)
    rows = max(1, BLOCK // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        box = (0, top * ab.shape[0] / height, ab.shape[1], bottom * ab.shape[0] / height)
        lab = rgb_to_lab(photograph[top:bottom])
        for channel, plane in enumerate(planes, 1):
            lab[..., channel] = np.asarray(plane.resize((width, bottom - top), Image.Resampling.BILINEAR, box))
        result[top:bottom] = np.rint(255 * lab_to_rgb(clip_chroma(lab)))
    return result
