"""The colors of a few pixels in the a-b plane, and their histograms of hue and chroma."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from course_lib.plots.base import DescribedFigure, new_figure
from course_lib.plots.histogram_bars import (
    CHROMA_BOUND,
    EDGE,
    Floats,
    check_histogram,
    describe_chroma,
    describe_hue,
    draw_chroma,
    draw_color_circle,
    draw_hue,
    mean_vector,
    rgb,
    top_of,
)

ROW = 2.7  # inches
STEP = 20.0  # Lab units: the plane ends at a multiple of it


def hue_chroma(
    colors_ab: Mapping[str, ArrayLike], histograms: Mapping[str, tuple[ArrayLike, ArrayLike]]
) -> DescribedFigure:
    """Draw in a row for each window its pixels in the a-b plane, its histogram of hue, and that of chroma.

    Parameters
    ----------
    colors_ab : mapping of str to array_like
        Title of each window, and a and b of its pixels in Lab units, ``(N, 2)``.
    histograms : mapping of str to (hue, chroma)
        For the same titles two histograms, each ``(bins,)`` and of sum 1. The centers of hue are ``2 pi / bins`` apart,
        the first at hue 0; those of chroma divide [0, 134] Lab units.

    Returns
    -------
    DescribedFigure
        All rows have the same scales. Colors are drawn at an L of 68. The text alternative says of each window how many
        pixels it has, their mean color, and which hue and chroma are most frequent.

    Raises
    ------
    ValueError
        If there are no rows, titles differ, or colors or histograms are not as above.
    """
    if not colors_ab or set(colors_ab) != set(histograms):
        raise ValueError(
            f"expected colors and histograms of the same titles, one or more, got {list(colors_ab)} and "
            f"{list(histograms)}"
        )
    pixels = {title: _pixels(title, values) for title, values in colors_ab.items()}
    pairs = {
        title: (check_histogram(f"the hue of {title}", hue), check_histogram(f"the chroma of {title}", chroma))
        for title, (hue, chroma) in histograms.items()
    }
    largest = max(float(np.hypot(*values.T).max()) for values in pixels.values())
    limit = STEP * max(1, np.ceil(largest / STEP))
    tops = [top_of(column) for column in zip(*pairs.values(), strict=True)]
    figure, axes = new_figure(3, ROW * len(pixels), len(pixels))
    sentences = []
    for row, (title, values) in enumerate(pixels.items()):
        plane, first, second = axes[3 * row : 3 * row + 3]
        hue, chroma = pairs[title]
        _draw_plane(plane, values, limit, len(hue))
        plane.set_title(title)
        draw_hue(first, hue, tops[0])
        draw_chroma(second, chroma, tops[1], mean_vector(hue))
        a, b = values.mean(axis=0)
        sentences.append(
            f"{title}: {len(values)} pixels, on average a {a:.0f}, b {b:.0f}; {describe_hue(hue)}; "
            f"{describe_chroma(chroma)}."
        )
    axes[1].set_title("hue")
    axes[2].set_title("chroma")
    figure.alternative = (
        "In each row the pixels of a window in the a-b plane, and their histograms of hue and chroma. Hue is a circle: "
        f"360° is 0° again. {' '.join(sentences)}"
    )
    return figure


def _pixels(title: str, values: ArrayLike) -> Floats:
    array = np.asarray(values, float)
    if array.ndim != 2 or array.shape[1] != 2 or not array.size:
        raise ValueError(f"expected a and b of shape (N, 2) for {title}, got {array.shape}")
    if not (np.hypot(*array.T) <= CHROMA_BOUND).all():
        raise ValueError(f"expected colors within {CHROMA_BOUND:g} Lab units of gray for {title}, got others")
    return array


def _draw_plane(ax: Axes, pixels: Floats, limit: float, bins: int) -> None:
    """Draw pixels in their colors, inside of a ring that says which hue lies where."""
    draw_color_circle(ax, bins, 1.2 * limit, 0.12 * limit)
    ax.axhline(0, color="gray", linewidth=0.5, zorder=0)
    ax.axvline(0, color="gray", linewidth=0.5, zorder=0)
    a, b = pixels.T
    ax.scatter(a, b, s=30, c=rgb(pixels), zorder=2, **EDGE)
    ticks = [-limit, 0, limit]
    ax.set(xlabel="a (Lab units)", ylabel="b (Lab units)", xticks=ticks, yticks=ticks, aspect="equal")
    ax.set(xlim=(-1.25 * limit, 1.25 * limit), ylim=(-1.25 * limit, 1.25 * limit))
