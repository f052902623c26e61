"""Histograms of hue and chroma, as bars in the colors that their bins stand for."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Wedge
from numpy.typing import ArrayLike, NDArray
from skimage.color import lab2rgb

Floats = NDArray[np.float64]

CHROMA_BOUND = 134.0  # Lab units: the center of the last bin
FEWEST = 3  # bins
ROUNDING = 1e-3  # beyond a sum of 1
LIGHTNESS, VIVID = 68.0, 50.0  # Lab units: L of colors without one of their own; the chroma that stands for a hue
STRIP = 0.07  # of the height of the bars: the strip of colors below them
DEGREES = (0, 90, 180, 270, 360)
EDGE: dict[str, Any] = {"edgecolor": "#333333", "linewidth": 0.6}


def check_histogram(name: str, values: ArrayLike) -> Floats:
    """Return a histogram ``(bins,)``, or say what is wrong with it as a `ValueError`."""
    array = np.asarray(values, float)
    if array.ndim != 1 or array.size < FEWEST:
        raise ValueError(f"expected {FEWEST} bins or more, of shape (bins,), for {name}, got shape {array.shape}")
    if not ((array >= 0).all() and abs(array.sum() - 1) <= ROUNDING):
        raise ValueError(
            f"expected shares of 0 or more that sum to 1 for {name}, got {array.min():g} or more and a sum of "
            f"{array.sum():g}"
        )
    return array


def hue_angles(bins: int) -> Floats:
    """Return the centers of the bins of hue in radians: angles of (a, b)."""
    return math.tau * np.arange(bins) / bins


def chroma_centers(bins: int) -> Floats:
    """Return the centers of the bins of chroma in Lab units."""
    return np.linspace(0, CHROMA_BOUND, bins)


def at_angles(angles: ArrayLike) -> Floats:
    """Return (a, b) of length 1 at angles in radians."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def mean_vector(hue: Floats) -> Floats:
    """Return the mean of the directions of hue, ``(2,)``: the shorter, the less the hues agree."""
    return np.asarray(hue @ at_angles(hue_angles(len(hue))), float)


def expected_color(hue: Floats, chroma: Floats) -> Floats:
    """Return the mean of all colors (a, b), where hue and chroma are independent: in Lab units."""
    return np.asarray(chroma @ chroma_centers(len(chroma)) * mean_vector(hue), float)


def degrees(ab: Floats) -> int:
    """Return the hue of a color in whole degrees, below 360."""
    return round(math.degrees(math.atan2(ab[1], ab[0]))) % 360


def rgb(ab: ArrayLike, lightness: float = LIGHTNESS) -> Floats:
    """Return the colors of a and b in Lab units, ``(..., 2)``, as RGB in [0, 1]; or the nearest color."""
    a, b = np.moveaxis(np.asarray(ab, float), -1, 0)
    # A larger b means less than no blue light (Z < 0), of which scikit-image would warn.
    bluish = np.minimum(b, 199.9 * (lightness + 16) / 116)
    return np.clip(lab2rgb(np.stack([np.full_like(a, lightness), a, bluish], axis=-1)), 0, 1)


def hue_colors(bins: int) -> Floats:
    """Return the color for each bin of hue, RGB, ``(bins, 3)``."""
    return rgb(VIVID * at_angles(hue_angles(bins)))


def top_of(histograms: Sequence[Floats]) -> float:
    """Return how high the axes of some histograms reach: so far that even ones show as such."""
    return 1.1 * max(0.2, *(float(histogram.max()) for histogram in histograms))


def draw_hue(ax: Axes, hue: Floats, top: float) -> None:
    """Draw a histogram of hue; the first bin is at both ends, since hue is a circle."""
    bins = len(hue)
    width = 360 / bins
    places, colors = width * np.arange(bins + 1), hue_colors(bins)[np.arange(bins + 1) % bins]
    bars = ax.bar(places, [*hue, hue[0]], 0.85 * width, color=colors, zorder=2, **EDGE)
    bars[-1].set_hatch("////")
    _finish(ax, colors, (-width / 2, 360 + width / 2), top)
    ax.set_xlabel("hue (degrees; hatched: the first bin again)")
    ax.set_xticks(DEGREES, [f"{number}°" for number in DEGREES[:-1]] + ["360° = 0°"])


def draw_chroma(ax: Axes, chroma: Floats, top: float, direction: Floats) -> None:
    """Draw a histogram of chroma, in colors of the hue of a mean vector; gray if it has no direction."""
    centers = chroma_centers(len(chroma))
    length = math.hypot(*direction)
    colors = rgb(centers[:, None] * direction / length if length > ROUNDING else np.zeros((len(centers), 2)))
    width = centers[1]
    ax.bar(centers, chroma, 0.85 * width, color=colors, zorder=2, **EDGE)
    _finish(ax, colors, (-width / 2, CHROMA_BOUND + width / 2), top)
    ax.set_xlabel("chroma (Lab units)")


def _finish(ax: Axes, colors: Floats, ends: tuple[float, float], top: float) -> None:
    """Draw a strip of the bins' colors below the bars, and set the axes."""
    ax.imshow(colors[None], extent=(*ends, -STRIP * top, 0), interpolation="nearest", aspect="auto")
    ax.set(ylabel="share", xlim=ends, ylim=(-STRIP * top, top))
    ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= top])
    ax.grid(axis="y", alpha=0.3)


def draw_color_circle(ax: Axes, bins: int, radius: float, width: float) -> None:
    """Draw a ring in the a-b plane, each bin of hue in its color and at its angle."""
    step = 360 / bins
    for index, color in enumerate(hue_colors(bins)):
        ax.add_patch(Wedge((0, 0), radius, (index - 0.5) * step, (index + 0.5) * step, width=width, color=color))


def describe_hue(hue: Floats) -> str:
    """Say which hue has the largest share, or that they are all alike."""
    if np.ptp(hue) <= ROUNDING / len(hue):
        return f"all {len(hue)} hues alike"
    peak = int(np.argmax(hue))
    return f"most often hue {360 * peak / len(hue):.0f}° ({hue[peak]:.0%})"


def describe_chroma(chroma: Floats) -> str:
    """Say which chroma has the largest share, and the mean."""
    centers, peak = chroma_centers(len(chroma)), int(np.argmax(chroma))
    return f"most often chroma {centers[peak]:.0f} Lab units ({chroma[peak]:.0%}), on average {chroma @ centers:.1f}"
