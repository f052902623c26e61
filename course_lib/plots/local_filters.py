"""Filters that differ by place."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from course_lib.plots.base import DescribedFigure, new_figure


def local_filters(
    kernels: ArrayLike | Mapping[str, ArrayLike], *, channel: int = 0, output: int = 0, title: str = "A filter a place"
) -> DescribedFigure:
    """Draw the filter of every place, at its place.

    Parameters
    ----------
    kernels : array_like or mapping of str to array_like
        Shape ``(OH, OW, KH, KW)``: at each place of the output a filter. Or ``(OH, OW, KH, KW, C, F)``, as
        `LocallyConnected2D` has them. Or title and kernels for up to three panels with one scale.
    channel, output : int
        Which of the C channels and of the F filters is drawn, where there are several.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Its text alternative says how large the filters are, and how much they differ from place to place.

    Raises
    ------
    ValueError
        If a shape is another one, there is no such channel or filter, or a number is not finite.
    """
    panels = kernels if isinstance(kernels, Mapping) else {"": kernels}
    figure, axes = new_figure(len(panels), 4)
    for ax, (name, values) in zip(axes, panels.items(), strict=True):
        array = np.asarray(values)
        array = array[..., channel, output] if array.ndim == 6 else array
        ax.imshow(array.transpose(0, 2, 1, 3).reshape(array.shape[0] * array.shape[2], -1))
        ax.set(title=name, xlabel="column", ylabel="row")
    figure.suptitle(title)
    figure.alternative = title
    return figure
