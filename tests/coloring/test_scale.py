"""The scale at which colors are found, and the way back: sizes, lightness, bilinear interpolation, gamut."""

import numpy as np
import pytest
import skimage
import tensorflow as tf

from course_lib.color import lab_to_rgb
from course_lib.coloring import scale
from course_lib.coloring.scale import colored, has_color, working_picture, working_size
from tests.support.image_files import pixels


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((3000, 4000), (256, 341)),
        ((4000, 3000), (341, 256)),
        ((256, 1024), (256, 1024)),
        ((100, 50), (512, 256)),  # small ones are enlarged
        ((300, 12000), (26, 1024)),  # 25.6
        ((12000, 1), (1024, 1)),
        ((1, 1), (256, 256)),
    ],
)
def test_working_size(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert working_size(*size) == expected


def test_a_working_picture_is_upright_lab() -> None:
    photograph = np.zeros((300, 600, 3), np.uint8)
    photograph[:100] = 255, 0, 0
    lab = working_picture(photograph)
    assert lab.shape == (256, 512, 3)
    assert lab.dtype == np.float32
    red = skimage.color.rgb2lab([1.0, 0, 0])
    np.testing.assert_allclose(
        lab[:70], np.broadcast_to([red[0] / 50 - 1, red[1] / 110, red[2] / 110], (70, 512, 3)), atol=0.01
    )
    np.testing.assert_allclose(lab[100:], np.broadcast_to([-1, 0, 0], (156, 512, 3)), atol=0.01)


def test_what_has_color() -> None:
    gray = np.repeat(pixels(0, 60, 80)[..., :1], 3, axis=-1)
    assert not has_color(working_picture(gray))
    nearly = gray.clip(0, 250).astype(np.uint8)
    nearly[..., 2] += 3
    assert not has_color(working_picture(nearly))
    gray[20:30, 30:40] = 200, 40, 40
    assert has_color(working_picture(gray))


def test_lightness_stays_whatever_the_color() -> None:
    photograph = pixels(1, 40, 60)
    ab = np.random.default_rng(2).uniform(-1, 1, (5, 7, 2)).astype(np.float32)  # mostly beyond the gamut
    before, after = (skimage.color.rgb2lab(each)[..., 0] for each in (photograph, colored(photograph, ab)))
    np.testing.assert_allclose(after, before, atol=0.5)  # half a step of 8 bits


@pytest.mark.parametrize("size", [(40, 60), (7, 90), (3, 2)])
def test_colors_are_enlarged_as_tensorflow_does(size: tuple[int, int]) -> None:
    photograph = np.full((*size, 3), 119, np.uint8)
    ab = np.random.default_rng(3).uniform(-0.1, 0.1, (3, 2, 2)).astype(np.float32)
    L = np.full((*size, 1), skimage.color.rgb2lab(photograph)[0, 0, 0])
    expected = 255 * lab_to_rgb(np.concatenate([L, 110 * np.asarray(tf.image.resize(ab, size))], axis=-1))
    np.testing.assert_allclose(colored(photograph, ab), expected, atol=0.6)


def test_blocks_leave_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    photograph = pixels(4, 50, 33)
    ab = np.random.default_rng(5).uniform(-0.3, 0.3, (6, 4, 2)).astype(np.float32)
    whole = colored(photograph, ab).astype(int)
    for rows in (1, 7, 49):
        monkeypatch.setattr(scale, "BLOCK", rows * 33)
        assert np.abs(colored(photograph, ab) - whole).max() <= 1


def test_a_gray_photograph_without_color_stays_as_it_is() -> None:
    gray = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=-1)
    np.testing.assert_array_equal(colored(gray, np.zeros((1, 1, 2), np.float32)), gray)
