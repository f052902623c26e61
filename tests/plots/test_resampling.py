import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from course_lib import plots
from course_lib.plots.base import new_figure, spoken


def squares(ax: Axes, size: int = 1) -> list[Rectangle]:
    return [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_width() == size]


@pytest.mark.parametrize(("factor", "weights"), [(2, [0.25, 0.75, 0.75, 0.25]), (3, [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3])])
def test_a_pixel_grid_has_its_dots_in_the_middle_of_its_squares(factor: int, weights: list[float]) -> None:
    grid, tent = plots.pixel_grids([factor]).axes
    for size, dots in zip((factor, 1), grid.get_lines(), strict=True):
        middles = [np.asarray(square.get_center()).tolist() for square in squares(grid, size)]
        assert sorted(middles) == sorted(np.asarray(dots.get_xydata()).tolist())
    assert len(squares(grid)) == 3 * factor**2
    np.testing.assert_allclose(np.asarray(tent.get_lines()[1].get_ydata(), float), weights)


def test_the_text_of_a_pixel_grid_has_its_numbers() -> None:
    text = plots.pixel_grids((2, 3)).alternative
    assert "input samples at -2, 0, 2, centers of output pixels at -2.5, -1.5, -0.5, 0.5, 1.5, 2.5." in text
    assert "covers 4 centers, with the weights 0.25, 0.75, 0.75, 0.25." in text
    assert "covers 5 centers, with the weights 0.333, 0.667, 1, 0.667, 0.333." in text


@pytest.mark.parametrize(
    ("size", "stride", "canvas", "first", "last"),
    [(5, 3, (8, 11), (1, 1), (6, 9)), (4, 1, (5, 6), (1, 1), (2, 3)), (2, 2, (4, 6), (0, 0), (3, 5))],
)
def test_a_crop_keeps_what_padding_same_keeps(
    size: int, stride: int, canvas: tuple[int, int], first: tuple[int, int], last: tuple[int, int]
) -> None:
    figure = plots.crop(2, 3, [(size, stride)])
    (ax,) = figure.axes
    kept = [square for square in squares(ax) if square.get_hatch() is None]
    places = sorted((int(square.get_y() + 0.5), int(square.get_x() + 0.5)) for square in kept)
    assert (places[0], places[-1], len(places)) == (first, last, 2 * stride * 3 * stride)
    assert len(squares(ax)) == np.prod(canvas)
    colors = {to_rgb(square.get_facecolor()) for square in squares(ax)}
    assert len(colors) == (1 if size == stride else 2)
    assert f"Rows {first[0]} to {last[0]} and columns {first[1]} to {last[1]} are kept" in figure.alternative


def test_a_notebook_gets_the_text_alternative_with_the_picture() -> None:
    described, (plain, _) = plots.crop(2, 3, [(5, 3)]), new_figure(1, 1)
    assert described.alternative.startswith("Kernel size 5, stride 3: the canvas has 8 × 11 pixels")
    formatter = DisplayFormatter()
    assert formatter.format(described)[1] == {"image/png": {"alt": spoken(described.alternative)}}
    assert formatter.format(plain)[1] == {}


def test_a_widget_has_the_text_alternative_of_its_figure() -> None:
    widget = plots.interact(lambda factor=2: plots.pixel_grids([factor]), factor=(2, 3))
    widget.update()
    bundle, metadata = widget._repr_mimebundle_()
    assert "image/png" in bundle
    assert metadata == {"image/png": {"alt": spoken(plots.pixel_grids([2]).alternative)}}
