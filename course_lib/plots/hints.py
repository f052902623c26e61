"""The effect of a few hints on a colored picture."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike
from skimage.color import gray2rgb

from course_lib.integers import as_integer
from course_lib.plots.attribution_maps import check_picture
from course_lib.plots.base import WIDTH, DescribedFigure
from course_lib.plots.picture_rows import check_rgb, picture_rows, psnr

DOT = 8  # points

Hint = tuple[int, int, tuple[float, float, float]]


def hints(
    gray: ArrayLike, before: ArrayLike, after: ArrayLike, truth: ArrayLike, hints: Sequence[tuple[int, int, ArrayLike]]
) -> DescribedFigure:
    """Show a gray picture with the hints of a user, the prediction without and with them, and the truth.

    Parameters
    ----------
    gray : array_like
        The picture to be colored, in gray: ``(H, W)`` or ``(H, W, 3)``, uint8 or in [0, 1].
    before, after, truth : array_like
        Without hints, with them, and the true colors: RGB, ``(H, W, 3)``, uint8 or in [0, 1].
    hints : sequence of (int, int, array_like)
        Row and column of each hint, from 0, and its color, RGB in [0, 1], ``(3,)``.

    Returns
    -------
    DescribedFigure
        Below both predictions is their PSNR. The text alternative gives it, and the places and colors of the hints.

    Raises
    ------
    ValueError
        If pictures differ in size or are not as above, or a hint lies outside of them or has no color.
    """
    base = check_picture("the gray picture", gray)
    pictures = [base if base.ndim == 3 else gray2rgb(base)]
    pictures += [
        check_rgb(name, values)
        for name, values in (("the prediction before", before), ("the one after", after), ("the truth", truth))
    ]
    sizes = {picture.shape[:2] for picture in pictures}
    if len(sizes) > 1:
        raise ValueError(f"expected pictures of one size, got {', '.join(str(each.shape[:2]) for each in pictures)}")
    ((height, width),) = sizes
    given = [_hint(hint, height, width) for hint in hints]
    many = f"{len(given)} hint{'' if len(given) == 1 else 's'}"
    titles = (many, "without hints", "with hints", "truth")
    figure, (cells,) = picture_rows({"": pictures[0]}, titles, WIDTH / len(titles))
    for ax, picture in zip(cells, pictures, strict=True):
        ax.imshow(picture)
    _draw_hints(cells[0], given)
    scores = [psnr(picture, pictures[-1]) for picture in pictures[1:3]]
    for ax, score in zip(cells[1:3], scores, strict=True):
        ax.set_xlabel(score)
    figure.alternative = (
        f"A gray picture of {height} × {width} pixels with {many}, its prediction without and with hints, and the "
        f"truth. PSNR in RGB: without hints {scores[0]}, with hints {scores[1]}."
    )
    if given:
        places = (f"row {row}, column {column} in RGB {_percent(color)}" for row, column, color in given)
        figure.alternative += f" Hints: {'; '.join(places)}."
    return figure


def _hint(hint: tuple[int, int, ArrayLike], height: int, width: int) -> Hint:
    row, column, color = hint
    y, x, rgb = as_integer(row), as_integer(column), np.asarray(color, float)
    if y is None or x is None or not (0 <= y < height and 0 <= x < width):
        raise ValueError(f"expected hints at whole rows below {height} and columns below {width}, got {row}, {column}")
    if rgb.shape != (3,) or not ((rgb >= 0) & (rgb <= 1)).all():
        raise ValueError(f"expected a color (3,) in [0, 1] for the hint at row {y}, column {x}, got {color!r}")
    red, green, blue = map(float, rgb)
    return y, x, (red, green, blue)


def _draw_hints(ax: Axes, given: Sequence[Hint]) -> None:
    """Draw dots with a ring of black and white, which shows on every gray."""
    ring = [withStroke(linewidth=5, foreground="black"), withStroke(linewidth=3, foreground="white")]
    for row, column, color in given:
        ax.plot(column, row, "o", color=color, markersize=DOT, path_effects=ring, clip_on=False)


def _percent(color: Sequence[float]) -> str:
    return " ".join(f"{part:.0%}" for part in color)
