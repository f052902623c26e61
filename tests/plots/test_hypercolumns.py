from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.patches import Polygon
from scipy.ndimage import map_coordinates

from course_lib import plots
from tests.support.figure_words import overlaps

PICTURE = np.random.default_rng(0).random((12, 16, 3))
MAPS = {"fine": PICTURE, "coarse": np.random.default_rng(1).normal(size=(3, 4, 5)) * [1, 4, 0, 3, 2]}
SCALES, OFFSETS = (1, 4), (0, 1.5)


def column(values: Any, scale: float, offset: float, location: tuple[float, float]) -> Any:
    place = (np.array(location)[:, None] - offset) / scale
    return np.array(
        [map_coordinates(channel, place, order=1, mode="nearest")[0] for channel in np.moveaxis(values, 2, 0)]
    )


@pytest.mark.parametrize("location", [(5, 6), (0, 0), (11, 15), (3.25, 9.5)])
def test_bars_are_as_long_as_scipys_samples(location: tuple[float, float]) -> None:
    figure = plots.hypercolumn(PICTURE, location, MAPS, SCALES, OFFSETS)
    parts = [each for each in figure.axes[0].collections if isinstance(each, LineCollection)]
    for part, values, scale, offset in zip(parts, MAPS.values(), SCALES, OFFSETS, strict=True):
        lengths = np.array([np.ptp(segment[:, 0]) for segment in map(np.asarray, part.get_segments())])
        expected = np.abs(column(values, scale, offset, location))
        np.testing.assert_allclose(lengths, expected / expected.max(), rtol=1e-6, atol=1e-12)


def test_the_largest_channel_is_shown() -> None:
    figure = plots.hypercolumn(PICTURE, (5, 6), MAPS, SCALES, OFFSETS)
    image, *sheets = figure.axes[0].get_images()
    np.testing.assert_array_equal(np.asarray(image.get_array()), PICTURE)
    for sheet, (name, values), scale, offset in zip(sheets, MAPS.items(), SCALES, OFFSETS, strict=True):
        found = column(values, scale, offset, (5, 6))
        channel = np.argmax(np.abs(found))
        np.testing.assert_array_equal(np.asarray(sheet.get_array()), values[..., channel])
        assert f"channel {channel}" in "".join(
            text.get_text() for text in figure.axes[0].texts if name in text.get_text()
        )
        assert f"the largest {found[channel]:.3g} in channel {channel}" in figure.alternative


def test_the_text_counts_numbers_and_zeros() -> None:
    maps = {"conv": np.array([[[0, 2, -3, 0]]]), "deep": np.ones((1, 1, 1500))}
    figure = plots.hypercolumn(np.zeros((4, 4)), (1, 2), maps, (4, 4), (1.5, 1.5), title="Above")
    assert figure.alternative == (
        "Above. An image of 4 × 4 pixels with maps above it; at row 1, column 2 they hold 1,504 numbers. "
        "conv, 1 × 1 × 4: 4 numbers, 50% of them zero, the largest -3 in channel 2; "
        "deep, 1 × 1 × 1500: 1500 numbers, 0% of them zero, the largest 1 in channel 0."
    )
    assert overlaps(figure) == []


def test_sheets_lie_above_the_image_and_outlines_hold_the_location() -> None:
    figure = plots.hypercolumn(PICTURE, (5, 6), MAPS, SCALES, OFFSETS)
    ax = figure.axes[0]
    dots = [line for line in ax.get_lines() if line.get_marker() == "o"]
    places = np.array([np.asarray(dot.get_xydata())[0] for dot in dots])
    assert np.ptp(places[:, 0]) < 1e-9
    assert (np.diff(places[:, 1]) > 0).all()
    image, fine, fine_entries, coarse, coarse_entries = (patch for patch in ax.patches if isinstance(patch, Polygon))
    for sheet, entries, place in ((fine, fine_entries, places[1]), (coarse, coarse_entries, places[2])):
        np.testing.assert_allclose(np.ptp(sheet.get_xy(), axis=0), np.ptp(image.get_xy(), axis=0))
        assert entries.get_path().contains_point(place)
        assert (entries.get_xy().min(axis=0) > sheet.get_xy().min(axis=0) - 1e-9).all()
        assert (entries.get_xy().max(axis=0) < sheet.get_xy().max(axis=0) + 1e-9).all()
    np.testing.assert_allclose(np.ptp(fine_entries.get_xy(), axis=0) * 4, np.ptp(coarse_entries.get_xy(), axis=0))


@pytest.mark.parametrize(
    ("shape", "channels"),
    [
        ((224, 224), (64, 128, 256, 512, 512)),
        ((40, 300), (512, 4, 4, 4, 4, 4)),
        ((300, 40), (1, 1, 1, 900)),
        ((8, 8), (3,)),
    ],
)
def test_no_words_overlap(shape: tuple[int, int], channels: tuple[int, ...]) -> None:
    layers = {f"block{k}_conv3": np.ones((2, 3, count)) for k, count in enumerate(channels)}
    figure = plots.hypercolumn(np.zeros(shape), (1, 1), layers, [4] * len(layers), [1.5] * len(layers))
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("picture", "location", "maps", "message"),
    [
        (PICTURE, (12, 0), MAPS, r"locations in an image of 12 × 16, got \(12.0, 0.0\)"),
        (PICTURE, 5, MAPS, r"expected finite locations \(y, x\)"),
        (PICTURE, (5, 6), {"a": PICTURE[..., 0], "b": PICTURE}, r"a map \(h, w, C\) for a, got shape \(12, 16\)"),
        (PICTURE, (5, 6), {"a": PICTURE, "b": np.inf + PICTURE}, "expected finite values and an offset, .* for b"),
        (255 * PICTURE, (5, 6), MAPS, r"expected a picture in \[0, 1\] for the image"),
    ],
)
def test_it_refuses_what_has_no_column(picture: Any, location: Any, maps: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.hypercolumn(picture, location, maps, SCALES, OFFSETS)
