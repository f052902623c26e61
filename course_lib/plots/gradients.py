"""Numeric gradients beside analytic ones, and the error of differences by their step."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from course_lib.plots.base import COLORS, DescribedFigure, new_figure, sentence

Floats = NDArray[np.float64]

RIGHT, WRONG, LINE = COLORS[0], COLORS[3], "#888888"
MOST = 4  # panels that can be read side by side
HEIGHTS = (4.4, 4.4, 4.3, 3.6)  # inches, for so many panels
ROOM = 0.07  # of the span of all gradients, around them


def gradient_scatter(
    numeric: ArrayLike,
    analytic: ArrayLike | Mapping[str, ArrayLike],
    *,
    tolerance: float = 1e-5,
    title: str = "Is the gradient right?",
) -> DescribedFigure:
    """Draw analytic against numeric gradients, with the line on which both are equal.

    Parameters
    ----------
    numeric : array_like
        Numeric gradient, of any shape.
    analytic : array_like or mapping of str to array_like
        Analytic gradient of the same shape. Or title and gradient for up to four panels, such as a right one and one
        with a mistake.
    tolerance : float
        An element is wrong if both differ by more than this times the largest size of the numeric gradient.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Each panel has a scale of its own, the same in both directions. The text alternative says how many elements
        are wrong, and which one most.

    Raises
    ------
    ValueError
        If shapes differ, there is no element or one that is not finite, or there are no panels or too many.
    """
    expected = _finite(numeric, "the numeric gradient")
    given = analytic if isinstance(analytic, Mapping) else {"analytic gradient": analytic}
    panels = {name: _finite(gradient, name) for name, gradient in given.items()}
    if not 1 <= len(panels) <= MOST:
        raise ValueError(f"expected 1 to {MOST} analytic gradients, got {len(panels)}")
    for name, gradient in panels.items():
        if gradient.shape != expected.shape:
            raise ValueError(
                f"expected the shape of the numeric gradient, {expected.shape}, got {gradient.shape} for {name}"
            )
    figure, axes = new_figure(len(panels), HEIGHTS[len(panels) - 1])
    figure.suptitle(title)
    figure.alternative = f"{title} Analytic against numeric gradient, {expected.size} elements."
    for ax, (name, gradient) in zip(axes, panels.items(), strict=True):
        wrong = np.abs(gradient - expected) > tolerance * np.abs(expected).max()
        _draw_scatter(ax, expected, gradient, wrong)
        count = f"{wrong.sum()} of {wrong.size} wrong" if wrong.any() else "all right"
        ax.set_title(f"{name}: {count}" if len(panels) == 1 else f"{name}\n{count}")
        figure.alternative += f" {name}: {count}"
        if wrong.any():
            worst = np.unravel_index(np.argmax(np.abs(gradient - expected)), expected.shape)
            place = ", ".join(map(str, map(int, worst)))
            figure.alternative += (
                f", most at ({place}), where the numeric gradient is {expected[worst]:.3g} "
                f"and the analytic one {gradient[worst]:.3g}"
            )
        figure.alternative += "."
    axes[0].set_ylabel("analytic gradient")
    handles = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles))
    return figure


def _finite(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values, float)
    if not array.size or not np.isfinite(array).all():
        raise ValueError(f"expected one or more numbers, all finite, in {name}, got {values!r}")
    return array


def _draw_scatter(ax: Axes, numeric: Floats, analytic: Floats, wrong: NDArray[np.bool_]) -> None:
    low, high = min(numeric.min(), analytic.min()), max(numeric.max(), analytic.max())
    room = ROOM * (high - low) or 0.5
    limits = (low - room, high + room)
    ax.plot(limits, limits, color=LINE, linestyle="--", linewidth=1.2, label="both are equal", zorder=1)
    size = 6 if numeric.size <= 200 else 3
    if not wrong.all():
        ax.plot(numeric[~wrong], analytic[~wrong], "o", color=RIGHT, markersize=size, alpha=0.8, label="right")
    if wrong.any():
        ax.plot(numeric[wrong], analytic[wrong], "X", color=WRONG, markersize=size + 1.5, alpha=0.8, label="wrong")
    ax.set(xlim=limits, ylim=limits, aspect="equal", xlabel="numeric gradient", ylabel="analytic gradient")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    ax.grid(alpha=0.3)


def step_errors(
    errors: Mapping[str, tuple[ArrayLike, ArrayLike]], title: str = "The step of a difference"
) -> DescribedFigure:
    """Draw how far numeric gradients are off, by the step of the difference, both on logarithmic scales.

    Parameters
    ----------
    errors : mapping of str to (array_like, array_like)
        For each curve, such as "float32", its steps, more than 0, and the error with each, 0 or more. An error of 0 is
        drawn as a triangle on the lower edge.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        The smallest error of each curve is marked, and the text alternative gives it.

    Raises
    ------
    ValueError
        If there is no curve or more than eight, steps and errors are not equally many, or one is not as above.
    """
    curves = {name: _curve(name, *pair) for name, pair in errors.items()}
    if not 1 <= len(curves) <= len(COLORS):
        raise ValueError(f"expected 1 to {len(COLORS)} curves, got {len(curves)}")
    positive = np.concatenate([values[values > 0] for _, values in curves.values()])
    floor = positive.min() / 10 if positive.size else 1e-16
    figure, (ax,) = new_figure(1, 4.2)
    words = []
    for (name, (steps, values)), color in zip(curves.items(), COLORS, strict=False):
        best = int(np.argmin(values))
        ax.plot(steps, np.where(values > 0, values, np.nan), ".-", color=color, label=name)
        ax.plot(steps[values == 0], np.full((values == 0).sum(), floor), "v", color=color, clip_on=False)
        ax.plot(steps[best], max(values[best], floor), "o", color=color, markersize=13, fillstyle="none", mew=1.8)
        words.append(
            f"{name}: error {values[0]:.2g} with the step {steps[0]:.2g}, smallest {values[best]:.2g} with "
            f"{steps[best]:.2g}, {values[-1]:.2g} with {steps[-1]:.2g}."
        )
    ax.plot([], [], "o", color="black", markersize=13, fillstyle="none", mew=1.8, label="smallest error")
    ax.set(xscale="log", yscale="log", xlabel="step h (logarithmic)", ylabel="error of the gradient (logarithmic)")
    if any((values == 0).any() for _, values in curves.values()):
        ax.set_ylim(bottom=floor)
    ax.set_title(title)
    ax.set_title("← too small: rounding", loc="left", fontsize=10, color="#444444")
    ax.set_title("too large: curvature →", loc="right", fontsize=10, color="#444444")
    ax.grid(alpha=0.3)
    ax.legend()
    figure.alternative = f"{sentence(title)} Error of a gradient by the step, both logarithmic. {' '.join(words)}"
    return figure


def _curve(name: str, steps: ArrayLike, values: ArrayLike) -> tuple[Floats, Floats]:
    """Return steps and errors, by rising steps."""
    across, up = np.asarray(steps, float), np.asarray(values, float)
    if across.ndim != 1 or across.shape != up.shape or not across.size:
        raise ValueError(f"expected as many errors as steps for {name}, got shapes {across.shape} and {up.shape}")
    if not (np.isfinite(across) & np.isfinite(up) & (across > 0) & (up >= 0)).all():
        raise ValueError(f"expected steps above 0 and errors of 0 or more for {name}, all finite, got others")
    order = np.argsort(across)
    return across[order], up[order]
