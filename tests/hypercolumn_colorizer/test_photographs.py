import numpy as np
import pytest
from sklearn.datasets import load_sample_images

from course_lib.color import denormalize_lab, lab_to_rgb
from course_lib.colorization import photographs_for_coloring
from course_lib.hypercolumn_colorizer import capstone_photographs

SIDE = 48


def test_four_photographs_are_held_back() -> None:
    training, unseen = capstone_photographs(SIDE)
    eight, _ = photographs_for_coloring(SIDE)
    assert {*training, "chelsea"} == {*eight}
    assert [*unseen] == ["chelsea", "china", "flower", "grace_hopper"]
    for name, photograph in (training | unseen).items():
        assert min(photograph.shape[:2]) == SIDE, name
        assert photograph.dtype == np.float32
        assert np.abs(photograph).max() <= 1.02
    for name, photograph in training.items():
        np.testing.assert_array_equal(photograph, eight[name])


@pytest.mark.parametrize(("place", "name"), [(0, "china"), (1, "flower")])
def test_photographs_of_scikit_learn_are_those(place: int, name: str) -> None:
    """The upper and the lower half have the same mean color."""
    image = load_sample_images().images[place]
    small = capstone_photographs(SIDE)[1][name]
    rgb = lab_to_rgb(denormalize_lab(small))
    assert abs(image.shape[1] / image.shape[0] - rgb.shape[1] / rgb.shape[0]) < 0.02
    for half, own in zip(np.array_split(image / 255, 2), np.array_split(rgb, 2), strict=True):
        np.testing.assert_allclose(own.mean(axis=(0, 1)), half.mean(axis=(0, 1)), atol=0.02)


def test_other_sides_are_refused() -> None:
    with pytest.raises(ValueError, match="expected side"):
        capstone_photographs(0)
