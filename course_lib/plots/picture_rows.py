"""Rows of pictures in RGB, with words below, and how much two pictures differ."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray
from skimage.util import img_as_float

from course_lib.plots.base import DescribedFigure, new_mosaic

Picture = NDArray[np.float64]

TALLEST = 3.2  # inches: a picture
BAR = 0.9  # inches, across: the color bar with its words
CAPTION, HEAD, LETTER = 0.35, 0.25, 0.09  # inches: words below a picture, above a column, a letter beside


def check_rgb(title: str, picture: ArrayLike) -> Picture:
    """Return a picture ``(H, W, 3)`` in [0, 1], or say what is wrong with it as a `ValueError`."""
    array = np.asarray(picture)
    if array.ndim != 3 or array.shape[-1] != 3 or not array.size:
        raise ValueError(f"expected pictures of shape (H, W, 3) for {title}, got {array.shape}")
    values = img_as_float(array)
    if not (values.min() >= -1e-3 and values.max() <= 1 + 1e-3):
        raise ValueError(f"expected RGB in [0, 1] for {title}, got values from {values.min():g} to {values.max():g}")
    return np.clip(values, 0, 1).astype(np.float64)


def psnr(picture: Picture, truth: Picture) -> str:
    """Return the PSNR of a picture in [0, 1] in words."""
    error = float(((picture - truth) ** 2).mean())
    return f"{-10 * np.log10(error):.1f} dB" if error else "no error"


def picture_rows(
    rows: Mapping[str, Picture], columns: Sequence[str], across: float
) -> tuple[DescribedFigure, list[list[Axes]]]:
    """Make a figure with a cell for each picture, in rows as high as the pictures that are given for them."""
    heights = [
        CAPTION + max(LETTER * len(title), min(TALLEST, across * picture.shape[0] / picture.shape[1]))
        for title, picture in rows.items()
    ]
    higher = 1 + HEAD / sum(heights)
    layout = [[f"{row} {column}" for column in columns] for row in range(len(rows))]
    figure, axes = new_mosaic(layout, [higher * height for height in heights])
    for ax in axes.values():
        ax.set(xticks=[], yticks=[])
        ax.xaxis.label.set_fontsize(9)
        ax.spines[:].set_visible(False)
    cells = [[axes[name] for name in names] for names in layout]
    for ax, column in zip(cells[0], columns, strict=True):
        ax.set_title(column)
    for (ax, *_), title in zip(cells, rows, strict=True):
        ax.set_ylabel(title)
    return figure, cells
