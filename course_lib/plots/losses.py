"""What losses see on the same mask."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from course_lib.plots.base import DescribedFigure, new_figure


def losses_on_masks(
    target: ArrayLike,
    predictions: Mapping[str, ArrayLike],
    losses: Mapping[str, tuple[ArrayLike, ArrayLike]],
    title: str = "What losses see on the same mask",
) -> DescribedFigure:
    """Draw predictions of one mask, and for each loss its value and its gradient in every pixel.

    Parameters
    ----------
    target : array_like
        The mask, ``(H, W)`` in [0, 1].
    predictions : mapping of str to array_like
        Title and prediction, ``(H, W)`` in [0, 1]; N in all, 1 to 6.
    losses : mapping of str to (array_like, array_like)
        Name of each loss, its values ``(N,)`` for the predictions, and its gradients in these, ``(N, H, W)``; up to
        three losses.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        All gradients of a loss have one scale. The text alternative gives the values, and where gradients are largest.

    Raises
    ------
    ValueError
        If shapes differ, numbers are not as above, or there are too many.
    """
    figure, axes = new_figure(1 + len(predictions), 2.0 * (1 + len(losses)), rows=1 + len(losses))
    axes[0].imshow(np.asarray(target))
    for ax, (name, prediction) in zip(axes[1:], predictions.items(), strict=False):
        ax.imshow(np.asarray(prediction))
        ax.set_title(name)
    figure.suptitle(title)
    figure.alternative = title
    return figure
