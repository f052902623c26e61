"""Scores of methods as dots, with their means and how far they spread."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_lib.plots.base import COLORS, DescribedFigure, new_figure, sentence

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
ROW, ENDS, LEGEND = 0.55, 0.95, 0.3  # inches: a method; title and axis; a row of the legend
BAND, MEAN = 0.26, 0.36  # of a row, to both sides: where the dots lie, and how long the line of a mean is
ACROSS = 6  # names in a row of the legend


def scores(
    table: Mapping[str, Mapping[Any, float]],
    title: str = "How good is each method?",
    *,
    baseline: str | None = None,
) -> DescribedFigure:
    """Draw the PSNR of several methods for each seed or picture, its mean, and its standard deviation.

    Parameters
    ----------
    table : mapping of str to (mapping of object to float)
        For each method its PSNR in dB by the name of a seed or a picture. The first is on top. Up to eight names have
        marks of their own.
    title : str
        In words.
    baseline : str, optional
        The method that the others are compared with.

    Returns
    -------
    DescribedFigure
        A vertical line is a mean, a horizontal one reaches a standard deviation (of a sample) to both sides; the
        numbers stand beside them. The text alternative gives them too.

    Raises
    ------
    ValueError
        If there are no methods, one has no score, a score is not finite, or there is no such baseline.
    """
    if not table:
        raise ValueError("expected one method or more, got none")
    if baseline is not None and baseline not in table:
        raise ValueError(f"expected one of {', '.join(table)} as the baseline, got {baseline!r}")
    values = {method: _checked(method, numbers) for method, numbers in table.items()}
    names = list(dict.fromkeys(name for numbers in table.values() for name in numbers))
    marked = 1 < len(names) <= len(MARKERS)
    height = ENDS + ROW * len(table) + (LEGEND * -(-len(names) // ACROSS) if marked else 0)
    figure, (ax,) = new_figure(1, height)
    heights = [
        dict(zip(numbers, row + _side_by_side(len(numbers)), strict=True)) for row, numbers in enumerate(table.values())
    ]
    for index, name in enumerate(names):
        places = zip(table.values(), heights, strict=True)
        x, y = np.array([(numbers[name], ys[name]) for numbers, ys in places if name in numbers], float).T
        marker, color = (MARKERS[index], COLORS[index]) if marked else ("o", COLORS[5])
        ax.scatter(x, y, s=42, c=color, marker=marker, label=str(name), edgecolors="#333333", zorder=3)
    sentences = []
    for row, (method, numbers) in enumerate(values.items()):
        mean, words = numbers.mean(), _in_words(numbers)
        ax.vlines(mean, row - MEAN, row + MEAN, color="black", linewidth=2.5, zorder=2)
        if len(numbers) > 1:
            spread = numbers.std(ddof=1)
            ax.hlines(row, mean - spread, mean + spread, color="black", linewidth=1.2, zorder=2)
        if baseline is not None and method != baseline:
            words += f" ({mean - values[baseline].mean():+.2f})".replace("-", "−")
        ax.text(1.015, row, words, transform=ax.get_yaxis_transform(), va="center")
        each = ", ".join(f"{name} {number:.2f}" for name, number in table[method].items())
        sentences.append(f"{method}: {words}, from {each}.")
    if baseline is not None:
        ax.axvline(values[baseline].mean(), color="gray", linestyle="--", linewidth=1, zorder=1)
    beside = "mean ± standard deviation" + (f" (above {baseline})" if baseline is not None else "")
    ax.text(1.015, 1.0, beside.replace(" (", "\n("), transform=ax.transAxes, va="bottom", fontsize=9)
    ax.set(title=title, xlabel="PSNR (dB)", yticks=range(len(table)), ylim=(len(table) - 0.5, -0.5))
    ax.set_yticklabels(list(table))
    ax.grid(axis="x", alpha=0.3)
    if marked:
        figure.legend(loc="outside lower center", ncols=ACROSS)
    figure.alternative = f"{sentence(title)} PSNR in dB, {beside}. {' '.join(sentences)}"
    return figure


def _checked(method: str, numbers: Mapping[Any, float]) -> NDArray[np.float64]:
    array = np.array(list(numbers.values()), float)
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise ValueError(f"expected one finite score or more for {method}, got {dict(numbers)}")
    return array


def _side_by_side(number: int) -> NDArray[np.float64]:
    """Return heights for so many dots around the middle of a row."""
    return np.linspace(-BAND, BAND, number) if number > 1 else np.zeros(1)


def _in_words(numbers: NDArray[np.float64]) -> str:
    mean = f"{numbers.mean():.2f}"
    return f"{mean} ± {numbers.std(ddof=1):.2f}" if len(numbers) > 1 else mean
