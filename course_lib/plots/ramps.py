"""Entries of a map whose values are their positions in the image, and the result of sampling with two offsets."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from course_lib.integers import count
from course_lib.plots.base import COLORS, DescribedFigure, new_mosaic

Floats = NDArray[np.floating]

LARGEST = 1024  # pixels in a row
FEW = 40  # pixels that are drawn one by one
SHADES = ("#dceaf5", "#f5e9cf")
ENTRY, TRUTH = "black", "#999999"


@dataclass(frozen=True)
class _Row:
    """A row of a map: how many entries, pixels of the image for a step, and where the first lies."""

    name: str
    entries: int
    scale: int
    offset: float

    @property
    def columns(self) -> Floats:
        """The columns of the image."""
        return np.arange(self.entries * self.scale, dtype=np.float64)

    @property
    def places(self) -> Floats:
        """Where the entries lie in the image, which are their values too."""
        return self.offset + self.scale * np.arange(self.entries, dtype=np.float64)

    def sampled(self, offset: float) -> Floats:
        """Return a sample at each column, taken as if the first entry lay at an offset."""
        return np.interp(self.columns, self.places - self.offset + offset, self.places)


def aligned_ramps(entries: int = 4, scale: int = 4) -> DescribedFigure:
    """Draw the positions of a map's entries in the image by two conventions, and samples with two offsets.

    Parameters
    ----------
    entries : int
        In the row of the map, 2 or more.
    scale : int
        Pixels of the image for one step of the map, 2 or more. A row of the image has up to 1,024 pixels.

    Returns
    -------
    DescribedFigure
        The value of an entry is its column in the image, so that the sample at a column should be that column. The
        text alternative gives the places of entries, and how far off the samples are.

    Raises
    ------
    ValueError
        If a number is not as above.
    """
    size, step = count("entries", entries, 2), count("scale", scale, 2)
    if size * step > LARGEST:
        raise ValueError(f"expected a row of up to {LARGEST} pixels, got {size} × {step}")
    half = (step - 1) / 2
    rows = {"half": _Row("half pixel centers", size, step, half), "corner": _Row("upper left corners", size, step, 0.0)}
    figure, axes = new_mosaic([[f"{key} pixels" for key in rows], list(rows)], (0.8, 4.1))
    for key, row in rows.items():
        _draw_pixels(axes[f"{key} pixels"], row)
        _draw_samples(axes[key], row, half)
    handles, labels = axes["half"].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    figure.alternative = (
        f"A row of {size} entries, {step} pixels of the image for one step. The value of an entry is its column in the "
        f"image. {' '.join(_described(row, half) for row in rows.values())}"
    )
    return figure


def _draw_pixels(ax: Axes, row: _Row) -> None:
    """Draw the pixels of the image, those of one step in one shade, and the entries at their places."""
    for entry in range(row.entries):
        corner = (entry * row.scale - 0.5, -0.5)
        ax.add_patch(Rectangle(corner, row.scale, 1, facecolor=SHADES[entry % 2], edgecolor="#555555"))
    if len(row.columns) <= FEW:
        ax.vlines(row.columns - 0.5, -0.5, 0.5, color="#555555", linewidth=0.6)
    ax.plot(row.places, 0 * row.places, "D", color=ENTRY, markersize=7)
    ax.set(title=f"{row.name}: the first entry lies at {row.offset:g}", xlim=_limits(row), ylim=(0.6, -0.6))
    ax.axis("off")


def _draw_samples(ax: Axes, row: _Row, half: float) -> None:
    marks = len(row.columns) <= FEW
    ax.plot(row.columns, row.columns, color=TRUTH, linewidth=5, alpha=0.5, label="the column itself")
    for offset, color, style in ((0.0, COLORS[3], "s--"), (half, COLORS[0], "o-")):
        label = f"samples with offset {offset:g}"
        ax.plot(row.columns, row.sampled(offset), style if marks else style[1:], color=color, label=label, markersize=4)
    ax.plot(row.places, row.places, "D", color=ENTRY, label="entries", markersize=7)
    wrong = half - row.offset
    middle = round(float(row.columns.mean()))
    shifted = float(row.sampled(wrong)[middle])
    ax.annotate("", (middle, shifted), (middle, middle), arrowprops={"arrowstyle": "<->", "shrinkA": 0, "shrinkB": 0})
    side = 1 if shifted < middle else -1
    ax.annotate(
        f"{abs(shifted - middle):g} pixels off",
        (middle, (shifted + middle) / 2),
        (side * 45, -side * 25),
        textcoords="offset points",
        ha="left" if side > 0 else "right",
        arrowprops={"arrowstyle": "-", "color": TRUTH},
    )
    ax.set(title=f"Offset {row.offset:g} agrees", xlim=_limits(row), xlabel="column (pixels)")
    ax.set_ylabel("value: a column (pixels)")
    ax.grid(alpha=0.3)


def _limits(row: _Row) -> tuple[float, float]:
    return -0.5 - 0.02 * len(row.columns), len(row.columns) - 0.5 + 0.02 * len(row.columns)


def _described(row: _Row, half: float) -> str:
    wrong = half - row.offset
    side = "right" if wrong < row.offset else "left"
    places = ", ".join(f"{place:g}" for place in row.places)
    return (
        f"By {row.name}, entries lie at {places}: samples with offset {row.offset:g} agree, those with offset "
        f"{wrong:g} are {half:g} pixels too far to the {side}."
    )
