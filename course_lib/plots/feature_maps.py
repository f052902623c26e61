"""What inner layers of a network make of a photograph."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from numpy.typing import ArrayLike, NDArray
from skimage.util import img_as_float

from course_lib.integers import as_integer
from course_lib.plots.base import WIDTH, DescribedFigure, new_mosaic, sentence

Floats = NDArray[np.float64]

MOST_LAYERS, MOST_CHANNELS = 6, 8
COLORMAP = "cividis"
WORDS, ENDS, BAR = 0.56, 0.8, 0.2  # inches: above and below each row of maps, above and below all, above the scale


def feature_maps(
    picture: ArrayLike, features: Mapping[str, ArrayLike], *, channels: int = 5, title: str = "What inner layers see"
) -> DescribedFigure:
    """Show a photograph, and beside it maps of inner layers: of each, the channels that vary most over the picture.

    Parameters
    ----------
    picture : array_like
        Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or in [0, 1].
    features : mapping of str to array_like
        Name of each layer and its output, ``(h, w, C)``; up to six.
    channels : int
        How many of each layer are shown, 1 to 8; of a layer with fewer channels, all.
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
    across = as_integer(channels)
    if across is None or not 1 <= across <= MOST_CHANNELS or not 1 <= len(features) <= MOST_LAYERS:
        raise ValueError(
            f"expected 1 to {MOST_CHANNELS} channels of 1 to {MOST_LAYERS} layers, got {channels!r} and {len(features)}"
        )
    photo = np.clip(img_as_float(picture), 0, 1)
    if photo.ndim not in (2, 3) or photo.shape[2:] not in ((), (3,)):
        raise ValueError(f"expected a picture (H, W) or (H, W, 3), got shape {photo.shape}")
    layers = {name: _maps(name, values) for name, values in features.items()}
    photos = ["photo"] * (2 if len(layers) > 1 else 1)
    height = (WIDTH / (across + len(photos)) - 0.1) * photo.shape[0] / photo.shape[1]
    names = [[f"{name} {place}" for place in range(across)] for name in layers]
    heights = [height + WORDS + ENDS / len(layers)] * len(layers)
    figure, axes = new_mosaic([[*photos, *row] for row in names], heights)
    figure.suptitle(title)
    figure.alternative = f"{sentence(title)} A picture of {photo.shape[0]} × {photo.shape[1]} pixels."
    axes["photo"].imshow(photo, cmap="gray", vmin=0, vmax=1)
    axes["photo"].set_title("picture")
    axes["photo"].axis("off")
    for row, (name, maps) in zip(names, layers.items(), strict=True):
        chosen = np.argsort(-maps.var(axis=(0, 1)), kind="stable")[:across].tolist()
        for place, cell in enumerate(row):
            if place < len(chosen):
                _draw(axes[cell], maps[..., chosen[place]], chosen[place])
            else:
                axes[cell].axis("off")
        size = " × ".join(map(str, maps.shape))
        axes[row[0]].set_title(f"{name}, {size}", loc="left", fontsize=10)
        figure.alternative += (
            f" {name}, {size}: channels {', '.join(map(str, chosen))}, {(maps == 0).mean():.0%} of all values are zero."
        )
    scale = figure.colorbar(
        ScalarMappable(cmap=COLORMAP),
        ax=list(axes.values()),
        location="bottom",
        shrink=0.4,
        aspect=40,
        pad=BAR / sum(heights),
        ticks=[0, 1],
    )
    axes["photo"].set_anchor("C")
    scale.ax.set_xticklabels(["smallest value of the map", "largest value"])
    return figure


def _maps(name: str, values: ArrayLike) -> Floats:
    array = np.asarray(values, float)
    if array.ndim != 3 or not array.size:
        hint = ": take one picture of the batch" if array.ndim == 4 else ""
        raise ValueError(f"expected maps (h, w, C) for {name}, got shape {array.shape}{hint}")
    if not np.isfinite(array).all():
        raise ValueError(f"expected values that are finite for {name}, got others")
    return array


def _draw(ax: Axes, values: Floats, channel: int) -> None:
    ax.imshow(values, cmap=COLORMAP, interpolation="nearest")
    ax.set(xticks=[], yticks=[], xlabel=f"channel {channel}")
