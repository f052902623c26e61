"""Diagrams of boxes and arrows."""

import textwrap
from collections.abc import Sequence

from matplotlib.figure import Figure

from course_lib.plots.base import COLORS, new_figure

STEP, BOX = 1.0, 0.74  # from box to box, and the width of one
LETTERS = 15  # that fit side by side into the space of a box


def pipeline(stages: Sequence[tuple[str, str]], title: str) -> Figure:
    """Draw a pipeline: a row of boxes, with an arrow from each to the next.

    Parameters
    ----------
    stages : sequence of (str, str)
        Name of each stage, written into its box, and what leaves it, written below. At most eight.
    title : str
        In words.

    Returns
    -------
    Figure
    """
    figure, (ax,) = new_figure(1, 1.9)
    for index, (name, leaves) in enumerate(stages):
        x = index * STEP
        box = {"boxstyle": "round,pad=0.5", "facecolor": "#eef3f8", "edgecolor": COLORS[0]}
        ax.text(x, 0, textwrap.fill(name, LETTERS), ha="center", va="center", bbox=box, fontsize=9)
        ax.text(x, -0.36, textwrap.fill(leaves, LETTERS + 3), ha="center", va="top", fontsize=8, color="#333333")
        if index:
            ends = ((x - STEP + BOX / 2 + 0.07, 0), (x - BOX / 2 - 0.07, 0))
            ax.annotate("", ends[1], ends[0], arrowprops={"arrowstyle": "->", "color": COLORS[6], "linewidth": 1.5})
    ax.set(title=title, xlim=(-STEP / 2, (len(stages) - 0.5) * STEP), ylim=(-1, 0.4))
    ax.axis("off")
    return figure
