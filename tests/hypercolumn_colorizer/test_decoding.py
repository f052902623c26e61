import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.color import hue_chroma_histogram
from course_lib.hypercolumn_colorizer.decoding import expected_color, uncertainty

RNG = np.random.default_rng(0)


def one_hot(place: int, bins: int = 32) -> Any:
    """Return the histogram of a value at the center of a bin."""
    return np.eye(bins)[place]


def some(*shape: int) -> tuple[Any, Any]:
    """Make histograms of hue and of chroma at random; they differ in bins."""
    return RNG.dirichlet(np.full(12, 0.4), shape), RNG.dirichlet(np.full(7, 0.4), shape)


def drawn(hue: Any, chroma: Any) -> tuple[Any, Any]:
    """List every color that the histograms can stand for, and its probability."""
    angles, centers = math.tau * np.arange(len(hue)) / len(hue), np.linspace(0, 134, len(chroma))
    colors = centers[:, None, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return colors.reshape(-1, 2), (chroma[:, None] * hue).ravel()


def test_expected_color_worked_by_hand() -> None:
    # Hues 0 and 90 degrees, 3 to 1; chroma 0 or 134.
    hue, chroma = [0.75, 0.25, 0, 0], [0.5, 0, 0.5]
    np.testing.assert_allclose(expected_color(hue, chroma), [67 * 0.75, 67 * 0.25], rtol=1e-6)
    # The mean of the hues is (0.75, 0.25), of squared length 0.625. The mean of the squared chroma is 134² / 2.
    assert uncertainty(hue, chroma) == pytest.approx(134 * math.sqrt(1 / 2 - 0.625 / 4), rel=1e-5)


def test_against_every_color_that_can_be_drawn() -> None:
    hues, chromas = some(3, 4)
    means, spreads = expected_color(hues, chromas), uncertainty(hues, chromas)
    assert means.dtype == spreads.dtype == np.float32
    assert (means.shape, spreads.shape) == ((3, 4, 2), (3, 4))
    for place in np.ndindex(3, 4):
        colors, share = drawn(hues[place], chromas[place])
        mean = share @ colors
        np.testing.assert_allclose(means[place], mean, atol=1e-4)
        squares = np.square(colors - mean).sum(axis=-1)
        assert spreads[place] == pytest.approx(math.sqrt(share @ squares), abs=1e-2)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 30), st.integers(0, 99))
def test_expected_color_of_some_pixels_is_their_mean_color(count: int, seed: int) -> None:
    ab = np.random.default_rng(seed).uniform(-78, 78, (4, count, 2)) * [[[0.0]], [[0.3]], [[1.0]], [[1.0]]]
    bound = 0.005 * np.linalg.norm(ab, axis=-1).mean(axis=-1) + 1e-3
    apart = np.linalg.norm(expected_color(*hue_chroma_histogram(ab)) - ab.mean(axis=1), axis=-1)
    assert (apart <= bound).all()


def test_no_color_has_a_smaller_expected_error() -> None:
    hue, chroma = some()
    colors, share = drawn(hue, chroma)

    def error(color: Any) -> float:
        return float(share @ np.square(colors - color).sum(axis=-1))

    best = expected_color(hue, chroma)
    assert error(best) == pytest.approx(uncertainty(hue, chroma) ** 2, rel=1e-3)
    for degrees in range(0, 360, 30):
        step = [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]
        assert error(best + step) > error(best)


def test_what_is_sure_and_what_is_not() -> None:
    uniform = np.full(32, 1 / 32)
    hue = np.stack([one_hot(5), uniform, uniform, (one_hot(2) + one_hot(18)) / 2])
    chroma = np.stack([one_hot(20), one_hot(20), one_hot(0), one_hot(31)])
    at_20 = 134 * 20 / 31
    np.testing.assert_allclose(uncertainty(hue, chroma), [0, at_20, 0, 134], atol=0.1)
    np.testing.assert_allclose(np.linalg.norm(expected_color(hue, chroma), axis=-1), [at_20, 0, 0, 0], atol=1e-4)


def test_a_sure_color_that_rounding_made_too_sure_has_no_uncertainty() -> None:
    assert uncertainty(1.0009 * one_hot(3), 1.0009 * one_hot(20)) == 0


def test_turning_the_hues_turns_the_color_and_nothing_else() -> None:
    hue, chroma = some(5)
    turned = np.roll(hue, 3, axis=-1)  # by a quarter turn, with 12 bins
    a, b = expected_color(hue, chroma).T
    np.testing.assert_allclose(expected_color(turned, chroma), np.stack([-b, a], axis=-1), atol=1e-4)
    np.testing.assert_allclose(uncertainty(turned, chroma), uncertainty(hue, chroma), atol=0.1)


def test_no_histograms_give_no_colors() -> None:
    hue, chroma = some(0)
    assert expected_color(hue, chroma).shape == (0, 2)
    assert uncertainty(hue, chroma).shape == (0,)


@pytest.mark.parametrize("function", [expected_color, uncertainty])
@pytest.mark.parametrize(
    ("hue", "message"),
    [
        (one_hot(0) * 3, r"expected histograms of hue in \[0, 1\], got values from 0 to 3"),
        (one_hot(0) / 2, "expected histograms of hue that sum to 1, got sums from 0.5 to 0.5"),
        (one_hot(0) * np.nan, "got NaN"),
        (one_hot(0, 2), r"of hue of shape \(\.\.\., bins\) with 3 bins or more, got \(2,\)"),
        (one_hot(0).astype(int), "of hue .* as floats, got int64"),
    ],
)
def test_refuses_what_is_no_histogram(function: Callable[..., Any], hue: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(hue, one_hot(0))


@pytest.mark.parametrize("function", [expected_color, uncertainty])
def test_refuses_histograms_that_do_not_go_together(function: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match=r"as many histograms of hue as of chroma, got \(32,\) and \(32, 32\)"):
        function(one_hot(0), np.eye(32))
