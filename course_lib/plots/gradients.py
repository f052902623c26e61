"""Numeric gradients beside analytic ones, and the error of differences by their step."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from course_lib.plots.base import COLORS, DescribedFigure, new_figure

RIGHT, WRONG, LINE = COLORS[0], COLORS[3], "#888888"
MOST = 4  # panels that can be read side by side
ROOM = 0.08  # of the span of all gradients, around them


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
        An element is wrong where both differ by more than this times the largest numeric gradient, 0 or more.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Its text alternative says how many elements are wrong, and which one most.

    Raises
    ------
    ValueError
        If shapes differ, there is no element or a number that is not finite, or there are no panels or too many.
    """
    expected = _finite(numeric, "numeric")
    panels = {
        name: _finite(gradient, name or "analytic")
        for name, gradient in (analytic.items() if isinstance(analytic, Mapping) else [("", analytic)])
    }
    if not 1 <= len(panels) <= MOST:
        raise ValueError(f"expected 1 to {MOST} analytic gradients, got {len(panels)}")
    for name, gradient in panels.items():
        if gradient.shape != expected.shape:
            raise ValueError(
                f"expected the shape of the numeric gradient, {expected.shape}, got {gradient.shape}"
                + (f" for {name}" if name else "")
            )
    figure, axes = new_figure(len(panels), 4.2)
    for ax, (name, gradient) in zip(axes, panels.items(), strict=True):
        _draw_scatter(ax, expected, gradient, tolerance)
        ax.set_title(name)
    figure.suptitle(title)
    figure.alternative = title
    return figure


def _finite(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = np.asarray(values, float)
    if not array.size or not np.isfinite(array).all():
        raise ValueError(f"expected finite numbers for {name}, got {array.size} of shape {array.shape}")
    return array


def _draw_scatter(ax: Axes, numeric: NDArray[np.float64], analytic: NDArray[np.float64], tolerance: float) -> None:
    wrong = np.abs(analytic - numeric) > tolerance * np.abs(numeric).max()
    ax.plot(numeric[~wrong], analytic[~wrong], "o", color=RIGHT)
    ax.plot(numeric[wrong], analytic[wrong], "x", color=WRONG)
    ax.axline((0, 0), slope=1, color=LINE)
    ax.set(xlabel="numeric gradient", ylabel="analytic gradient")


def step_errors(
    errors: Mapping[str, tuple[ArrayLike, ArrayLike]], title: str = "The step of a difference"
) -> DescribedFigure:
    """Draw how far numeric gradients are off, by the step of the difference, both on logarithmic scales.

    Parameters
    ----------
    errors : mapping of str to (array_like, array_like)
        For each curve, such as "float32", its steps, more than 0, and the error with each, 0 or more.
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
    figure, (ax,) = new_figure(1, 3.8)
    for (name, (steps, values)), color in zip(errors.items(), COLORS, strict=False):
        ax.plot(np.asarray(steps), np.asarray(values), ".-", color=color, label=name)
    ax.set(xscale="log", yscale="log", xlabel="step h", ylabel="error", title=title)
    ax.legend()
    figure.alternative = title
    return figure
