"""Rules by which a gradient runs back through a ReLU."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike, NDArray

from course_lib.plots.base import WIDTH, DescribedFigure, new_figure, sentence
from course_lib.plots.palette import ink_on
from course_lib.plots.regions import HATCH

Floats = NDArray[np.float64]

MOST_RULES, MOST = 4, 4  # the latter: rows or columns
LARGEST, LETTER = 14, 0.62  # points, for a number; a letter's width in heights
SIGNS = ((True, True), (True, False), (False, True), (False, False))


def relu_rules(
    x: ArrayLike, upstream: ArrayLike, results: Mapping[str, ArrayLike], *, title: str = "ReLU, backwards"
) -> DescribedFigure:
    """Draw what went into a ReLU, the gradient from above, and what several rules let pass.

    Parameters
    ----------
    x : array_like
        What went into the ReLU, ``(h, w)``; up to four rows and columns.
    upstream : array_like
        The gradient from above, ``(h, w)``.
    results : mapping of str to array_like
        Name of each rule, and its result for ``upstream``, ``(h, w)``; up to four rules.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Cells are hatched where a gradient is stopped. The text alternative gives, for each pair of signs, what passes.

    Raises
    ------
    ValueError
        If shapes differ, a number is not finite, or there are too many rules or numbers.
    """
    if not 1 <= len(results) <= MOST_RULES:
        raise ValueError(f"expected 1 to {MOST_RULES} rules, got {len(results)}")
    values = _map("x", x, np.shape(x))
    above = _map("upstream", upstream, values.shape)
    passed = {rule: _map(rule, result, values.shape) for rule, result in results.items()}
    panels = {"input x": values, "gradient\nfrom above": above, **passed}
    rows, columns = values.shape
    side = (WIDTH / len(panels) - 0.2) / columns
    figure, axes = new_figure(len(panels), side * rows + 1.3)
    figure.suptitle(title)
    for ax, (name, numbers) in zip(axes, panels.items(), strict=True):
        stopped = (numbers == 0) & (above != 0) if name in passed else np.zeros(numbers.shape, bool)
        _draw(ax, numbers, stopped, side)
        ax.set_title(name)
    handles = [Patch(**{**HATCH, "zorder": 1}, label="stopped")]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    figure.alternative = f"{sentence(title)} {' '.join(_cases(values, above, passed))}"
    return figure


def _map(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    array = np.asarray(values, float)
    if array.ndim != 2 or not 1 <= min(array.shape) <= max(array.shape) <= MOST:
        raise ValueError(f"expected numbers (h, w), up to {MOST} × {MOST}, for {name}, got shape {array.shape}")
    if array.shape != shape:
        raise ValueError(f"expected the shape of x, {shape}, got {array.shape} for {name}")
    if not np.isfinite(array).all():
        raise ValueError(f"expected numbers that are finite for {name}, got others")
    return array + 0.0  # so that no zero has a sign


def _draw(ax: Axes, numbers: Floats, stopped: NDArray[np.bool_], side: float) -> None:
    """Draw numbers in cells so many inches wide."""
    limit = float(np.abs(numbers).max()) or 1.0
    image = ax.imshow(numbers, cmap="PuOr", vmin=-1.6 * limit, vmax=1.6 * limit)
    letters = max(len(f"{value:.3g}") for value in numbers.flat)
    size = min(LARGEST, 72 * side / (letters + 1) / LETTER)
    for (row, column), value in np.ndenumerate(numbers):
        corner = (column - 0.5, row - 0.5)
        if stopped[row, column]:
            ax.add_patch(Rectangle(corner, 1, 1, **{**HATCH, "zorder": 1}))
        ax.add_patch(Rectangle(corner, 1, 1, fill=False, linewidth=0.8, clip_on=False))
        red, green, blue, _ = image.to_rgba(numbers)[row, column]
        ink, box = ink_on(to_hex((red, green, blue))), None
        if stopped[row, column]:
            ink, box = "black", {"facecolor": "white", "linewidth": 0, "boxstyle": "round"}
        ax.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize=size, color=ink, bbox=box)
    ax.axis("off")


def _cases(x: Floats, upstream: Floats, passed: Mapping[str, Floats]) -> list[str]:
    """Say for each pair of signs what each rule makes of the gradient."""
    sentences = []
    for on, raises in SIGNS:
        cells = ((x > 0) == on) & ((upstream > 0) == raises)
        if not cells.any():
            continue
        words = [
            f"{' '.join(rule.split())} {', '.join(f'{value:.3g}' for value in result[cells])}"
            for rule, result in passed.items()
        ]
        given = ", ".join(f"{value:.3g}" for value in upstream[cells])
        sentences.append(
            f"x {'above 0' if on else '0 or less'}, gradient {'above 0' if raises else '0 or less'} ({given}): "
            f"{'; '.join(words)}."
        )
    return sentences
