"""A label map of many classes, with the names and shares of those that are present."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray
from skimage.util import img_as_float

from course_lib.plots.base import WIDTH, DescribedFigure, new_mosaic
from course_lib.plots.palette import colors_for, ink_on
from course_lib.plots.regions import HATCH, HATCHED, Map, check_labels, draw_borders, draw_map, neighbors

REST = "white"  # the color of the classes without a name
TALLEST = 3.9  # inches: the pictures
LINE, LETTER = 0.24, 0.08  # inches: a line of the legend, and a letter in it


@dataclass(frozen=True)
class _Entry:
    """The legend's text about one class, or about all that it does not name."""

    name: str
    share: float
    color: str
    number: str = ""

    @property
    def words(self) -> str:
        return f"{self.name} {self.share:.1%}".replace(" 0.0%", " < 0.1%")


def label_bar(
    label_map: ArrayLike,
    names: Sequence[str],
    *,
    image: ArrayLike | None = None,
    title: str = "Label map",
    most: int = 12,
    ignore: int | None = None,
) -> DescribedFigure:
    """Draw a label map, and below it a bar of the classes present, with their names and their shares of the picture.

    The numbers in the bar, the largest class first, are also written into the regions that have room for them.

    Parameters
    ----------
    label_map : array_like
        Shape ``(H, W)``, integers.
    names : sequence of str
        What each label means.
    image : array_like, optional
        The picture, shown beside the map with the borders of the regions: ``(H, W)`` or ``(H, W, 3)``, uint8 or in
        [0, 1].
    title : str
        In words.
    most : int
        How many classes are named. If there are more, the smallest are drawn in white, as one entry of the legend.
    ignore : int, optional
        The label of pixels that do not count, drawn hatched. By default 255, unless that is one of the classes.

    Returns
    -------
    DescribedFigure
        Its text alternative gives the share and the position of each class.

    Raises
    ------
    ValueError
        If the map is not a 2-D array of integers, a label has no name, the picture has another size, or ``most`` is
        less than 1.
    """
    if ignore is None and len(names) <= 255:
        ignore = 255
    labels = check_labels(label_map, len(names), ignore)
    picture = None if image is None else img_as_float(image)
    if picture is not None and picture.shape[:2] != labels.shape:
        raise ValueError(f"expected a picture of {labels.shape} pixels, like the map, got {picture.shape[:2]}")
    if most < 1:
        raise ValueError(f"expected most to be 1 or more, got {most}")
    places, entries = _ranked(labels, names, most, ignore)
    columns = _columns(entries)
    lines = -(-len(entries) // columns)
    panels = ["map"] if picture is None else ["picture", "map"]
    height = min(TALLEST, (WIDTH / len(panels) - 0.8) * labels.shape[0] / labels.shape[1])
    figure, axes = new_mosaic([panels, ["bar"] * len(panels)], (height + 0.7, 0.7 + LINE * lines))
    if picture is not None:
        axes["picture"].imshow(np.clip(picture, 0, 1), cmap="gray", vmin=0, vmax=1)
        axes["picture"].set_title("Picture, with the borders of the regions")
        draw_borders(axes["picture"], places)
    axes["map"].set_title(title)
    colors, numbers = [entry.color for entry in entries], [entry.number for entry in entries]
    draw_map(axes["map"], places, colors, numbers, labels.shape[0] / height)
    for panel in panels:
        axes[panel].set(xlabel="column (pixels)", ylabel="row (pixels)")
        axes[panel].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes[panel].yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _draw_bar(axes["bar"], entries, columns)
    figure.alternative = _described(title, places, entries, picture is not None)
    return figure


def _ranked(labels: Map, names: Sequence[str], most: int, ignore: int | None) -> tuple[NDArray[np.int_], list[_Entry]]:
    """Order the classes by size, and return the map of their ranks with one entry for each."""
    present, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    order = sorted(range(len(present)), key=lambda index: (present[index] == ignore, -counts[index]))
    classes = sum(1 for value in present if value != ignore)
    named = min(most, classes)
    ranks = np.empty(len(present), int)
    for rank, index in enumerate(order):
        ranks[index] = min(rank, named) if rank < classes else named + (classes > named)
    places = ranks[inverse].reshape(labels.shape)
    colors = colors_for(neighbors(places, ranks.max() + 1)[:named])
    shares = np.bincount(places.ravel()) / labels.size
    entries = [
        _Entry(names[present[index]], shares[rank], color, str(rank + 1))
        for rank, (index, color) in enumerate(zip(order, colors, strict=False))
    ]
    if classes > named:
        words = "1 more class" if classes == named + 1 else f"{classes - named} more classes"
        entries.append(_Entry(words, shares[named], REST))
    if classes < len(present):
        entries.append(_Entry("ignored", shares[-1], HATCHED))
    return places, entries


def _columns(entries: Sequence[_Entry]) -> int:
    """Return the number of columns of the legend: as many as fit, but no more than needed."""
    widest = 0.5 + LETTER * max(len(entry.words) for entry in entries)
    fit = max(1, int(WIDTH / widest))
    lines = -(-len(entries) // fit)
    return -(-len(entries) // lines)


def _draw_bar(ax: Axes, entries: Sequence[_Entry], columns: int) -> None:
    """Draw a bar as long as the picture is large, cut into the shares of the classes, and its legend below."""
    lines = -(-len(entries) // columns)
    left = 0.0
    for index, entry in enumerate(entries):
        _box(ax, entry, left, 0, WIDTH * entry.share)
        left += WIDTH * entry.share
        x, y = WIDTH / columns * (index // lines), 1.4 * LINE + LINE * (index % lines)
        _box(ax, entry, x, y, 0.28)
        ax.text(x + 0.36, y + LINE * 0.4, entry.words, va="center", fontsize=9)
    ax.set(title="Share of the picture", xlim=(-0.02, WIDTH + 0.02), ylim=(LINE * (lines + 1.4), -0.02))
    ax.axis("off")


def _box(ax: Axes, entry: _Entry, x: float, y: float, width: float) -> None:
    look: dict[str, Any] = (
        HATCH if entry.color == HATCHED else {"facecolor": entry.color, "edgecolor": "black", "linewidth": 0.5}
    )
    ax.add_patch(Rectangle((x, y), width, LINE * 0.8, **look))
    if width > 0.2:
        ink = ink_on(entry.color)
        ax.text(x + width / 2, y + LINE * 0.4, entry.number, ha="center", va="center", fontsize=8, color=ink)


def _described(title: str, places: NDArray[np.int_], entries: Sequence[_Entry], pictured: bool) -> str:
    words = (
        f"{title}. {'Beside the picture, a' if pictured else 'A'} label map of {places.shape[0]} × {places.shape[1]} "
    )
    sentences = [
        words + "pixels, rows × columns. Shares of the picture, and where they lie, in rows and columns from 0:"
    ]
    for index, entry in enumerate(entries):
        rows, columns = np.nonzero(places == index)
        where = f"center ({rows.mean():.0f}, {columns.mean():.0f})"
        extent = f"rows {rows.min()} to {rows.max()}, columns {columns.min()} to {columns.max()}"
        sentences.append(f"{entry.words}, {where}, {extent}{';' if index < len(entries) - 1 else '.'}")
    return " ".join(sentences)
