from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from scipy.ndimage import map_coordinates

from course_lib import plots
from course_lib.plots.locations import ENTRY
from tests.support.figure_words import overlaps

PICTURE = np.random.default_rng(0).random((12, 16, 3))
MAPS = {"fine": PICTURE, "coarse": np.random.default_rng(1).normal(size=(3, 4, 5)) * [1, 40, 0, 3, 2]}
SCALES, OFFSETS = (1, 4), (0, 1.5)


def marked(ax: Any) -> Any:
    """The entries of a panel in the color of those that take part."""
    return (np.asarray(ax.get_images()[0].get_array()) == to_rgb(ENTRY)).all(axis=-1)


@pytest.mark.parametrize("count", [1, 5, 60])
def test_entries_take_part_where_a_sample_depends_on_them(count: int) -> None:
    locations = np.random.default_rng(count).uniform(-0.5, (11.5, 15.5), (count, 2))
    locations[0] = 3, 15
    figure = plots.sampled_locations(PICTURE, locations, MAPS, SCALES, OFFSETS)
    for ax, (name, values), scale, offset in zip(figure.axes[1:], MAPS.items(), SCALES, OFFSETS, strict=True):
        height, width = values.shape[:2]
        basis = np.eye(height * width).reshape(-1, height, width)
        positions = ((locations - offset) / scale).T
        expected = [map_coordinates(each, positions, order=1, mode="nearest").any() for each in basis]
        np.testing.assert_array_equal(marked(ax).ravel(), expected)
        assert (
            f"{name}, {height} × {width}: {sum(expected)} of {height * width} entries take part" in figure.alternative
        )


def test_the_channel_that_varies_most_is_behind() -> None:
    figure = plots.sampled_locations(PICTURE, [(0, 0)], MAPS, SCALES, OFFSETS)
    ax = figure.axes[2]
    gray = np.asarray(ax.get_images()[0].get_array())[..., 0][~marked(ax)]
    assert np.corrcoef(gray, MAPS["coarse"][..., 1][~marked(ax)])[0, 1] == pytest.approx(1)


def test_dots_lie_at_their_positions() -> None:
    figure = plots.sampled_locations(PICTURE, [(3, 15), (9, 2)], MAPS, SCALES, OFFSETS)
    for ax, scale, offset in zip(figure.axes, (1, *SCALES), (0, *OFFSETS), strict=True):
        expected = (np.array([(15, 3), (2, 9)]) - offset) / scale
        np.testing.assert_allclose(np.asarray(ax.get_lines()[-1].get_xydata()), expected)


@pytest.mark.parametrize(
    ("shape", "maps", "count"),
    [((224, 224), 5, 200), ((224, 224), 1, 1), ((64, 300), 8, 3), ((300, 64), 2, 200), ((8, 8), 1, 3)],
)
def test_no_words_overlap(shape: tuple[int, int], maps: int, count: int) -> None:
    locations = np.random.default_rng(0).uniform((0, 0), np.array(shape) - 1, (count, 2))
    layers = {
        f"block{k + 1}_conv3": np.random.default_rng(k).random((max(1, shape[0] >> k), max(1, shape[1] >> k), 2))
        for k in range(maps)
    }
    scales = [2**k for k in range(maps)]
    figure = plots.sampled_locations(np.zeros(shape), locations, layers, scales, [(s - 1) / 2 for s in scales])
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("locations", "maps", "scales", "offsets", "message"),
    [
        ([(0, 16)], MAPS, SCALES, OFFSETS, r"locations in an image of 12 × 16, got \(0.0, 16.0\)"),
        ([(0, 0)], {}, (), (), "expected 1 to 8 maps, each with a scale and an offset, got 0 maps"),
        ([(0, 0)], MAPS, (1,), OFFSETS, "got 2 maps, 1 scales and 2 offsets"),
        ([(0, 0)], MAPS, (1, 0), OFFSETS, "expected a scale above 0 for coarse, got 0"),
        ([(0, 0)], MAPS, SCALES, (0, (1, 2, 3)), r"for coarse, got offset \(1, 2, 3\)"),
        ([(0, 0)], {"a": PICTURE[None], "b": PICTURE}, SCALES, OFFSETS, r"\(1, 12, 16, 3\): take one image of the b"),
        ([[(0, 0)]], MAPS, SCALES, OFFSETS, r"expected finite locations \(y, x\) of shape \(L, 2\)"),
    ],
)
def test_it_refuses_what_cannot_be_sampled(locations: Any, maps: Any, scales: Any, offsets: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.sampled_locations(PICTURE, locations, maps, scales, offsets)
