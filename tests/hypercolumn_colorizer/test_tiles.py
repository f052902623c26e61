"""Tiles have no seams: they say of every pixel what the whole picture says."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_lib.hypercolumn_colorizer import features, tiles
from course_lib.hypercolumn_colorizer.decoding import expected_color
from course_lib.hypercolumn_colorizer.dense import Folded, fold
from course_lib.hypercolumn_colorizer.head import head, probabilities, standardize

pytestmark = pytest.mark.slow

BINS, HIDDEN, HEADS = 4, 6, 2
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def trunk() -> keras.Model:
    """Make a trunk whose last maps depend on all that they see: what is at the rim counts, too."""
    trunk, rng = features.trunk(None, 1 / 16), np.random.default_rng(0)
    for weight in trunk.weights:
        fans = np.prod(weight.shape[:-1])
        weight.assign(rng.normal(0, 2 / np.sqrt(fans) if len(weight.shape) > 1 else 0.1, weight.shape))
    return trunk


@pytest.fixture(scope="module")
def heads(trunk: keras.Model) -> list[keras.Model]:
    columns = features.columns(trunk, lightness(256, 256), RNG.integers(256, size=(300, 2)))
    made = [head(columns.shape[-1], HIDDEN, BINS, seed=seed) for seed in range(HEADS)]
    for each in made:
        standardize(each, columns)
    return made


@pytest.fixture(scope="module")
def folded(heads: list[keras.Model]) -> Folded:
    return fold(heads)


def lightness(height: int, width: int) -> np.ndarray:
    return RNG.uniform(-1, 1, (height, width, 1)).astype(np.float32)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 40), (33, 16), (50, 70)])
def test_a_picture_of_any_size(
    trunk: keras.Model, heads: list[keras.Model], folded: Folded, height: int, width: int
) -> None:
    L = lightness(height, width)
    maps = features.maps(trunk, L)
    wide = tf.concat([tf.image.resize(each, maps[-1].shape[1:3]) for each in maps], axis=-1)[0, :height, :width]
    columns = wide.numpy().reshape(height * width, -1)
    for got, *expected in zip(
        tiles.histograms(trunk, folded, L), *(probabilities(each, columns) for each in heads), strict=True
    ):
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, np.mean(expected, axis=0).reshape(height, width, BINS), atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(20, 410), (420, 33), (200, 250)])
def test_tiles_are_as_the_whole(
    trunk: keras.Model, folded: Folded, monkeypatch: pytest.MonkeyPatch, height: int, width: int
) -> None:
    L = lightness(height, width)
    whole = [*tiles.histograms(trunk, folded, L), tiles.colors(trunk, folded, L)]
    monkeypatch.setattr(tiles, "SIDE", 64)
    tiled = [*tiles.histograms(trunk, folded, L), tiles.colors(trunk, folded, L)]
    for got, expected, tolerance in zip(tiled, whole, (1e-5, 1e-5, 1e-3), strict=True):
        np.testing.assert_allclose(got, expected, atol=tolerance)


def test_the_margin_is_as_small_as_it_can_be(
    trunk: keras.Model, folded: Folded, monkeypatch: pytest.MonkeyPatch
) -> None:
    L = lightness(16, 410)
    whole, _ = tiles.histograms(trunk, folded, L)
    monkeypatch.setattr(tiles, "SIDE", 64)
    monkeypatch.setattr(tiles, "MARGIN", tiles.MARGIN - 16)
    tiled, _ = tiles.histograms(trunk, folded, L)
    assert np.abs(tiled - whole).max() > 1e-4


def test_colors_are_those_that_the_histograms_stand_for(trunk: keras.Model, folded: Folded) -> None:
    L = lightness(40, 50)
    ab = tiles.colors(trunk, folded, L)
    assert ab.dtype == np.float32
    np.testing.assert_allclose(ab, expected_color(*tiles.histograms(trunk, folded, L)), atol=1e-4)
    assert ab.std(axis=(0, 1)).min() > 0.1


def test_other_lightness_is_refused(trunk: keras.Model, folded: Folded) -> None:
    with pytest.raises(ValueError, match="expected normalized L"):
        tiles.colors(trunk, folded, np.full((16, 16, 1), 50, np.float32))
