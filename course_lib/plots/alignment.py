"""Where the results of a convolution lie in the picture, with padding VALID and SAME."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from course_lib.plots.base import COLORS, DescribedFigure, new_mosaic

INSIDE: dict[str, Any] = {"facecolor": COLORS[5], "edgecolor": "#555555"}
ZERO: dict[str, Any] = {"facecolor": "white", "edgecolor": "#555555", "linestyle": ":"}
RESULT = COLORS[3]
LINE = 0.27  # inches: a window


@dataclass(frozen=True)
class _Windows:
    """The windows of a kernel over a row of features: the first begins ``before`` positions to the left of the row."""

    name: str
    count: int
    before: int
    after: int


def padding(size: int = 9, kernel: int = 7, stride: int = 32) -> DescribedFigure:
    """Draw which features a kernel covers with padding VALID and SAME, and where its results are in the picture.

    Parameters
    ----------
    size : int
        Features in a row of the map.
    kernel : int
        Features that the kernel covers, at most ``size``.
    stride : int
        Pixels of the picture from feature to feature.

    Returns
    -------
    DescribedFigure
        Its text alternative gives the number of results and the pixel at the center of each.

    Raises
    ------
    ValueError
        If a number is less than 1, or the kernel is larger than the map.
    """
    if min(size, kernel, stride) < 1 or kernel > size:
        raise ValueError(
            f"expected 1 <= kernel <= size and stride >= 1, got kernel {kernel}, size {size}, stride {stride}"
        )
    before = (kernel - 1) // 2
    cases = (_Windows("VALID", size - kernel + 1, 0, 0), _Windows("SAME", size, before, kernel - 1 - before))
    heights = [1.3 + LINE * case.count for case in cases]
    figure, axes = new_mosaic([[case.name] for case in cases], heights)
    described = [_draw_case(axes[case.name], size, kernel, stride, case) for case in cases]
    for ax in axes.values():
        ax.set_xlim((-before - 0.3) * stride, (size + kernel - 1 - before + 0.3) * stride)
        ax.set_xticks(range(0, size * stride + 1, stride * -(-size // 16)))
    handles = [
        Patch(**INSIDE, label="feature"),
        Patch(**ZERO, label="zero of the padding"),
        Line2D([], [], color=RESULT, marker="o", markersize=5, label="what the kernel covers, and its center (pixels)"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    figure.alternative = (
        f"A row of {size} features, one for every {stride} pixels, under a kernel of {kernel}. {' '.join(described)}"
    )
    return figure


def _draw_case(ax: Axes, size: int, kernel: int, stride: int, case: _Windows) -> str:
    """Draw one kind of padding, and say what is drawn."""
    centers = stride * (np.arange(case.count) - case.before + kernel / 2) - 0.5
    _draw_row(ax, size, stride, case)
    _draw_windows(ax, centers, kernel * stride)
    lost = size - case.count
    title = f"{case.name}: {case.count} result{'s' if case.count > 1 else ''}, "
    title += f"{lost} fewer than the features" if lost else "as many as the features"
    ax.set_title(title)
    places = ", ".join(f"{center:g}" for center in centers)
    zeros = f"zeros before the row: {case.before}, after it: {case.after}"
    return f"{title}; {zeros}. Centers of the results, in pixels: {places}."


def _draw_row(ax: Axes, size: int, stride: int, case: _Windows) -> None:
    """Draw features as squares above the windows, with the zeros of the padding beside them."""
    for index in range(-case.before, size + case.after):
        inside = 0 <= index < size
        look = INSIDE if inside else ZERO
        ax.add_patch(Rectangle((index * stride - 0.5, -2), stride, 1, **look))
        ax.text((index + 0.5) * stride - 0.5, -1.5, str(index) if inside else "0", ha="center", va="center", fontsize=9)


def _draw_windows(ax: Axes, centers: NDArray[np.floating], width: int) -> None:
    """Draw below the features, for each result, the entries that the kernel covers and their center."""
    rows = np.arange(len(centers))
    ax.errorbar(centers, rows, xerr=width / 2, fmt="o", color=RESULT, markersize=5, capsize=3, capthick=1.5)
    for row, center in zip(rows, centers, strict=True):
        ax.text(center, row - 0.12, f"{center:g}", ha="center", va="bottom", fontsize=8)
    ax.set(ylim=(len(centers) - 0.4, -2.3), xlabel="column of the picture (pixels)", ylabel="result")
    ax.set_yticks([-1.5, *rows], ["features", *map(str, rows)])
