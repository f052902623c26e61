"""Max-pooling and unpooling, number by number."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from course_lib.integers import as_integer
from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_mosaic, sentence
from course_lib.plots.palette import ink_on

Floats = NDArray[np.float64]
Size = int | tuple[int, int]

MOST = 10  # rows or columns
TALLEST = 0.6  # inches, for a cell
NARROW = 3  # cells: room for a title
BESIDE, ENDS = 2.6, 1.25  # inches: beside all panels, above and below them
EMPTY = "#eeeeee"


@dataclass(frozen=True)
class _Windows:
    """The windows over a map: the first begins ``before`` rows and columns outside of it."""

    size: tuple[int, int]
    stride: tuple[int, int]
    before: tuple[int, int]
    count: tuple[int, int]

    def corner(self, row: int, column: int) -> tuple[int, int]:
        """Return the first row and column of a window."""
        return row * self.stride[0] - self.before[0], column * self.stride[1] - self.before[1]

    def limits(self, shape: tuple[int, ...]) -> list[tuple[int, int]]:
        """Return, of rows and of columns, the first and the one behind the last, of the map and of all windows."""
        sides = zip(shape, self.size, self.stride, self.before, self.count, strict=True)
        return [
            (-before, max(side, (count - 1) * step + window - before)) for side, window, step, before, count in sides
        ]


def pooling(
    x: ArrayLike,
    argmax: ArrayLike,
    size: Size = 2,
    stride: Size | None = None,
    *,
    padding: str = "valid",
    upstream: ArrayLike | None = None,
    title: str = "Where the maximum stood",
) -> DescribedFigure:
    """Draw a small map under the windows of max-pooling, its switches, and how unpooling puts values back.

    Parameters
    ----------
    x : array_like
        One channel of one image, ``(H, W)``; up to 10 rows and columns.
    argmax : array_like
        Where the maximum of each window stood, ``(h, w)``: ``y * W + x``.
    size : int or (int, int)
        Height and width of a window.
    stride : int or (int, int), optional
        Steps from window to window; by default ``size``.
    padding : {"valid", "same"}
        Whether windows lie inside the map, or may overlap its border as TensorFlow's do.
    upstream : array_like, optional
        Values to put back instead of the maxima, such as the gradient of the output, ``(h, w)``.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Each window has a color, which marks its maximum, its cell in the pooled map and where its value is put back.
        Values that are put into the same cell add up. The text alternative gives the maximum of each window and where
        it stood.

    Raises
    ------
    ValueError
        If a shape or a number is not as above, or a switch points outside of its window.
    """
    values = _numbers("x", x)
    windows = _windows(values.shape, _pair("size", size), _pair("stride", size if stride is None else stride), padding)
    switches = _switches(argmax, values.shape, windows)
    pooled = values.flat[switches]
    put_back = pooled if upstream is None else _numbers("upstream", upstream)
    if put_back.shape != windows.count:
        raise ValueError(f"expected upstream to be as large as the pooled map, {windows.count}, got {put_back.shape}")
    back = np.zeros(values.size)
    np.add.at(back, switches.ravel(), put_back.ravel())
    unpooled = back.reshape(values.shape)
    small = "pooled" if upstream is None else "from above"
    (top, bottom), (left, right) = windows.limits(values.shape)
    narrow = max(NARROW, windows.count[1])
    layout = ["input"] * (right - left) + ["argmax"] * narrow + [small] * narrow + ["back"] * max(2, values.shape[1])
    side = min(TALLEST, (WIDTH - BESIDE) / len(layout))
    figure, axes = new_mosaic([layout], [side * max(bottom - top, 2) + ENDS])
    figure.suptitle(title)
    _draw_map(axes["input"], values, switches, windows.count, blank=False)
    _outline(axes["input"], windows, values.shape)
    axes["input"].set_title("input")
    for name, numbers in (("argmax", switches), (small, put_back)):
        _draw_map(axes[name], numbers, np.arange(switches.size).reshape(switches.shape), windows.count)
        axes[name].set_title("gradient\nfrom above" if name == "from above" else name)
    axes["argmax"].set_title("argmax\ny · W + x")
    _draw_map(axes["back"], unpooled, switches, windows.count)
    axes["back"].set_title("unpooled" if upstream is None else "gradient in the input")
    figure.alternative = _described(title, values, switches, put_back, windows, upstream is not None)
    return figure


def _numbers(name: str, values: ArrayLike) -> Floats:
    array = np.asarray(values, float)
    if array.ndim != 2 or not 1 <= min(array.shape) <= max(array.shape) <= MOST:
        raise ValueError(f"expected one channel (H, W) of up to {MOST} × {MOST} for {name}, got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"expected numbers that are finite for {name}, got others")
    return array


def _pair(name: str, given: Size) -> tuple[int, int]:
    pair = tuple(map(as_integer, given if isinstance(given, tuple | list) else (given, given)))
    if len(pair) != 2 or any(number is None or number < 1 for number in pair):
        raise ValueError(f"expected {name} to be a whole number above 0, or two, got {given!r}")
    return pair  # type: ignore[return-value]  # as just checked


def _windows(shape: tuple[int, ...], size: tuple[int, int], stride: tuple[int, int], padding: str) -> _Windows:
    if padding not in ("valid", "same"):
        raise ValueError(f'expected padding "valid" or "same", got {padding!r}')
    sides = list(zip(shape, size, stride, strict=True))
    if padding == "valid":
        if any(window > side for side, window, _ in sides):
            raise ValueError(f"expected windows that fit into the map {shape}, got {size}")
        count = [(side - window) // step + 1 for side, window, step in sides]
        before = [0, 0]
    else:
        count = [-(-side // step) for side, _, step in sides]
        outside = [(n - 1) * step + window - side for n, (side, window, step) in zip(count, sides, strict=True)]
        before = [max(0, extra) // 2 for extra in outside]
    return _Windows(size, stride, (before[0], before[1]), (count[0], count[1]))


def _switches(argmax: ArrayLike, shape: tuple[int, ...], windows: _Windows) -> NDArray[np.int64]:
    switches = np.asarray(argmax)
    if switches.shape != windows.count or not np.issubdtype(switches.dtype, np.integer):
        raise ValueError(
            f"expected argmax to be integers, one for each of {windows.count[0]} × {windows.count[1]} windows, "
            f"got shape {switches.shape} and type {switches.dtype}"
        )
    for place, switch in np.ndenumerate(switches):
        y, x = divmod(int(switch), shape[1])
        top, left = windows.corner(*place)
        inside = 0 <= switch < shape[0] * shape[1]
        if not (inside and 0 <= y - top < windows.size[0] and 0 <= x - left < windows.size[1]):
            raise ValueError(
                f"expected the switch of window {place} to point into it, got {switch}, which is row {y}, column {x}"
            )
    return switches.astype(np.int64)


def _color(index: int, count: tuple[int, int]) -> str:
    row, column = divmod(index, count[1])
    return COLORS[(3 * row + column) % len(COLORS)]


def _draw_map(
    ax: Axes, numbers: NDArray[np.number], switches: NDArray[np.int64], count: tuple[int, int], blank: bool = True
) -> None:
    """Draw numbers in cells; those that windows point to in the windows' colors."""
    rows, columns = numbers.shape
    for (row, column), number in np.ndenumerate(numbers):
        owners = np.flatnonzero(switches.ravel() == row * columns + column)
        corner = (column - 0.5, row - 0.5)
        ax.add_patch(Rectangle(corner, 1, 1, facecolor=EMPTY if blank else "white", edgecolor="#999999", linewidth=0.8))
        for place, owner in enumerate(owners):
            left = corner[0] + place / len(owners)
            ax.add_patch(Rectangle((left, corner[1]), 1 / len(owners), 1, color=_color(int(owner), count), linewidth=0))
        ink = ink_on(_color(int(owners[0]), count)) if len(owners) else "#777777" if blank else "black"
        halo = [withStroke(linewidth=2.5, foreground="white" if ink == "black" else "black")] if len(owners) > 1 else []
        weight = "bold" if len(owners) else "normal"
        ax.text(column, row, f"{number:.3g}", ha="center", va="center", color=ink, weight=weight, path_effects=halo)
    ax.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", xlabel="column", ylabel="row")
    ax.set_xticks(range(columns))
    ax.set_yticks(range(rows))


