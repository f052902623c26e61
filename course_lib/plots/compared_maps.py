"""What several networks make of one picture, beside the truth."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Patch, Rectangle
from numpy.typing import ArrayLike, NDArray
from skimage.color import rgb2gray
from skimage.util import img_as_float

from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure
from course_lib.plots.pictures import shares
from course_lib.plots.regions import HATCH, HATCHED, Map, check_labels, draw_map

WRONG = "#333333"  # the color of no class
TALLEST = 2.9  # inches


def segmentations(
    image: ArrayLike, maps: Mapping[str, ArrayLike], names: Sequence[str], *, ignore: int = 255
) -> DescribedFigure:
    """Show a picture and its true labels, and beside them the label maps of networks with their wrong pixels.

    Parameters
    ----------
    image : array_like
        Shape ``(H, W)`` or ``(H, W, 3)``, uint8 or in [0, 1].
    maps : mapping of str to array_like
        Title and label map, ``(H, W)`` of integers: first the truth, then up to six maps to compare with it.
    names : sequence of str
        What each label means; at most eight.
    ignore : int
        The label of pixels in the truth that do not count, drawn hatched.

    Returns
    -------
    DescribedFigure
        Its text alternative gives, for each map, how many pixels of each class are right, and what the others are
        taken for most often.

    Raises
    ------
    ValueError
        If there are fewer than two maps or more than eight names, if sizes differ, if a label has no name, or if no
        pixel counts.
    """
    if len(maps) < 2 or len(names) > len(COLORS):
        raise ValueError(f"expected 2 or more maps and 8 names at most, got {len(maps)} and {len(names)}")
    (true_title, first), *others = maps.items()
    truth = check_labels(first, len(names), ignore)
    found = {title: check_labels(label_map, len(names), None) for title, label_map in others}
    picture = np.clip(img_as_float(image), 0, 1)
    sizes = {"the picture": picture.shape[:2]} | {title: labels.shape for title, labels in found.items()}
    for title, size in sizes.items():
        if size != truth.shape:
            raise ValueError(f"expected the size of the truth, {truth.shape}, got {size} for {title}")
    counts = truth != ignore
    if not counts.any():
        raise ValueError(f"expected pixels that count, got a truth of {ignore} only")

    columns = len(maps)
    height = min(TALLEST, (WIDTH / columns - 0.15) * truth.shape[0] / truth.shape[1])
    figure, axes = new_figure(columns, 2 * height + 1.6, rows=2)
    axes[0].imshow(picture, cmap="gray", vmin=0, vmax=1)
    axes[0].set_title("picture")
    scale = truth.shape[0] / height
    _draw_labels(axes[columns], np.where(counts, truth, len(names)), scale, len(names))
    axes[columns].set_title(true_title)
    figure.alternative = (
        f"A picture of {truth.shape[0]} × {truth.shape[1]} pixels and its labels: "
        f"{shares(true_title, truth[counts], names)}."
    )
    for column, (title, labels) in enumerate(found.items(), start=1):
        wrong = counts & (labels != truth)
        accuracy = 1 - wrong.sum() / counts.sum()
        _draw_labels(axes[column], labels, scale, len(names))
        axes[column].set_title(f"{title}\n{accuracy:.1%} right")
        _draw_wrong(axes[columns + column], picture, wrong, counts)
        axes[columns + column].set_title(f"{1 - accuracy:.1%} wrong")
        figure.alternative += f" {title}: {accuracy:.1%} of the pixels are right. {_by_class(truth, labels, names)}"
    for ax in axes:
        ax.axis("off")
    figure.legend(handles=_legend(names, not counts.all()), loc="outside lower center", ncols=5)
    return figure


def _legend(names: Sequence[str], ignored: bool) -> list[Patch]:
    classes = enumerate(zip(names, COLORS, strict=False), start=1)
    handles = [Patch(color=color, label=f"{number}  {name}") for number, (name, color) in classes]
    handles.append(Patch(color=WRONG, label="wrong"))
    return [*handles, Patch(**HATCH, label="ignored")] if ignored else handles


def _draw_labels(ax: Axes, labels: Map, pixels_an_inch: float, classes: int) -> None:
    colors = [*COLORS[:classes], HATCHED]
    draw_map(ax, labels, colors, [str(index + 1) for index in range(classes)] + [""], pixels_an_inch)


def _draw_wrong(ax: Axes, picture: NDArray[np.float64], wrong: NDArray[np.bool_], counts: NDArray[np.bool_]) -> None:
    """Paint the wrong pixels dark over the picture, which is gray and pale."""
    gray = rgb2gray(picture) if picture.ndim == 3 else picture
    pale = np.where(wrong, to_rgba(WRONG)[0], 0.65 + 0.35 * gray)
    ax.add_patch(Rectangle((-0.5, -0.5), wrong.shape[1], wrong.shape[0], **HATCH))
    ax.imshow(np.dstack([pale, pale, pale, counts]), interpolation="nearest")


def _by_class(truth: Map, labels: Map, names: Sequence[str]) -> str:
    """Say for each class of the truth how much is right, and what most of the rest is taken for."""
    sentences = []
    for index, name in enumerate(names):
        taken_for = np.bincount(labels[truth == index], minlength=len(names))
        if not taken_for.any():
            continue
        words = f"{name} {taken_for[index] / taken_for.sum():.0%}"
        taken_for[index] = 0
        if taken_for.any():
            words += f" (else most often {names[int(np.argmax(taken_for))]})"
        sentences.append(words)
    return "By class: " + ", ".join(sentences) + "."
