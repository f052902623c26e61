"""What all figures share: their size, their text alternative, and colors that everybody can distinguish."""

import re
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito, "Color Universal Design" (2008): eight colors that color-blind readers tell apart.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#F0E442")
WIDTH = 10.0
_HYPHEN_AS_MINUS = re.compile(r"(?<![\w)])-(?=\.?\d)")


class DescribedFigure(Figure):
    """A figure with a text alternative for readers who cannot see it.

    Attributes
    ----------
    alternative : str
        The words. A notebook keeps them in the metadata of the output, as ``alt``.
    """

    alternative = ""

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Return the metadata of the picture; IPython's own formatter of figures makes the picture."""
        return {}, {"image/png": {"alt": spoken(self.alternative)}} if self.alternative else {}


def new_figure(columns: int, height: float, rows: int = 1) -> tuple[DescribedFigure, list[Axes]]:
    """Make a figure with a grid of axes; the notebook shows it because it is returned, not because it is open."""
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, height), squeeze=False, layout="constrained", FigureClass=DescribedFigure
    )
    plt.close(figure)
    assert isinstance(figure, DescribedFigure)
    return figure, list(axes.flat)


def new_mosaic(layout: Sequence[Sequence[str]], heights: Sequence[float]) -> tuple[DescribedFigure, dict[str, Axes]]:
    """Make a figure of named axes, in rows of different heights in inches."""
    figure, axes = plt.subplot_mosaic(
        [list(row) for row in layout],
        figsize=(WIDTH, sum(heights)),
        height_ratios=heights,
        layout="constrained",
        FigureClass=DescribedFigure,
    )
    plt.close(figure)
    assert isinstance(figure, DescribedFigure)
    return figure, axes


def spoken(words: str) -> str:
    """Return a text alternative as a screen reader needs it: in one line, with minus signs that are read out."""
    return _HYPHEN_AS_MINUS.sub("−", " ".join(words.split()))


def sentence(title: str) -> str:
    """Return a title as the first sentence of a text alternative."""
    return title if title.endswith(("?", "!", ".")) else f"{title}."
