import numpy as np
import pytest

from course_lib import plots
from tests.support.figure_words import overlaps

NAMES = ["rotary dial telephone", "cat", "dog", "German short-haired pointer"]
PICTURES = {"one": np.zeros((4, 4)), "two": np.ones((4, 4, 3)), "three": np.ones((4, 4)), "four": np.ones((4, 4))}
SHARES = [[0.1, 0.2, 0.7, 0.0], [0.97, 0.01, 0.01, 0.01], [0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 0.4, 0.6]]


def test_each_picture_has_its_best_classes_below_it() -> None:
    figure = plots.best_classes(PICTURES, SHARES, NAMES, most=3)
    below = figure.axes[len(PICTURES) :]
    assert [text.get_text() for text in below[0].texts] == ["dog 70.0%", "cat 20.0%", "rotary dial telephone 10.0%"]
    assert [bar.get_window_extent().width / below[0].bbox.width for bar in below[0].patches] == pytest.approx(
        [0.7, 0.2, 0.1]
    )
    assert below[3].texts[0].get_text() == "German short-haired pointer 60.0%"
    assert overlaps(figure) == []
    assert "two: rotary dial telephone 97.0%, cat 1.0%, dog 1.0%;" in figure.alternative


@pytest.mark.parametrize("shares", [np.ones((4, 3)), np.ones((3, 4)), np.ones(4)])
def test_best_classes_refuse_probabilities_of_another_shape(
    shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> None:
    with pytest.raises(ValueError, match="expected one row of 4 probabilities for each of 4 pictures, got shape"):
        plots.best_classes(PICTURES, shares, NAMES)


def test_best_classes_refuse_to_show_none() -> None:
    with pytest.raises(ValueError, match="expected most to be 1 or more, got 0"):
        plots.best_classes(PICTURES, SHARES, NAMES, most=0)
