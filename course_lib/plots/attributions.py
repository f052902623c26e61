"""What a network looks at: pictures, and beside each the maps of several methods."""

import textwrap
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullFormatter
from numpy.typing import ArrayLike

from course_lib.plots.attribution_maps import (
    AttributionMap,
    Floats,
    add_legend,
    check_map,
    check_picture,
    draw_attribution,
    draw_picture,
)
from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_mosaic, sentence

MOST_ROWS, MOST_MAPS = 6, 6
TALLEST = 3.4  # inches, for a picture
# Inches: a line above each row, below a row with numbers, above and below all; a letter's width.
LINE, NUMBERS, ENDS, LETTER = 0.27, 0.45, 1.1, 0.105
RADIUS = 0.1  # of the shorter side of a picture
SEEN = {"linestyle": "none", "path_effects": [withStroke(linewidth=3.5, foreground="black")]}  # on every color
RING: dict[str, Any] = {"marker": "o", "markersize": 15, "fillstyle": "none", "mew": 1.8, "color": "white", **SEEN}
CROSS: dict[str, Any] = {"marker": "x", "markersize": 7, "mew": 1.8, "color": COLORS[7], **SEEN}

Place = tuple[float, float]
Row = tuple[Floats, Mapping[str, AttributionMap]]


def attributions(
    rows: Mapping[str, tuple[ArrayLike, Mapping[str, ArrayLike]]],
    *,
    marks: Mapping[str, Place] | None = None,
    overlay: Collection[str] = (),
    title: str = "What the network looks at",
) -> DescribedFigure:
    """Show pictures, and beside each one the maps that several methods make of it.

    Parameters
    ----------
    rows : mapping of str to (picture, mapping of str to map)
        Name of each row, its picture, ``(H, W)`` or ``(H, W, 3)``, uint8 or in [0, 1], and name and values of its
        maps, ``(h, w)`` or ``(h, w, 3)``. All rows have maps of the same names. Up to six rows and six maps.
    marks : mapping of str to (y, x), optional
        For rows by name, the place in pixels that maps should find. It is marked with a ring, and the peak of each
        map with a cross.
    overlay : collection of str
        Maps by name that are drawn over their picture, which is pale and gray then.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        A map without negative values is drawn from dark to bright, one with negative values in two colors around 0, and
        one of three channels in colors around gray. Each map has a scale of its own, which ends at the 99th
        percentile of its absolute values above 0. The text alternative says where each map has its largest absolute
        value, and which share of the sum of all lies near that peak.

    Raises
    ------
    ValueError
        If a shape is not as above, a number is not finite, names differ or are not known, or there are too many.
    """
    checked = {name: _row(name, row) for name, row in rows.items()}
    names = list(next(iter(checked.values()))[1]) if checked else []
    _check_names(checked, names, marks or {}, overlay)
    width = WIDTH / (1 + len(names)) - 0.1
    titles = {name: textwrap.fill(name, int(width / LETTER)) for name in [*checked, *names]}
    lines = 1 + max(title.count("\n") for title in titles.values())
    room = LINE * lines + NUMBERS * bool(marks) + ENDS / len(checked)
    heights = [min(TALLEST, width * picture.shape[0] / picture.shape[1]) + room for picture, _ in checked.values()]
    layout = [[f"{row} {column}" for column in range(1 + len(names))] for row in range(len(checked))]
    figure, axes = new_mosaic(layout, heights)
    figure.set_layout_engine("compressed")
    figure.suptitle(title)
    figure.alternative = sentence(title)
    for index, (name, (picture, maps)) in enumerate(checked.items()):
        cells = [axes[cell] for cell in layout[index]]
        mark = (marks or {}).get(name)
        draw_picture(cells[0], picture)
        cells[0].set_title(titles[name])
        for ax, (method, attribution) in zip(cells[1:], maps.items(), strict=True):
            draw_attribution(ax, attribution, _size(picture), picture if method in overlay else None)
            if index == 0:
                ax.set_title(titles[method])
        _mark(cells, _size(picture), list(maps.values()), mark)
        _label(cells, mark is not None)
        figure.alternative += _described(name, picture, maps, mark)
    kinds = {each.kind for _, maps in checked.values() for each in maps.values()}
    signs = {"the place to find": Line2D([], [], **RING), "peak of the map": Line2D([], [], **CROSS)}
    add_legend(figure, kinds, signs if marks else None)
    return figure


