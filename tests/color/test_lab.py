import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab

from course_lib.color import lab_to_rgb, rgb_to_lab
from course_lib.color.lab import CHUNK

Array = NDArray[Any]
STEPS = np.linspace(0, 1, 33)
CUBE = np.stack(np.meshgrid(STEPS, STEPS, STEPS, indexing="ij"), axis=-1)
levels = st.floats(0, 1, width=32)


def by_definition(rgb: tuple[float, float, float]) -> list[float]:
    """Convert one color with the formulas of IEC 61966-2-1 and CIE 15, in double precision."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    x = (0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047
    y = 0.212671 * r + 0.715160 * g + 0.072169 * b
    z = (0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883
    f = [t ** (1 / 3) if t > 216 / 24389 else 841 / 108 * t + 4 / 29 for t in (x, y, z)]
    return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]


@pytest.mark.parametrize(
    ("rgb", "expected"),
    [
        ((0, 0, 0), (0, 0, 0)),
        ((255, 255, 255), (100, 0, 0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((119, 119, 119), (50.03, 0, 0)),
    ],
)
def test_colors_known_from_the_literature(rgb: tuple[int, ...], expected: tuple[float, ...]) -> None:
    np.testing.assert_allclose(rgb_to_lab(np.array(rgb, np.uint8)), np.array(expected), atol=0.01)


@settings(deadline=None)
@given(st.tuples(levels, levels, levels))
def test_is_its_definition(rgb: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(rgb_to_lab(np.array(rgb)), by_definition(rgb), atol=5e-4)


def test_equals_scikit_image_all_over_the_cube() -> None:
    assert CUBE[..., 0].size > 2 * CHUNK
    lab = rgb_to_lab(CUBE)
    assert lab.dtype == np.float32
    np.testing.assert_allclose(lab, rgb2lab(CUBE), atol=1e-3)
    np.testing.assert_allclose(lab_to_rgb(lab), lab2rgb(rgb2lab(CUBE)), atol=1e-4)


@pytest.mark.parametrize("channel", range(3))
def test_every_byte_converts_as_its_fraction(channel: int) -> None:
    rgb = np.full((256, 3), 100, np.uint8)
    rgb[:, channel] = np.arange(256)
    np.testing.assert_allclose(rgb_to_lab(rgb), rgb2lab(rgb), atol=1e-3)


@pytest.mark.parametrize(("dtype", "close"), [(np.float16, 0.5), (np.float32, 1e-3), (np.float64, 1e-3)])
def test_floats_of_every_size_give_float32(dtype: type, close: float) -> None:
    lab = rgb_to_lab(CUBE.astype(dtype))
    assert lab.dtype == np.float32
    np.testing.assert_allclose(lab, rgb2lab(CUBE), atol=close)
    assert lab_to_rgb(lab.astype(dtype)).dtype == np.float32


def test_round_trip() -> None:
    np.testing.assert_allclose(lab_to_rgb(rgb_to_lab(CUBE)), CUBE, atol=1e-4)


@settings(deadline=None)
@given(st.tuples(levels, levels, levels))
def test_round_trip_of_any_color(rgb: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(lab_to_rgb(rgb_to_lab(np.array(rgb))), rgb, atol=1e-4)


def test_bytes_come_back_exactly() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (2, 100, 100, 3), dtype=np.uint8)
    np.testing.assert_array_equal(np.rint(lab_to_rgb(rgb_to_lab(rgb)) * 255), rgb)


def test_what_lies_outside_the_gamut_is_clipped() -> None:
    lab = np.random.default_rng(0).uniform((-20, -200, -200), (120, 200, 200), (5000, 3))
    rgb = lab_to_rgb(lab)
    assert rgb.min() == 0
    assert 1 - 1e-6 < rgb.max() <= 1
    # scikit-image cuts negative Z before the last step, so only colors without any can be compared.
    same = (lab[:, 0] + 16) / 116 - lab[:, 2] / 200 > 0
    np.testing.assert_allclose(rgb[same], lab2rgb(lab[same]), atol=1e-4)


@pytest.mark.parametrize("shape", [(3,), (0, 3), (0, 4, 3), (5, 3), (2, 1, 4, 1, 3)])
def test_shapes_are_kept(shape: tuple[int, ...]) -> None:
    rgb = np.random.default_rng(0).random(shape)
    lab = rgb_to_lab(rgb)
    assert lab.shape == lab_to_rgb(lab).shape == shape
    np.testing.assert_allclose(lab_to_rgb(lab), rgb, atol=1e-4)


def test_views_and_channels_in_reverse_are_read_in_their_order() -> None:
    view = CUBE[::2, ::-3, 1::4, ::-1]
    np.testing.assert_array_equal(rgb_to_lab(view), rgb_to_lab(view.copy()))


def test_the_input_stays_as_it_was() -> None:
    rgb, lab = CUBE.astype(np.float32), rgb_to_lab(CUBE)
    before = rgb.copy(), lab.copy()
    rgb_to_lab(rgb)
    lab_to_rgb(lab)
    np.testing.assert_array_equal(rgb, before[0])
    np.testing.assert_array_equal(lab, before[1])


@pytest.mark.parametrize(
    ("rgb", "message"),
    [
        (CUBE * 255, r"expected RGB in \[0, 1\], got values from 0 to 255: divide by 255"),
        (CUBE * 2 - 1, r"expected RGB in \[0, 1\], got values from -1 to 1$"),
        (CUBE.round().astype(int), r"expected RGB as uint8 or as floats in \[0, 1\], got int64"),
        (CUBE > 0.5, "got bool"),
        (CUBE * 1j, "got complex128"),
        (np.where(CUBE > 0.9, np.nan, CUBE), "got NaN"),
        (np.where(CUBE > 0.9, np.inf, CUBE), "got values from 0 to inf"),
        (CUBE[..., :2], r"expected RGB of shape \(\.\.\., 3\), got \(33, 33, 33, 2\)"),
        (0.5, r"expected RGB of shape \(\.\.\., 3\), got \(\)"),
    ],
)
def test_refuses_what_is_no_rgb(rgb: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rgb_to_lab(rgb)


def test_rounding_beyond_the_range_is_taken() -> None:
    np.testing.assert_allclose(rgb_to_lab([[1 + 1e-6] * 3, [-1e-6] * 3]), [[100, 0, 0], [0, 0, 0]], atol=0.01)


@pytest.mark.parametrize(
    ("lab", "message"),
    [
        (np.full((1, 3), 128, np.uint8), "expected Lab with L in .* as floats, got uint8"),
        ([[50.0, np.nan, 0.0]], "got NaN"),
        ([[50.0, -np.inf, 0.0]], "got values from -inf to 50"),
        ([[1e9, 0.0, 0.0]], r"got values from 0 to 1e\+09"),
        ([[50.0, 0.0]], r"of shape \(\.\.\., 3\), got \(1, 2\)"),
    ],
)
def test_refuses_what_is_no_lab(lab: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lab_to_rgb(lab)


def test_arrays_need_no_tensorflow() -> None:
    code = "import sys, course_lib.color; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
