from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from scipy.ndimage import map_coordinates

from course_lib import plots
from tests.support.figure_words import overlaps


def sums(ax: Axes) -> dict[tuple[int, int], float]:
    """The bold numbers of a panel, by row and column."""
    bold = [text for text in ax.texts if text.get_fontweight() == "bold"]
    return {(round(y), round(x)): float(text.get_text()) for text in bold for x, y in [text.get_position()]}


def test_what_lands_by_hand() -> None:
    figure = plots.scattered([2, 2, -1], [(0.5, 1), (0.5, 1), (0, 0.5)], (2, 3))
    assert figure.alternative == (
        "Where the gradient lands. Gradients 2 + 2 at (0.5, 1); -1 at (0, 0.5). On a map of 2 × 3 they add: "
        "(0, 0) -0.5; (0, 1) 1 + 1 - 0.5 = 1.5; (1, 1) 1 + 1 = 2."
    )
    samples, landed = figure.axes
    assert sums(landed) == {(0, 0): -0.5, (0, 1): 1.5, (1, 1): 2}
    assert "1 + 1 - 0.5" in [text.get_text() for text in landed.texts]
    assert [text.get_text() for text in samples.texts] == ["2"], "two samples at one position"


@pytest.mark.parametrize(("shape", "count", "seed"), [((3, 4), 3, 0), ((6, 6), 8, 1), ((1, 6), 4, 2), ((6, 1), 2, 3)])
def test_what_lands_is_the_transpose_of_scipys_sampling(shape: tuple[int, int], count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    positions = rng.uniform(0, np.array(shape) - 1, (count, 2)).round(2)
    upstream = rng.normal(size=count).round(1)
    basis = np.eye(shape[0] * shape[1]).reshape(-1, *shape)
    expected = np.array([upstream @ map_coordinates(each, positions.T, order=1, mode="nearest") for each in basis])
    figure = plots.scattered(upstream, positions, shape)
    found = sums(figure.axes[1])
    for entry, value in zip(np.ndindex(shape), expected, strict=True):
        assert found.get(entry, 0) == pytest.approx(value, rel=6e-3, abs=1e-12)
    assert overlaps(figure) == []


def test_crowded_samples_are_still_read() -> None:
    figure = plots.scattered(np.linspace(-1000, 1000, 8), np.linspace((0, 0), (1, 1), 8), (2, 2))
    assert overlaps(figure) == []
    assert "7 terms" in [text.get_text() for text in figure.axes[1].texts]


@pytest.mark.parametrize(
    ("upstream", "positions", "shape", "message"),
    [
        ([1], [(0, 0), (1, 1)], (2, 2), r"for each of 2 positions, got shape \(1,\)"),
        ([np.inf], [(0, 0)], (2, 2), "a gradient that is finite"),
        ([1], [(0, 2)], (2, 2), r"in \[0, 1\] and \[0, 1\], got \(0.0, 2.0\)"),
        ([1] * 9, [(0, 0)] * 9, (2, 2), "expected up to 8 positions, got 9"),
        ([1], [(0, 0)], (2, 2, 1), r"expected a shape \(rows, columns\), got \(2, 2, 1\)"),
        ([1], [(0, 0)], 2, r"expected a shape \(rows, columns\), got 2"),
        ([1], [(0, 0)], (2, 7), "expected a map of up to 6 × 6, got 2 × 7"),
        ([1], [(0, 0)], (0, 2), "expected rows to be a whole number of 1 or more, got 0"),
        ([], np.zeros((0, 2)), (2, 2), "expected finite positions"),
    ],
)
def test_it_refuses_what_does_not_land(upstream: Any, positions: Any, shape: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.scattered(upstream, positions, shape)
