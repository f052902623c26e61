"""What a colorizer predicts for one pixel of a picture."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike
from skimage.color import rgb2lab

from course_lib.integers import as_integer
from course_lib.plots.attribution_maps import check_picture
from course_lib.plots.base import DescribedFigure, new_mosaic
from course_lib.plots.histogram_bars import (
    EDGE,
    Floats,
    check_histogram,
    describe_chroma,
    describe_hue,
    draw_chroma,
    draw_hue,
    expected_color,
    mean_vector,
    rgb,
    top_of,
)

HEIGHTS = (1.9, 1.9, 0.9)  # inches: hue, chroma, colors


def ask_pixel(picture: ArrayLike, hue: ArrayLike, chroma: ArrayLike, row: int, column: int) -> DescribedFigure:
    """Mark a pixel of a picture, and draw its histograms of hue and chroma and the color that they give.

    Parameters
    ----------
    picture : array_like
        RGB, ``(H, W, 3)``, uint8 or in [0, 1].
    hue, chroma : array_like
        Histograms for each pixel, ``(H, W, bins)``, of sum 1. The centers of hue are ``2 pi / bins`` apart, the first
        at hue 0; those of chroma divide [0, 134] Lab units.
    row, column : int
        The pixel; row 0 is on top. Made for two sliders of `interact`.

    Returns
    -------
    DescribedFigure
        The expected color is the mean of all colors (a, b), weighted with their probability, at the L that the pixel
        has in the picture. The text alternative gives it in numbers, beside the most frequent hue and chroma.

    Raises
    ------
    ValueError
        If an argument is not as above, or the pixel is outside the picture.
    """
    shown = check_picture("the picture", picture)
    if shown.ndim != 3:
        raise ValueError(f"expected a picture (H, W, 3), got shape {shown.shape}")
    height, width, _ = shown.shape
    place = _place("row", row, height), _place("column", column, width)
    hues = check_histogram("the hue of the pixel", _at("hue", hue, place, (height, width)))
    chromas = check_histogram("the chroma of the pixel", _at("chroma", chroma, place, (height, width)))
    own = rgb2lab(shown[place])
    ab = expected_color(hues, chromas)

    figure, axes = new_mosaic([["picture", "hue"], ["picture", "chroma"], ["picture", "colors"]], HEIGHTS)
    axes["picture"].imshow(shown)
    axes["picture"].axis("off")
    axes["picture"].set_title(f"row {place[0]}, column {place[1]}")
    _mark(axes["picture"], place)
    draw_hue(axes["hue"], hues, top_of([hues]))
    draw_chroma(axes["chroma"], chromas, top_of([chromas]), mean_vector(hues))
    words = (_color("picture", own[1:]), _color("expected", ab))
    _draw_colors(axes["colors"], words, (shown[place], rgb(ab, own[0])))
    figure.alternative = (
        f"A picture of {height} × {width} pixels with a mark at row {place[0]}, column {place[1]}, and the histograms "
        f"of this pixel: {describe_hue(hues)}; {describe_chroma(chromas)}. {words[0]}. {words[1]}.".replace("\n", ": ")
    )
    return figure


def _place(name: str, value: int, size: int) -> int:
    number = as_integer(value)
    if number is None or not 0 <= number < size:
        raise ValueError(f"expected a whole {name} from 0 to {size - 1}, got {value!r}")
    return number


def _at(name: str, histograms: ArrayLike, place: tuple[int, int], size: tuple[int, int]) -> Any:
    """Take the histogram of one pixel, without a copy of all others."""
    array = np.asarray(histograms)
    if array.ndim != 3 or array.shape[:2] != size:
        raise ValueError(f"expected {name} of shape ({size[0]}, {size[1]}, bins), got {array.shape}")
    return array[place]


def _mark(ax: Axes, place: tuple[int, int]) -> None:
    """Draw a ring that shows on dark and on light, and leave the pixel itself free."""
    halo = [withStroke(linewidth=4, foreground="white")]
    ax.plot(place[1], place[0], "o", color="black", fillstyle="none", markersize=13, path_effects=halo, clip_on=False)


def _color(name: str, ab: Floats) -> str:
    # Adding 0 turns -0 into 0.
    return f"{name}\na {round(ab[0]) + 0}, b {round(ab[1]) + 0}"


def _draw_colors(ax: Axes, words: tuple[str, str], colors: tuple[Floats, Floats]) -> None:
    for left, word, color in zip((0, 3), words, colors, strict=True):
        ax.add_patch(Rectangle((left, 0), 1.2, 1, facecolor=color, **EDGE))
        ax.text(left + 1.3, 0.5, word, va="center")
    ax.set(xlim=(-0.02, 6), ylim=(-0.05, 1.05))
    ax.axis("off")
