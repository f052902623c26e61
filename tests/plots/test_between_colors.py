import math
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, Wedge
from skimage.color import lab2rgb

from course_lib import plots
from tests.support.figure_words import overlaps


def histogram(**shares: float) -> Any:
    """Shares of some of 32 bins."""
    values = np.zeros(32)
    values[[int(name[1:]) for name in shares]] = list(shares.values())
    return values


TWO = histogram(b2=0.6, b30=0.4)  # 22.5° and 337.5°
CHROMA = histogram(b10=1.0)
LENGTH = 10 * 134 / 31


def hands(figure: Figure) -> Any:
    """The ends of the hands, as complex numbers in units of the first one's length."""
    ends = [complex(*np.asarray(line.get_xydata())[1]) for line in figure.axes[0].get_lines()]
    return np.array(ends) / abs(ends[0])


def swatches(figure: Figure) -> Any:
    return np.array([to_rgb(each.get_facecolor()) for each in figure.axes[1].patches if isinstance(each, Rectangle)])


def test_hands_and_swatches_show_the_four_colors() -> None:
    figure = plots.between_colors(TWO, CHROMA)
    turn = 2j * math.pi
    mean = 0.6 * np.exp(turn / 16) + 0.4 * np.exp(-turn / 16)
    linear = np.exp(1j * math.radians(0.6 * 22.5 + 0.4 * 337.5))
    expected = np.array([np.exp(turn / 16), mean / abs(mean), mean, linear])
    np.testing.assert_allclose(hands(figure), expected)
    lab = [(68, LENGTH * color.real, LENGTH * color.imag) for color in expected]
    np.testing.assert_allclose(swatches(figure), np.clip(lab2rgb(lab), 0, 1), atol=1e-6)


def test_bars_stand_outside_of_the_circle_at_their_angles() -> None:
    figure = plots.between_colors(TWO, CHROMA)
    wedges = [patch for patch in figure.axes[0].patches if isinstance(patch, Wedge)]
    ring, bars = wedges[:32], wedges[32:]
    assert {wedge.r for wedge in ring} == {1}
    lengths = np.array([wedge.r - 1 for wedge in bars])
    np.testing.assert_allclose(lengths / lengths.max(), TWO / 0.6)
    for index in (2, 30):
        assert (bars[index].theta1 + bars[index].theta2) / 2 == 11.25 * index
    assert figure.axes[0].get_title() == "share of each hue (largest: 60%)"


def test_the_text_says_hues_and_chromas() -> None:
    figure = plots.between_colors(histogram(b2=0.5, b30=0.5), CHROMA)
    pale = math.cos(math.radians(22.5)) * LENGTH
    assert figure.alternative == (
        "A histogram of hue around the color circle, most often hue 22° (50%), and the colors that decoding makes of "
        "it. most frequent hue (mode): hue 22°, chroma 43 Lab units; circular mean of hue: hue 0°, chroma 43 Lab "
        f"units; expected color: hue 0°, chroma {pale:.0f} Lab units; linear mean of hue: hue 180°, chroma 43 Lab "
        "units."
    )
    words = [text.get_text() for text in figure.axes[1].texts]
    assert words[3] == "linear mean of hue\nhue 180°, chroma 43 Lab units"


def test_opposite_hues_cancel() -> None:
    figure = plots.between_colors(histogram(b0=0.5, b16=0.5), CHROMA)
    assert "circular mean of hue: no hue, chroma 0; expected color: no hue, chroma 0" in figure.alternative
    np.testing.assert_allclose(np.ptp(swatches(figure)[1:3], axis=1), 0, atol=1e-3)


@pytest.mark.parametrize("hue", [TWO, histogram(b0=1), np.full(32, 1 / 32), np.eye(7)[3]])
def test_no_words_overlap(hue: Any) -> None:
    assert overlaps(plots.between_colors(hue, CHROMA)) == []


@pytest.mark.parametrize(
    ("hue", "chroma", "message"),
    [
        (TWO[None], CHROMA, r"3 bins or more, of shape \(bins,\), for the hue, got shape \(1, 32\)"),
        (2 * TWO, CHROMA, "sum to 1 for the hue, got 0 or more and a sum of 2"),
        (TWO, -CHROMA, "shares of 0 or more that sum to 1 for the chroma, got -1 or more"),
        (TWO, np.nan * CHROMA, "sum to 1 for the chroma"),
    ],
)
def test_it_refuses(hue: Any, chroma: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.between_colors(hue, chroma)
