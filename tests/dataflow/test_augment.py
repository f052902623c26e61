from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.transform import resize

from course_lib.dataflow import (
    AugmentImageComponent,
    AugmentImageComponents,
    Augmentor,
    DataFromList,
    Flip,
    MapImage,
    RandomCrop,
    Resize,
)
from course_lib.images import photographs

FLIP: Any = Flip  # the class, where an object belongs
ONE: Any = (3,)
PHOTO = next(iter(photographs()))[1]


def numbered(height: int, width: int) -> np.ndarray:
    """An image whose pixels are all different."""
    return np.arange(height * width, dtype=np.int32).reshape(height, width)


@pytest.mark.parametrize("shape", [(100, 130), (600, 520), (256, 700)])
def test_images_are_resized_like_scikit_image_does_it(shape: tuple[int, int]) -> None:
    enlarged = (shape[0] >= PHOTO.shape[0], shape[1] >= PHOTO.shape[1])
    got = Resize(shape).apply(PHOTO, None)
    assert got.dtype == np.uint8
    assert got.shape == (*shape, 3)
    # scikit-image smooths with a Gaussian where Pillow takes a wider triangle: equal only where nothing shrinks.
    expected = resize(PHOTO, shape, order=1, preserve_range=True, anti_aliasing=not all(enlarged))
    difference = np.abs(got - expected)[4:-4, 4:-4]
    assert difference.mean() < (0.5 if all(enlarged) else 2.5)


def test_what_shrinks_does_not_alias() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 32))[..., None].repeat(3, axis=-1)
    assert np.ptp(Resize((24, 24)).apply(stripes, None)[:, 2:-2].astype(int)) < 60


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_images_of_floats_and_any_number_of_channels_are_resized(channels: int) -> None:
    image = np.random.default_rng(0).random((8, 6, channels), np.float32)
    got = Resize((16, 12)).apply(image, None)
    assert got.dtype == np.float32
    assert got.shape == (16, 12, channels)
    np.testing.assert_allclose(got, resize(image, (16, 12), order=1, mode="edge"), atol=1e-5)


@given(st.integers(1, 20), st.integers(1, 20))
def test_a_map_of_labels_is_resized_to_the_nearest_labels(old: int, new: int) -> None:
    got = Resize((new, 1)).apply(numbered(old, 1), None)
    assert got.dtype == np.int32
    for place, label in enumerate(got[:, 0].tolist()):
        distances = [abs(Fraction(2 * place + 1, 2 * new) - Fraction(2 * there + 1, 2 * old)) for there in range(old)]
        assert distances[label] == min(distances)
    np.testing.assert_array_equal(Resize((1, new)).apply(numbered(1, old), None), got.T)


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 100))
def test_a_crop_is_a_window_of_the_image(height: int, width: int, seed: int) -> None:
    image = numbered(8, 8)
    flow = AugmentImageComponent(DataFromList([[image]]), [RandomCrop((height, width))], seed=seed)
    ((crop,),) = flow
    top, left = divmod(int(crop[0, 0]), 8)
    np.testing.assert_array_equal(crop, image[top : top + height, left : left + width])


def test_crops_come_from_everywhere_and_flips_half_of_the_time() -> None:
    items = [[numbered(4, 4)]] * 900
    corners = [int(crop[0, 0]) for (crop,) in AugmentImageComponent(DataFromList(items), [RandomCrop((2, 2))], seed=0)]
    assert sorted(set(corners)) == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert np.bincount(corners).max() < 140  # 100 on average, with a deviation of 9
    flips = [int(image[0, 0]) for (image,) in AugmentImageComponent(DataFromList(items), [Flip()], seed=0)]
    assert set(flips) == {0, 3}
    assert 390 < flips.count(3) < 510  # 450 on average, with a deviation of 15


def test_a_flip_mirrors_left_and_right_or_top_and_bottom() -> None:
    image = numbered(2, 3)
    np.testing.assert_array_equal(Flip().apply(image, True), [[2, 1, 0], [5, 4, 3]])
    np.testing.assert_array_equal(Flip(horizontal=False).apply(image, True), [[3, 4, 5], [0, 1, 2]])


@given(st.integers(0, 50))
def test_paired_images_are_changed_alike(seed: int) -> None:
    labels = numbered(10, 12)
    image = labels[..., None].repeat(3, axis=-1)
    items = [[image, "name", labels]] * 3
    changes = [RandomCrop((6, 7)), Flip(), Flip(horizontal=False), MapImage(lambda picture: picture + 1)]
    flow = AugmentImageComponents(DataFromList(items), changes, index=(0, 2), seed=seed)
    for changed, name, with_it in flow:
        assert name == "name"
        np.testing.assert_array_equal(changed[..., 1], with_it)
    np.testing.assert_array_equal(items[0][2], numbered(10, 12))


def test_a_seed_gives_the_same_changes_which_differ_by_datapoint_and_epoch() -> None:
    items = [[numbered(9, 9)]] * 4
    flow, twin = (AugmentImageComponent(DataFromList(items), [RandomCrop((2, 2))], seed=5) for _ in range(2))
    epochs = [[crop.tolist() for (crop,) in flow] for _ in range(3)]
    assert epochs == [[crop.tolist() for (crop,) in twin] for _ in range(3)]
    assert len({str(crop) for epoch in epochs for crop in epoch}) > 8
    flow.reset_state()
    assert [crop.tolist() for (crop,) in flow] == epochs[0]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda flow: AugmentImageComponent(flow, [FLIP]), "expected augmentors such as Flip"),
        (lambda flow: Resize((0, 3)), "expected the height to be a whole number of 1 or more, got 0"),
        (lambda flow: RandomCrop(ONE), r"expected \(height, width\), got \(3,\)"),
        (lambda flow: list(AugmentImageComponent(flow, [RandomCrop((9, 2))])), r"at least \(9, 2\) .* got \(4, 5\)"),
        (lambda flow: list(AugmentImageComponent(flow, [Flip()], index=2)), r"a component 2, got one with 2"),
        (lambda flow: list(AugmentImageComponents(flow, [Flip()])), r"of one height and width .*\(4, 5\), \(4, 6\)"),
        (
            lambda flow: list(AugmentImageComponent(DataFromList([[3.0]]), [Flip()])),
            r"expected images \(H, W\) or \(H, W, C\), got \[\(\)\]",
        ),
        (
            lambda flow: list(AugmentImageComponent(DataFromList([[np.ones((2, 2, 3))]]), [Resize((1, 1))])),
            "expected an image of uint8 or float32, got float64",
        ),
    ],
)
def test_what_cannot_be_changed_is_refused(make: Callable[[Any], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(DataFromList([[numbered(4, 5), numbered(4, 6)]]))


def test_an_augmentor_of_ones_own_needs_apply_alone() -> None:
    class Invert(Augmentor):
        def apply(self, image: np.ndarray, drawn: None) -> np.ndarray:
            return 255 - image

    ((image,),) = AugmentImageComponent(DataFromList([[PHOTO]]), [Invert()])
    np.testing.assert_array_equal(image, 255 - PHOTO)
