from collections.abc import Sequence
from typing import Any

import pytest
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation

from course_lib import plots
from tests.support.figure_words import overlaps

SMALL: list[tuple[str, Sequence[int]]] = [
    ("L", (8, 12, 1)),
    ("down 1", (4, 6, 4)),
    ("down 2", (2, 3, 8)),
    ("up 1", (4, 6, 8)),
    ("ab", (8, 12, 2)),
]


def levels(depth: int, side: int, filters: int) -> list[tuple[str, Sequence[int]]]:
    channels = [filters * min(2**level, 8) for level in range(depth)]
    down = [(f"down_{level}", (side >> level, side >> level, channels[level - 1])) for level in range(1, depth + 1)]
    up = [(f"up_{level}", (side >> level, side >> level, 2 * channels[level - 1])) for level in range(depth - 1, 0, -1)]
    return [("lightness", (side, side, 1)), *down, *up, ("ab", (side, side, 2))]


def test_it_says_all_shapes_and_skips() -> None:
    figure = plots.u_network(SMALL, title="Small")
    assert figure.alternative == (
        "Small, height × width × channels. Down: L 8 × 12 × 1, down 1 4 × 6 × 4, down 2 2 × 3 × 8. "
        "Up: up 1 4 × 6 × 8, ab 8 × 12 × 2. Skips: from down 1 to up 1."
    )
    assert [text.get_text() for text in figure.axes[0].texts][:2] == ["L\n8 × 12 × 1", "down 1\n4 × 6 × 4"]


def test_boxes_grow_with_rows_and_channels_and_lie_on_a_u() -> None:
    boxes = [patch for patch in plots.u_network(SMALL).axes[0].patches if isinstance(patch, Rectangle)]
    heights, widths = [box.get_height() for box in boxes], [box.get_width() for box in boxes]
    assert heights[0] > heights[1] > heights[2]
    assert heights == heights[::-1]
    # On a logarithmic scale twice as many rows always add the same, and so do twice as many channels.
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2])
    assert widths[2] - widths[1] == pytest.approx(widths[4] - widths[0])
    middles = [box.get_y() + box.get_height() / 2 for box in boxes]
    assert middles[0] > middles[1] > middles[2]
    assert middles == pytest.approx(middles[::-1])


@pytest.mark.parametrize("depth", range(1, 9))
def test_each_depth_has_its_arrows_and_room_for_its_words(depth: int) -> None:
    figure = plots.u_network(levels(depth, 1024, 64))
    arrows = [text for text in figure.axes[0].texts if isinstance(text, Annotation)]
    level = [arrow for arrow in arrows if arrow.xy[1] == arrow.xyann[1]]
    assert (len(arrows), len(level)) == (2 * depth + depth - 1, depth - 1)
    assert overlaps(figure) == []


def test_the_usual_network_is_readable() -> None:
    figure = plots.u_network(levels(8, 256, 64))
    assert overlaps(figure) == []
    assert figure.get_size_inches()[1] < 8
    assert min(float(text.get_fontsize()) for text in figure.axes[0].texts if text.get_text()) > 8


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (SMALL[:4], "3 to 17 and an odd number, got 4"),
        (SMALL[:1], "got 1"),
        (levels(9, 512, 1), "got 19"),
        ([SMALL[0], ("d", (4, 6)), SMALL[4]], r"expected three positive integers \(H, W, C\) for d, got \(4, 6\)"),
        ([SMALL[0], ("d", (4, 0, 2)), SMALL[4]], r"for d, got \(4, 0, 2\)"),
        ([SMALL[0], ("d", (4, None, 2)), SMALL[4]], r"for d, got \(4, None, 2\)"),
        (
            [*SMALL[:3], ("up", (4, 4, 8)), SMALL[4]],
            r"expected down 1 and up to have the same height and width, got \(4, 6, 4\) and \(4, 4, 8\)",
        ),
    ],
)
def test_it_refuses_what_is_no_u(shapes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.u_network(shapes)
