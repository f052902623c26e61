"""Diagrams of boxes and arrows."""

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib.plots.base import COLORS, new_figure, sentence

STEP, BOX = 1.0, 0.74  # from box to box, and the width of one
LETTERS = 15  # that fit side by side into the space of a box


def pipeline(stages: Sequence[tuple[str, str]], title: str) -> Figure:
    """Draw a pipeline: a row of boxes, with an arrow from each to the next.

    Parameters
    ----------
    stages : sequence of (str, str)
        Name of each stage, written into its box, and what leaves it, written below. At most eight.
    title : str
        In words.

    Returns
    -------
    Figure
    """
    figure, (ax,) = new_figure(1, 1.9)
    steps = "; ".join(f"{name}, which passes on {leaves}" for name, leaves in stages)
    figure.alternative = f"{sentence(title)} {len(stages)} boxes joined by arrows: {steps}."
    for index, (name, leaves) in enumerate(stages):
        x = index * STEP
        box = {"boxstyle": "round,pad=0.5", "facecolor": "#eef3f8", "edgecolor": COLORS[0]}
        ax.text(x, 0, textwrap.fill(name, LETTERS), ha="center", va="center", bbox=box, fontsize=9)
        ax.text(x, -0.36, textwrap.fill(leaves, LETTERS + 3), ha="center", va="top", fontsize=8, color="#333333")
        if index:
            ends = ((x - STEP + BOX / 2 + 0.07, 0), (x - BOX / 2 - 0.07, 0))
            ax.annotate("", ends[1], ends[0], arrowprops={"arrowstyle": "->", "color": COLORS[6], "linewidth": 1.5})
    ax.set(title=title, xlim=(-STEP / 2, (len(stages) - 0.5) * STEP), ylim=(-1, 0.4))
    ax.axis("off")
    return figure


def prefetching(used: str, waiting: Sequence[str], capacity: int, held: str, next_up: str) -> Figure:
    """Draw a flow, a thread that asks it, a queue, and the loop that takes from the queue, at one moment.

    Parameters
    ----------
    used : str
        The item that the loop is using.
    waiting : sequence of str
        The items in the queue, in the order in which they entered.
    capacity : int
        How many the queue can hold.
    held : str
        The item that the thread has made and cannot put into the queue yet.
    next_up : str
        The next item of the flow.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If more is waiting than the queue can hold.
    """
    if len(waiting) > capacity:
        raise ValueError(f"expected at most {capacity} waiting in the queue, got {len(waiting)}")
    figure, (ax,) = new_figure(1, 2.6)
    stations = (
        ("flow", f"makes {next_up} next"),
        ("thread", f"holds {held},\nwaits for room"),
        ("queue", f"room for {capacity}"),
        ("loop", f"uses {used}"),
    )
    places = [0.0, 2.0, 4.0 + 0.3 * capacity, 6.0 + 0.6 * capacity]
    for (name, words), x in zip(stations, places, strict=True):
        if name == "queue":
            _slots(ax, x, waiting, capacity)
        else:
            box = {"boxstyle": "round,pad=0.6", "facecolor": "#eef3f8", "edgecolor": COLORS[0]}
            ax.text(x, 0, name, ha="center", va="center", bbox=box, fontsize=12)
        ax.text(x, -0.55, f"queue: {words}" if name == "queue" else words, ha="center", va="top", fontsize=10)
    reach = 0.5 + 0.35 * capacity
    arrows = (
        ("next()", places[0] + 0.45, places[1] - 0.6),
        ("put", places[1] + 0.6, places[2] - reach),
        ("get", places[2] + reach, places[3] - 0.45),
    )
    for name, start, end in arrows:
        style = {"arrowstyle": "->", "color": COLORS[6], "linewidth": 1.5}
        ax.annotate("", (end, 0), (start, 0), arrowprops=style)
        ax.text((start + end) / 2, 0.12, name, ha="center", va="bottom", fontsize=10, family="monospace")
    border = places[2]
    ax.plot([border, border], [0.5, 1.1], linestyle=":", color=COLORS[6])
    ax.text(border - 0.2, 0.8, "runs in the thread", ha="right", va="center", fontsize=10, color=COLORS[3])
    ax.text(border + 0.2, 0.8, "runs in your loop", ha="left", va="center", fontsize=10, color=COLORS[2])
    ax.set(title="A thread works ahead", xlim=(-0.9, places[3] + 0.9), ylim=(-1.15, 1.15))
    ax.axis("off")
    figure.alternative = (
        f"A flow makes {next_up} next. A thread asks it, holds {held} and waits for room. "
        f"A queue with room for {capacity} holds {', '.join(waiting) or 'nothing'}. "
        f"A loop takes from the queue and uses {used}. The flow runs in the thread; the loop runs in the notebook."
    )
    return figure


def _slots(ax: Axes, middle: float, waiting: Sequence[str], capacity: int) -> None:
    """Draw the places of a queue; what entered first is on the right, where it leaves."""
    side = 0.7
    for place in range(capacity):
        left = middle + (capacity / 2 - place - 1) * side
        filled = place < len(waiting)
        ax.add_patch(
            Rectangle((left, -0.3), side, 0.6, facecolor="#fdf3dc" if filled else "white", edgecolor=COLORS[1])
        )
        if filled:
            ax.text(left + side / 2, 0, waiting[place], ha="center", va="center", fontsize=12)
