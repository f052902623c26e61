"""Which colors decoding makes of hues that contradict each other."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle, Wedge
from numpy.typing import ArrayLike

from course_lib.plots.base import COLORS, DescribedFigure, new_figure
from course_lib.plots.histogram_bars import (
    EDGE,
    ROUNDING,
    Floats,
    at_angles,
    check_histogram,
    chroma_centers,
    degrees,
    describe_hue,
    draw_color_circle,
    hue_angles,
    hue_colors,
    mean_vector,
    rgb,
)

TALL = 4.2  # inches
RING, BARS, HANDS = 0.1, 0.6, 0.6  # of the radius: how broad the ring is, the largest bar outside, a hand inside
LABELS = 0.75  # of the radius: the position of the degrees
STYLES = (("-", 3.5, COLORS[6]), ("--", 2.0, COLORS[0]), ("-", 3.5, COLORS[0]), (":", 3.0, COLORS[3]))


def between_colors(hue: ArrayLike, chroma: ArrayLike) -> DescribedFigure:
    """Draw a histogram of hue around the color circle, and the colors that four ways of decoding make of it.

    Parameters
    ----------
    hue, chroma : array_like
        Two histograms, each ``(bins,)`` and of sum 1. The centers of hue are ``2 pi / bins`` apart, the first at hue 0;
        those of chroma divide [0, 134] Lab units.

    Returns
    -------
    DescribedFigure
        The mode, the circular mean, and the linear mean of hue, from 0 to 360 degrees, each at the mean chroma, and the
        expected color: the mean of all colors, which is the paler the less the hues agree. All at an L of 68. The text
        alternative gives their hues and chromas.

    Raises
    ------
    ValueError
        If a histogram is not as above.
    """
    hues, chromas = check_histogram("the hue", hue), check_histogram("the chroma", chroma)
    typical = float(chromas @ chroma_centers(len(chromas)))
    hands = _hands(hues)
    figure, (circle, swatches) = new_figure(2, TALL)
    _draw_circle(circle, hues)
    words = []
    for row, ((name, hand), (line, width, color)) in enumerate(zip(hands.items(), STYLES, strict=True)):
        style: dict[str, Any] = {"linestyle": line, "linewidth": width, "color": color}
        circle.plot(*np.outer(HANDS * hand, [0, 1]), solid_capstyle="round", **style)
        result = _in_words(typical * hand)
        swatches.plot([0, 1], [-row, -row], **style)
        swatches.add_patch(Rectangle((1.2, -row - 0.36), 1.5, 0.72, facecolor=rgb(typical * hand), **EDGE))
        swatches.text(2.9, -row, f"{name}\n{result}", va="center")
        words.append(f"{name}: {result}")
    swatches.set(xlim=(0, 6.3), ylim=(-3.5, 0.5))
    swatches.axis("off")
    figure.alternative = (
        f"A histogram of hue around the color circle, {describe_hue(hues)}, and the colors that decoding makes of it. "
        f"{'; '.join(words)}."
    )
    return figure


def _hands(hue: Floats) -> dict[str, Floats]:
    """Return (a, b) of the color of each way of decoding, in units of the mean chroma."""
    angles, mean = hue_angles(len(hue)), mean_vector(hue)
    length = math.hypot(*mean)
    return {
        "most frequent hue (mode)": at_angles(angles[np.argmax(hue)]),
        "circular mean of hue": mean / length if length > ROUNDING else np.zeros(2),
        "expected color": mean,
        "linear mean of hue": at_angles(hue @ angles),
    }


def _in_words(ab: Floats) -> str:
    chroma = math.hypot(*ab)
    return f"hue {degrees(ab)}°, chroma {chroma:.0f} Lab units" if chroma > ROUNDING else "no hue, chroma 0"


def _draw_circle(ax: Axes, hue: Floats) -> None:
    """Draw the circle of colors, and outside of it a bar for each bin of hue."""
    draw_color_circle(ax, len(hue), 1, RING)
    step = 360 / len(hue)
    for index, (share, color) in enumerate(zip(hue / hue.max(), hue_colors(len(hue)), strict=True)):
        ends = (index - 0.42) * step, (index + 0.42) * step
        ax.add_patch(Wedge((0, 0), 1 + BARS * share, *ends, width=BARS * share, facecolor=color, **EDGE))
    for angle in range(0, 360, 90):
        x, y = (LABELS * at_angles(math.radians(angle))).tolist()
        ax.text(x, y, f"{angle}°", ha="center", va="center", color="#555555", fontsize=9)
    reach = 1.02 + BARS
    ax.set_title(f"share of each hue (largest: {hue.max():.0%})")
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.axis("off")
