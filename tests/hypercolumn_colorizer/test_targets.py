from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.color import hue_chroma_histogram
from course_lib.hypercolumn_colorizer.targets import histogram_targets


def photograph(height: int = 9, width: int = 7, seed: int = 0) -> Any:
    """Make normalized ab at random."""
    return np.random.default_rng(seed).uniform(-0.7, 0.7, (height, width, 2)).astype(np.float32)


def all_sites(height: int, width: int) -> Any:
    """Return every pixel's row and column."""
    return np.argwhere(np.ones((height, width), bool))


def test_window_worked_by_hand() -> None:
    # One red pixel of chroma 67, which is half of 134, and one of the opposite hue and a quarter of it; the rest is
    # gray. The window around (1, 1) holds both, the one around (1, 2) the second only, the one around (1, 4) neither.
    ab = np.zeros((3, 6, 2))
    ab[0, 0, 0], ab[2, 1, 0] = 67 / 110, -33.5 / 110
    hue, chroma, weight = histogram_targets(ab, [[1, 1], [1, 2], [1, 4]], window=3, bins=5)
    assert hue.dtype == chroma.dtype == weight.dtype == np.float32
    # 5 hues are 72 degrees apart: 180 lies halfway between the third and the fourth.
    np.testing.assert_allclose(hue, [[2 / 3, 0, 1 / 6, 1 / 6, 0], [0, 0, 0.5, 0.5, 0], [0.2] * 5], atol=1e-6)
    # The centers of chroma are 0, 33.5, 67, 100.5 and 134.
    np.testing.assert_allclose(chroma, np.array([[7, 1, 1, 0, 0], [8, 1, 0, 0, 0], [9, 0, 0, 0, 0]]) / 9, atol=1e-6)
    np.testing.assert_allclose(weight, [(0.5 + 0.25) / 9, 0.25 / 9, 0], atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 5, 13]), st.integers(3, 32))
def test_equals_a_loop_over_the_windows(height: int, width: int, window: int, bins: int) -> None:
    ab = photograph(height, width)
    sites = all_sites(height, width)
    got = histogram_targets(ab, sites, window, bins)
    mirrored = np.concatenate([ab, ab[::-1]])[:, np.r_[:width, width - 1 : -1 : -1]] * 110
    steps = np.arange(window) - window // 2
    for i, (row, column) in enumerate(sites):
        pixels = mirrored[(row + steps[:, None]) % (2 * height), (column + steps) % (2 * width)].reshape(-1, 2)
        hue, chroma = hue_chroma_histogram(pixels, bins)
        np.testing.assert_allclose(got.hue[i], hue, atol=1e-6)
        np.testing.assert_allclose(got.chroma[i], chroma, atol=1e-6)
        assert got.weight[i] == pytest.approx(np.linalg.norm(pixels, axis=-1).mean() / 134, abs=1e-6)


def test_mirrored_photograph_has_mirrored_targets() -> None:
    ab, sites = photograph(), all_sites(9, 7)
    flipped = histogram_targets(ab[:, ::-1], [0, 6] - sites * [-1, 1])
    for got, expected in zip(flipped, histogram_targets(ab, sites), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-6)


def test_order_of_the_sites_is_kept_and_one_may_come_twice() -> None:
    ab = photograph()
    sites = np.array([[8, 6], [0, 0], [8, 6], [4, 3]], np.uint8)
    for got, whole in zip(histogram_targets(ab, sites), histogram_targets(ab, all_sites(9, 7)), strict=True):
        np.testing.assert_array_equal(got, whole[[62, 0, 62, 31]])


def test_chroma_beyond_the_gamut_and_rounding_beyond_the_scale_are_taken() -> None:
    ab = np.full((2, 2, 2), 1.02, np.float32)
    hue, chroma, weight = histogram_targets(ab, [[0, 0]], bins=8)
    np.testing.assert_allclose([hue[0], chroma[0]], np.eye(8)[[1, 7]], atol=1e-5)
    assert weight == 1


def test_no_sites_have_no_targets() -> None:
    hue, chroma, weight = histogram_targets(photograph(), np.zeros((0, 2), int))
    assert (hue.shape, chroma.shape, weight.shape) == ((0, 32), (0, 32), (0,))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ab": photograph() * 110}, r"expected normalized ab in \[-1, 1\]"),
        ({"ab": np.zeros((9, 7, 3))}, r"of shape \(\.\.\., 2\), got \(9, 7, 3\)"),
        ({"ab": np.zeros((9, 2))}, r"expected ab of shape \(H, W, 2\) with at least one pixel, got \(9, 2\)"),
        ({"ab": np.zeros((0, 7, 2))}, r"with at least one pixel, got \(0, 7, 2\)"),
        ({"sites": [3, 4]}, r"expected sites of shape \(N, 2\), got \(2,\)"),
        ({"sites": [[3, 4, 5]]}, r"expected sites of shape \(N, 2\), got \(1, 3\)"),
        ({"sites": [[3.0, 4.0]]}, "expected sites as integers, rows and columns, got float64"),
        ({"sites": [[9, 0]]}, "of 9 x 7 pixels, got rows from 9 to 9 and columns from 0 to 0"),
        ({"sites": [[0, 2], [-1, 3]]}, "got rows from -1 to 0 and columns from 2 to 3"),
        ({"window": 4}, "expected an odd window of 1 pixel or more, got 4"),
        ({"window": -1}, "got -1"),
        ({"window": 3.0}, "got 3.0"),
        ({"bins": 2}, "expected 3 bins or more, as a whole number, got 2"),
    ],
)
def test_refuses_what_has_no_targets(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        histogram_targets(**{"ab": photograph(), "sites": [[3, 4]], **arguments})
