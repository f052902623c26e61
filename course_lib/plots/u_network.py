"""The U of an encoder and a decoder, drawn with its shapes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from course_lib.integers import as_integer
from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure

DEEPEST = 8
# Inches: room for words at both sides and below, and from a box to the next lower one.
MARGIN, BOTTOM, GAP = 1.35, 0.5, 0.2
LOWEST, DOUBLED = 0.16, 0.06  # inches: the height of a box of one row, and what twice as many rows add
FARTHEST = 0.95  # inches, from the middle of a box to that of the next
DOWN, UP, SKIP, END = COLORS[0], COLORS[2], COLORS[3], COLORS[1]


@dataclass(frozen=True)
class _Box:
    """A map of the network: its words, its middle and its size in inches."""

    name: str
    words: str
    x: float
    y: float
    width: float
    height: float


def u_network(levels: Sequence[tuple[str, Sequence[int]]], title: str = "U-Net") -> DescribedFigure:
    """Draw a network that halves its maps step by step and doubles them again, with its skips as arrows.

    Parameters
    ----------
    levels : sequence of (str, (int, int, int))
        Name and shape ``(H, W, C)`` of the input, of what each step down leaves, of what each step up leaves, and of
        the output: ``2 * depth + 1`` in all, for a depth from 1 to 8. The second half has the sides of the first in
        reverse. A skip joins each step down but the last with the step up of its size; it joins neither input nor
        output.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        A box is as high as its map has rows and as wide as it has channels, both on logarithmic scales. The text
        alternative gives all shapes and skips.

    Raises
    ------
    ValueError
        If the number of levels is even, less than 3 or more than 17, a shape is not three positive integers, or the
        sides of the two halves differ.
    """
    shapes = _shapes(levels)
    depth = len(levels) // 2
    boxes = _boxes([name for name, _ in levels], shapes)
    bottom = boxes[depth].y - boxes[depth].height / 2 - BOTTOM
    top = boxes[0].y + boxes[0].height / 2 + 0.1
    figure, (ax,) = new_figure(1, top - bottom + 0.85)
    colors = [END, *[DOWN] * depth, *[UP] * (depth - 1), END]
    for index, (box, color) in enumerate(zip(boxes, colors, strict=True)):
        corner = (box.x - box.width / 2, box.y - box.height / 2)
        ax.add_patch(Rectangle(corner, box.width, box.height, facecolor=color, edgecolor="black", linewidth=0.8))
        _write(ax, box, side=index - depth)
    for one, other in pairwise(boxes[: depth + 1]):
        _arrow(ax, (one.x, one.y - one.height / 2), (other.x, other.y + other.height / 2), DOWN)
    for one, other in pairwise(boxes[depth:]):
        _arrow(ax, (one.x, one.y + one.height / 2), (other.x, other.y - other.height / 2), UP)
    for one, other in zip(boxes[1:depth], boxes[-2:depth:-1], strict=True):
        _arrow(ax, (one.x + one.width / 2, one.y), (other.x - other.width / 2, other.y), SKIP)
    ax.set(title=title, xlim=(0, WIDTH), ylim=(bottom, top))
    ax.axis("off")
    arrows = {"step down": DOWN, "step up": UP} | ({"skip": SKIP} if depth > 1 else {})
    figure.legend(
        handles=[Line2D([], [], color=color, label=name, linewidth=2) for name, color in arrows.items()],
        title="Boxes: height by rows, width by channels, both logarithmic",
        loc="outside lower center",
        ncols=len(arrows),
    )
    figure.alternative = _described(title, [name for name, _ in levels], shapes)
    return figure


def _shapes(levels: Sequence[tuple[str, Sequence[int]]]) -> list[tuple[int, ...]]:
    """Return the shapes, or say what is wrong with them."""
    if len(levels) % 2 == 0 or not 3 <= len(levels) <= 2 * DEEPEST + 1:
        raise ValueError(
            f"expected input, steps down, steps up and output, 3 to {2 * DEEPEST + 1} and an odd number, "
            f"got {len(levels)}"
        )
    shapes = []
    for name, shape in levels:
        sizes = [as_integer(size) for size in shape]
        shapes.append(tuple(size for size in sizes if size is not None and size > 0))
        if len(sizes) != 3 or len(shapes[-1]) != 3:
            raise ValueError(f"expected three positive integers (H, W, C) for {name}, got {shape}")
    for index in range(len(levels) // 2):
        (one, first), (other, second) = levels[index], levels[-1 - index]
        if shapes[index][:2] != shapes[-1 - index][:2]:
            raise ValueError(f"expected {one} and {other} to have the same height and width, got {first} and {second}")
    return shapes


def _boxes(names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> list[_Box]:
    """Place the boxes, in inches from the left and from the middle of the uppermost ones."""
    depth = len(names) // 2
    spacing = min(FARTHEST, (WIDTH - 2 * MARGIN) / (2 * depth))
    heights = [LOWEST + DOUBLED * math.log2(height) for height, _, _ in shapes]
    doublings = [1 + math.log2(channels) for _, _, channels in shapes]
    down = [0.0]
    for one, other in pairwise(heights[: depth + 1]):
        down.append(down[-1] - (one + other) / 2 - GAP)
    middles = [*down, *down[-2::-1]]
    return [
        _Box(
            name,
            _by(shape),
            WIDTH / 2 + (index - depth) * spacing,
            middles[index],
            0.75 * spacing * doublings[index] / max(doublings),
            heights[index],
        )
        for index, (name, shape) in enumerate(zip(names, shapes, strict=True))
    ]


def _by(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _write(ax: Axes, box: _Box, side: int) -> None:
    """Write name and shape of a box beside it: on the left (side < 0), on the right, or below it (0)."""
    words = f"{box.name}\n{box.words}"
    if side:
        x = box.x + math.copysign(box.width / 2 + 0.08, side)
        ax.text(x, box.y, words, ha="left" if side > 0 else "right", va="center", fontsize=8.5, linespacing=1.1)
    else:
        ax.text(box.x, box.y - box.height / 2 - 0.07, words, ha="center", va="top", fontsize=8.5, linespacing=1.1)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
    style = {"arrowstyle": "-|>", "color": color, "linewidth": 1.5, "shrinkA": 1, "shrinkB": 1}
    ax.annotate("", end, start, arrowprops=style)


def _described(title: str, names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> str:
    depth = len(names) // 2
    words = [f"{name} {_by(shape)}" for name, shape in zip(names, shapes, strict=True)]
    skips = [f"from {names[index]} to {names[-1 - index]}" for index in range(1, depth)]
    ways = f"Down: {', '.join(words[: depth + 1])}. Up: {', '.join(words[depth + 1 :])}."
    return f"{title}, height × width × channels. {ways} Skips: {', '.join(skips) or 'none'}."