def _outline(ax: Axes, windows: _Windows, shape: tuple[int, ...]) -> None:
    """Draw the windows, each a little smaller than it is so that all edges are seen."""
    down, across = (step < window for step, window in zip(windows.stride, windows.size, strict=True))
    for row, column in np.ndindex(windows.count):
        top, left = windows.corner(row, column)
        inset = 0.06 + 0.07 * (row % 2 * down + 2 * (column % 2) * across)
        ax.add_patch(
            Rectangle(
                (left - 0.5 + inset, top - 0.5 + inset),
                windows.size[1] - 2 * inset,
                windows.size[0] - 2 * inset,
                fill=False,
                edgecolor=_color(row * windows.count[1] + column, windows.count),
                linewidth=2.2,
                clip_on=False,
            )
        )
    (top, bottom), (left, right) = windows.limits(shape)
    ax.set(xlim=(left - 0.6, right - 0.4), ylim=(bottom - 0.4, top - 0.6))


def _described(
    title: str, x: Floats, switches: NDArray[np.int64], put_back: Floats, windows: _Windows, gradient: bool
) -> str:
    words = [
        f"({row}, {column}): {x.flat[switch]:.3g} at row {switch // x.shape[1]}, column {switch % x.shape[1]}"
        + (f", where {put_back[row, column]:.3g} is put back" if gradient else "")
        for (row, column), switch in np.ndenumerate(switches)
    ]
    return (
        f"{sentence(title)} A map of {x.shape[0]} × {x.shape[1]} under windows of {windows.size[0]} × {windows.size[1]}"
        f" with stride {windows.stride[0]} × {windows.stride[1]}. Maxima by window: {'; '.join(words)}."
    )
