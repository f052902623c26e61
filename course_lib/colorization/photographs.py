"""Photographs for training, and held-out parts for evaluation."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from course_lib.color import normalize_lab, rgb_to_lab
from course_lib.images import photographs, read_image
from course_lib.integers import count

Lab = NDArray[np.float32]

TWIN = "motorcycle_right"  # the scene of motorcycle_left, seen from a few centimeters away


def held_out(photographs: Mapping[str, Lab], width: int = 64) -> tuple[dict[str, Lab], dict[str, Lab]]:
    """Hold out the middle of photographs for evaluation.

    On both sides of a strip in the middle are parts that the network has seen. At the edge, it would have to
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
        ``(H, W', C)``, named "<name>_left" and "<name>_right": the other columns. All of them are views.

    Raises
    ------
    ValueError
        If a photograph has another shape, or no pixels to the left or right of its strip.
    """
    strips, parts = {}, {}
    for name, photograph in photographs.items():
        if photograph.ndim != 3:
            raise ValueError(f"expected {name} of shape (H, W, C), got {photograph.shape}")
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
    """Read the color photographs in the course's packages.

    Parameters
    ----------
    side : int
        Their shortest side in pixels, 1 or more.

    Returns
    -------
    training : dict of str to ndarray
        Eight photographs from scikit-image in normalized Lab, ``(H, W, 3)`` float32, by name.
    unseen : dict of str to ndarray
        Matplotlib's photograph of Grace Hopper, in the same form: none of the others is similar.

    Raises
    ------
    ValueError
        If the side is out of bounds.
    """
    hopper = read_image(Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg")
    training = {name: working_lab(image, side) for name, image in photographs() if name != TWIN}
    return training, {"grace_hopper": working_lab(hopper, side)}


def working_lab(image: NDArray[np.uint8], side: int) -> Lab:
    """Resize a photograph, ``(H, W, 3)`` uint8, to a shortest side in pixels, and convert it to normalized Lab."""
    factor = count("side", side) / min(image.shape[:2])
    height, width = (round(each * factor) for each in image.shape[:2])
    return normalize_lab(
        rgb_to_lab(np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)))
    )
