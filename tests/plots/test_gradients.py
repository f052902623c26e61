from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from course_lib import plots
from tests.support.figure_words import overlaps

NUMERIC = np.random.default_rng(0).normal(size=(3, 4))


def points(ax: Axes, label: str) -> Any:
    (line,) = [line for line in ax.get_lines() if line.get_label() == label]
    return line.get_xydata()


def test_wrong_elements_are_marked() -> None:
    analytic = NUMERIC.copy()
    analytic[1, 2] += 0.5
    figure = plots.gradient_scatter(NUMERIC, analytic)
    (ax,) = figure.axes
    np.testing.assert_array_equal(points(ax, "wrong"), [[NUMERIC[1, 2], analytic[1, 2]]])
    assert len(points(ax, "right")) == 11
    assert ax.get_title() == "analytic gradient: 1 of 12 wrong"
    assert "1 of 12 wrong, most at (1, 2)" in figure.alternative


def test_the_tolerance_is_relative_to_the_largest_gradient() -> None:
    off = NUMERIC + 1e-3 * np.abs(NUMERIC).max()
    assert "all right" in plots.gradient_scatter(NUMERIC, off, tolerance=1.1e-3).alternative
    assert "12 of 12 wrong" in plots.gradient_scatter(NUMERIC, off, tolerance=0.9e-3).alternative


def test_every_panel_is_square_and_has_the_line_of_equality() -> None:
    mistakes = {"right": NUMERIC, "factor": 3 * NUMERIC, "sign": -NUMERIC, "zero": 0 * NUMERIC}
    figure = plots.gradient_scatter(NUMERIC, mistakes)
    for ax, analytic in zip(figure.axes, mistakes.values(), strict=True):
        assert ax.get_xlim() == ax.get_ylim()
        low, high = ax.get_xlim()
        assert low < min(NUMERIC.min(), analytic.min()) < max(NUMERIC.max(), analytic.max()) < high
        np.testing.assert_array_equal(points(ax, "both are equal"), [[low, low], [high, high]])
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("numeric", "analytic", "message"),
    [
        (NUMERIC, NUMERIC.T, r"shape of the numeric gradient, \(3, 4\), got \(4, 3\) for analytic gradient"),
        (NUMERIC, {"mine": NUMERIC[0]}, r"got \(4,\) for mine"),
        (NUMERIC, {}, "expected 1 to 4 analytic gradients, got 0"),
        ([1.0, np.nan], [1.0, 1.0], "all finite, in the numeric gradient"),
        ([], [], "expected one or more numbers"),
    ],
)
def test_it_refuses_gradients_that_cannot_be_compared(numeric: Any, analytic: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.gradient_scatter(numeric, analytic)


def test_steps_rise_and_the_smallest_error_is_marked() -> None:
    figure = plots.step_errors({"float64": ([1e-1, 1e-9, 1e-5], [1e-2, 1e-7, 1e-11])})
    (ax,) = figure.axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    curve, _, marked, *_ = ax.get_lines()
    np.testing.assert_array_equal(curve.get_xydata(), [[1e-9, 1e-7], [1e-5, 1e-11], [1e-1, 1e-2]])
    np.testing.assert_array_equal(marked.get_xydata(), [[1e-5, 1e-11]])
    assert "smallest 1e-11 with 1e-05" in figure.alternative
    assert overlaps(figure) == []


def test_an_error_of_zero_lies_on_the_lower_edge() -> None:
    (ax,) = plots.step_errors({"square": ([1e-2, 1e-1, 1.0], [1e-8, 0.0, 1e-6])}).axes
    _, zero, *_ = ax.get_lines()
    ((step, error),) = np.asarray(zero.get_xydata())
    assert (step, error) == (1e-1, ax.get_ylim()[0])


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        ({}, "expected 1 to 8 curves, got 0"),
        ({"a": ([1, 2], [1])}, r"as many errors as steps for a, got shapes \(2,\) and \(1,\)"),
        ({"a": ([0.0, 1], [1, 1])}, "expected steps above 0"),
        ({"a": ([1.0], [np.nan])}, "all finite"),
        ({"a": ([1.0], [-1.0])}, "errors of 0 or more for a"),
    ],
)
def test_it_refuses_what_has_no_place_on_logarithms(errors: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.step_errors(errors)
