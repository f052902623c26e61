from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from skimage.color import lab2rgb, rgb2lab

from course_lib import plots
from tests.support.figure_words import overlaps

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
PICTURE = RNG.random((6, 9, 3))
HUE, CHROMA = (RNG.dirichlet(np.ones(32), (6, 9)) for _ in range(2))


def heights(figure: Figure, panel: int) -> Any:
    patches = [patch for patch in figure.axes[panel].patches if isinstance(patch, Rectangle)]
    return [patch.get_height() for patch in patches][:32]


def swatches(figure: Figure) -> Any:
    return [to_rgb(patch.get_facecolor()) for patch in figure.axes[3].patches]


def test_the_histograms_are_those_of_the_marked_pixel() -> None:
    figure = plots.ask_pixel(PICTURE, HUE, CHROMA, 4, 7)
    picture = figure.axes[0]
    np.testing.assert_array_equal(np.asarray(picture.get_images()[0].get_array()), PICTURE)
    (mark,) = picture.get_lines()
    np.testing.assert_array_equal(mark.get_xydata(), [[7, 4]])
    np.testing.assert_allclose(heights(figure, 1), HUE[4, 7])
    np.testing.assert_allclose(heights(figure, 2), CHROMA[4, 7])
    assert picture.get_title() == "row 4, column 7"


def test_the_swatches_show_the_pixel_and_the_expected_color_at_its_lightness() -> None:
    hue, chroma = np.zeros((6, 9, 32)), np.zeros((6, 9, 32))
    hue[..., [0, 16]] = 0.75, 0.25
    chroma[..., [0, 31]] = 0.5, 0.5
    figure = plots.ask_pixel(PICTURE, hue, chroma, 0, 3)
    L, a, b = rgb2lab(PICTURE[0, 3])
    # 0.75 in one direction against 0.25 in the opposite one, of a mean chroma of 67
    np.testing.assert_allclose(swatches(figure), [PICTURE[0, 3], np.clip(lab2rgb([L, 33.5, 0.0]), 0, 1)], atol=1e-6)
    assert figure.alternative == (
        "A picture of 6 × 9 pixels with a mark at row 0, column 3, and the histograms of this pixel: most often hue 0° "
        "(75%); most often chroma 0 Lab units (50%), on average 67.0. "
        f"picture: a {a:.0f}, b {b:.0f}. expected: a 34, b 0."
    )


def test_sliders_redraw_it() -> None:
    def draw(row: int = 4, column: int = 7) -> Figure:
        return plots.ask_pixel(PICTURE, HUE, CHROMA, row, column)

    shown = plots.interact(draw, row=(0, 5), column=(0, 8))
    metadata = shown._repr_mimebundle_()[1]
    assert "row 4, column 7" in metadata["image/png"]["alt"]


@pytest.mark.parametrize("size", [(256, 64), (64, 256), (8, 8)])
@pytest.mark.parametrize("end", [0, -1])
def test_no_words_overlap(size: tuple[int, int], end: int) -> None:
    even = np.full((*size, 32), 1 / 32)
    figure = plots.ask_pixel(np.zeros((*size, 3)), even, even, range(size[0])[end], range(size[1])[end])
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((PICTURE[..., 0], HUE, CHROMA, 0, 0), r"expected a picture \(H, W, 3\), got shape \(6, 9\)"),
        ((255 * PICTURE, HUE, CHROMA, 0, 0), r"expected a picture in \[0, 1\] for the picture, got"),
        ((PICTURE, HUE[1:], CHROMA, 0, 0), r"expected hue of shape \(6, 9, bins\), got \(5, 9, 32\)"),
        ((PICTURE, HUE, CHROMA[0], 0, 0), r"expected chroma of shape \(6, 9, bins\), got \(9, 32\)"),
        ((PICTURE, HUE, CHROMA, 6, 0), "expected a whole row from 0 to 5, got 6"),
        ((PICTURE, HUE, CHROMA, 0, -1), "expected a whole column from 0 to 8, got -1"),
        ((PICTURE, HUE, CHROMA, 1.0, 0), "expected a whole row from 0 to 5, got 1.0"),
        ((PICTURE, 2 * HUE, CHROMA, 0, 0), "sum to 1 for the hue of the pixel"),
        ((PICTURE, HUE, np.nan * CHROMA, 0, 0), "sum to 1 for the chroma of the pixel"),
    ],
)
def test_it_refuses(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.ask_pixel(*arguments)


@pytest.mark.filterwarnings("error")
def test_a_dark_pixel_with_a_vivid_color_gives_no_warning() -> None:
    yellow = np.broadcast_to(np.eye(32)[[8, 25]], (6, 9, 2, 32))
    figure = plots.ask_pixel(np.zeros((6, 9, 3)), yellow[..., 0, :], yellow[..., 1, :], 0, 0)
    assert figure.alternative.endswith("expected: a 0, b 108.")
