import pickle
import socket

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from course_lib.images import TEXTURES, mosaics, photographs


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every connection an error."""

    def refuse(*args: object) -> None:
        raise AssertionError("the network was asked for something")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def adobe_to_srgb(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Convert by the definitions: Adobe RGB has another green, and a gamma of 563 / 256."""
    linear = (image / 255) ** (563 / 256)
    linear[..., 0] = linear @ [1.39835, -0.39835, 0]
    linear[..., 2] = linear @ [0, -0.04293, 1.04293]
    linear = linear.clip(0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(255 * coded).astype(np.uint8)


@pytest.mark.usefixtures("offline")
def test_photographs_are_those_that_scikit_image_reads() -> None:
    """But for the rocket, which is stored in Adobe RGB, and whose colors scikit-image takes for sRGB."""
    left, right, _ = skimage.data.stereo_motorcycle()
    expected = {
        "astronaut": skimage.data.astronaut(),
        "chelsea": skimage.data.chelsea(),
        "coffee": skimage.data.coffee(),
        "hubble_deep_field": skimage.data.hubble_deep_field(),
        "ihc": skimage.data.immunohistochemistry(),
        "motorcycle_left": left,
        "motorcycle_right": right,
        "retina": skimage.data.retina(),
        "rocket": adobe_to_srgb(skimage.data.rocket()),
    }
    got = dict(photographs())
    assert list(got) == list(expected)
    assert len(photographs()) == len(expected)
    for name, image in got.items():
        assert image.dtype == np.uint8
        np.testing.assert_allclose(image.astype(int), expected[name].astype(int), atol=2 if name == "rocket" else 0)


def test_photographs_lie_where_their_paths_say() -> None:
    source = photographs(seed=2)
    assert [path.stem for path in source.paths] == source.names == sorted(source.names)
    assert all(path.is_file() for path in source.paths)


def test_mosaics_show_at_each_pixel_a_texture_of_its_label() -> None:
    known = [set(np.unique(getattr(skimage.data, name)())) for name in TEXTURES]
    for _, image, labels in mosaics(3, (60, 80), seed=0):
        assert image.shape == (60, 80, 3)
        assert labels.shape == (60, 80)
        assert image.dtype == labels.dtype == np.uint8
        assert (image == image[..., :1]).all()
        for label, values in enumerate(known):
            assert set(image[labels == label].ravel()) <= values


@pytest.mark.parametrize("label", range(3))
def test_a_mosaic_of_one_cell_is_a_piece_of_its_texture(label: int) -> None:
    image = next(image for _, image, labels in mosaics(20, 12, seed=0, cells=1) if (labels == label).all())
    windows = np.lib.stride_tricks.sliding_window_view(getattr(skimage.data, TEXTURES[label])(), (12, 12))
    assert (windows == image[..., 0]).all(axis=(2, 3)).any()


def test_the_regions_of_two_sites_are_convex() -> None:
    for _, _, labels in mosaics(5, 64, seed=5, cells=2):
        for label in np.unique(labels):
            region = np.argwhere(labels == label)
            first, second = np.random.default_rng(0).choice(region, (2, 5000))
            middle = ((first + second) // 2)[((first + second) % 2 == 0).all(axis=1)]
            assert (labels[tuple(middle.T)] == label).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99), st.integers(3, 30))
def test_all_textures_are_there(height: int, width: int, seed: int, cells: int) -> None:
    cells = min(cells, height * width)
    for _, image, labels in mosaics(2, (height, width), seed, cells):
        assert image.shape[:2] == labels.shape == (height, width)
        assert len(np.unique(labels)) == min(3, cells)


def test_mosaics_are_the_same_for_the_same_seed_alone() -> None:
    source = mosaics(3, 32, seed=1)
    first, second, copy = list(source), list(source), list(pickle.loads(pickle.dumps(source)))
    longer, other = list(mosaics(5, 32, seed=1)), list(mosaics(3, 32, seed=2))
    assert len(source) == len(first) == 3
    assert [name for name, _, _ in longer] == [f"mosaic_000{index}" for index in range(5)]
    for item, *same in zip(first, second, copy, longer[:3], strict=True):
        for again in same:
            assert again[0] == item[0]
            np.testing.assert_array_equal(again[1], item[1])
            np.testing.assert_array_equal(again[2], item[2])
    assert len({labels.tobytes() for _, _, labels in [*longer, *other]}) == 8


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0, 32, 0), "expected a count of 1 or more, got 0"),
        ((1, (0, 32), 0), "expected a height of 1 or more, got 0"),
        ((1, (32, 1.5), 0), "expected a width of 1 or more, got 1.5"),
        ((1, 32, -1), "expected a seed of 0 or more, got -1"),
        ((1, 4, 0, 17), "expected a number of cells from 1 to 16, got 17"),
    ],
)
def test_what_cannot_be_made_is_refused(arguments: tuple[int, int, int], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        mosaics(*arguments)
