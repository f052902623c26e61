from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from course_lib import plots
from tests.support.figure_words import overlaps

X = [[1, 3, 2, 0], [5, 5, 4, 7], [0, -1, -2, -6], [2, 1, -3, -4]]
SWITCHES = [[4, 7], [12, 10]]


def panels(figure: Any) -> dict[str, Axes]:
    return {ax.get_title().split("\n")[0]: ax for ax in figure.axes}


def numbers(ax: Axes) -> list[list[float]]:
    """The numbers in the cells of a panel."""
    places = {(y, x): float(text.get_text()) for text in ax.texts for x, y in [text.get_position()]}
    return [[places[row, column] for column in ax.get_xticks()] for row in ax.get_yticks()]


def rectangles(ax: Axes, filled: bool) -> list[tuple[str, float, float, float, float]]:
    """Color, left, top, width and height of cells in a color, or of outlines."""
    found = [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_fill() == filled]
    sizes = [(patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()) for patch in found]
    colors = [to_hex(patch.get_facecolor() if filled else patch.get_edgecolor()).upper() for patch in found]
    return [(color, *size) for color, size in zip(colors, sizes, strict=True) if color in plots.COLORS]


def switches(x: Any, size: Any, stride: Any, padding: str) -> Any:
    image = np.asarray(x, np.float32)[None, ..., None]
    return tf.nn.max_pool_with_argmax(image, size, stride, padding.upper())[1][0, ..., 0].numpy()


def test_a_map_by_hand() -> None:
    found = panels(plots.pooling(X, SWITCHES))
    assert list(found) == ["input", "argmax", "pooled", "unpooled"]
    assert numbers(found["input"]) == X
    assert numbers(found["argmax"]) == SWITCHES
    assert numbers(found["pooled"]) == [[5, 7], [2, -2]]
    assert numbers(found["unpooled"]) == [[0, 0, 0, 0], [5, 0, 0, 7], [0, 0, -2, 0], [2, 0, 0, 0]]


def test_the_color_of_a_window_is_that_of_its_maximum_wherever_it_is() -> None:
    found = panels(plots.pooling(X, SWITCHES))
    first, second, third, fourth = [color for color, *_ in rectangles(found["input"], filled=False)]
    assert len({first, second, third, fourth}) == 4
    winners = {(first, -0.5, 0.5), (second, 2.5, 0.5), (third, -0.5, 2.5), (fourth, 1.5, 1.5)}
    for name in ("input", "unpooled"):
        assert {(color, left, top) for color, left, top, *_ in rectangles(found[name], filled=True)} == winners
    for name in ("argmax", "pooled"):
        assert [color for color, *_ in rectangles(found[name], filled=True)] == [first, second, third, fourth]


def test_values_for_the_same_cell_add_up_and_share_it() -> None:
    found = panels(plots.pooling([[1, 9, 2]], [[1, 1]], (1, 2), (1, 1)))
    assert numbers(found["unpooled"]) == [[0, 18, 0]]
    halves = rectangles(found["unpooled"], filled=True)
    assert len({color for color, *_ in halves}) == 2
    assert [place for _, *place in halves] == [[0.5, -0.5, 0.5, 1], [1, -0.5, 0.5, 1]]


def test_a_gradient_is_put_back_instead_of_the_maxima() -> None:
    found = panels(plots.pooling(X, SWITCHES, upstream=np.array([[1, -2], [0.5, 3]])))
    assert numbers(found["gradient"]) == [[1, -2], [0.5, 3]]
    assert numbers(found["gradient in the input"]) == [[0, 0, 0, 0], [1, 0, 0, -2], [0, 0, 3, 0], [0.5, 0, 0, 0]]


@pytest.mark.parametrize(
    ("shape", "size", "stride", "padding"),
    [
        ((4, 4), 2, 2, "valid"),
        ((5, 5), 3, 2, "same"),
        ((6, 7), (3, 2), (2, 2), "valid"),
        ((5, 4), 2, 3, "same"),
        ((5, 5), 3, 1, "valid"),
        ((1, 5), (1, 2), (1, 3), "same"),
        ((10, 10), 3, 3, "same"),
    ],
)
def test_windows_are_those_of_tensorflow(shape: tuple[int, int], size: Any, stride: Any, padding: str) -> None:
    x = np.random.default_rng(0).integers(-99, 99, shape)
    argmax = switches(x, size, stride, padding)
    figure = plots.pooling(x, argmax, size, stride, padding=padding)
    ax = panels(figure)["input"]
    windows = rectangles(ax, filled=False)
    assert len(windows) == argmax.size
    for (_, left, top, width, height), switch in zip(windows, argmax.flat, strict=True):
        inside = [
            x[row, column]
            for row, column in np.ndindex(shape)
            if top < row < top + height and left < column < left + width
        ]
        assert x.flat[switch] == max(inside)
        assert ax.get_xlim()[0] <= left < left + width <= ax.get_xlim()[1]
        assert ax.get_ylim()[1] <= top < top + height <= ax.get_ylim()[0]
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("x", "argmax", "options", "message"),
    [
        (np.zeros((1, 2, 2, 1)), [[0]], {}, r"one channel \(H, W\) of up to 10 × 10 for x, got shape \(1, 2, 2, 1\)"),
        (np.zeros((2, 11)), [[0]], {}, r"got shape \(2, 11\)"),
        ([[np.nan, 0], [0, 0]], [[0]], {}, "finite for x"),
        (X, [[4, 7]], {}, r"one for each of 2 × 2 windows, got shape \(1, 2\)"),
        (X, np.array(SWITCHES, float), {}, "expected argmax to be integers.* type float64"),
        (X, [[4, 7], [12, 3]], {}, r"window \(1, 1\) to point into it, got 3, which is row 0, column 3"),
        (X, [[4, 7], [12, 16]], {}, "got 16, which is row 4"),
        (X, SWITCHES, {"size": 5}, r"windows that fit into the map \(4, 4\), got \(5, 5\)"),
        (X, SWITCHES, {"size": 0}, "expected size to be a whole number above 0, or two, got 0"),
        (X, SWITCHES, {"stride": (1, 2, 3)}, r"expected stride .* got \(1, 2, 3\)"),
        (X, SWITCHES, {"padding": "SAME"}, 'expected padding "valid" or "same", got \'SAME\''),
        (X, SWITCHES, {"upstream": [[1, 2]]}, r"as large as the pooled map, \(2, 2\), got \(1, 2\)"),
    ],
)
def test_it_refuses_what_is_no_pooling(x: Any, argmax: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.pooling(x, argmax, **options)
