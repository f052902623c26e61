import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import circmean

from course_lib.color import histogram_to_ab, hue_chroma_histogram
from course_lib.color.scale import CHROMA_BOUND

Array = NDArray[Any]
TOP = 78.0  # a and b up to this have a chroma within the bound


def polar(chroma: float, degrees: float) -> list[float]:
    """Return a color from its chroma and its hue."""
    return [chroma * math.cos(math.radians(degrees)), chroma * math.sin(math.radians(degrees))]


def pixels(*shape: int, seed: int = 0) -> Array:
    """Random colors."""
    return np.random.default_rng(seed).uniform(-TOP, TOP, (*shape, 2))


def one_hot(place: int, bins: int = 32) -> Array:
    """Return the histogram of a value at the center of a bin."""
    return np.eye(bins)[place]


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        (0, {0: 1.0}),
        (90, {1: 1.0}),
        (45, {0: 0.5, 1: 0.5}),
        (202.5, {2: 0.75, 3: 0.25}),
        (-22.5, {3: 0.25, 0: 0.75}),
    ],
)
def test_hue_worked_by_hand_with_4_bins(degrees: float, expected: dict[int, float]) -> None:
    hue, _ = hue_chroma_histogram([polar(50, degrees)], bins=4)
    assert hue.dtype == np.float32
    np.testing.assert_allclose(hue, [expected.get(k, 0) for k in range(4)], atol=1e-6)


@pytest.mark.parametrize(
    ("chroma", "expected"), [(0, [1, 0, 0]), (33.5, [0.5, 0.5, 0]), (67, [0, 1, 0]), (134, [0, 0, 1])]
)
def test_chroma_worked_by_hand_with_3_bins(chroma: float, expected: list[float]) -> None:
    _, histogram = hue_chroma_histogram([polar(chroma, 35)], bins=3)
    assert histogram.dtype == np.float32
    np.testing.assert_allclose(histogram, expected, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 20), st.integers(3, 40), st.integers(0, 9))
def test_a_histogram_is_a_mean_of_its_pixels_histograms(count: int, bins: int, seed: int) -> None:
    ab = pixels(2, 3, count, seed=seed)
    strength = np.linalg.norm(ab, axis=-1)
    wholes, singles = hue_chroma_histogram(ab, bins), hue_chroma_histogram(ab[..., None, :], bins)
    for whole, single, weights in zip(wholes, singles, (strength, np.ones_like(strength)), strict=True):
        assert whole.shape == (2, 3, bins)
        expected = np.average(single, axis=2, weights=np.broadcast_to(weights[..., None], single.shape))
        np.testing.assert_allclose(whole, expected, atol=1e-6)
        np.testing.assert_allclose(whole.sum(axis=-1), 1, atol=1e-6)
        assert whole.min() >= 0
        assert ((single > 1e-6).sum(axis=-1) <= 2).all()


def test_a_pixel_votes_for_its_hue_with_its_chroma() -> None:
    hue, chroma = hue_chroma_histogram([polar(67, 0), polar(33.5, 180), polar(0, 0), polar(0, 0)], bins=4)
    np.testing.assert_allclose(hue, [2 / 3, 0, 1 / 3, 0], atol=1e-6)
    # The centers are 0, 44.67, 89.33 and 134.
    np.testing.assert_allclose(chroma, [0.5 + 0.25 * 0.25, 0.25 * 0.75 + 0.25 * 0.5, 0.25 * 0.5, 0], atol=1e-6)


def test_gray_pixels_do_not_change_the_hue() -> None:
    ab = pixels(3, 7)
    with_gray, _ = hue_chroma_histogram(np.concatenate([ab, np.zeros((3, 90, 2))], axis=1))
    np.testing.assert_allclose(with_gray, hue_chroma_histogram(ab)[0], atol=1e-6)


def test_where_all_is_gray_every_hue_is_as_likely() -> None:
    ab = np.zeros((2, 5, 2))
    ab[1, 3] = polar(1e-4, 90)
    hue, chroma = hue_chroma_histogram(ab, bins=8)
    np.testing.assert_allclose(hue, [np.full(8, 1 / 8), one_hot(2, 8)], atol=1e-6)
    np.testing.assert_allclose(chroma, [one_hot(0, 8)] * 2, atol=1e-5)


@pytest.mark.parametrize("chroma", [1e-38, 1e-200, 5e-324])
def test_hue_of_next_to_no_chroma_is_still_a_histogram(chroma: float) -> None:
    hue, _ = hue_chroma_histogram([[chroma, chroma]])
    np.testing.assert_allclose(hue.sum(), 1, atol=1e-6)


@settings(deadline=None)
@given(st.floats(0, CHROMA_BOUND - 28), st.floats(-180, 180))
def test_a_single_color_comes_back(chroma: float, degrees: float) -> None:
    color = polar(chroma, degrees)
    np.testing.assert_allclose(histogram_to_ab(*hue_chroma_histogram([color])), color, atol=0.02)


def test_gray_comes_back_as_gray() -> None:
    np.testing.assert_array_equal(histogram_to_ab(*hue_chroma_histogram(np.zeros((5, 7, 2)))), np.zeros((5, 2)))


def test_decoded_chroma_is_the_median_within_a_bin() -> None:
    ab = np.abs(pixels(50, 101))
    decoded = histogram_to_ab(*hue_chroma_histogram(ab))
    median = np.median(np.hypot(ab[..., 0], ab[..., 1]), axis=-1)
    np.testing.assert_allclose(np.hypot(decoded[:, 0], decoded[:, 1]), median, atol=CHROMA_BOUND / 31)


