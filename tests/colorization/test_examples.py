from itertools import islice
from typing import Any

import numpy as np
import pytest
import skimage
from numpy.typing import NDArray

from course_lib.colorization import Crops, Pairs, held_out, photographs_for_coloring

pytestmark = pytest.mark.slow

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]
SIZES = [(9, 20), (16, 8), (8, 8)]


def numbered(sizes: list[tuple[int, int]]) -> dict[str, NDArray[np.float32]]:
    """Make photographs whose pixels tell where they are: row / 100, column / 100, number of the photograph / 10."""
    return {
        str(number): np.stack([*(np.indices(size) / 100), np.full(size, number / 10)], axis=-1).astype(np.float32)
        for number, size in enumerate(sizes)
    }


def places(examples: Crops, batches: int) -> NDArray[np.int64]:
    """Return row, column and photograph of all pixels of the first crops, ``(crops, size, size, 3)``."""
    crops = [np.concatenate(each, axis=-1) for each in first(examples, batches)]
    return np.round(np.concatenate(crops) * (100, 100, 10)).astype(np.int64)


def first(examples: Crops | Pairs, batches: int, first_epoch: int = 0) -> list[Batch]:
    return [(L.numpy(), ab.numpy()) for L, ab in islice(examples.dataset(first_epoch), batches)]


