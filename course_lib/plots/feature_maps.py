"""What inner layers of a network make of a photograph."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from course_lib.plots.base import DescribedFigure, new_figure


def feature_maps(
    picture: ArrayLike, features: Mapping[str, ArrayLike], *, channels: int = 5, title: str = "What inner layers see"
) -> DescribedFigure:
    """Show a photograph, and below it maps of inner layers: of each, the channels that vary most over the picture.

    Parameters
    ----------
    picture : array_like
        Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or in [0, 1].
    features : mapping of str to array_like
        Name of each layer and its output, ``(h, w, C)``; up to six.
    channels : int
        How many of each layer are shown, 1 to 8.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Each map has a scale of its own, from its smallest to its largest value. The text alternative gives, for each
        layer, its size, the channels that are shown, and how many values are zero.

    Raises
    ------
    ValueError
        If a shape is not as above, or there are too many layers or channels.
    """
    figure, axes = new_figure(channels + 1, 1.8 * len(features), rows=len(features))
    axes[0].imshow(np.asarray(picture))
    for row, values in enumerate(features.values()):
        array = np.asarray(values, float)
        for place, channel in enumerate(np.argsort(-array.var(axis=(0, 1)))[:channels].tolist()):
            ax = axes[row * (channels + 1) + place + 1]
            ax.imshow(array[..., channel])
            ax.set_title(f"channel {channel}")
    figure.suptitle(title)
    figure.alternative = title
    return figure
