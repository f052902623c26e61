from typing import Any

import numpy as np
import pytest

from course_lib import plots
from course_lib.plots.local_filters import FINE, GAP
from tests.support.figure_words import overlaps

KERNELS = np.random.default_rng(0).normal(size=(3, 5, 2, 4))


def drawn(ax: Any) -> Any:
    return ax.get_images()[0].get_array()


def test_each_filter_stands_at_its_place_with_a_gap_between() -> None:
    (ax, _) = plots.local_filters(KERNELS).axes
    picture = np.ma.filled(np.ma.asarray(drawn(ax)).astype(float), np.nan)
    down, across = 2 * FINE + GAP, 4 * FINE + GAP
    assert picture.shape == (3 * down - GAP, 5 * across - GAP)
    for (row, column), _ in np.ndenumerate(KERNELS[..., 0, 0]):
        place = picture[row * down :, column * across :][: 2 * FINE, : 4 * FINE]
        np.testing.assert_array_equal(place[::FINE, ::FINE], KERNELS[row, column])
    assert np.isnan(picture[2 * FINE]).all()
    assert np.isnan(picture).sum() == picture.size - KERNELS.size * FINE**2


def test_rows_and_columns_of_the_output_are_numbered_in_the_middle_of_filters() -> None:
    (ax, _) = plots.local_filters(KERNELS).axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1", "2", "3", "4"]
    assert ax.get_xticks()[0] == (4 * FINE - 1) / 2
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "1", "2"]


def test_one_channel_and_one_output_of_a_layer_are_drawn() -> None:
    layer = np.random.default_rng(1).normal(size=(3, 5, 2, 4, 3, 2))
    one = plots.local_filters(layer, channel=2, output=1).axes[0]
    other = plots.local_filters(layer[..., 2, 1]).axes[0]
    np.testing.assert_array_equal(drawn(one), drawn(other))


def test_panels_share_a_scale_around_zero() -> None:
    figure = plots.local_filters({"one": KERNELS, "twice": 2 * KERNELS}, title="Both")
    largest = 2 * np.abs(KERNELS).max()
    assert {ax.get_images()[0].get_clim() for ax in figure.axes[:2]} == {(-largest, largest)}
    assert [ax.get_title() for ax in figure.axes[:2]] == ["one", "twice"]


def test_it_says_how_much_filters_differ() -> None:
    same = np.broadcast_to(KERNELS[0, 0], KERNELS.shape)
    assert "filters differ from their mean by 0% of their size" in plots.local_filters(same).alternative
    opposite = np.stack([KERNELS, -KERNELS], axis=1)[:, :, 0]
    assert "filters differ from their mean by 100% of their size" in plots.local_filters(opposite[:1]).alternative
    assert "all weights are 0" in plots.local_filters(0 * KERNELS).alternative


@pytest.mark.parametrize("shape", [(1, 1, 3, 3), (16, 16, 3, 3), (12, 2, 5, 5)])
def test_no_words_overlap(shape: tuple[int, ...]) -> None:
    kernels = np.random.default_rng(0).normal(size=shape)
    assert overlaps(plots.local_filters({f"panel {k}": kernels for k in range(3)})) == []
    assert overlaps(plots.local_filters(kernels)) == []


@pytest.mark.parametrize(
    ("kernels", "settings", "message"),
    [
        (KERNELS[0], {}, r"\(OH, OW, KH, KW\) or \(OH, OW, KH, KW, C, F\), got shape \(5, 2, 4\)"),
        (np.zeros((2, 0, 3, 3)), {}, r"got shape \(2, 0, 3, 3\)"),
        (np.full((1, 1, 1, 1), np.nan), {}, "weights that are finite"),
        ({}, {}, "expected 1 to 3 panels, got 0"),
        (np.zeros((2, 2, 3, 3, 4, 1)), {"channel": 4}, "channel to be a whole number from 0 to 3, got 4"),
        (np.zeros((2, 2, 3, 3, 4, 1)), {"output": 0.0}, "output to be a whole number from 0 to 0, got 0.0"),
    ],
)
def test_it_refuses_what_are_no_filters(kernels: Any, settings: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.local_filters(kernels, **settings)