def assert_same(got: list[Batch], expected: list[Batch]) -> None:
    for one, other in zip(got, expected, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("flip", [False, True])
def test_crops_are_windows_of_photographs_and_reach_every_place(flip: bool) -> None:
    seen = set()
    for crop in places(Crops(numbered(SIZES), size=7, batch=50, steps=2, seed=0, flip=flip), batches=20):
        row, column, number = crop[0].min(axis=0)
        mirrored = bool(crop[0, 0, 1] > crop[0, 1, 1])
        window = np.stack([*np.indices((7, 7)) + np.reshape((row, column), (2, 1, 1)), np.full((7, 7), number)], -1)
        np.testing.assert_array_equal(crop, window[:, ::-1] if mirrored else window)
        seen.add((int(number), int(row), int(column), mirrored))
    expected = {
        (number, row, column, mirrored)
        for number, (height, width) in enumerate(SIZES)
        for row in range(height - 6)
        for column in range(width - 6)
        for mirrored in {False, flip}
    }
    assert seen == expected


def test_photographs_are_as_likely_whatever_their_size() -> None:
    crops = places(Crops(numbered([(8, 8), (40, 90)]), size=8, batch=100, steps=1, seed=0), batches=10)
    assert 450 < np.count_nonzero(crops[:, 0, 0, 2]) < 550


PHOTOGRAPHS = numbered(SIZES)
LAB = numbered([(4, 5)] * 7)
IMAGES = np.stack([*LAB.values()])


def crops(steps: int = 3, seed: int = 0) -> Crops:
    return Crops(PHOTOGRAPHS, size=4, batch=2, steps=steps, seed=seed)


def pairs(seed: int = 0) -> Pairs:
    return Pairs(IMAGES[..., :1], IMAGES[..., 1:], batch=2, seed=seed)


@pytest.mark.parametrize("make", [crops, pairs])
def test_a_later_epoch_is_the_continuation_of_the_first(make: Any) -> None:
    assert_same(first(make(), 5, first_epoch=3), first(make(), 14)[9:])
    assert_same(first(make(), 5), first(make(), 5))


@pytest.mark.parametrize("make", [crops, pairs])
def test_epochs_and_seeds_differ(make: Any) -> None:
    batches = [ab.tobytes() for seed in (0, 1) for _, ab in first(make(seed=seed), 12)]
    assert len({b"".join(batches[start : start + 3]) for start in range(0, 24, 3)}) == 8


def test_a_batch_of_crops_does_not_depend_on_the_length_of_an_epoch() -> None:
    assert_same(first(crops(steps=3), 2, first_epoch=2), first(crops(steps=5), 2, first_epoch=2))


def test_pairs_have_their_turn_once_an_epoch() -> None:
    batches = first(pairs(), pairs().steps * 12)
    assert pairs().steps == 3  # of 7 images in batches of 2
    numbers = np.array([np.round(ab[:, 0, 0, 1] * 10) for _, ab in batches], int).reshape(12, 6)
    assert all(len({*epoch}) == 6 for epoch in numbers)
    assert {*numbers.ravel()} == {*range(7)}
    images = IMAGES[numbers[0, :2]]
    assert_same(batches[:1], [(images[..., :1], images[..., 1:])])


def test_strips_and_parts_are_the_photograph() -> None:
    photographs = numbered([(5, 40), (6, 13)])
    strips, parts = held_out(photographs, width=4)
    assert [*parts] == ["0_left", "0_right", "1_left", "1_right"]
    for name, photograph in photographs.items():
        whole = np.concatenate([parts[f"{name}_left"], strips[name], parts[f"{name}_right"]], axis=1)
        np.testing.assert_array_equal(whole, photograph)
    columns = strips["0"][0, :, 1] * 100
    np.testing.assert_allclose(columns, [16, 17, 18, 19])


def test_crops_of_the_parts_do_not_reach_into_the_strips() -> None:
    strips, parts = held_out(numbered([(8, 40)]), width=10)
    inside = np.round(strips["0"][0, :, 1] * 100)
    columns = places(Crops(parts, size=8, batch=50, steps=1, seed=0), batches=10)[..., 1]
    assert {*columns.ravel()} == {*range(40)} - {*inside}


def test_shipped_photographs_are_normalized_and_one_is_never_seen() -> None:
    training, unseen = photographs_for_coloring(side=32)
    assert len(training) == 8
    assert [*unseen] == ["grace_hopper"]
    assert "motorcycle_left" in training
    assert "motorcycle_right" not in training
    for photograph in (*training.values(), *unseen.values()):
        assert min(photograph.shape[:2]) == 32
        assert photograph.dtype == np.float32
    assert unseen["grace_hopper"].shape == (38, 32, 3)
    expected = skimage.color.rgb2lab(skimage.data.coffee()).mean(axis=(0, 1)) / (50, 110, 110) - (1, 0, 0)
    np.testing.assert_allclose(training["coffee"].mean(axis=(0, 1)), expected, atol=0.01)


NOT_NORMALIZED = {"cat": np.full((9, 9, 3), 50.0)}


@pytest.mark.parametrize(
    ("photographs", "options", "expected"),
    [
        ({}, {}, "expected 1 photograph or more, got 0"),
        (
            PHOTOGRAPHS,
            {"size": 9},
            "expected photographs of 9 x 9 pixels or more for crops of that size, got 16 x 8 in 1",
        ),
        (NOT_NORMALIZED, {}, r"expected cat as normalized Lab in \[-1, 1\], got values from 50 to 50"),
        ([np.zeros((9, 9, 3))], {}, "expected a dictionary of pictures by name, got list"),
        ({"cat": np.zeros((9, 9))}, {}, r"expected cat as normalized Lab of shape \(H, W, 3\), got \(9, 9\)"),
        (PHOTOGRAPHS, {"batch": 0}, "expected batch to be a whole number of 1 or more, got 0"),
        (PHOTOGRAPHS, {"steps": 1.5}, "expected steps to be a whole number of 1 or more, got 1.5"),
        (PHOTOGRAPHS, {"seed": -1}, "expected seed to be a whole number of 0 or more, got -1"),
    ],
)
def test_what_gives_no_crops_is_refused(photographs: Any, options: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Crops(photographs, **({"size": 4, "batch": 2, "steps": 3, "seed": 0} | options))


@pytest.mark.parametrize(
    ("L", "ab", "batch", "expected"),
    [
        ((3, 4, 4, 1), (3, 4, 4, 2), 4, "expected a batch of 1 to 3 images, as many as there are, got 4"),
        (
            (3, 4, 4, 1),
            (2, 4, 4, 2),
            2,
            r"expected L \(B, H, W, 1\) and ab \(B, H, W, 2\), got \(3, 4, 4, 1\) and \(2,",
        ),
        ((3, 4, 4), (3, 4, 4, 2), 2, r"got \(3, 4, 4\) and \(3, 4, 4, 2\)"),
        ((0, 4, 4, 1), (0, 4, 4, 2), 2, r"got \(0, 4, 4, 1\) and \(0, 4, 4, 2\)"),
    ],
)
def test_what_gives_no_pairs_is_refused(L: tuple[int, ...], ab: tuple[int, ...], batch: int, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Pairs(np.zeros(L), np.zeros(ab), batch, seed=0)


def test_pairs_that_are_not_normalized_are_refused() -> None:
    with pytest.raises(ValueError, match=r"normalized L in \[-1, 1\], got .* to 3000: normalized L is L / 50 - 1"):
        Pairs(IMAGES[..., :1] * 1e5, IMAGES[..., 1:], 2, 0)
    with pytest.raises(ValueError, match=r"normalized ab in \[-1, 1\], got values from 0 to 60"):
        Pairs(IMAGES[..., :1], IMAGES[..., 1:] * 100, 2, 0)


def test_a_photograph_without_room_beside_the_strip_is_refused() -> None:
    with pytest.raises(
        ValueError, match="wider than a strip of 64 pixels from 40 % of the width on, got 20 pixels in 0"
    ):
        held_out(PHOTOGRAPHS)
