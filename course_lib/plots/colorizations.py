"""Photographs that a network colored: beside the truth, and from epoch to epoch."""

from collections.abc import Mapping

from numpy.typing import ArrayLike

from course_lib.plots.base import DescribedFigure, new_figure


def colorizations(rows: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> DescribedFigure:
    """Show in a row for each photograph the input, the prediction, the truth, and the error in a and b.

    Parameters
    ----------
    rows : mapping of str to (prediction, truth)
        Title of each row, and two pictures ``(H, W, 3)``, RGB, uint8 or in [0, 1]. The input is the truth's lightness.

    Returns
    -------
    DescribedFigure
    """
    figure, _ = new_figure(4, 2.5 * len(rows), len(rows))
    return figure


def epochs(pictures: Mapping[str, Mapping[int, ArrayLike]]) -> DescribedFigure:
    """Show how the predictions for some pictures change from epoch to epoch, a row for each picture.

    Parameters
    ----------
    pictures : mapping of str to (mapping of int to array_like)
        For each picture its predictions by epoch, ``(H, W, 3)`` RGB, uint8 or in [0, 1]; `read_exports` of
        `course_lib.colorization` returns such a mapping. Of more than six epochs, six are shown.

    Returns
    -------
    DescribedFigure
    """
    figure, _ = new_figure(6, 2.0 * len(pictures), len(pictures))
    return figure
