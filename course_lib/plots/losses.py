"""What losses see on the same mask."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure
from course_lib.plots.palette import ink_on
from course_lib.plots.pictures import ROOM
from course_lib.plots.regions import borders

Floats = NDArray[np.float64]

MOST, MOST_LOSSES = 6, 3
TALLEST = 2.2  # inches
WORDS = "gradient in the\nprediction; a step\nraises pixels with\na negative one"
OUTLINE = {"color": COLORS[5], "linewidth": 1.8, "solid_capstyle": "projecting"}


def losses_on_masks(
    target: ArrayLike,
    predictions: Mapping[str, ArrayLike],
    losses: Mapping[str, tuple[ArrayLike, ArrayLike]],
    title: str = "What losses see on the same mask",
) -> DescribedFigure:
    """Draw predictions of one mask, and for each loss its value and its gradient in every pixel.

    Parameters
    ----------
    target : array_like
        The mask, ``(H, W)`` in [0, 1].
    predictions : mapping of str to array_like
        Title and prediction, ``(H, W)`` in [0, 1]; N in all, 1 to 6.
    losses : mapping of str to (array_like, array_like)
        Name of each loss, its values ``(N,)`` for the predictions, and its gradients in these, ``(N, H, W)``; up to
        three losses.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        All gradients of a loss have one scale, and the target's outline is drawn into all maps. The text alternative
        gives the values, and how large gradients are inside and outside of the target.

    Raises
    ------
    ValueError
        If shapes differ, numbers are not as above, or there are too many predictions or losses.
    """
    mask = _mask("the target", target, np.shape(target))
    guesses = {name: _mask(name, guess, mask.shape) for name, guess in predictions.items()}
    if not 1 <= len(guesses) <= MOST or not 1 <= len(losses) <= MOST_LOSSES:
        raise ValueError(
            f"expected 1 to {MOST} predictions and 1 to {MOST_LOSSES} losses, got {len(guesses)} and {len(losses)}"
        )
    columns, rows = 1 + len(guesses), 1 + len(losses)
    height = min(TALLEST, (WIDTH - 1.7) / columns * mask.shape[0] / mask.shape[1])
    figure, axes = new_figure(columns, rows * (height + 0.35) + 0.8, rows)
    numbered = max(mask.shape) * columns <= ROOM
    figure.suptitle(title)
    for ax, (name, values) in zip(axes, {"target": mask, **guesses}.items(), strict=False):
        drawn = _draw(ax, values, mask, (0, 1), "gray", numbered)
        ax.set_title(name)
    figure.colorbar(drawn, ax=axes[:columns], label="mask", ticks=[0, 1], aspect=12)
    figure.alternative = f"{title}. A mask of {mask.shape[0]} × {mask.shape[1]} pixels, {mask.mean():.0%} of it inside."
    for row, (name, (values, gradients)) in enumerate(losses.items(), start=1):
        cells = axes[row * columns : (row + 1) * columns]
        numbers, maps = _checked(name, values, gradients, (len(guesses), *mask.shape))
        limit = float(np.abs(maps).max()) or 1.0
        cells[0].text(0.5, 0.5, f"{name}:\n{WORDS}", ha="center", va="center", transform=cells[0].transAxes)
        cells[0].axis("off")
        for ax, number, gradient in zip(cells[1:], numbers, maps, strict=True):
            drawn = _draw(ax, gradient, mask, (-limit, limit), "PuOr", numbered)
            ax.set_title(f"{name} {number:.3g}")
        figure.colorbar(drawn, ax=cells, label="gradient", aspect=12)
        figure.alternative += f" {name}: {_by_place(guesses, numbers, maps, mask)}."
    figure.legend(handles=[Line2D([], [], label="outline of the target", **OUTLINE)], loc="outside lower center")
    return figure


def _mask(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    array = np.asarray(values, float)
    if array.ndim != 2 or not array.size or array.shape != shape:
        raise ValueError(f"expected the same shape (H, W) for target and predictions, got {array.shape} for {name}")
    if not ((array >= 0) & (array <= 1)).all():
        raise ValueError(f"expected numbers in [0, 1] for {name}, got {array.min():g} to {array.max():g}")
    return array


def _checked(name: str, values: ArrayLike, gradients: ArrayLike, shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    numbers, maps = np.asarray(values, float), np.asarray(gradients, float)
    if numbers.shape != shape[:1] or maps.shape != shape:
        raise ValueError(
            f"expected values of shape {shape[:1]} and gradients of shape {shape} for {name}, "
            f"got {numbers.shape} and {maps.shape}"
        )
    if not (np.isfinite(numbers).all() and np.isfinite(maps).all()):
        raise ValueError(f"expected values and gradients that are finite for {name}, got others")
    return numbers, maps


def _draw(
    ax: Axes, values: Floats, mask: Floats, limits: tuple[float, float], colors: str, numbered: bool
) -> AxesImage:
    """Draw a map, the target's outline, and where there is room, the numbers."""
    image = ax.imshow(values, cmap=colors, vmin=limits[0], vmax=limits[1], interpolation="nearest")
    x, y = borders(np.pad((mask > 0.5).astype(int), 1))
    ax.plot(x - 1, y - 1, **OUTLINE)
    if numbered:
        for (row, column), value in np.ndenumerate(values):
            ink = ink_on(image.to_rgba(value))
            ax.text(column, row, f"{value:.2g}", ha="center", va="center", fontsize=9, color=ink)
    ax.set(xticks=[], yticks=[])
    return image


def _by_place(guesses: Mapping[str, Floats], numbers: Floats, maps: Floats, mask: Floats) -> str:
    """Say for each prediction the loss, and the mean gradient inside and outside of the target."""
    words = []
    for name, number, gradient in zip(guesses, numbers, maps, strict=True):
        parts = {"inside": gradient[mask > 0.5], "outside": gradient[mask <= 0.5]}
        means = [f"{part.mean():.2g} {place}" for place, part in parts.items() if part.size]
        words.append(f"{name} {number:.3g}, gradient on average {' and '.join(means)}")
    return "; ".join(words)
