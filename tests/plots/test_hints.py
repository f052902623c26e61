from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from skimage.metrics import peak_signal_noise_ratio

from course_lib import plots
from tests.support.figure_words import overlaps

RNG = np.random.default_rng(0)
TRUTH, BEFORE, AFTER = RNG.random((3, 6, 9, 3))
GRAY = TRUTH.mean(axis=-1)
HINTS = [(0, 8, (1.0, 0.5, 0.0)), (5, 0, (0.0, 0.25, 1.0))]


def test_four_pictures_and_the_hints_in_their_colors() -> None:
    figure = plots.hints(GRAY, BEFORE, AFTER, TRUTH, HINTS)
    assert [ax.get_title() for ax in figure.axes] == ["2 hints", "without hints", "with hints", "truth"]
    for ax, picture in zip(figure.axes, (np.dstack([GRAY] * 3), BEFORE, AFTER, TRUTH), strict=True):
        np.testing.assert_array_equal(np.asarray(ax.get_images()[0].get_array()), picture)
    dots = figure.axes[0].get_lines()
    assert [tuple(np.ravel(dot.get_xydata())) for dot in dots] == [(8, 0), (0, 5)]
    assert [to_rgb(dot.get_color()) for dot in dots] == [color for _, _, color in HINTS]


def test_the_numbers_are_psnr() -> None:
    figure = plots.hints(GRAY, BEFORE, TRUTH, TRUTH, HINTS)
    before = f"{peak_signal_noise_ratio(TRUTH, BEFORE, data_range=1):.1f} dB"
    assert [ax.get_xlabel() for ax in figure.axes] == ["", before, "no error", ""]
    assert figure.alternative == (
        "A gray picture of 6 × 9 pixels with 2 hints, its prediction without and with hints, and the truth. "
        f"PSNR in RGB: without hints {before}, with hints no error. Hints: row 0, column 8 in RGB 100% 50% 0%; "
        "row 5, column 0 in RGB 0% 25% 100%."
    )


def test_gray_in_three_channels_and_a_single_hint() -> None:
    figure = plots.hints(np.dstack([GRAY] * 3), BEFORE, AFTER, TRUTH, HINTS[:1])
    assert figure.axes[0].get_title() == "1 hint"
    one = plots.hints(GRAY, BEFORE, AFTER, TRUTH, HINTS[:1])
    assert figure.alternative == one.alternative


def test_without_hints() -> None:
    figure = plots.hints(GRAY, BEFORE, BEFORE, TRUTH, [])
    assert figure.axes[0].get_title() == "0 hints"
    assert figure.alternative.endswith(" dB.")
    assert "Hints:" not in figure.alternative


@pytest.mark.parametrize("size", [(256, 64), (64, 256), (8, 8)])
def test_no_words_overlap(size: tuple[int, int]) -> None:
    black, white = np.zeros((*size, 3)), np.ones((*size, 3))
    corners = [(0, 0, (1, 0, 0)), (size[0] - 1, size[1] - 1, (0, 0, 1))]
    assert overlaps(plots.hints(black, black, white, white / 2, corners)) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gray": 255 * GRAY}, r"expected a picture in \[0, 1\] for the gray picture"),
        ({"after": AFTER[1:]}, r"pictures of one size, got \(6, 9\), \(6, 9\), \(5, 9\), \(6, 9\)"),
        ({"truth": GRAY}, r"expected pictures of shape \(H, W, 3\) for the truth, got \(6, 9\)"),
        ({"hints": [(6, 0, (1, 0, 0))]}, "expected hints at whole rows below 6 and columns below 9, got 6, 0"),
        ({"hints": [(0, -1, (1, 0, 0))]}, "columns below 9, got 0, -1"),
        ({"hints": [(0.5, 0, (1, 0, 0))]}, "columns below 9, got 0.5, 0"),
        ({"hints": [(0, 0, (255, 0, 0))]}, r"expected a color \(3,\) in \[0, 1\] for the hint at row 0, column 0, got"),
        ({"hints": [(0, 0, (20.0, 3.0))]}, r"expected a color \(3,\)"),
    ],
)
def test_it_refuses(change: Any, message: str) -> None:
    arguments: Any = {"gray": GRAY, "before": BEFORE, "after": AFTER, "truth": TRUTH, "hints": HINTS} | change
    with pytest.raises(ValueError, match=message):
        plots.hints(**arguments)
