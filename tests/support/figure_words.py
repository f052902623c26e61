"""Which words stand where in a figure."""

from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


def _ticks(axis: Axis) -> list[Text]:
    low, high = sorted(axis.get_view_interval())
    ticks = zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)
    return [label for label, place in ticks if low <= place <= high and label.get_visible()]


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Name the texts of a figure that overlap, or that reach beyond its edge."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for ax in figure.axes:
        texts += [ax.title, *ax.texts]
        if ax.axison:
            texts += [*_ticks(ax.xaxis), *_ticks(ax.yaxis), ax.xaxis.label, ax.yaxis.label]
    boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in texts if text.get_text()]
    pairs = [(one, other) for index, (one, a) in enumerate(boxes) for other, b in boxes[:index] if a.overlaps(b)]
    edge = figure.bbox.padded(1)
    return pairs + [(word, "edge") for word, box in boxes if not all(edge.contains(*end) for end in (box.min, box.max))]
