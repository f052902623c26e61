"""Rules by which a gradient runs back through a ReLU."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike, NDArray

from course_lib.plots.base import WIDTH, DescribedFigure, new_figure
from course_lib.plots.palette import ink_on
from course_lib.plots.regions import HATCH

Floats = NDArray[np.float64]

MOST_RULES, MOST_CELLS = 4, 36
SIGNS = ((True, True), (True, False), (False, True), (False, False))


def relu_rules(
    x: ArrayLike, upstream: ArrayLike, results: Mapping[str, ArrayLike], *, title: str = "ReLU, backwards"
) -> DescribedFigure:
    """Draw what went into a ReLU, the gradient from above, and what several rules let pass.

    Parameters
    ----------
    x : array_like
        What went into the ReLU, ``(h, w)``; up to 36 numbers.
    upstream : array_like
        The gradient from above, ``(h, w)``.
    results : mapping of str to array_like
        Name of each rule, and what it makes of ``upstream``, ``(h, w)``; up to four rules.
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
    panels = {"x": values, "gradient\nfrom above": above, **passed}
    rows, columns = values.shape
    figure, axes = new_figure(len(panels), (WIDTH / len(panels) - 0.2) * rows / columns + 1.5)
    figure.suptitle(title)
    for ax, (name, numbers) in zip(axes, panels.items(), strict=True):
        stopped = (numbers == 0) & (above != 0) if name in passed else np.zeros(numbers.shape, bool)
        _draw(ax, numbers, stopped)
        ax.set_title(name)
    handles = [Patch(**{**HATCH, "zorder": 1}, label="stopped")]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    figure.alternative = f"{title}. {' '.join(_cases(values, above, passed))}"
    return figure


def _map(name: str, values: ArrayLike, shape: tuple[int, ...]) -> Floats:
    array = np.asarray(values, float)
    if array.ndim != 2 or not 1 <= array.size <= MOST_CELLS:
        raise ValueError(f"expected 1 to {MOST_CELLS} numbers in rows, (h, w), for {name}, got shape {array.shape}")
    if array.shape != shape:
        raise ValueError(f"expected the shape of x, {shape}, got {array.shape} for {name}")
    if not np.isfinite(array).all():
        raise ValueError(f"expected numbers that are finite for {name}, got others")
    return array + 0.0  # so that no zero has a sign


def _draw(ax: Axes, numbers: Floats, stopped: NDArray[np.bool_]) -> None:
    limit = float(np.abs(numbers).max()) or 1.0
    image = ax.imshow(numbers, cmap="PuOr", vmin=-1.6 * limit, vmax=1.6 * limit)
    for (row, column), value in np.ndenumerate(numbers):
        corner = (column - 0.5, row - 0.5)
        if stopped[row, column]:
            ax.add_patch(Rectangle(corner, 1, 1, **{**HATCH, "zorder": 1}))
        ax.add_patch(Rectangle(corner, 1, 1, fill=False, linewidth=0.8, clip_on=False))
        red, green, blue, _ = image.to_rgba(numbers)[row, column]
        ink = ink_on(to_hex((red, green, blue)))
        ax.text(column, row, f"{value:.3g}", ha="center", va="center", fontsize=14, color=ink)
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
