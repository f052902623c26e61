"""Pictures in Lab: their planes, and where their colors lie."""

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import Colormap, LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_lib.plots.base import COLORS, new_figure

AB_RANGE = 120  # no color of sRGB lies outside 110
_GREEN_MAGENTA = LinearSegmentedColormap.from_list("a", [COLORS[2], "#f2f2f2", COLORS[4]])
_BLUE_YELLOW = LinearSegmentedColormap.from_list("b", [COLORS[0], "#f2f2f2", COLORS[1]])
_PLANES: tuple[tuple[str, str | Colormap, int, int], ...] = (
    ("L: dark to light", "gray", 0, 100),
    ("a: green to magenta", _GREEN_MAGENTA, -60, 60),  # photographs seldom reach further
    ("b: blue to yellow", _BLUE_YELLOW, -60, 60),
)


def lab_planes(rgb: ArrayLike, lab: ArrayLike) -> Figure:
    """Show a picture beside its three planes in Lab.

    Parameters
    ----------
    rgb : array_like
        Shape ``(H, W, 3)``, in [0, 1].
    lab : array_like
        Shape ``(H, W, 3)``: L in [0, 100], a and b in [-110, 110].

    Returns
    -------
    Figure
    """
    figure, (first, *others) = new_figure(4, 2.9)
    first.imshow(np.clip(rgb, 0, 1))
    first.set_title("picture")
    first.axis("off")
    planes = np.moveaxis(np.asarray(lab), -1, 0)
    ranges = ", ".join(
        f"{name} from {round(plane.min())} to {round(plane.max())}" for name, plane in zip("Lab", planes, strict=True)
    )
    figure.alternative = (
        f"A picture of {planes.shape[1]} × {planes.shape[2]} pixels beside its planes in Lab: {ranges}."
    )
    for ax, plane, (title, cmap, low, high) in zip(others, planes, _PLANES, strict=True):
        drawn = ax.imshow(plane, cmap=cmap, vmin=low, vmax=high)
        ax.set_title(title)
        ax.axis("off")
        figure.colorbar(
            drawn, ax=ax, orientation="horizontal", shrink=0.9, label=title[0], extend="both" if low else "neither"
        )
    return figure


def ab_histograms(colors: Mapping[str, ArrayLike]) -> Figure:
    """Draw how often each pair of a and b occurs, with a logarithmic scale of colors.

    Parameters
    ----------
    colors : mapping of str to array_like
        Title, and values of a and b, shape ``(..., 2)``.

    Returns
    -------
    Figure
    """
    figure, axes = new_figure(len(colors), 3.6)
    figure.alternative = "How often each pair of a (across) and b (upward) occurs."
    for ax, (title, values) in zip(axes, colors.items(), strict=True):
        a, b = np.asarray(values, float).reshape(-1, 2).T
        if len(a):
            figure.alternative += (
                f" {title}: a from {a.min():.0f} to {a.max():.0f}, b from {b.min():.0f} to {b.max():.0f}, "
                f"medians {np.median(a):.0f} and {np.median(b):.0f}."
            )
        edges = np.linspace(-AB_RANGE, AB_RANGE, 97)
        counts, _, _ = np.histogram2d(b, a, bins=(edges, edges))
        drawn = ax.imshow(
            np.ma.masked_equal(counts / max(len(a), 1), 0),
            norm=LogNorm(1e-5, 3e-2),
            cmap="cividis",
            origin="lower",
            extent=(-AB_RANGE, AB_RANGE, -AB_RANGE, AB_RANGE),
        )
        ax.axhline(0, color="gray", linewidth=0.5)
        ax.axvline(0, color="gray", linewidth=0.5)
        ax.set(title=title, xlabel="a (green – magenta)", ylabel="b (blue – yellow)")
    figure.colorbar(drawn, ax=axes, label="share of the pixels", extend="max")
    return figure
