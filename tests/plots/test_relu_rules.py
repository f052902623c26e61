from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course_lib import plots
from tests.support.figure_words import overlaps

X = np.array([[2.0, 2.0], [-1.0, 0.0]])
UPSTREAM = np.array([[3.0, -4.0], [5.0, -6.0]])
RULES = {
    "plain": [[3, -4], [0, 0]],
    "deconvnet": [[3, 0], [5, 0]],
    "guided": [[3, 0], [0, 0]],
}


def hatched(ax: Axes) -> list[tuple[float, float]]:
    """Row and column of the cells where a gradient is stopped."""
    cells = [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_hatch()]
    return [(cell.get_y() + 0.5, cell.get_x() + 0.5) for cell in cells]


def test_cells_are_hatched_where_a_gradient_is_stopped() -> None:
    figure = plots.relu_rules(X, UPSTREAM, RULES)
    found = {ax.get_title(): ax for ax in figure.axes}
    assert list(found) == ["input x", "gradient\nfrom above", "plain", "deconvnet", "guided"]
    assert [text.get_text() for text in found["deconvnet"].texts] == ["3", "0", "5", "0"]
    assert hatched(found["input x"]) == hatched(found["gradient\nfrom above"]) == []
    assert hatched(found["plain"]) == [(1, 0), (1, 1)]
    assert hatched(found["deconvnet"]) == [(0, 1), (1, 1)]
    assert hatched(found["guided"]) == [(0, 1), (1, 0), (1, 1)]


def test_nothing_is_stopped_where_nothing_arrives() -> None:
    figure = plots.relu_rules([[-1.0, -1.0]], [[0.0, 2.0]], {"plain": [[-0.0, -0.0]]})
    assert hatched(figure.axes[2]) == [(0, 1)]
    assert [text.get_text() for text in figure.axes[2].texts] == ["0", "0"]


def test_the_four_pairs_of_signs_in_words() -> None:
    assert plots.relu_rules(X, UPSTREAM, RULES, title="Rules").alternative == (
        "Rules. x above 0, gradient above 0 (3): plain 3; deconvnet 3; guided 3. "
        "x above 0, gradient 0 or less (-4): plain -4; deconvnet 0; guided 0. "
        "x 0 or less, gradient above 0 (5): plain 0; deconvnet 5; guided 0. "
        "x 0 or less, gradient 0 or less (-6): plain 0; deconvnet 0; guided 0."
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (2, 2), (4, 4), (4, 1)])
def test_no_words_overlap(shape: tuple[int, int]) -> None:
    x = np.full(shape, -1.25)
    figure = plots.relu_rules(x, 10 * x, {f"rule {number}": 10 * x for number in range(4)})
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("x", "upstream", "results", "message"),
    [
        (X, UPSTREAM, {}, "expected 1 to 4 rules, got 0"),
        (X, UPSTREAM[:1], RULES, r"expected the shape of x, \(2, 2\), got \(1, 2\) for upstream"),
        (X, UPSTREAM, {"mine": [[1, 2, 3]]}, r"got \(1, 3\) for mine"),
        (X, UPSTREAM, {"mine": X * np.nan}, "finite for mine"),
        (X[0], UPSTREAM, RULES, r"numbers \(h, w\), up to 4 × 4, for x, got shape \(2,\)"),
        (np.ones((1, 5)), np.ones((1, 5)), RULES, r"up to 4 × 4, for x, got shape \(1, 5\)"),
    ],
)
def test_it_refuses_what_cannot_be_compared(x: Any, upstream: Any, results: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.relu_rules(x, upstream, results)
