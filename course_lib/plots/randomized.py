"""How maps change when the weights of their network are randomized."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray
from scipy.stats import spearmanr

from course_lib.plots.attribution_maps import (
    AttributionMap,
    check_map,
    check_picture,
    draw_attribution,
    draw_picture,
)
from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_mosaic

MOST_METHODS, MOST_STAGES = 6, 7
WORDS, ENDS, CURVES = 0.45, 0.5, 2.2  # inches: above each row of maps, above all, the curves
MARKERS = "osD^vP"


def randomized(
    picture: ArrayLike,
    maps: Mapping[str, Mapping[str, ArrayLike]],
    *,
    title: str = "Does the map care about the network?",
) -> DescribedFigure:
    """Show maps of a trained network beside maps of the same network with more and more layers randomized.

    Parameters
    ----------
    picture : array_like
        Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or in [0, 1].
    maps : mapping of str to mapping of str to array_like
        For each method, name and map of each stage, ``(h, w)`` or ``(h, w, 3)``. The first stage is the trained
        network; all methods have the same stages. Up to six methods, and two to seven stages.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Under the maps, curves of the rank correlation (Spearman) between the absolute values of each map and of
        the first in its row: 1 means that both order the pixels the same, 0 that they have nothing in common. Of
        three channels, the largest absolute value counts. The text alternative gives these numbers.

    Raises
    ------
    ValueError
        If a shape is not as above, a number is not finite, names differ, or there are too many.
    """
    photo = check_picture("the picture", picture)
    rows = {
        method: {stage: check_map(f"{method}, {stage}", values) for stage, values in stages.items()}
        for method, stages in maps.items()
    }
    stages = _stages(rows)
    alike = {method: _correlations(list(row.values())) for method, row in rows.items()}
    height = (WIDTH / (1 + len(stages)) - 0.1) * photo.shape[0] / photo.shape[1] + WORDS
    layout = [["photo", *(f"{method} {stage}" for stage in stages)] for method in rows]
    for row in layout[1:]:
        row[0] = "empty"
    figure, axes = new_mosaic([*layout, ["legend"] + ["curves"] * len(stages)], [*[height] * len(rows), CURVES])
    figure.suptitle(title)
    draw_picture(axes["photo"], photo)
    axes["photo"].set_title("picture")
    for name in {"photo", "empty", "legend"} & set(axes):
        axes[name].axis("off")
    for cells, (method, row) in zip(layout, rows.items(), strict=True):
        for cell, (stage, attribution) in zip(cells[1:], row.items(), strict=True):
            draw_attribution(axes[cell], attribution, (photo.shape[0], photo.shape[1]))
            axes[cell].set(xticks=[], yticks=[])
            if cells is layout[0]:
                axes[cell].set_title(stage)
        axes[cells[1]].set_ylabel(method)
    _draw_curves(axes["curves"], stages, alike)
    axes["legend"].legend(*axes["curves"].get_legend_handles_labels(), loc="center")
    numbers = "; ".join(
        f"{method}: {', '.join(f'{stage} {value:.2f}' for stage, value in zip(stages, values, strict=True))}"
        for method, values in alike.items()
    )
    figure.alternative = f"{title} Rank correlation of each map with that of {stages[0]}. {numbers}."
    return figure


def _stages(rows: Mapping[str, Mapping[str, AttributionMap]]) -> list[str]:
    stages = list(next(iter(rows.values()))) if rows else []
    if not 1 <= len(rows) <= MOST_METHODS or not 2 <= len(stages) <= MOST_STAGES:
        raise ValueError(
            f"expected 1 to {MOST_METHODS} methods and 2 to {MOST_STAGES} stages, got {len(rows)} and {len(stages)}"
        )
    for method, row in rows.items():
        if list(row) != stages:
            raise ValueError(f"expected the stages {', '.join(stages)}, got {', '.join(row)} for {method}")
        sizes = [each.strength.shape for each in row.values()]
        for stage, size in zip(stages, sizes, strict=True):
            if size != sizes[0]:
                raise ValueError(f"expected maps of one size, {sizes[0]}, for {method}, got {size} for {stage}")
    return stages


def _correlations(maps: list[AttributionMap]) -> NDArray[np.float64]:
    """Return the rank correlation of each map with the first; 0 where one of both is constant."""
    first = maps[0].strength.ravel()
    strengths = [each.strength.ravel() for each in maps]
    return np.array([spearmanr(first, each).statistic if np.ptp(first) and np.ptp(each) else 0.0 for each in strengths])


def _draw_curves(ax: Axes, stages: list[str], alike: Mapping[str, NDArray[np.float64]]) -> None:
    for (method, values), color, marker in zip(alike.items(), COLORS, MARKERS, strict=False):
        ax.plot(values, marker=marker, color=color, label=method)
    ax.set(xlim=(-0.5, len(stages) - 0.5), ylabel="rank correlation\nwith the first map", xlabel="randomized")
    ax.set_xticks(range(len(stages)), stages)
    ax.grid(alpha=0.3)
