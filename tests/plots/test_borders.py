from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from course_lib import plots
from course_lib.plots.borders import OUTSIDE, READ
from tests.support.figure_words import overlaps

pytestmark = pytest.mark.slow

MAP = np.arange(1.0, 13).reshape(3, 4)


def cells(ax: Axes, color: str) -> set[tuple[int, int]]:
    """Row and column of the cells in a color."""
    found = [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_fill()]
    colored = [patch for patch in found if to_hex(patch.get_facecolor()).upper() == color]
    return {(round(patch.get_y() + 0.5), round(patch.get_x() + 0.5)) for patch in colored}


def test_without_a_clamp_by_hand() -> None:
    figure = plots.sentinel(MAP, [(0.5, 0.5), (2, 1.5), (-0.5, 3)])
    (ax,) = figure.axes
    assert cells(ax, READ) == {(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (2, 2), (0, 3)}
    assert cells(ax, OUTSIDE) == {(3, 1), (3, 2), (-1, 3), (-1, 4), (0, 4)}
    assert figure.alternative == (
        "A frame of NaN shows every read outside of the map. A map of 3 × 4, and positions (0.5, 0.5), (2, 1.5), "
        "(-0.5, 3). 7 entries read inside, 5 outside: (-1, 3), (-1, 4), (0, 4), (3, 1), (3, 2)."
    )
    words = [text.get_text() for text in ax.texts]
    assert words.count("NaN") == 5 * 6 - 12
    assert words[7:11] == ["1", "2", "3", "4"]


def test_reads_may_be_given() -> None:
    figure = plots.sentinel(MAP, [(2, 3)], np.array([(1, 2), (1, 3), (2, 2), (2, 3), (2, 3)]))
    assert cells(figure.axes[0], READ) == {(1, 2), (1, 3), (2, 2), (2, 3)}
    assert cells(figure.axes[0], OUTSIDE) == set()
    assert figure.alternative.endswith("4 entries read inside, 0 outside.")


def test_reads_far_away_are_counted() -> None:
    figure = plots.sentinel(MAP, [(1, 1), (-70, 1)], [(1, 1), (3, 1), (-70, 1), (0, 900)])
    assert cells(figure.axes[0], OUTSIDE) == {(3, 1)}
    assert "1 entry read inside, 3 outside (2 farther away than this shows): (-70, 1), (0, 900), (3, 1)." in (
        figure.alternative
    )
    assert overlaps(figure) == []


def test_nothing_may_have_been_read() -> None:
    figure = plots.sentinel(MAP, [(1, 1)], np.zeros((0, 2), int))
    assert figure.alternative.endswith("0 entries read inside, 0 outside.")


@pytest.mark.parametrize(
    ("shape", "positions"), [((1, 1), [(0, 0)]), ((8, 8), [(7, 7), (-2.5, -1)]), ((8, 1), [(9, 0)]), ((1, 8), [(0, 3)])]
)
def test_no_words_overlap_and_all_is_inside(shape: tuple[int, int], positions: list[tuple[float, float]]) -> None:
    figure = plots.sentinel(100.0 * np.arange(shape[0] * shape[1]).reshape(shape), positions)
    assert overlaps(figure) == []
    (ax,) = figure.axes
    for row, column in cells(ax, READ) | cells(ax, OUTSIDE):
        assert ax.get_ylim()[1] <= row - 0.5 < row + 0.5 <= ax.get_ylim()[0]
        assert ax.get_xlim()[0] <= column - 0.5 < column + 0.5 <= ax.get_xlim()[1]


def test_positions_very_far_away_are_counted() -> None:
    assert "0 entries read inside, 4 outside (4 farther away" in plots.sentinel(MAP, [(1e30, -1e30)]).alternative


@pytest.mark.parametrize(
    ("values", "positions", "reads", "message"),
    [
        (np.zeros((2, 9)), [(0, 0)], None, r"expected one channel \(H, W\) of up to 8 × 8 for values"),
        (MAP, [(0, 0)], [(0.5, 0)], "expected reads to be integers .* got float64"),
        (MAP, [(0, 0)], [0, 1], r"got int64 of shape \(2,\)"),
        (MAP, [0, 0], None, r"expected finite positions \(y, x\) of shape \(L, 2\), got shape \(2,\)"),
    ],
)
def test_it_refuses_what_does_not_fit(values: Any, positions: Any, reads: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.sentinel(values, positions, reads)
