from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from scipy.stats import spearmanr

from course_lib import plots
from tests.support.figure_words import overlaps

pytestmark = pytest.mark.slow

PICTURE = np.random.default_rng(0).random((12, 16, 3))
MAPS = np.random.default_rng(1).integers(-5, 6, (3, 12, 16)).astype(float)
COLOR = np.random.default_rng(2).normal(size=(2, 6, 8, 3))


def curves(figure: Any) -> dict[str, list[float]]:
    (ax,) = [ax for ax in figure.axes if ax.get_lines()]
    return {line.get_label(): line.get_ydata() for line in ax.get_lines()}


def test_curves_are_rank_correlations_with_the_first_map() -> None:
    stages = dict(zip(("trained", "half", "all"), MAPS, strict=True))
    found = curves(plots.randomized(PICTURE, {"signed": stages}))["signed"]
    expected = [spearmanr(np.abs(MAPS[0]).ravel(), np.abs(each).ravel()).statistic for each in MAPS]
    np.testing.assert_allclose(found, expected)


def test_only_the_order_of_absolute_values_counts() -> None:
    first = np.abs(MAPS[0])
    same = {"trained": first, "scaled": 7 * first**3, "sign": -first, "opposite": 1 / (1 + first), "flat": 0 * first}
    np.testing.assert_allclose(curves(plots.randomized(PICTURE, {"a": same}))["a"], [1, 1, 1, -1, 0])


def test_of_three_channels_the_largest_absolute_value_counts() -> None:
    trained, other = COLOR
    found = curves(plots.randomized(PICTURE, {"guided": {"trained": trained, "all": other}}))["guided"]
    expected = spearmanr(np.abs(trained).max(axis=2).ravel(), np.abs(other).max(axis=2).ravel()).statistic
    np.testing.assert_allclose(found, [1, expected])


def test_each_map_stands_above_its_points_of_the_curves() -> None:
    stages = dict(zip(("trained", "half", "all"), MAPS, strict=True))
    figure = plots.randomized(PICTURE, {"a": stages, "b": {name: -values for name, values in stages.items()}})
    assert overlaps(figure) == []  # and draws
    (ax,) = [ax for ax in figure.axes if ax.get_lines()]
    maps: list[Axes] = [cell for cell in figure.axes if cell.get_images()]
    top = [cell for cell in maps if cell.get_title() in stages]
    assert [cell.get_title() for cell in top] == [label.get_text() for label in ax.get_xticklabels()] == list(stages)
    for place, cell in enumerate(top):
        middle = cell.get_window_extent().get_points()[:, 0].mean()
        assert ax.transData.transform((place, 0))[0] == pytest.approx(middle, abs=3)
    assert len(maps) == 1 + 2 * 3


@pytest.mark.parametrize(
    ("methods", "stages", "shape"), [(1, 2, (12, 16)), (2, 2, (30, 10)), (4, 5, (8, 8)), (6, 7, (12, 16))]
)
def test_no_words_overlap(methods: int, stages: int, shape: tuple[int, int]) -> None:
    maps = {f"guided ReLU {n}": {f"last {s}": np.full(shape, s) for s in range(stages)} for n in range(methods)}
    assert overlaps(plots.randomized(np.zeros(shape), maps)) == []


def test_long_names_are_broken_into_lines() -> None:
    stages = {"trained": MAPS[0], "all but the first layers": MAPS[1], "c": MAPS[2], "d": MAPS[2], "e": MAPS[2]}
    figure = plots.randomized(PICTURE, dict.fromkeys(["smooth gradient", "guided ReLU of block5_conv3"], stages))
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("picture", "maps", "message"),
    [
        (PICTURE, {}, "expected 1 to 6 methods and 2 to 7 stages, got 0 and 0"),
        (PICTURE, {"a": {"trained": MAPS[0]}}, "got 1 and 1"),
        (PICTURE, {"trained": MAPS[0]}, "expected a mapping of stages to maps for trained, got ndarray"),
        (PICTURE, {"a": {"x": MAPS[0], "y": MAPS}, "b": {}}, r"for a, y, got shape \(3, 12, 16\)"),
        (PICTURE, {"a": {"x": MAPS[0], "y": MAPS[1]}, "b": {"x": MAPS[0]}}, "expected the stages x, y, got x for b"),
        (PICTURE, {"a": {"x": MAPS[0], "y": MAPS[1].T}}, r"of one size, \(12, 16\), for a, got \(16, 12\) for y"),
        (PICTURE, {"a": {"x": MAPS[0], "y": MAPS[1] + np.inf}}, "finite for a, y"),
        (PICTURE[None], {"a": {"x": MAPS[0], "y": MAPS[1]}}, r"expected a picture .* got shape \(1, 12, 16, 3\)"),
    ],
)
def test_it_refuses_maps_that_cannot_be_compared(picture: Any, maps: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.randomized(picture, maps)
