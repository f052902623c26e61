from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from course_lib import plots
from tests.support.figure_words import overlaps


def numbers(ax: Axes) -> dict[tuple[int, int], int]:
    """The number of each entry, by its row and column."""
    return {(round(y), round(x)): int(text.get_text()) for text in ax.texts for x, y in [text.get_position()]}


def colors(ax: Axes) -> dict[tuple[int, int], str]:
    filled = [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_fill()]
    return {(round(p.get_y() + 0.5), round(p.get_x() + 0.5)): to_hex(p.get_facecolor()) for p in filled}


def outline(ax: Axes) -> tuple[float, float, float]:
    """Row, column and width of what is outlined."""
    (patch,) = (patch for patch in ax.patches if isinstance(patch, Rectangle) and not patch.get_fill())
    return patch.get_y() + 0.5, patch.get_x() + 0.5, patch.get_width()


def test_the_indices_are_those_of_numpy() -> None:
    figure = plots.row_major((3, 4, 2), (1, 2))
    first, second, memory = figure.axes
    index = np.arange(24).reshape(3, 4, 2)
    assert numbers(first) == {place: index[*place, 0] for place in np.ndindex(3, 4)}
    assert numbers(second) == {place: index[*place, 1] for place in np.ndindex(3, 4)}
    assert numbers(memory) == {(0, k): k for k in range(24)}
    assert [outline(ax) for ax in figure.axes] == [(1, 2, 1), (1, 2, 1), (0, 12, 2)]
    assert "indices of its channels are 12, 13" in figure.alternative


def test_a_row_has_one_color_on_the_map_and_in_memory() -> None:
    channel, memory = plots.row_major((3, 5, 1), (0, 0)).axes
    rows = colors(channel)
    assert len(set(rows.values())) == 3
    assert [colors(memory)[0, k] for k in range(15)] == [rows[k // 5, k % 5] for k in range(15)]


@pytest.mark.parametrize("shape", [(3, 4, 2), (2, 2, 6), (1, 1, 1), (6, 4, 1)])
def test_no_words_overlap(shape: tuple[int, int, int]) -> None:
    assert overlaps(plots.row_major(shape, (0, 0))) == []


@pytest.mark.parametrize(
    ("shape", "at", "message"),
    [
        ((5, 5, 1), (0, 0), "up to 24 entries"),
        ((0, 4, 1), (0, 0), "rows to be a whole number of 1 or more, got 0"),
        ((3, 4), (0, 0), r"a shape \(rows, columns, channels\), got \(3, 4\)"),
        ((2, 3, 1), (0.5, 0), "a map of 2 × 3"),
        ((2, 3, 1), (1,), "a map of 2 × 3"),
        ((2, 3, 1), (2, 0), "a map of 2 × 3"),
        ((2, 3, 1), (0, -1), "a map of 2 × 3"),
    ],
)
def test_bad_input_is_refused(shape: Any, at: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.row_major(shape, at)
