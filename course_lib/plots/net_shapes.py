"""Arrays and their shapes on their way through a net, and gradients on their way back."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import BoxStyle, FancyArrowPatch, FancyBboxPatch, Patch
from matplotlib.path import Path

from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure

FORWARD, BACKWARD, PAPER, LAYER = COLORS[0], COLORS[3], "white", "#fdf3dc"
# Inches.
LETTER, GAP, SPACE, PORT, APART = 0.078, 0.5, 0.28, 0.34, 0.075
STOP, BAR = 0.24, 0.055  # length of a gradient that stops, and half of the bar at its end
FONT, SMALLEST = 9.5, 6.5  # points; a net for which the letters would have to be smaller is refused

Layers = Sequence[tuple[str, Sequence[str], Sequence[str]]]
Point = tuple[float, float]


@dataclass(eq=False)
class _Box:
    """An array, a layer, or the room for an arrow that passes a column (without words)."""

    words: str
    column: int
    layer: bool = False
    before: list["_Box"] = field(default_factory=list)
    after: list["_Box"] = field(default_factory=list)
    gradient: bool = True
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self) -> float:
        """Inches."""
        return max(map(len, self.words.split("\n"))) * LETTER + 0.2 if self.words else 0.0

    @property
    def height(self) -> float:
        """Inches."""
        return max(0.44, PORT * max(len(self.before), len(self.after)) + 0.1) if self.words else 0.0

    def port(self, other: "_Box") -> Point:
        """Return where the arrow from or to a neighbor touches the box."""
        side, sign = (self.after, 1) if other in self.after else (self.before, -1)
        place = sorted(side, key=lambda box: -box.y).index(other)
        return self.x + sign * self.width / 2, self.y + PORT * ((len(side) - 1) / 2 - place)


def net_shapes(
    nodes: Layers,
    shapes: Mapping[str, Sequence[int]],
    stopped: Collection[str] = (),
    title: str = "Arrays go forward, gradients go back",
) -> DescribedFigure:
    """Draw a net from left to right: its layers, the arrays between them, and which of these get a gradient.

    Parameters
    ----------
    nodes : sequence of (str, sequence of str, sequence of str)
        Name of each layer, names of the arrays that it takes, and of those that it returns, in the order in which
        layers run. Of a `Net` it is ``[(node.name, node.inputs, node.outputs) for node in net.nodes]``.
    shapes : mapping of str to sequence of int
        The shape of each array, such as ``net.shapes``.
    stopped : collection of str
        The arrays that get no gradient: ``propagate_down`` is False for them.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        The text alternative gives every layer with its arrays, their shapes and their gradients.

    Raises
    ------
    ValueError
        If there are no layers, an array has no shape or is made twice, layers are in another order, a stopped array is
        not in the net, or the net is too long to be read.
    """
    columns = _columns(nodes, shapes, stopped)
    shrink = _place(columns)
    boxes = [box for column in columns for box in column]
    low = min(box.y - box.height / 2 for box in boxes) - 0.1
    high = max(box.y + box.height / 2 for box in boxes) + 0.1
    figure, (ax,) = new_figure(1, (high - low) * shrink + 0.95)
    for box in boxes:
        if box.words:
            _draw_box(ax, box, FONT * shrink)
            for other in box.after:
                _draw_way(ax, box, other)
    half = WIDTH / shrink / 2
    ax.set(title=title, xlim=(-half, half), ylim=(low, high), aspect="equal")
    ax.axis("off")
    figure.legend(handles=_legend(bool(stopped)), loc="outside lower center", ncols=5)
    figure.alternative = _described(title, nodes, shapes, stopped)
    return figure


def _columns(nodes: Layers, shapes: Mapping[str, Sequence[int]], stopped: Collection[str]) -> list[list[_Box]]:
    """Sort arrays and layers into columns, by how many layers come before; arrows over several columns get room."""
    arrays: dict[str, _Box] = {}
    layers: list[_Box] = []
    inputs = [name for _, taken, _ in nodes for name in taken if not any(name in made for _, _, made in nodes)]

    def add(name: str, column: int) -> _Box:
        if name not in shapes:
            raise ValueError(f"expected the shape of every array, got none for {name}")
        if name in arrays:
            raise ValueError(f"expected different names of arrays, got {name} twice")
        arrays[name] = _Box(f"{name}\n{_shape(shapes[name])}", column, gradient=name not in stopped)
        return arrays[name]

    for name in dict.fromkeys(inputs):
        add(name, 0)
    for name, taken, made in nodes:
        late = [other for other in taken if other not in arrays]
        if late:
            raise ValueError(
                f"expected layers in the order in which they run, got {name}, which takes {late[0]} before it is made"
            )
        before = [arrays[other] for other in dict.fromkeys(taken)]
        column = 1 + max((box.column for box in before), default=0)
        layer = _Box(name, column, layer=True)
        layers.append(layer)
        for box in before:
            _join(box, layer)
        for other in made:
            _join(layer, add(other, column + 1))
    if not layers:
        raise ValueError("expected at least one layer, got none")
    strange = [name for name in stopped if name not in arrays]
    if strange:
        raise ValueError(f"expected stopped arrays that are in the net, got {strange[0]}")
    for name in set(inputs):  # inputs are beside the first layer that takes them
        arrays[name].column = min(box.column for box in arrays[name].after) - 1
    boxes = [*arrays.values(), *layers]
    for box in [*boxes]:
        for end in [*box.after]:
            boxes += _give_room(box, end)
    return [[box for box in boxes if box.column == column] for column in range(max(box.column for box in boxes) + 1)]


def _join(one: _Box, other: _Box) -> None:
    one.after.append(other)
    other.before.append(one)


def _give_room(start: _Box, end: _Box) -> list[_Box]:
    """Put a box without words into each column between two boxes, and join them in a row."""
    rooms = [_Box("", column, gradient=start.gradient) for column in range(start.column + 1, end.column)]
    if rooms:
        start.after[start.after.index(end)] = rooms[0]
        end.before[end.before.index(start)] = rooms[-1]
        rooms[0].before, rooms[-1].after = [start], [end]
        for one, other in pairwise(rooms):
            _join(one, other)
    return rooms


def _place(columns: Sequence[Sequence[_Box]]) -> float:
    """Set the positions of boxes, in inches, and return the factor by which they must be shrunk."""
    widths = [max(box.width for box in column) for column in columns]
    whole = sum(widths) + GAP * (len(columns) - 1)
    shrink = min(1.0, (WIDTH - 0.2) / whole)
    if shrink * FONT < SMALLEST:
        raise ValueError(
            f"expected a net of up to {WIDTH * FONT / SMALLEST:.0f} inches in letters of {FONT:g} points, "
            f"got one of {whole:.0f} inches: take shorter names or fewer layers"
        )
    left = -whole / 2
    for column, width in zip(columns, widths, strict=True):
        free = 0.0 if not any(box.before for box in column) else math.inf  # no box above this
        wishes = {box: box.before[0].y if box.before else -math.inf for box in column}
        for box in sorted(column, key=lambda box: (-wishes[box], not box.words)):
            box.x = left + width / 2
            highest = free - box.height / 2
            box.y = min(wishes[box], highest) if box.before else highest
            free = box.y - box.height / 2 - SPACE
        left += width + GAP
    return shrink


def _draw_box(ax: Axes, box: _Box, size: float) -> None:
    corner = (box.x - box.width / 2, box.y - box.height / 2)
    style = BoxStyle("Round", pad=0, rounding_size=0.15) if box.layer else BoxStyle("Square", pad=0)
    fill, edge = (LAYER, COLORS[1]) if box.layer else (PAPER, "black")
    patch = FancyBboxPatch(corner, box.width, box.height, boxstyle=style, linewidth=1.2, facecolor=fill, edgecolor=edge)
    ax.add_patch(patch)
    ax.text(box.x, box.y, box.words, ha="center", va="center", fontsize=size, linespacing=1.25)


def _draw_way(ax: Axes, start: _Box, end: _Box) -> None:
    """Draw the arrow from a box to the next, past boxes without words, and the arrow of the gradient back."""
    points, one, other = [start.port(end)], start, end
    while not other.words:
        points.append((other.x, other.y))
        one, other = other, other.after[0]
    points.append(other.port(one))
    array = start if other.layer else other
    _arrow(ax, [(x, y + APART) for x, y in points], FORWARD)
    back = [(x, y - APART) for x, y in reversed(points)]
    if array.gradient:
        _arrow(ax, back, BACKWARD)
    elif other.layer:
        _stop(ax, back[0], back[1])


def _stop(ax: Axes, start: Point, towards: Point) -> None:
    """Draw a line that soon ends at a bar."""
    length = math.dist(start, towards)
    along, up = ((to - of) / length for of, to in zip(start, towards, strict=True))
    x, y = start[0] + STOP * along, start[1] + STOP * up
    ax.plot([start[0], x], [start[1], y], color=BACKWARD, linewidth=1.6)
    bar = [x - BAR * up, x + BAR * up], [y + BAR * along, y - BAR * along]
    ax.plot(*bar, color=BACKWARD, linewidth=2.4, solid_capstyle="butt")


def _arrow(ax: Axes, points: Sequence[Point], color: str) -> None:
    way = FancyArrowPatch(path=Path(points), arrowstyle="-|>", mutation_scale=10, shrinkA=0, shrinkB=0)
    way.set(color=color, linewidth=1.6)
    ax.add_patch(way)


def _legend(stops: bool) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = [
        Patch(facecolor=PAPER, edgecolor="black", label="array and its shape"),
        Patch(facecolor=LAYER, edgecolor=COLORS[1], label="layer"),
        Line2D([], [], color=FORWARD, marker=">", label="forward: arrays"),
        Line2D([], [], color=BACKWARD, marker="<", label="backward: gradients"),
    ]
    if stops:
        stop = Line2D(
            [], [], color=BACKWARD, marker="|", markersize=9, markeredgewidth=2.4, label="no gradient asked for"
        )
        handles.append(stop)
    return handles


def _shape(sizes: Sequence[int]) -> str:
    return str(tuple(sizes))


def _described(title: str, nodes: Layers, shapes: Mapping[str, Sequence[int]], stopped: Collection[str]) -> str:
    def listed(names: Sequence[str]) -> str:
        return " and ".join(f"{name} {_shape(shapes[name])}" for name in names) or "nothing"

    ways = [f"{name} takes {listed(taken)} and returns {listed(made)}." for name, taken, made in nodes]
    names = dict.fromkeys(name for _, taken, made in nodes for name in (*taken, *made))
    with_gradient = [name for name in names if name not in stopped]
    without = [name for name in names if name in stopped]
    return f"{title}. {' '.join(ways)} Gradients go back to {', '.join(with_gradient) or 'nothing'}" + (
        f", and not to {', '.join(without)}." if without else "."
    )
