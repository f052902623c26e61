from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2lab

from course_lib.color import denormalize_lab, normalize_lab, split_lab
from course_lib.color.scale import AB_BOUND, CHROMA_BOUND, normalized

STEPS = np.linspace(0, 1, 33)
GAMUT = rgb2lab(np.stack(np.meshgrid(STEPS, STEPS, STEPS, indexing="ij"), axis=-1))
numbers = st.floats(-1, 1, width=32)


def test_bounds_hold_for_the_gamut_and_leave_little_room() -> None:
    ab = GAMUT[..., 1:]
    assert 0.97 * AB_BOUND < np.abs(ab).max() < AB_BOUND
    assert 0.99 * CHROMA_BOUND < np.hypot(ab[..., 0], ab[..., 1]).max() < CHROMA_BOUND


def test_values_worked_by_hand() -> None:
    lab = [[0.0, 0.0, 0.0], [100.0, 110.0, -110.0], [50.0, -55.0, 11.0]]
    normalized = normalize_lab(lab)
    assert normalized.dtype == np.float32
    np.testing.assert_allclose(normalized, np.array([[-1, 0, 0], [1, 1, -1], [0, -0.5, 0.1]]), atol=1e-7)


def test_every_color_of_the_gamut_lies_within_1() -> None:
    normalized = normalize_lab(GAMUT)
    assert np.abs(normalized).max() <= 1 + 1e-6
    assert normalized[..., 0].min() == pytest.approx(-1)
    assert normalized[..., 0].max() == pytest.approx(1)


@settings(deadline=None)
@given(st.tuples(numbers, numbers, numbers))
def test_each_undoes_the_other(values: tuple[float, float, float]) -> None:
    normalized = np.array(values, np.float32)
    lab = denormalize_lab(normalized)
    assert lab.dtype == np.float32
    np.testing.assert_allclose(normalize_lab(lab), normalized, atol=1e-6)


def test_parts_are_views_of_the_whole() -> None:
    lab = GAMUT.copy()
    lightness, ab = split_lab(lab)
    assert lightness.shape == (33, 33, 33, 1)
    assert ab.shape == (33, 33, 33, 2)
    np.testing.assert_array_equal(np.concatenate([lightness, ab], axis=-1), lab)
    lightness[0, 0, 0], ab[0, 0, 0] = 7, (8, 9)
    assert lab[0, 0, 0].tolist() == [7, 8, 9]


def test_a_prediction_beyond_1_is_scaled_back_all_the_same() -> None:
    np.testing.assert_allclose(denormalize_lab([1.5, -2.0, 2.0]), [125, -220, 220])


@pytest.mark.parametrize(
    ("lab", "message"),
    [
        ([[255.0, 0.0, 0.0], [0.0, 1.0, 2.0]], r"got L from 0 to 255, a from 0 to 1, b from 0 to 2"),
        ([50.0, 128.0, 0.0], r"expected Lab with L in \[0, 100\] and a, b in \[-110, 110\], got .*a from 128 to 128"),
        ([50.0, np.nan, 0.0], "got NaN"),
        ([50.0, 0.0, np.inf], "b from inf to inf"),
        (np.array([50, 0, 0], np.uint8), "expected Lab as floats, got uint8"),
        ([[50.0]], r"expected Lab of shape \(\.\.\., 3\), got \(1, 1\)"),
    ],
)
def test_refuses_to_normalize_what_is_no_lab(lab: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        normalize_lab(lab)


@pytest.mark.parametrize(
    ("normalized", "message"),
    [
        (GAMUT, r"got values from -107.857 to 100: is this Lab that was not normalized\?"),
        ([np.nan, 0.0, 0.0], "got NaN"),
        (np.array([0, 0, 0]), "as floats, got int64"),
        ([0.0, 0.0], r"of shape \(\.\.\., 3\), got \(2,\)"),
    ],
)
def test_refuses_to_denormalize_what_is_not_normalized(normalized: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        denormalize_lab(normalized)


def test_refuses_to_split_what_has_other_channels() -> None:
    with pytest.raises(ValueError, match=r"expected Lab of shape \(\.\.\., 3\), got \(4, 4, 1\)"):
        split_lab(np.zeros((4, 4, 1)))


def test_values_on_the_scale_are_taken() -> None:
    values = np.array([[-1.01, 1.01], [0, 0.5]], np.float32)
    assert normalized(values, 2, "normalized ab") is values
    with pytest.raises(ValueError, match=r"expected normalized ab in \[-1, 1\], got .* to 50: normalized L is"):
        normalized(np.array([0.0, 50.0]), 2, "normalized ab")
    with pytest.raises(ValueError, match=r"expected normalized ab in \[-1, 1\] of shape \(..., 2\), got \(3,\)"):
        normalized(np.zeros(3), 2, "normalized ab")
