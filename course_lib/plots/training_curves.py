"""How a training went, beside baselines that need no training."""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from course_lib.plots.base import COLORS, DescribedFigure, new_figure

WIDE = 10  # the scale is logarithmic if the largest value is more than so many times the smallest
APART = 0.075  # of the height, from the words of one baseline to those of the next
DASHES = ("--", ":", "-.")
ROOM = 0.06  # of the height, above and below all values
FEW, MARKER = 30, ".-"  # up to so many epochs have a dot each


def training_curves(
    history: Mapping[str, Sequence[float]],
    baselines: Mapping[str, float],
    *,
    quantity: str = "loss",
    ylabel: str = "loss",
    title: str = "Training",
) -> DescribedFigure:
    """Draw a quantity over the epochs, for training and validation, and baselines as horizontal lines.

    Parameters
    ----------
    history : mapping of str to sequence of float
        A value for each epoch, as Keras' history has them: under the quantity's name those of training, and under
        ``"val_"`` and that name, if it is there, those of validation.
    baselines : mapping of str to float
        Name and value of each baseline, in the same unit.
    quantity : str
        Which part of the history is drawn.
    ylabel : str
        A description of the quantity, with its unit.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Where all values are positive and the largest is more than 10 times the smallest, the scale is logarithmic.
        The text alternative says where the curves begin and end, and gives the baselines.

    Raises
    ------
    ValueError
        If the history lacks the quantity, has no epoch or another number of them for validation, or holds no finite
        number, or a baseline is not finite.
    """
    curves = _curves(history, quantity)
    lines = {name: float(value) for name, value in baselines.items()}
    if not all(map(math.isfinite, lines.values())):
        raise ValueError(f"expected baselines that are finite, got {lines}")
    values = np.array([*np.concatenate(list(curves.values())), *lines.values()])
    finite = values[np.isfinite(values)]
    logarithmic = bool(finite.min() > 0 and finite.max() > WIDE * finite.min())

    figure, (ax,) = new_figure(1, 3.8)
    for (name, curve), color in zip(curves.items(), COLORS, strict=False):
        ax.plot(np.arange(1, len(curve) + 1), curve, MARKER if len(curve) <= FEW else "-", color=color, label=name)
    ax.set(title=title, xlabel="epoch", ylabel=ylabel, yscale="log" if logarithmic else "linear")
    ax.set_ylim(_limits(finite, logarithmic))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)
    ax.legend()
    _draw_baselines(ax, lines)
    figure.alternative = _described(title, ylabel, curves, lines, logarithmic)
    return figure


def _curves(history: Mapping[str, Sequence[float]], quantity: str) -> dict[str, NDArray[np.float64]]:
    """Return the values of training and, if there are any, of validation."""
    if quantity not in history:
        raise ValueError(f"expected a history of {quantity}, got one of {', '.join(history) or 'nothing'}")
    keys = {"training": quantity, "validation": f"val_{quantity}"}
    curves = {name: np.asarray(history[key], float) for name, key in keys.items() if key in history}
    counts = [len(curve) for curve in curves.values()]
    if min(counts) != max(counts):
        raise ValueError(f"expected as many epochs of validation as of training, {counts[0]}, got {counts[1]}")
    if not any(np.isfinite(curve).any() for curve in curves.values()):
        raise ValueError(f"expected at least one finite number, got {counts[0]} epochs without any")
    return curves


def _limits(values: NDArray[np.float64], logarithmic: bool) -> tuple[float, float]:
    """Return the ends of the axis, with a little room beyond the values."""
    low, high = values.min(), values.max()
    if logarithmic:
        room = (high / low) ** ROOM
        return low / room, high * room
    room = ROOM * (high - low) or 0.5
    return low - room, high + room


def _draw_baselines(ax: Axes, lines: Mapping[str, float]) -> None:
    """Draw horizontal lines, and their words on the right, moved apart if they would overlap."""
    to_axes = ax.transData + ax.transAxes.inverted()
    looks = zip(lines, itertools.cycle(COLORS[2:]), itertools.cycle(DASHES))
    height = -math.inf
    for name, color, dashes in sorted(looks, key=lambda look: lines[look[0]]):
        ax.axhline(lines[name], color=color, linestyle=dashes, linewidth=1.8)
        height = max(float(to_axes.transform((1, lines[name]))[1]), height + APART)
        ax.text(1.01, height, f"{name}: {lines[name]:.3g}", color=color, va="center", transform=ax.transAxes)


def _described(
    title: str,
    ylabel: str,
    curves: Mapping[str, NDArray[np.float64]],
    lines: Mapping[str, float],
    logarithmic: bool,
) -> str:
    count = len(next(iter(curves.values())))
    words = [f"{title}: {ylabel} over {count} epochs, scale {'logarithmic' if logarithmic else 'linear'}."]
    for name, curve in curves.items():
        extremes = f"between {np.nanmin(curve):.3g} and {np.nanmax(curve):.3g}"
        first = next(iter(curve[np.isfinite(curve)]), np.nan)  # the earlier epochs may not be known
        words.append(f"{name.capitalize()}: from {first:.3g} to {curve[-1]:.3g}, {extremes}.")
    if lines:
        words.append(f"Baselines: {', '.join(f'{name} {value:.3g}' for name, value in lines.items())}.")
    return " ".join(words)
