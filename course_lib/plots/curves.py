"""Curves and bars."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from course_lib.plots.base import COLORS, new_figure, sentence

STYLES = ("-", "--", "-.", ":")
ROUNDING = 1e-9  # of the largest value: a text alternative calls less than this 0
MOST_INSIDE = 5  # a longer legend would cover the curves


def lines(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    title: str,
    xlabel: str,
    ylabel: str,
    *,
    points: tuple[str, ArrayLike, ArrayLike] | None = None,
    log: bool = False,
) -> Figure:
    """Draw curves over one axis; a legend of more than five names is beside it.

    Parameters
    ----------
    curves : mapping of str to (x, y)
        Name and coordinates of each curve.
    title, xlabel, ylabel : str
        In words, with units.
    points : (name, x, y), optional
        Marked with dots, such as the samples of a signal.
    log : bool
        Both axes logarithmic.

    Returns
    -------
    Figure
    """
    figure, (ax,) = new_figure(1, 3.6)
    figure.alternative = f"{sentence(title)} Across: {xlabel}. Upward: {ylabel}."
    for index, (name, (x, y)) in enumerate(curves.items()):
        figure.alternative += f" {name}: {_course(x, y)}."
        ax.plot(x, y, STYLES[index % len(STYLES)], color=COLORS[index % len(COLORS)], label=name)
    if points is not None:
        name, x, y = points
        figure.alternative += f" Dots: {name}."
        ax.plot(x, y, "o", color=COLORS[6], label=name, zorder=3)
    if log:
        ax.set_xscale("log")
        ax.set_yscale("log")
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    ax.grid(alpha=0.3)
    if len(ax.lines) > MOST_INSIDE:
        figure.legend(loc="outside right center")
    else:
        ax.legend()
    return figure


def _course(x: ArrayLike, y: ArrayLike) -> str:
    """Say where a curve begins and ends, and between which values it runs."""
    xs, ys = np.asarray(x, float), np.asarray(y, float)
    if not ys.size:
        return "empty"
    ys = np.where(np.abs(ys) < ROUNDING * np.abs(ys).max(), 0, ys)
    ends = f"from {ys[0]:.3g} at {xs[0]:.3g} to {ys[-1]:.3g} at {xs[-1]:.3g}"
    return f"{ends}, between {ys.min():.3g} and {ys.max():.3g}"


def kernel_sum(positions: ArrayLike, parts: ArrayLike, samples: ArrayLike, title: str) -> Figure:
    """Draw a reconstruction as the sum of one kernel a sample.

    Parameters
    ----------
    positions : array_like
        Shape ``(M,)``, in sample spacings.
    parts : array_like
        Shape ``(N, M)``: the kernel of each sample, already weighted.
    samples : array_like
        Shape ``(N,)``, taken at 0, 1, ..., N - 1.
    title : str
        In words.

    Returns
    -------
    Figure
    """
    figure, (ax,) = new_figure(1, 3.6)
    parts, samples = np.asarray(parts), np.asarray(samples)
    total = parts.sum(axis=0)
    figure.alternative = (
        f"{title}. One kernel at each of {len(samples)} samples, {', '.join(f'{value:.3g}' for value in samples)}. "
        f"Their sum: {_course(positions, total)}."
    )
    for index, part in enumerate(parts):
        label = "one kernel per sample" if index == 0 else None
        ax.plot(positions, part, color=COLORS[5], linewidth=1, label=label)
    ax.plot(positions, total, color=COLORS[3], linewidth=2.5, label="their sum")
    ax.plot(np.arange(len(samples)), samples, "o", color=COLORS[6], label="samples", zorder=3)
    ax.set(title=title, xlabel="position (sample spacings)", ylabel="value")
    ax.grid(alpha=0.3)
    ax.legend(loc="upper right")
    return figure


def bars(values: Mapping[str, float], title: str, xlabel: str, ylabel: str) -> Figure:
    """Draw one horizontal bar a value, the first on top, with its number beside it.

    Parameters
    ----------
    values : mapping of str to float
        Name and length of each bar, 0 or more.
    title, xlabel, ylabel : str
        In words, with units.

    Returns
    -------
    Figure
    """
    figure, (ax,) = new_figure(1, 0.8 + 0.42 * len(values))
    lengths = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
    figure.alternative = f"{sentence(title)} Bars, {xlabel}: {lengths}."
    drawn = ax.barh(list(values), list(values.values()), color=COLORS[0])
    ax.bar_label(drawn, fmt="{:.3g}", padding=4)
    ax.invert_yaxis()
    ax.margins(x=0.1)
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    ax.grid(axis="x", alpha=0.3)
    return figure
