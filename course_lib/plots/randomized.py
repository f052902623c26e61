"""How maps change when the weights of their network are randomized."""

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from course_lib.plots.attribution_maps import (
    AttributionMap,
    Floats,
    add_legend,
    check_map,
    check_picture,
    draw_attribution,
    draw_picture,
)
from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_mosaic, sentence

MOST_METHODS, MOST_STAGES = 6, 7
BETWEEN, ENDS, CURVES = 0.2, 0.6, 2.6  # inches: between maps, above all, the curves and the legend
LETTER = 0.1  # inches
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
        Under the maps, curves of the rank correlation (Spearman) between the absolute values of each map and of the
        first in its row: 1 means that both order the pixels the same, 0 that they have nothing in common, or that one
        has the same value everywhere. Of three channels, the largest absolute value counts. The text alternative gives
        these numbers.

    Raises
    ------
    ValueError
        If a type, shape or range is not as above, a number is not finite, names differ, or there are too many.
    """
    photo = check_picture("the picture", picture)
    for method, stages in maps.items():
        if not isinstance(stages, Mapping):
            raise ValueError(f"expected a mapping of stages to maps for {method}, got {type(stages).__name__}")
    rows = {
        method: {stage: check_map(f"{method}, {stage}", values) for stage, values in stages.items()}
        for method, stages in maps.items()
    }
    names = _stages(rows)
    alike = {method: _correlations(list(row.values())) for method, row in rows.items()}
    height = (WIDTH / (1 + len(names)) - BETWEEN) * photo.shape[0] / photo.shape[1] + BETWEEN + ENDS / len(rows)
    layout = [["photo", *(f"{row} {stage}" for stage in range(len(names)))] for row in range(len(rows))]
    figure, axes = new_mosaic([*layout, ["legend"] + ["curves"] * len(names)], [*[height] * len(rows), CURVES])
    figure.suptitle(title)
    draw_picture(axes["photo"], photo)
    axes["photo"].set_title("picture")
    for name in ("photo", "legend"):
        axes[name].axis("off")
    for cells, (method, attributions) in zip(layout, rows.items(), strict=True):
        for cell, (stage, attribution) in zip(cells[1:], attributions.items(), strict=True):
            draw_attribution(axes[cell], attribution, (photo.shape[0], photo.shape[1]))
            axes[cell].axis("off")
            if cells is layout[0]:
                axes[cell].set_title(textwrap.fill(stage, int(WIDTH / (1 + len(names)) / LETTER)))
        beside = axes[cells[1]]
        words = textwrap.fill(method, max(1, int(height / LETTER)))
        beside.text(-0.05, 0.5, words, rotation=90, ha="right", va="center", transform=beside.transAxes)
    _draw_curves(axes["curves"], names, alike)
    axes["legend"].legend(*axes["curves"].get_legend_handles_labels(), loc="center")
    numbers = "; ".join(
        f"{method}: {', '.join(f'{stage} {value:.2f}' for stage, value in zip(names, values, strict=True))}"
        for method, values in alike.items()
    )
    add_legend(figure, {each.kind for row in rows.values() for each in row.values()})
    figure.alternative = f"{sentence(title)} Rank correlation of each map with that of {names[0]}. {numbers}."
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


def _correlations(maps: list[AttributionMap]) -> list[float]:
    """Return the rank correlation of each map with the first; 0 if a map has the same value everywhere."""
    first, *_ = ranks = [_ranks(each.strength.ravel()) for each in maps]
    return [float(np.corrcoef(first, each)[0, 1]) if np.ptp(first) and np.ptp(each) else 0.0 for each in ranks]


def _ranks(values: Floats) -> Floats:
    """Return the place of each value in their order; equal ones share the mean of their places."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def _draw_curves(ax: Axes, stages: list[str], alike: Mapping[str, list[float]]) -> None:
    for (method, values), color, marker in zip(alike.items(), COLORS, MARKERS, strict=False):
        ax.plot(values, marker=marker, color=color, label=method)
    lowest = min(0.0, *(min(values) for values in alike.values()))
    ax.set(xlim=(-0.5, len(stages) - 0.5), ylim=(lowest - 0.06, 1.06))
    ax.set(ylabel="rank correlation\nwith the first map", xlabel="randomized layers")
    ax.set_xticks(range(len(stages)), stages)
    ax.grid(alpha=0.3)
