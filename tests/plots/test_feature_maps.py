from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

from course_lib import plots
from tests.support.figure_words import overlaps

pytestmark = pytest.mark.slow

PICTURE = np.random.default_rng(0).random((12, 16, 3))
STRENGTHS = [1, 4, 0, 3, 2]
MAPS = np.random.default_rng(1).normal(size=(6, 8, 1)) * STRENGTHS


def named(figure: Any) -> dict[str, Axes]:
    return {ax.get_xlabel(): ax for ax in figure.axes if ax.get_xlabel()}


def test_channels_that_vary_most_come_first() -> None:
    figure = plots.feature_maps(PICTURE, {"conv": MAPS}, channels=3)
    cells = named(figure)
    assert list(cells) == ["channel 1", "channel 3", "channel 4"]
    for name, channel in zip(cells, (1, 3, 4), strict=True):
        image = cells[name].get_images()[0]
        np.testing.assert_array_equal(image.get_array(), MAPS[..., channel])
        assert image.get_clim() == (MAPS[..., channel].min(), MAPS[..., channel].max())
    assert "conv, 6 × 8 × 5: channels 1, 3, 4, 20% of all values are zero." in figure.alternative


def test_a_layer_with_few_channels_shows_them_all() -> None:
    figure = plots.feature_maps(PICTURE, {"few": MAPS[..., :2], "many": MAPS}, channels=4)
    assert "few, 6 × 8 × 2: channels 1, 0," in figure.alternative
    assert sum(bool(ax.get_images()) for ax in figure.axes) == 1 + 2 + 4


def test_bytes_are_the_same_picture() -> None:
    as_bytes = plots.feature_maps((255 * PICTURE).astype(np.uint8), {"conv": MAPS}).axes[0].get_images()[0]
    np.testing.assert_allclose(np.asarray(as_bytes.get_array()), PICTURE, atol=1 / 255)


@pytest.mark.parametrize(
    ("shape", "layers", "channels"), [((12, 16), 3, 5), ((16, 8), 3, 8), ((8, 24), 2, 8), ((16, 8), 1, 1)]
)
def test_no_words_overlap(shape: tuple[int, int], layers: int, channels: int) -> None:
    maps = np.random.default_rng(0).random((*shape, 512))
    figure = plots.feature_maps(
        np.zeros(shape), {f"block{k}_conv3": maps for k in range(layers)}, channels=channels, title="Title"
    )
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("picture", "features", "channels", "message"),
    [
        (PICTURE, {"conv": MAPS[None]}, 3, r"for conv, got shape \(1, 6, 8, 5\): take one picture of the batch"),
        (PICTURE, {"dense": MAPS[0, 0]}, 3, r"expected maps \(h, w, C\) for dense, got shape \(5,\)"),
        (PICTURE, {"conv": MAPS + np.inf}, 3, "finite for conv"),
        (PICTURE, {}, 3, "got 3 and 0"),
        (PICTURE, {"conv": MAPS}, 9, "expected 1 to 8 channels"),
        (PICTURE, {"conv": MAPS}, 2.0, "got 2.0 and 1"),
        (PICTURE[None], {"conv": MAPS}, 3, r"expected a picture .* got shape \(1, 12, 16, 3\)"),
    ],
)
def test_it_refuses_what_cannot_be_shown(picture: Any, features: Any, channels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plots.feature_maps(picture, features, channels=channels)
