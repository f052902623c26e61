"""Pixels as squares, and where their samples lie when a picture is enlarged."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from course_lib.plots.base import COLORS, DescribedFigure, new_figure

INPUT, OUTPUT, GRID, FAINT = COLORS[0], COLORS[3], "#888888", "#dddddd"


def pixel_grids(factors: Sequence[int]) -> DescribedFigure:
    """Draw, for each factor, three input pixels cut into output pixels, and the tent of the middle sample below.

    Parameters
    ----------
    factors : sequence of int
        1 or more each; two or three fit side by side.

    Returns
    -------
    DescribedFigure
        Its text alternative gives the place of every sample and the weight of every tap.
    """
    figure, axes = new_figure(len(factors), 5.2, rows=2)
    described = []
    for factor, squares, weights in zip(factors, axes, axes[len(factors) :], strict=False):
        samples = factor * np.array([-1, 0, 1])
        centers = np.arange(3 * factor) - (3 * factor - 1) / 2
        taps = centers[np.abs(centers) < factor]
        _draw_squares(squares, factor, samples, centers)
        _draw_tent(weights, factor, taps)
        described.append(
            f"Factor {factor}: three input pixels in a row, each {factor} × {factor} output pixels. "
            f"Columns, in output pixels from the middle sample: input samples at {_listed(samples)}, "
            f"centers of output pixels at {_listed(centers)}. The tent of the middle sample, "
            f"{factor} wide on each side, covers {len(taps)} centers, with the weights "
            f"{_listed(1 - np.abs(taps) / factor)}."
        )
    handles = [pair for ax in (axes[0], axes[-1]) for pair in zip(*ax.get_legend_handles_labels(), strict=True)]
    figure.legend(*zip(*handles, strict=True), loc="outside lower center", ncols=len(handles))
    figure.alternative = " ".join(described)
    return figure


def _draw_squares(ax: Axes, factor: int, samples: NDArray[np.int_], centers: NDArray[np.floating]) -> None:
    rows = np.arange(factor) - (factor - 1) / 2
    for x in centers:
        for y in rows:
            ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, edgecolor=GRID))
    for x in samples:
        corner = (x - factor / 2, -factor / 2)
        ax.add_patch(Rectangle(corner, factor, factor, fill=False, edgecolor=INPUT, linewidth=2.5))
    columns, lines = np.meshgrid(centers, rows)
    ax.plot(samples, 0 * samples, "o", color=INPUT, markersize=13, label="input samples")
    ax.plot(columns.flat, lines.flat, "o", color=OUTPUT, markersize=5, label="centers of output pixels")
    ax.set(title=f"Factor {factor}: one input pixel is {factor} × {factor} output pixels")
    ax.set(xlim=(-1.6 * factor, 1.6 * factor), ylim=(0.6 * factor, -0.6 * factor), ylabel="row\n(output pixels)")
    ax.set(xticks=samples, yticks=[0], xlabel="column, from the middle sample (output pixels)")


def _draw_tent(ax: Axes, factor: int, taps: NDArray[np.floating]) -> None:
    ax.plot([-factor, 0, factor], [0, 1, 0], color=INPUT, label="tent of the middle sample")
    heights = 1 - np.abs(taps) / factor
    ax.vlines(taps, 0, heights, color=OUTPUT, linewidth=1)
    ax.plot(taps, heights, "o", color=OUTPUT, markersize=5, label="taps (weights of the kernel)")
    ax.set(title=f"Factor {factor}: the tent covers {len(taps)} columns of centers", ylabel="weight")
    ax.set(
        xlim=(-1.6 * factor, 1.6 * factor),
        ylim=(0, 1.1),
        xticks=taps,
        xlabel="distance from the middle sample (output pixels)",
    )
    ax.grid(alpha=0.3)


def crop(height: int, width: int, cases: Sequence[tuple[int, int]]) -> DescribedFigure:
    """Draw which pixels of the canvas a transposed convolution keeps with padding SAME, and which it drops.

    Parameters
    ----------
    height, width : int
        Of the input, in pixels.
    cases : sequence of (int, int)
        Size of the kernel and stride, with ``size >= stride``; one panel each.

    Returns
    -------
    DescribedFigure
        Its text alternative gives the same numbers.
    """
    figure, axes = new_figure(len(cases), 3.8)
    described = []
    for ax, (size, stride) in zip(axes, cases, strict=True):
        rows, columns = (height - 1) * stride + size, (width - 1) * stride + size
        before = (size - stride) // 2
        after = size - stride - before
        kept = (slice(before, rows - after), slice(before, columns - after))
        _draw_canvas(ax, rows, columns, kept)
        ax.set_title(f"k = {size}, s = {stride}: drop {before} at the top and left,\n{after} at the bottom and right")
        described.append(
            f"Kernel size {size}, stride {stride}: the canvas has {rows} × {columns} pixels. Rows {before} to "
            f"{rows - after - 1} and columns {before} to {columns - after - 1} are kept: {height * stride} × "
            f"{width * stride} pixels. {before} at the top and left and {after} at the bottom and right are dropped."
        )
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.alternative = " ".join(described)
    return figure


def _draw_canvas(ax: Axes, rows: int, columns: int, kept: tuple[slice, slice]) -> None:
    inside = np.zeros((rows, columns), bool)
    inside[kept] = True
    labels = {True: "kept", False: "dropped"}
    for (row, column), keep in np.ndenumerate(inside):
        square = Rectangle((column - 0.5, row - 0.5), 1, 1, edgecolor=GRID, facecolor=COLORS[5] if keep else FAINT)
        square.set(hatch=None if keep else "///", label=labels.pop(keep, "_"))
        ax.add_patch(square)
    ax.set(aspect="equal", xlim=(-0.7, columns - 0.3), ylim=(rows - 0.3, -0.7))
    ax.set(xlabel="column of the canvas (pixels)", ylabel="row of the canvas (pixels)")
    ax.set(xticks=range(columns), yticks=range(rows))


def _listed(numbers: NDArray[np.floating] | NDArray[np.int_]) -> str:
    return ", ".join(f"{number:.3g}" for number in numbers)
