from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from scipy.ndimage import map_coordinates

from course_lib import plots
from tests.support.figure_words import overlaps

SQUARE = [[10, 20], [30, 40]]
MAP = np.random.default_rng(0).normal(size=(5, 7)).round(2)


def areas(ax: Axes) -> list[float]:
    """The areas of rectangles smaller than an entry, or in a color."""
    patches = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    return [patch.get_width() * patch.get_height() for patch in patches if patch.get_facecolor()[:3] != (1, 1, 1)]


def test_by_hand() -> None:
    figure = plots.bilinear_cell(SQUARE, (0.3, 0.6))
    assert figure.alternative == (
        "Areas are weights. Around (0.3, 0.6), area times value: upper left (0, 0) 0.28 · 10 = 2.8; "
        "upper right (0, 1) 0.42 · 20 = 8.4; lower left (1, 0) 0.12 · 30 = 3.6; lower right (1, 1) 0.18 · 40 = 7.2. "
        "Sum: 22."
    )
    cells, bars = figure.axes
    np.testing.assert_allclose(areas(cells), [0.28, 0.42, 0.12, 0.18])
    widths = [bar.get_width() for bar in bars.patches if isinstance(bar, Rectangle)]
    np.testing.assert_allclose(widths, [0.28, 0.42, 0.12, 0.18])
    assert [text.get_text() for text in cells.texts if text.get_fontweight() != "bold"] == [
        "0.28",
        "0.42",
        "0.12",
        "0.18",
    ]


@pytest.mark.parametrize("position", [(4, 6), (4, 2.5), (2.9, 4.3), (0.01, 5.98)])
def test_sums_and_areas_are_those_of_scipy(position: tuple[float, float]) -> None:
    figure = plots.bilinear_cell(MAP, position)
    basis = np.eye(MAP.size).reshape(-1, *MAP.shape)
    weights = [float(map_coordinates(each, np.array(position)[:, None], order=1)[0]) for each in basis]
    covered = np.sort(areas(figure.axes[0]))
    np.testing.assert_allclose(covered, np.sort([weight for weight in weights if weight > 1e-12]))
    expected = map_coordinates(MAP, np.array(position)[:, None], order=1, mode="nearest")[0]
    assert figure.axes[1].get_title() == f"sum: {expected:.3g}"
    assert overlaps(figure) == []


@pytest.mark.parametrize("values", [[[5, 7]], [[5], [7]], [[5]]])
def test_maps_of_one_row_or_column(values: list[list[float]]) -> None:
    figure = plots.bilinear_cell(values, (0, 0))
    assert areas(figure.axes[0]) == [1]
    assert figure.axes[1].get_title() == "sum: 5"
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("values", "position", "message"),
    [
        (np.zeros((1, 2, 2)), (0, 0), r"expected one channel \(H, W\) for values, got shape \(1, 2, 2\)"),
        ([[np.nan, 1]], (0, 0), "finite for values"),
        (SQUARE, (1.1, 0), r"expected positions in \[0, 1\] and \[0, 1\], got \(1.1, 0.0\)"),
        (SQUARE, (0, -0.1), r"got \(0.0, -0.1\)"),
        (SQUARE, (0, 0, 0), r"expected finite position \(y, x\)"),
        (SQUARE, (0, np.nan), r"expected finite position \(y, x\)"),
    ],
)
def test_it_refuses_positions_outside(values: Any, position: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.bilinear_cell(values, position)
