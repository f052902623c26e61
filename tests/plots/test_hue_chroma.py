import math
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle, Wedge
from skimage.color import lab2lch, rgb2lab

from course_lib import plots
from course_lib.color import hue_chroma_histogram
from course_lib.plots import histogram_bars
from tests.support.figure_words import overlaps

pytestmark = pytest.mark.slow

RED = np.random.default_rng(0).normal((50, 0), (3, 8), (25, 2))
BLUE = np.array([[0.0, -40.0], [0.0, -40.0]])
EVEN = np.full(32, 1 / 32)


def one(index: int, bins: int = 32) -> Any:
    return np.eye(bins)[index]


def bars(ax: Axes) -> list[Rectangle]:
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def middle(bar: Rectangle) -> float:
    return bar.get_x() + bar.get_width() / 2


def test_bars_stand_at_the_centers_of_their_bins() -> None:
    hue, chroma = np.linspace(1, 2, 32) / 48, np.linspace(2, 1, 32) / 48
    _, first, second = plots.hue_chroma({"red": RED}, {"red": (hue, chroma)}).axes
    *own, again = bars(first)
    np.testing.assert_allclose([bar.get_height() for bar in own], hue)
    np.testing.assert_allclose([middle(bar) for bar in own], np.arange(32) * 11.25)
    assert (middle(again), again.get_height()) == (360, hue[0])
    assert again.get_hatch() is not None
    assert first.get_xticklabels()[-1].get_text() == "360° = 0°"
    np.testing.assert_allclose([bar.get_height() for bar in bars(second)], chroma)
    np.testing.assert_allclose([middle(bar) for bar in bars(second)], np.arange(32) * 134 / 31)


def test_bars_have_the_colors_that_their_bins_stand_for() -> None:
    _, first, second = plots.hue_chroma({"blue": BLUE}, {"blue": (one(24), one(9))}).axes
    hues = lab2lch(rgb2lab(np.array([bar.get_facecolor()[:3] for bar in bars(first)])))[:, 2]
    apart = np.angle(np.exp(1j * (hues - math.tau * np.arange(33) / 32)))
    (strip,) = first.get_images()
    np.testing.assert_array_equal(strip.get_array(), [[bar.get_facecolor()[:3] for bar in bars(first)]])
    assert np.abs(apart).max() < math.radians(25)  # the nearest color of sRGB may have a slightly other hue
    colors = rgb2lab(np.array([bar.get_facecolor()[:3] for bar in bars(second)]))
    np.testing.assert_allclose(colors[:10], [(68, 0, -134 / 31 * index) for index in range(10)], atol=0.5)


def test_gray_has_gray_bars_of_chroma() -> None:
    _, _, chroma = plots.hue_chroma({"gray": np.zeros((3, 2))}, {"gray": (EVEN, one(0))}).axes
    colors = np.array([bar.get_facecolor()[:3] for bar in bars(chroma)])
    assert np.ptp(colors) < 1e-3


def test_pixels_lie_in_the_plane_inside_of_the_ring() -> None:
    plane, *_ = plots.hue_chroma({"red": RED}, {"red": (one(0), one(12))}).axes
    (dots,) = plane.collections
    np.testing.assert_allclose(np.asarray(dots.get_offsets()), RED)
    ring = [patch for patch in plane.patches if isinstance(patch, Wedge)]
    assert len(ring) == 32
    assert np.hypot(*RED.T).max() < min(wedge.r - (wedge.width or 0) for wedge in ring)
    assert plane.get_aspect() == 1


def test_rows_share_their_scales() -> None:
    figure = plots.hue_chroma({"red": RED, "blue": BLUE}, {"red": (EVEN, one(12)), "blue": (one(24), EVEN)})
    for column in range(3):
        assert figure.axes[column].get_ylim() == figure.axes[3 + column].get_ylim()


def test_the_text_says_the_numbers() -> None:
    figure = plots.hue_chroma({"blue": BLUE, "gray": BLUE * 0}, {"blue": (one(24), one(9)), "gray": (EVEN, one(0))})
    assert figure.alternative.endswith(
        "blue: 2 pixels, on average a 0, b -40; most often hue 270° (100%); "
        "most often chroma 39 Lab units (100%), on average 38.9. "
        "gray: 2 pixels, on average a 0, b 0; all 32 hues alike; "
        "most often chroma 0 Lab units (100%), on average 0.0."
    )
    assert "360° is 0° again" in figure.alternative


def test_histograms_of_the_library_fit() -> None:
    hue, chroma = hue_chroma_histogram(RED)
    figure = plots.hue_chroma({"red": RED}, {"red": (hue, chroma)})
    assert f"on average a {RED[:, 0].mean():.0f}" in figure.alternative


def test_the_expected_color_is_the_mean_of_random_draws() -> None:
    rng = np.random.default_rng(0)
    hue, chroma = rng.dirichlet(np.ones(8)), rng.dirichlet(np.ones(32))
    angles = rng.choice(math.tau * np.arange(8) / 8, 400_000, p=hue)
    lengths = rng.choice(np.linspace(0, 134, 32), 400_000, p=chroma)
    drawn = [(lengths * np.cos(angles)).mean(), (lengths * np.sin(angles)).mean()]
    np.testing.assert_allclose(histogram_bars.expected_color(hue, chroma), drawn, atol=0.5)


@pytest.mark.parametrize("count", [1, 4])
def test_no_words_overlap(count: int) -> None:
    titles = [f"a window on the orange suit {index}" for index in range(count)]
    figure = plots.hue_chroma(dict.fromkeys(titles, RED), dict.fromkeys(titles, (EVEN, one(12))))
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("colors", "histograms", "message"),
    [
        ({}, {}, "of the same titles, one or more, got"),
        ({"red": RED}, {"blue": (EVEN, EVEN)}, r"of the same titles, one or more, got \['red'\] and \['blue'\]"),
        ({"red": RED[:, 0]}, {"red": (EVEN, EVEN)}, r"expected a and b of shape \(N, 2\) for red, got \(25,\)"),
        ({"red": RED * np.nan}, {"red": (EVEN, EVEN)}, "expected colors within 134 Lab units of gray for red"),
        ({"red": RED}, {"red": (EVEN[:2], EVEN)}, r"3 bins or more, of shape \(bins,\), for the hue of red, got .*2,"),
        ({"red": RED}, {"red": (EVEN, 2 * EVEN)}, "sum to 1 for the chroma of red, got 0.0625 or more and a sum of 2"),
        ({"red": RED}, {"red": (2 * one(3) - EVEN, EVEN)}, "shares of 0 or more .* for the hue of red, got -0.03125"),
    ],
)
def test_it_refuses(colors: Any, histograms: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.hue_chroma(colors, histograms)
