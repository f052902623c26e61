"""What losses see on the same mask."""

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure, sentence
from course_lib.plots.palette import ink_on

Floats = NDArray[np.float64]

MOST, MOST_LOSSES = 6, 3
# Inches: the height of a map, at most; above a map; above and below all; beside all, for the scales; a letter's width.
TALLEST, TITLE, ENDS, BESIDE, LETTER = 2.2, 0.35, 0.8, 1.7, 0.11
NUMBER = 0.09  # inches for a letter of a number in a pixel, at 9 points
WORDS = "gradient in the\nprediction; a step\nraises pixels with\na negative one"
OUTLINE, BROAD = COLORS[5], 1.8
FINE = 256  # steps of the outline across the map, at least; it cuts corners by half a step


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
    checked = {name: _checked(name, *pair, (len(guesses), *mask.shape)) for name, pair in losses.items()}
    columns, rows = 1 + len(guesses), 1 + len(losses)
    width = min((WIDTH - BESIDE) / columns, TALLEST * mask.shape[1] / mask.shape[0])
    figure, axes = new_figure(columns, rows * (width * mask.shape[0] / mask.shape[1] + TITLE) + ENDS, rows)
    figure.suptitle(title)
    size = " × ".join(map(str, mask.shape))
    figure.alternative = f"{sentence(title)} A mask of {size} pixels, {mask.mean():.0%} of it inside."
    letters = int((WIDTH - BESIDE) / columns / LETTER)
    for ax, (name, values) in zip(axes, {"target": mask, **guesses}.items(), strict=False):
        drawn = _draw(ax, values, mask, (0, 1), "gray", width)
        ax.set_title(textwrap.fill(name, letters))
    figure.colorbar(drawn, ax=axes[:columns], label="mask", ticks=[0, 1], aspect=12)
    for row, (name, (numbers, maps)) in enumerate(checked.items(), start=1):
        cells = axes[row * columns : (row + 1) * columns]
        limit = float(np.abs(maps).max()) or 1.0
        cells[0].text(0.5, 0.5, f"{name}:\n{WORDS}", ha="center", va="center", transform=cells[0].transAxes, fontsize=9)
        cells[0].axis("off")
        for ax, number, gradient in zip(cells[1:], numbers, maps, strict=True):
            drawn = _draw(ax, gradient, mask, (-limit, limit), "PuOr", width)
            ax.set_title(textwrap.fill(f"{name} {number:.3g}", letters))
        figure.colorbar(drawn, ax=cells, label="gradient", aspect=12)
        figure.alternative += f" {name}: {_by_place(guesses, numbers, maps, mask)}."
    figure.legend(
        handles=[Line2D([], [], color=OUTLINE, linewidth=BROAD, label="outline of the target")],
        loc="outside lower center",
    )
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


def _draw(ax: Axes, values: Floats, mask: Floats, limits: tuple[float, float], colors: str, width: float) -> AxesImage:
    """Draw a map so many inches wide, the target's outline, and the numbers if each fits into its pixel."""
    image = ax.imshow(values, cmap=colors, vmin=limits[0], vmax=limits[1], interpolation="nearest")
    _outline(ax, mask > 0.5)
    words = [f"{value:.2g}" for value in values.flat]
    if max(map(len, words)) * NUMBER < width / mask.shape[1]:
        shades = image.to_rgba(values)
        for (row, column), word in zip(np.ndindex(values.shape), words, strict=True):
            red, green, blue, _ = shades[row, column]
            ink = ink_on(to_hex((red, green, blue)))
            ax.text(column, row, word, ha="center", va="center", fontsize=9, color=ink)
    rows, columns = mask.shape
    ax.add_patch(Rectangle((-0.5, -0.5), columns, rows, fill=False, linewidth=0.8, clip_on=False))
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    ax.axis("off")
    return image


def _outline(ax: Axes, inside: NDArray[np.bool_]) -> None:
    """Draw the edges between pixels inside and outside, and those at the border of the map."""
    if inside.any():
        steps = -(-FINE // max(inside.shape)) + 3  # in a pixel
        fine = np.kron(np.pad(inside, 1), np.ones((steps, steps)))
        rows, columns = ((np.arange(count) + 0.5) / steps - 1.5 for count in fine.shape)
        ax.contour(columns, rows, fine, [0.5], colors=OUTLINE, linewidths=BROAD)


def _by_place(guesses: Mapping[str, Floats], numbers: Floats, maps: Floats, mask: Floats) -> str:
    """Say for each prediction the loss, and the mean gradient inside and outside of the target."""
    words = []
    for name, number, gradient in zip(guesses, numbers, maps, strict=True):
        parts = {"inside": gradient[mask > 0.5], "outside": gradient[mask <= 0.5]}
        means = [f"{part.mean():.2g} {place}" for place, part in parts.items() if part.size]
        words.append(f"{name} {number:.3g}, gradient on average {' and '.join(means)}")
    return "; ".join(words)
