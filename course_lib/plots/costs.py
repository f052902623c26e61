"""What networks and ways of computing cost, as bars with numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from course_lib.plots.base import COLORS, WIDTH, DescribedFigure, new_figure, sentence

WIDE = 50  # a scale is logarithmic if the largest value is more than so many times the smallest
LETTER = 0.072  # inches, of the names and of the words at the ends of bars
MOST_ROOM = 0.65  # of a panel, for words
TICKS = 5  # at most, or the numbers of a long logarithmic scale run into each other
BYTES = {"bytes": 1.0, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30}
SECONDS = {"µs": 1e-6, "ms": 1e-3, "s": 1.0}
COUNTS = {"": 1.0, "thousand": 1e3, "million": 1e6, "billion": 1e9}


@dataclass(frozen=True)
class _Panel:
    """Bars beside others with the same names: what they measure, their lengths, and the words at their ends."""

    title: str
    quantity: str
    values: Sequence[float]
    units: Mapping[str, float]
    words: Sequence[str]
    logarithmic: bool = False


def architecture(layers: Sequence[tuple[str, Sequence[int], int]], title: str = "Layers") -> DescribedFigure:
    """Draw, for each layer of a network, the size of its output, its parameters and its multiplications.

    Parameters
    ----------
    layers : sequence of (str, sequence of int, int)
        Name, shape of the output without the batch, ``(H, W, C)`` or ``(C,)``, and number of parameters. A layer that
        has any is taken to be a convolution or a dense layer with a bias: each weight is multiplied once at each
        position of the output.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Its text alternative gives the numbers of each layer.

    Raises
    ------
    ValueError
        If there are no layers, or no layer has parameters.
    """
    parameters = [count for _, _, count in layers]
    if not any(parameters):
        raise ValueError(f"expected layers with parameters, got {len(layers)} layers without any")
    outputs = [math.prod(shape) for _, shape, _ in layers]
    products = [(count - shape[-1]) * math.prod(shape[:-1]) if count else 0 for _, shape, count in layers]
    sizes = [" × ".join(map(str, shape)) for _, shape, _ in layers]
    panels = [
        _Panel("Output", "values", outputs, COUNTS, sizes),
        _Panel("Parameters", "parameters", parameters, COUNTS, _with_shares(parameters)),
        _Panel("Multiplications", "multiplications", products, COUNTS, _with_shares(products)),
    ]
    names = [name for name, _, _ in layers]
    figure = _bar_panels(names, panels, "layer")
    figure.suptitle(title)
    rows = (
        f"{name}: output {size}, parameters {own}, multiplications {multiplied}"
        for name, size, own, multiplied in zip(names, sizes, panels[1].words, panels[2].words, strict=True)
    )
    figure.alternative = (
        f"{title}. {_in_units(sum(parameters), COUNTS)} parameters and {_in_units(sum(products), COUNTS)} "
        f"multiplications in {len(layers)} layers. {'; '.join(rows)}."
    )
    return figure


def cost(
    ways: Mapping[str, tuple[float, float]], title: str = "What each way costs", *, than: str | None = None
) -> DescribedFigure:
    """Draw how much memory and how much time each of several ways takes.

    Parameters
    ----------
    ways : mapping of str to (float, float)
        For each way its memory in bytes and its time in seconds, both more than 0. Where the largest is more than 50
        times the smallest, the scale is logarithmic.
    title : str
        In words.
    than : str, optional
        The way that the others are compared with: their bars say how many times as much memory and time they take.

    Returns
    -------
    DescribedFigure
        Its text alternative gives the same numbers.

    Raises
    ------
    ValueError
        If there are no ways, a number is not positive, or the way to compare with does not exist.
    """
    _check_positive(ways, [value for pair in ways.values() for value in pair], "memory and time")
    if than is not None and than not in ways:
        raise ValueError(f"expected one of {', '.join(ways)} to compare with, got {than!r}")
    panels = []
    for index, (quantity, units, much) in enumerate((("memory", BYTES, "as much"), ("time", SECONDS, "as long"))):
        values = {name: pair[index] for name, pair in ways.items()}
        logarithmic = max(values.values()) > WIDE * min(values.values())
        words = _compared(values, units, than, much)
        panels.append(_Panel(quantity.title(), quantity, list(values.values()), units, words, logarithmic))
    figure = _bar_panels(list(ways), panels, "way")
    figure.suptitle(title)
    rows = (
        f"{name} {size} and {length}" for name, size, length in zip(ways, panels[0].words, panels[1].words, strict=True)
    )
    than_words = "" if than is None else f", compared with {than}"
    scales = (f"{panel.quantity} {'logarithmic' if panel.logarithmic else 'linear'}" for panel in panels)
    figure.alternative = (
        f"{sentence(title)} Memory and time{than_words}: {'; '.join(rows)}. Scales: {', '.join(scales)}."
    )
    return figure


def race(seconds: Mapping[str, float], title: str = "The race") -> DescribedFigure:
    """Draw how long each of several ways takes for the same task, on a logarithmic scale, compared with the fastest.

    Parameters
    ----------
    seconds : mapping of str to float
        For each way its time, more than 0.
    title : str
        In words.

    Returns
    -------
    DescribedFigure
        Its text alternative gives the same numbers.

    Raises
    ------
    ValueError
        If there are no ways, or a time is not positive.
    """
    _check_positive(seconds, list(seconds.values()), "a time")
    fastest = min(seconds, key=lambda name: seconds[name])
    compared = zip(seconds, _compared(seconds, SECONDS, fastest, "as long"), strict=True)
    words = [f"{length}, the fastest" if name == fastest else length for name, length in compared]
    panel = _Panel(title, "time", list(seconds.values()), SECONDS, words, logarithmic=True)
    figure = _bar_panels(list(seconds), [panel], "way")
    rows = (f"{name} {length}" for name, length in zip(seconds, words, strict=True))
    figure.alternative = f"{sentence(title)} Times, on a logarithmic scale: {'; '.join(rows)}."
    return figure


def _check_positive(ways: Mapping[str, object], values: Sequence[float], quantity: str) -> None:
    if not ways or not all(0 < value < math.inf for value in values):
        raise ValueError(f"expected ways with {quantity} of more than 0, got {dict(ways)}")


def _compared(values: Mapping[str, float], units: Mapping[str, float], than: str | None, much: str) -> list[str]:
    """Say how large each value is, and how many times one of them the others are."""
    words = []
    for name, value in values.items():
        words.append(_in_units(value, units))
        if than is not None and name != than:
            times = _number(value / values[than])
            words[-1] += f", about {much}" if times == "1" else f", {times} times {much}"
    return words


def _number(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 99.5 else f"{ratio:,.0f}"


def _bar_panels(names: Sequence[str], panels: Sequence[_Panel], ylabel: str) -> DescribedFigure:
    figure, axes = new_figure(len(panels), 1.3 + 0.3 * len(names))
    wide = (WIDTH - 0.6 - LETTER * max(map(len, names))) / len(panels) - 0.2
    for ax, panel, color in zip(axes, panels, COLORS, strict=False):
        _draw_panel(ax, panel, color, min(MOST_ROOM, (0.1 + LETTER * max(map(len, panel.words))) / wide))
        ax.set_yticks(range(len(names)), names if ax is axes[0] else [""] * len(names))
    axes[0].set_ylabel(ylabel)
    return figure


def _draw_panel(ax: Axes, panel: _Panel, color: str, room: float) -> None:
    """Draw bars, and leave room for the words at the end of the longest one: a share of the panel."""
    count = len(panel.values)
    shortest, longest = min(panel.values), max(panel.values)
    name, size = _unit(shortest if panel.logarithmic else longest, panel.units)
    drawn = ax.barh(range(count), [value / size for value in panel.values], color=color, height=0.7)
    ax.bar_label(drawn, panel.words, padding=3, fontsize=8.5)
    if panel.logarithmic:
        start = shortest / 3
        ax.set(xscale="log", xlim=(start / size, start * (longest / start) ** (1 / (1 - room)) / size))
        ax.xaxis.set_major_locator(LogLocator(numticks=TICKS))
        ax.xaxis.set_major_formatter("{x:,.12g}")
        name += ", logarithmic"
    else:
        ax.set_xlim(0, longest / (1 - room) / size)
    ax.set(title=panel.title, xlabel=f"{panel.quantity} ({name})" if name else panel.quantity)
    ax.set_ylim(count - 0.4, -0.6)
    ax.grid(axis="x", alpha=0.3)
    ax.set_axisbelow(True)


def _unit(value: float, units: Mapping[str, float]) -> tuple[str, float]:
    """Return name and size of the largest unit that is not larger than a value."""
    fitting = [(name, size) for name, size in units.items() if size <= value]
    return fitting[-1] if fitting else next(iter(units.items()))


def _in_units(value: float, units: Mapping[str, float]) -> str:
    name, size = _unit(value, units)
    number = value / size
    return f"{number:.3g} {name}".strip() if number < 999.5 else f"{number:.0f} {name}".strip()


def _with_shares(values: Sequence[float]) -> list[str]:
    total = sum(values)
    return [f"{_in_units(value, COUNTS)}, {_percent(value / total)}" if value else "0" for value in values]


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "< 1%"
