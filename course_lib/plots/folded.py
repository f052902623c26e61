"""A layer over a joined hypercolumn, and the same with the layer moved in front of the upsampling."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course_lib.integers import count
from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure

Shape = tuple[int, int, int]

MOST = 8  # maps
COLUMN, BOX = 2.55, 2.1  # inches: from column to column, and the width of a box
LINE, HIGH, HEAD, FOOT, NOTE = 0.36, 0.29, 0.5, 0.2, 0.3  # inches: from row to row, a box, above and below, the note
PLAIN, FILLED = "#eef3f8", "#f6cfa0"
BYTES = 4  # of a float32


def folded(
    height: int,
    width: int,
    hidden: int,
    channels: Sequence[int] = (64, 128, 256, 512, 512),
    strides: Sequence[int] = (1, 2, 4, 8, 16),
) -> DescribedFigure:
    """Draw two ways to the first layer over a dense hypercolumn, with the sizes of all arrays.

    The first upsamples all maps, joins them, and multiplies with the kernel. The second multiplies each map with its
    rows of the kernel, upsamples, and adds. Both give the same: upsampling mixes pixels, the layer mixes channels, and
    both are linear, so that their order does not matter.

    Parameters
    ----------
    height, width : int
        Of the picture, in pixels.
    hidden : int
        Units of the layer.
    channels, strides : sequence of int
        For each map, up to eight, its channels, and how many pixels of the picture lie between its entries.

    Returns
    -------
    DescribedFigure
        Sizes are those of float32, in units of 10^6 bytes. The text alternative gives, for each way, the shapes, the
        largest array and the multiplications with the kernel.

    Raises
    ------
    ValueError
        If a number is not a whole one above 0, or there are not as many channels as strides, 1 to 8.
    """
    rows, columns, units = (
        count(name, number) for name, number in (("height", height), ("width", width), ("hidden", hidden))
    )
    if not 1 <= len(channels) == len(strides) <= MOST:
        raise ValueError(f"expected 1 to {MOST} channels and as many strides, got {len(channels)} and {len(strides)}")
    depths = [count("each of channels", depth) for depth in channels]
    steps = [count("each of strides", step) for step in strides]
    maps = [(-(-rows // step), -(-columns // step), depth) for depth, step in zip(depths, steps, strict=True)]
    total = sum(depths)
    result = (rows, columns, units)
    wide: list[tuple[str, list[Shape]]] = [
        ("maps", maps),
        ("upsampled", [(rows, columns, depth) for depth in depths]),
        ("joined", [(rows, columns, total)]),
        (f"times the kernel\n({total:,} × {units})", [result]),
    ]
    lean: list[tuple[str, list[Shape]]] = [
        ("maps", maps),
        ("each times its rows\nof the kernel", [(high, across, units) for high, across, _ in maps]),
        ("upsampled,\none after the other", [result] * len(maps)),
        ("added", [result]),
    ]
    high = len(maps) * LINE + HEAD + FOOT
    figure, axes = new_figure(1, 2 * (high + 0.35) + NOTE, rows=2)
    ways = (
        ("Upsample, join, multiply", wide, rows * columns * total * units),
        ("Multiply, upsample, add", lean, sum(y * x * depth * units for y, x, depth in maps)),
    )
    sentences = []
    for ax, (title, stages, products) in zip(axes, ways, strict=True):
        largest = max((shape for _, shapes in stages for shape in shapes), key=_size)
        _draw(ax, stages, _size((rows, columns, total)), high)
        words = f"largest array {_megabytes(largest)}, {_in_billions(products)} multiplications"
        ax.set_title(f"{title}: {words}")
        steps_in_words = "; ".join(f"{name}, {_by_all(shapes)}" for name, shapes in stages).replace("\n", " ")
        sentences.append(f"{title}: {words}. {steps_in_words}.")
    figure.supxlabel("float32, 1 MB = 10⁶ bytes. Orange: the size as a share of the joined array's", fontsize=9)
    figure.alternative = (
        f"Two ways to a layer of {units} units over {len(maps)} maps of a picture of {rows} × {columns} pixels. "
        f"{' '.join(sentences)}"
    )
    return figure


def _size(shape: Shape) -> int:
    return shape[0] * shape[1] * shape[2]


def _megabytes(shape: Shape) -> str:
    size = BYTES * _size(shape) / 1e6
    if size >= 10_000:
        return f"{size / 1000:.1f} GB"
    return f"{size:,.0f} MB" if size >= 10 else f"{size:.2g} MB"


def _in_billions(number: int) -> str:
    return f"{number / 1e9:,.0f} billion" if number >= 1e11 else f"{number / 1e9:.3g} billion"


def _by(shape: Shape) -> str:
    return " × ".join(map(str, shape))


def _by_all(shapes: Sequence[Shape]) -> str:
    return ", ".join(_by(shape) for shape in dict.fromkeys(shapes))


def _draw(ax: Axes, stages: Sequence[tuple[str, Sequence[Shape]]], full: int, high: float) -> None:
    """Draw a column of boxes for each stage, filled as far as their arrays are large, and arrows between them."""
    rows = len(stages[0][1])
    middles = [high - HEAD - (row + 0.5) * LINE for row in range(rows)]
    middle = sum(middles) / rows
    for index, (name, shapes) in enumerate(stages):
        left = index * COLUMN + 0.1
        ax.text(left + BOX / 2, high - HEAD / 2, name, ha="center", va="center")
        alone = len(shapes) < rows or index == len(stages) - 1
        joined = alone and index < len(stages) - 1
        tall = (middles[0] - middles[-1] if joined else 0) + HIGH
        for y, shape in zip([middle] if alone else middles, shapes, strict=True):
            corner, size = (left, y - tall / 2), _megabytes(shape)
            ax.add_patch(Rectangle(corner, BOX, tall, facecolor=PLAIN))
            ax.add_patch(Rectangle(corner, BOX * _size(shape) / full, tall, facecolor=FILLED))
            ax.add_patch(Rectangle(corner, BOX, tall, fill=False, edgecolor=COLORS[0]))
            words = f"{_by(shape)}\n{size}" if tall > 2 * HIGH else f"{_by(shape)}: {size}"
            ax.text(left + BOX / 2, y, words, ha="center", va="center", fontsize=9)
        if index:
            starts = [middle] if len(stages[index - 1][1]) < rows else middles
            ends = [min(max(y, middle - tall / 2), middle + tall / 2) for y in starts] if alone else starts
            for start, end in zip(starts, ends, strict=True):
                arrow = {"arrowstyle": "->", "color": COLORS[6], "linewidth": 1.2, "shrinkA": 1, "shrinkB": 1}
                ax.annotate("", (left, end), (left - COLUMN + BOX, start), arrowprops=arrow)
    ax.set(xlim=(0, WIDTH), ylim=(0, high))
    ax.axis("off")
