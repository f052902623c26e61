"""A classifier's best classes for pictures, as bars below each."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_mosaic

BAR = 0.42  # inches: a class, with its name above its bar


def best_classes(
    pictures: Mapping[str, ArrayLike], probabilities: ArrayLike, names: Sequence[str], *, most: int = 5
) -> DescribedFigure:
    """Show pictures, and below each one the most probable classes.

    Parameters
    ----------
    pictures : mapping of str to array_like
        Title and picture: ``(H, W)`` gray or ``(H, W, 3)`` RGB, in [0, 1]. About four fit side by side.
    probabilities : array_like
        Shape ``(len(pictures), C)``, in [0, 1].
    names : sequence of str
        The name of each of the C classes.
    most : int
        How many classes are shown, 1 or more.

    Returns
    -------
    DescribedFigure
        Its text alternative gives the same names and numbers.

    Raises
    ------
    ValueError
        If the probabilities have another shape, or ``most`` is less than 1.
    """
    shares = np.asarray(probabilities, float)
    if shares.shape != (len(pictures), len(names)) or not len(pictures):
        raise ValueError(
            f"expected one row of {len(names)} probabilities for each of {len(pictures)} pictures, "
            f"got shape {shares.shape}"
        )
    if most < 1:
        raise ValueError(f"expected most to be 1 or more, got {most}")
    columns = [str(index) for index in range(len(pictures))]
    bars = [f"bars {index}" for index in columns]
    tallest = max(np.shape(picture)[0] / np.shape(picture)[1] for picture in pictures.values())
    height = (WIDTH / len(pictures) - 0.2) * tallest + 0.3
    figure, axes = new_mosaic([columns, bars], (height, BAR * min(most, len(names)) + 0.5))
    described = []
    for index, (title, picture) in enumerate(pictures.items()):
        axes[columns[index]].imshow(np.clip(picture, 0, 1), cmap="gray", vmin=0, vmax=1)
        axes[columns[index]].set_title(title)
        axes[columns[index]].axis("off")
        best = np.argsort(-shares[index], kind="stable")[:most]
        _draw_bars(axes[bars[index]], {names[c]: float(shares[index, c]) for c in best})
        described.append(f"{title}: {', '.join(f'{names[c]} {shares[index, c]:.1%}' for c in best)}")
    figure.alternative = f"Pictures, and the most probable classes of each. {'; '.join(described)}."
    return figure


def _draw_bars(ax: Axes, shares: Mapping[str, float]) -> None:
    for place, (name, share) in enumerate(shares.items()):
        ax.barh(place, share, height=0.4, color=COLORS[0])
        ax.text(0.01, place - 0.28, f"{name} {share:.1%}", va="bottom", fontsize=9)
    ax.set(xlim=(0, 1), ylim=(len(shares) - 0.6, -0.9), xlabel="probability", yticks=[])
    ax.grid(axis="x", alpha=0.3)
