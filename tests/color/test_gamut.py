from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import rgb2lab
from skimage.color.colorconv import rgb_from_xyz

from course_lib.color import clip_chroma, lab_to_rgb, rgb_to_lab
from course_lib.color.lab import CHUNK

RANDOM = np.random.default_rng(0).uniform((0, -128, -128), (100, 128, 128), (2 * CHUNK + 5, 3))


def linear(lab: NDArray[Any]) -> NDArray[np.float64]:
    """Linear light by the formulas of CIE 15, in double precision and with nothing clipped."""
    y = (lab[..., 0] + 16) / 116
    roots = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    relative = np.where(roots > 6 / 29, roots**3, 108 / 841 * (roots - 4 / 29))
    return np.asarray(relative * (0.95047, 1, 1.08883) @ rgb_from_xyz.T, float)


def most_chroma(L: float, hue: float) -> float:
    """Look for the largest chroma without a gap below it, 0.05 at a time."""
    chroma = np.arange(0, 140, 0.05)
    light = linear(np.stack([np.full_like(chroma, L), chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1))
    fits = (light.min(axis=-1) >= -1e-5) & (light.max(axis=-1) <= 1 + 1e-4)
    return float(chroma[np.argmin(fits) - 1])


@pytest.mark.parametrize("L", [0.5, 5, 20, 32.3, 50, 70, 87, 97, 99.5])
def test_the_chroma_is_the_largest_that_fits(L: float) -> None:
    hues = np.linspace(0, 2 * np.pi, 61)[:-1]
    clipped = clip_chroma(np.stack([np.full_like(hues, L), 140 * np.cos(hues), 140 * np.sin(hues)], axis=-1))
    expected = [most_chroma(L, hue) for hue in hues]
    np.testing.assert_allclose(np.hypot(clipped[:, 1], clipped[:, 2]), expected, atol=0.15)


def test_lightness_and_hue_stay_while_clipping_rgb_changes_them() -> None:
    clipped = clip_chroma(RANDOM)
    back = rgb2lab(lab_to_rgb(clipped))
    np.testing.assert_allclose(back, clipped, atol=0.05)
    np.testing.assert_allclose(back[:, 0], RANDOM[:, 0], atol=0.01)
    np.testing.assert_allclose(clipped[:, 1] * RANDOM[:, 2], clipped[:, 2] * RANDOM[:, 1], atol=0.01)
    assert np.abs(rgb2lab(lab_to_rgb(RANDOM))[:, 0] - RANDOM[:, 0]).mean() > 5


def test_what_srgb_has_stays_as_it_is() -> None:
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    lab = rgb_to_lab(np.stack(np.meshgrid(steps, steps, steps), axis=-1))
    np.testing.assert_allclose(clip_chroma(lab), lab, atol=1e-5)


@settings(deadline=None)
@given(st.floats(0, 100, width=32), st.floats(-2000, 2000, width=32), st.floats(-2000, 2000, width=32))
def test_any_color_has_a_nearest_one_of_its_lightness(L: float, a: float, b: float) -> None:
    clipped = clip_chroma([[L, a, b]])
    np.testing.assert_allclose(rgb2lab(lab_to_rgb(clipped)), clipped, atol=0.05)
    np.testing.assert_array_equal(clipped[0, 0], np.float32(L))


def test_black_and_white_have_no_color() -> None:
    np.testing.assert_allclose(
        clip_chroma([[0.0, 50.0, -50.0], [100.0, 50.0, 50.0]]), [[0, 0, 0], [100, 0, 0]], atol=0.1
    )


def test_lightness_is_clipped_to_its_range() -> None:
    np.testing.assert_allclose(clip_chroma([[-1.0, 3.0, 0.0], [100.5, 0.0, 3.0]])[:, 0], [0, 100])


def test_shapes_are_kept_and_the_input_too() -> None:
    lab = RANDOM[:24].reshape(2, 3, 4, 3)[:, ::-1]
    before = lab.copy()
    clipped = clip_chroma(lab)
    assert clipped.shape == lab.shape
    assert clipped.dtype == np.float32
    np.testing.assert_array_equal(lab, before)
    np.testing.assert_array_equal(clipped[1, 2, 3], clip_chroma(lab[1, 2, 3]))


@pytest.mark.parametrize(
    ("lab", "message"),
    [
        ([[50, 0, 0]], "expected Lab with L in .* as floats, got int64"),
        ([[50.0, np.nan, 0.0]], "got NaN"),
        ([[50.0, 1e4, 0.0]], "got values from 0 to 10000"),
        ([[50.0, 0.0]], r"of shape \(\.\.\., 3\), got \(1, 2\)"),
    ],
)
def test_refuses_what_is_no_lab(lab: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        clip_chroma(lab)
