import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import pearsonr

from course_lib import plots
from tests.support.figure_words import overlaps

RNG = np.random.default_rng(0)
PICTURE = RNG.random((6, 9, 3))
SPREAD = RNG.uniform(0, 30, (6, 9))
ERROR = SPREAD + RNG.uniform(0, 20, (6, 9))


def test_a_row_shows_the_prediction_and_both_maps_on_one_scale() -> None:
    figure = plots.uncertainty({"noise": (PICTURE, SPREAD, ERROR)})
    assert [ax.get_title() for ax in figure.axes[:3]] == ["prediction", "uncertainty", "true error"]
    assert figure.axes[0].get_ylabel() == "noise"
    drawn = [ax.get_images()[0] for ax in figure.axes[:3]]
    for image, values in zip(drawn, (PICTURE, SPREAD, ERROR), strict=True):
        np.testing.assert_array_equal(np.asarray(image.get_array()), values)
    assert {image.get_clim() for image in drawn[1:]} == {(0, 50)}
    assert figure.axes[3].get_ylabel() == "Lab units"


def test_the_numbers_are_root_mean_squares_and_the_correlation() -> None:
    figure = plots.uncertainty(
        {"noise": (PICTURE, np.full((6, 9), 3.0), np.zeros((6, 9))), "b": (PICTURE, SPREAD, ERROR)}
    )
    related = pearsonr(SPREAD.ravel(), ERROR.ravel()).statistic
    one, other = (math.sqrt(float((values**2).mean())) for values in (SPREAD, ERROR))
    assert figure.alternative == (
        "Predictions, and maps in Lab units. "
        "noise: uncertainty RMS 3.0; true error RMS 0.0, no correlation with the uncertainty. "
        f"b: uncertainty RMS {one:.1f}; true error RMS {other:.1f}, correlation {related:.2f} with the uncertainty."
    )
    assert figure.axes[5].get_xlabel() == f"RMS {other:.1f}, correlation {related:.2f}"


def test_a_row_without_truth_has_no_error() -> None:
    figure = plots.uncertainty({"known": (PICTURE, SPREAD, ERROR), "unknown": (PICTURE, SPREAD, None)})
    assert not figure.axes[5].get_images()
    assert not figure.axes[5].axison
    assert figure.alternative.endswith(f"unknown: uncertainty RMS {math.sqrt((SPREAD**2).mean()):.1f}.")


def test_without_any_truth_there_is_no_column_for_errors() -> None:
    figure = plots.uncertainty({"unknown": (PICTURE, SPREAD, None)})
    assert [ax.get_title() for ax in figure.axes] == ["prediction", "uncertainty", ""]
    assert figure.axes[2].get_ylabel() == "Lab units"


@pytest.mark.parametrize("sizes", [[(256, 64)], [(64, 256), (128, 128)], [(96, 160)] * 5])
def test_no_words_overlap(sizes: list[tuple[int, int]]) -> None:
    rows = {
        f"grace hopper {index}": (np.ones((*size, 3)), np.eye(*size), 90 * np.eye(*size))
        for index, size in enumerate(sizes)
    }
    assert overlaps(plots.uncertainty(rows)) == []


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "expected one row or more, got none"),
        ({"cat": (255 * PICTURE, SPREAD, None)}, r"expected RGB in \[0, 1\] for cat"),
        ({"cat": (PICTURE, SPREAD[1:], None)}, r"map of shape \(6, 9\) for the uncertainty of cat, got \(5, 9\)"),
        ({"cat": (PICTURE, SPREAD, PICTURE)}, r"for the true error of cat, got \(6, 9, 3\)"),
        ({"cat": (PICTURE, SPREAD, -ERROR)}, "finite values of 0 or more for the true error of cat"),
        ({"cat": (PICTURE, np.inf * ERROR, None)}, "finite values of 0 or more for the uncertainty of cat"),
    ],
)
def test_it_refuses(rows: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.uncertainty(rows)