def _row(name: str, row: tuple[ArrayLike, Mapping[str, ArrayLike]]) -> Row:
    if not isinstance(row, tuple | list) or len(row) != 2 or not isinstance(row[1], Mapping):
        raise ValueError(f"expected a picture and a mapping of names to maps for {name}, got {type(row).__name__}")
    picture, maps = row
    found = {method: check_map(f"{method} of {name}", values) for method, values in maps.items()}
    return check_picture(name, picture), found


def _size(picture: Floats) -> tuple[int, int]:
    return picture.shape[0], picture.shape[1]


def _check_names(
    rows: Mapping[str, Row], names: list[str], marks: Mapping[str, Place], overlay: Collection[str]
) -> None:
    if not 1 <= len(rows) <= MOST_ROWS or not 1 <= len(names) <= MOST_MAPS:
        raise ValueError(f"expected 1 to {MOST_ROWS} rows of 1 to {MOST_MAPS} maps, got {len(rows)} and {len(names)}")
    for name, (_, maps) in rows.items():
        if list(maps) != names:
            raise ValueError(f"expected the maps {', '.join(names)} in each row, got {', '.join(maps)} for {name}")
    for word, given, known in (("marks of rows", marks, rows), ("an overlay of maps", overlay, names)):
        unknown = [name for name in given if name not in known]
        if unknown:
            raise ValueError(f"expected {word} that are there ({', '.join(known)}), got {unknown[0]!r}")
    for name, place in marks.items():
        height, width = _size(rows[name][0])
        if len(place) != 2 or not (0 <= place[0] < height and 0 <= place[1] < width):
            raise ValueError(
                f"expected a mark (y, x) inside of the picture, {height} × {width} pixels, got {place} for {name}"
            )


def _mark(cells: list[Axes], size: tuple[int, int], maps: list[AttributionMap], mark: Place | None) -> None:
    if mark is None:
        return
    for ax in cells:
        ax.plot(mark[1], mark[0], **RING)
    for ax, attribution in zip(cells[1:], maps, strict=True):
        if attribution.strength.any():
            row, column = attribution.peak(size)
            ax.plot(column, row, **CROSS)


def _label(cells: list[Axes], places: bool) -> None:
    """Give the axes numbers where places matter."""
    for ax in cells:
        if not places:
            ax.axis("off")
            continue
        ax.set_xlabel("column (pixels)")
        if ax is not cells[0]:
            ax.yaxis.set_major_formatter(NullFormatter())
    cells[0].set_ylabel("row (pixels)")


def _described(name: str, picture: Floats, maps: Mapping[str, AttributionMap], mark: Place | None) -> str:
    size = _size(picture)
    radius = max(1, round(RADIUS * min(size)))
    words = f" {name}, {size[0]} × {size[1]} pixels"
    if mark is not None:
        words += f", marked at row {mark[0]:g}, column {mark[1]:g}"
    sentences = []
    for method, attribution in maps.items():
        if not attribution.strength.any():
            sentences.append(f"{method} is 0 everywhere")
            continue
        row, column = attribution.peak(size)
        away = f", {np.hypot(row - mark[0], column - mark[1]):.1f} pixels from the mark" if mark is not None else ""
        share = attribution.share_near_peak(size, radius)
        sentences.append(
            f"{method} peaks {'below 0 ' * attribution.peak_is_below_zero()}at row {row:.0f}, column {column:.0f}{away}"
            f", with {share:.0%} of its sum within {radius} pixels"
        )
    return f"{words}: {'; '.join(sentences)}."
