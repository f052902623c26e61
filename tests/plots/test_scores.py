import statistics
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure

from course_lib import plots
from tests.support.figure_words import overlaps

TABLE: Any = {
    "gray": {"all": 19.375},
    "ours": {"seed 0": 25.0, "seed 1": 24.5, "seed 2": 25.5},
    "U-Net": {"seed 2": 23.5, "seed 0": 22.5},
}


def lines(figure: Figure) -> Any:
    found = [each for each in figure.axes[0].collections if isinstance(each, LineCollection)]
    return [np.asarray(segment) for each in found for segment in each.get_segments()]


def test_dots_lie_at_their_scores_in_the_row_of_their_method() -> None:
    figure = plots.scores(TABLE)
    drawn = {}
    for dots in figure.axes[0].collections:
        if isinstance(dots, PathCollection):
            places = np.asarray(dots.get_offsets())
            drawn[dots.get_label()] = [(round(y), x) for x, y in places.tolist()]
    assert drawn == {
        "all": [(0, 19.375)],
        "seed 0": [(1, 25.0), (2, 22.5)],
        "seed 1": [(1, 24.5)],
        "seed 2": [(1, 25.5), (2, 23.5)],
    }
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["gray", "ours", "U-Net"]
    assert figure.axes[0].yaxis_inverted()
    assert figure.axes[0].get_xlabel() == "PSNR (dB)"


def test_lines_show_means_and_standard_deviations() -> None:
    vertical = [line for line in lines(plots.scores(TABLE)) if np.ptp(line[:, 0]) == 0]
    horizontal = [line for line in lines(plots.scores(TABLE)) if np.ptp(line[:, 0]) > 0]
    assert [line[0, 0] for line in vertical] == [19.375, 25.0, 23.0]
    for line, numbers in zip(horizontal, (TABLE["ours"], TABLE["U-Net"]), strict=True):
        mean, spread = statistics.mean(numbers.values()), statistics.stdev(numbers.values())
        np.testing.assert_allclose(line[:, 0], [mean - spread, mean + spread])


def test_the_numbers_stand_beside_and_in_the_text() -> None:
    figure = plots.scores(TABLE, "Strips", baseline="gray")
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words == [
        "19.38",
        "25.00 ± 0.50 (+5.62)",
        "23.00 ± 0.71 (+3.62)",
        "mean ± standard deviation\n(above gray)",
    ]
    assert figure.alternative == (
        "Strips. PSNR in dB, mean ± standard deviation (above gray). gray: 19.38, from all 19.38. "
        "ours: 25.00 ± 0.50 (+5.62), from seed 0 25.00, seed 1 24.50, seed 2 25.50. "
        "U-Net: 23.00 ± 0.71 (+3.62), from seed 2 23.50, seed 0 22.50."
    )
    (baseline,) = figure.axes[0].get_lines()
    np.testing.assert_array_equal(baseline.get_xdata(), [19.375, 19.375])


def test_without_a_baseline_nothing_is_compared() -> None:
    figure = plots.scores(TABLE)
    assert "above" not in figure.alternative
    assert not figure.axes[0].get_lines()


def test_what_is_worse_than_the_baseline_has_a_minus() -> None:
    assert "gray: 19.38 (−5.62)" in plots.scores(TABLE, baseline="ours").alternative


def test_many_names_have_no_legend() -> None:
    many = {index: 20 + 0.1 * index for index in range(9)}
    assert not plots.scores({"ours": many}).legends
    assert plots.scores({"ours": dict(list(many.items())[:8])}).legends
    assert not plots.scores({"ours": {0: 20.0}}).legends


@pytest.mark.parametrize("methods", [1, 2, 8])
@pytest.mark.parametrize("names", [1, 3, 8, 20])
def test_no_words_overlap(methods: int, names: int) -> None:
    numbers = {f"photograph {index}": 20.0 + index for index in range(names)}
    table = {f"hypercolumns, way {index}": numbers for index in range(methods)}
    assert overlaps(plots.scores(table, baseline="hypercolumns, way 0")) == []


@pytest.mark.parametrize(
    ("table", "baseline", "message"),
    [
        ({}, None, "expected one method or more, got none"),
        (TABLE, "black", "expected one of gray, ours, U-Net as the baseline, got 'black'"),
        ({"ours": {}}, None, "expected one finite score or more for ours, got {}"),
        ({"ours": {0: np.inf}}, None, "expected one finite score or more for ours, got {0: inf}"),
    ],
)
def test_it_refuses(table: Any, baseline: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.scores(table, baseline=baseline)