def test_decoded_hue_is_the_circular_mean_across_the_seam() -> None:
    degrees = np.random.default_rng(0).uniform(-80, 60, (50, 30)) + np.arange(0, 3600, 72)[:, None]
    ab = 60 * np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=-1)
    decoded = histogram_to_ab(*hue_chroma_histogram(ab))
    expected = circmean(np.radians(degrees), axis=-1)
    apart = np.arctan2(decoded[:, 1], decoded[:, 0]) - expected
    np.testing.assert_allclose(np.sin(apart), 0, atol=1e-3)
    assert (np.cos(apart) > 0).all()


@pytest.mark.parametrize("hue", [np.full(32, 1 / 32), (one_hot(3) + one_hot(19)) / 2])
def test_hues_that_contradict_each_other_give_gray(hue: Array) -> None:
    np.testing.assert_allclose(histogram_to_ab(hue, one_hot(20)), [0, 0], atol=1e-5)


def test_color_fades_where_hues_hardly_agree() -> None:
    # The mean vector of a uniform histogram with a share s at hue 0 has length s.
    shares = np.array([0.01, 0.02, 0.03, 0.5])[:, None]
    hue = shares * one_hot(0) + (1 - shares) / 32
    decoded = histogram_to_ab(hue, np.tile(one_hot(31), (4, 1)))
    np.testing.assert_allclose(decoded, np.array([[134 / 3, 0], [134 * 2 / 3, 0], [134, 0], [134, 0]]), atol=1e-3)


@pytest.mark.parametrize(
    ("chroma", "expected"),
    [
        ([1, 0, 0], 0),
        ([0, 0, 1], 134),
        ([0.5, 0, 0.5], 67),
        ([0.25, 0.5, 0.25], 67),
        ([0.4996, 0, 0.4996], 67),  # rounded, so that they sum to 0.9992
        # Below the centers lie 0.4, 0.85 and 0.95 of the mass: 0.5 is reached 2/9 of the way between the first two.
        ([0.8, 0.1, 0.1], 67 * 2 / 9),
    ],
)
def test_median_worked_by_hand(chroma: list[float], expected: float) -> None:
    decoded = histogram_to_ab(one_hot(0), np.array(chroma, float))
    np.testing.assert_allclose(decoded, [expected, 0], atol=1e-4)


def test_the_two_histograms_may_differ_in_bins_and_have_any_leading_axes() -> None:
    hue, _ = hue_chroma_histogram(np.tile(polar(60, 90), (2, 1, 4, 1, 1)), bins=8)
    _, chroma = hue_chroma_histogram(np.tile(polar(60, 0), (2, 1, 4, 1, 1)), bins=50)
    decoded = histogram_to_ab(hue, chroma)
    assert decoded.dtype == np.float32
    np.testing.assert_allclose(decoded, np.broadcast_to([0, 60], (2, 1, 4, 2)), atol=1e-4)


def test_no_histograms_give_no_colors() -> None:
    hue, chroma = hue_chroma_histogram(np.zeros((0, 5, 2)))
    assert hue.shape == chroma.shape == (0, 32)
    assert histogram_to_ab(hue, chroma).shape == (0, 2)


@pytest.mark.parametrize(
    ("ab", "bins", "message"),
    [
        (np.zeros((4, 3)), 32, r"of shape \(\.\.\., 2\), got \(4, 3\)"),
        (np.zeros(2), 32, r"expected ab of shape \(\.\.\., N, 2\) with at least one pixel, got \(2,\)"),
        (np.zeros((3, 0, 2)), 32, r"with at least one pixel, got \(3, 0, 2\)"),
        (np.zeros((4, 2), int), 32, "as floats, got int64"),
        (np.full((4, 2), np.nan), 32, "got NaN"),
        (np.full((4, 2), 128.0), 32, r"expected ab in \[-110, 110\], got values from 128 to 128"),
        (np.zeros((4, 2)), 2, "expected 3 bins or more, as a whole number, got 2"),
        (np.zeros((4, 2)), 32.0, "expected 3 bins or more, as a whole number, got 32.0"),
    ],
)
def test_refuses_what_has_no_histogram(ab: Array, bins: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hue_chroma_histogram(ab, bins)


@pytest.mark.parametrize(
    ("hue", "chroma", "message"),
    [
        (one_hot(0) * 3, one_hot(0), r"expected histograms of hue in \[0, 1\], got values from 0 to 3"),
        (one_hot(0), one_hot(0) / 2, "expected histograms of chroma that sum to 1, got sums from 0.5 to 0.5"),
        (one_hot(0), 2 * one_hot(0) - one_hot(1), "histograms of chroma in .*, got values from -1 to 2"),
        (one_hot(0), one_hot(0) * np.nan, "got NaN"),
        (one_hot(0), np.eye(32), r"as many histograms of hue as of chroma, got \(32,\) and \(32, 32\)"),
        (one_hot(0, 2), one_hot(0), r"of hue of shape \(\.\.\., bins\) with 3 bins or more, got \(2,\)"),
        (0.5, one_hot(0), r"of hue of shape \(\.\.\., bins\) with 3 bins or more, got \(\)"),
        (one_hot(0).astype(int), one_hot(0), "of hue .* as floats, got int64"),
    ],
)
def test_refuses_what_is_no_histogram(hue: Any, chroma: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        histogram_to_ab(hue, chroma)
