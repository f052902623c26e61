import numpy as np
import pytest
from matplotlib.axes import Axes
from numpy.typing import NDArray

from course_lib import plots
from tests.support.figure_words import overlaps

pytestmark = pytest.mark.slow

NAMES = ["bark", "sand"]
TRUTH = np.array([[0, 0, 0, 0], [1, 1, 1, 255]])
FOUND = np.array([[0, 0, 1, 1], [1, 1, 1, 0]])
PICTURE = np.zeros((2, 4))


def pixels(ax: Axes) -> NDArray[np.float64]:
    return np.asarray(ax.get_images()[0].get_array(), float)


def test_accuracy_counts_what_is_not_ignored() -> None:
    figure = plots.segmentations(PICTURE, {"truth": TRUTH, "FCN": FOUND, "same": np.minimum(TRUTH, 1)}, NAMES)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == ["picture", "FCN\n71.4% right", "same\n100.0% right", "truth", "28.6% wrong", "0.0% wrong"]
    assert (
        "FCN: 71.4% of the pixels are right. By class: bark 50% (else most often sand), sand 100%."
        in figure.alternative
    )
    assert "same: 100.0% of the pixels are right. By class: bark 100%, sand 100%." in figure.alternative


def test_wrong_pixels_are_dark_and_ignored_ones_are_transparent() -> None:
    wrong = pixels(plots.segmentations(PICTURE, {"truth": TRUTH, "FCN": FOUND}, NAMES).axes[3])
    assert (wrong[..., 0] < 0.5).tolist() == [[False, False, True, True], [False] * 4]
    assert (wrong[..., 3] == 0).tolist() == [[False] * 4, [False, False, False, True]]


def test_equal_labels_have_equal_colors_in_all_maps() -> None:
    _, found, truth, _ = plots.segmentations(PICTURE, {"truth": TRUTH, "FCN": FOUND}, NAMES).axes
    np.testing.assert_array_equal(pixels(found)[0, 0], pixels(truth)[0, 0])
    np.testing.assert_array_equal(pixels(found)[0, 2], pixels(truth)[1, 0])


@pytest.mark.parametrize("networks", [1, 3, 6])
def test_the_words_do_not_overlap(networks: int) -> None:
    truth = np.random.default_rng(0).permutation(np.arange(64) % 8).reshape(8, 8).repeat(32, axis=0).repeat(32, axis=1)
    maps = {"truth": truth} | {f"FCN-32s {index}": np.roll(truth, 5 * index) for index in range(networks)}
    figure = plots.segmentations(np.zeros((256, 256, 3)), maps, ["brick", "grass", "gravel", "wood"] * 2)
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("maps", "names", "words"),
    [
        ([TRUTH], NAMES, "expected 2 or more maps and 8 names at most, got 1 and 2"),
        ([TRUTH, FOUND], ["name"] * 9, "got 2 and 9"),
        ([TRUTH, FOUND[:1]], NAMES, r"expected the size of the truth, \(2, 4\), got \(1, 4\) for 1"),
        ([TRUTH[:1], FOUND[:1]], NAMES, r"got \(2, 4\) for the picture"),
        ([TRUTH, TRUTH], NAMES, "expected labels from 0 to 1, one for each name, got 255"),
        ([np.full_like(TRUTH, 255), FOUND], NAMES, "expected pixels that count, got a truth of 255 only"),
    ],
)
def test_segmentations_refuse(maps: list[NDArray[np.int_]], names: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plots.segmentations(PICTURE, {str(index): each for index, each in enumerate(maps)}, names)
