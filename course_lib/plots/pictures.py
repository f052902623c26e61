"""Pictures, label maps, and small arrays as tables."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from course_lib.plots.base import COLORS, new_figure

ROOM = 28  # numbers that can be read side by side across a figure


def tables(
    arrays: Mapping[str, ArrayLike], *, signed: bool = False, numbers: bool = True, height: float = 3.4
) -> Figure:
    """Draw small arrays as colored tables, side by side, on one color scale.

    Parameters
    ----------
    arrays : mapping of str to array_like
        Title and 2-D array of each table.
    signed : bool
        Zero in the middle of the colors, instead of at their end.
    numbers : bool
        Write the numbers into the tables, if there is room.
    height : float
        Of the figure, in inches.

    Returns
    -------
    Figure
    """
    figure, axes = new_figure(len(arrays), height)
    shown = {title: np.asarray(array) for title, array in arrays.items()}
    limit = max(float(np.abs(array).max()) for array in shown.values())
    figure.alternative = _ranges("Tables", shown)
    for ax, (title, array) in zip(axes, shown.items(), strict=True):
        drawn = ax.imshow(array, cmap="PuOr" if signed else "cividis", vmin=-limit if signed else 0, vmax=limit)
        if numbers and max(array.shape) * len(shown) <= ROOM:
            for (row, column), value in np.ndenumerate(array):
                dark = abs(value) < limit / 2 if not signed else abs(value) > limit * 0.7
                text = f"{value:.2f}".rstrip("0").rstrip(".")
                ax.text(column, row, text, ha="center", va="center", fontsize=7, color="white" if dark else "black")
        ax.set(title=title, xlabel="column", ylabel="row")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        ax.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.colorbar(drawn, ax=axes, shrink=0.8, label="value")
    return figure


def images(pictures: Mapping[str, ArrayLike], *, height: float = 3.4, columns: int | None = None) -> Figure:
    """Show pictures side by side.

    Parameters
    ----------
    pictures : mapping of str to array_like
        Title and picture: ``(H, W)`` gray or ``(H, W, 3)`` RGB, in [0, 1].
    height : float
        Of each row, in inches.
    columns : int, optional
        Pictures a row; all in one row by default.

    Returns
    -------
    Figure
    """
    across = columns or len(pictures)
    rows = -(-len(pictures) // across)
    figure, axes = new_figure(across, height * rows, rows)
    sizes = {title: " × ".join(map(str, np.shape(picture)[:2])) for title, picture in pictures.items()}
    figure.alternative = (
        "Pictures, rows × columns: " + "; ".join(f"{title}, {size}" for title, size in sizes.items()) + "."
    )
    for ax in axes:
        ax.axis("off")
    for ax, (title, picture) in zip(axes, pictures.items(), strict=False):
        ax.imshow(np.clip(picture, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(title)
    return figure


def differences(maps: Mapping[str, ArrayLike], *, limit: float, height: float = 3.2) -> Figure:
    """Show signed differences of pictures on one color scale.

    Parameters
    ----------
    maps : mapping of str to array_like
        Title and difference, ``(H, W)``.
    limit : float
        The difference that gets the full color.
    height : float
        Of the figure, in inches.

    Returns
    -------
    Figure
    """
    figure, axes = new_figure(len(maps), height)
    figure.alternative = _ranges("Differences", maps)
    for ax, (title, difference) in zip(axes, maps.items(), strict=True):
        array = np.asarray(difference)
        drawn = ax.imshow(array, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="nearest")
        ax.set(title=f"{title}\nlargest: {np.abs(array).max():.2g}", xlabel="column (pixels)", ylabel="row (pixels)")
    figure.colorbar(drawn, ax=axes, shrink=0.8, label="difference")
    return figure


def labels(maps: Mapping[str, ArrayLike], names: Sequence[str], *, height: float = 3.2) -> Figure:
    """Show label maps side by side, with one legend.

    Parameters
    ----------
    maps : mapping of str to array_like
        Title and label map, ``(H, W)`` of integers in [0, len(names)).
    names : sequence of str
        What each label means; at most eight.
    height : float
        Of the figure, in inches.

    Returns
    -------
    Figure
    """
    figure, axes = new_figure(len(maps), height)
    cmap = ListedColormap(COLORS[: len(names)])
    figure.alternative = "Label maps: " + "; ".join(shares(*item, names) for item in maps.items()) + "."
    for ax, (title, label_map) in zip(axes, maps.items(), strict=True):
        ax.imshow(label_map, cmap=cmap, vmin=-0.5, vmax=len(names) - 0.5, interpolation="nearest")
        ax.set_title(title)
        ax.axis("off")
    handles = [Patch(color=COLORS[index], label=name) for index, name in enumerate(names)]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(names))
    return figure


def _ranges(kind: str, arrays: Mapping[str, ArrayLike]) -> str:
    """Say which values each array holds."""
    values = {title: np.asarray(array) for title, array in arrays.items()}
    words = (
        f"{title}, {' × '.join(map(str, array.shape))}, from {array.min():.3g} to {array.max():.3g}"
        for title, array in values.items()
    )
    return f"{kind}, rows × columns: {'; '.join(words)}."


def shares(title: str, label_map: ArrayLike, names: Sequence[str]) -> str:
    """Say how much of a map each label covers."""
    counts = np.bincount(np.ravel(label_map), minlength=len(names))
    shares = (f"{name} {count / counts.sum():.0%}" for name, count in zip(names, counts, strict=True) if count)
    return f"{title}, {', '.join(shares)}"
