"""A trained colorizer and its file."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from course_lib.color import histogram_to_ab
from course_lib.hypercolumn_colorizer import Hint, HypercolumnColorizer, expected_color, features
from course_lib.hypercolumn_colorizer.head import head, probabilities, standardize

SIZE = (21, 34)
RNG = np.random.default_rng(4)
L = RNG.uniform(-1, 1, (*SIZE, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def trunk() -> keras.Model:
    keras.utils.set_random_seed(0)
    return features.trunk(None, 1 / 16)


@pytest.fixture(scope="module")
def colorizer(trunk: keras.Model) -> HypercolumnColorizer:
    """Two heads that have learned nothing, but are sure of it."""
    heads = [head(features.channels(trunk), 8, seed=seed) for seed in range(2)]
    columns = features.columns(trunk, L, np.argwhere(np.ones(SIZE, bool)))
    for each in heads:
        standardize(each, columns)
        each.get_layer("logits").set_weights([3 * weights for weights in each.get_layer("logits").get_weights()])
    return HypercolumnColorizer(heads, 0.6, trunk)


def test_histograms_are_the_mean_of_the_heads(colorizer: HypercolumnColorizer) -> None:
    columns = features.columns(colorizer.trunk, L, np.argwhere(np.ones(SIZE, bool)))
    by_head = [probabilities(each, columns) for each in colorizer.heads]
    for got, of_heads in zip(colorizer.histograms(L), zip(*by_head, strict=True), strict=True):
        assert got.shape == (*SIZE, 32)
        np.testing.assert_allclose(got.reshape(-1, 32), np.mean(of_heads, axis=0), atol=1e-5)


@pytest.mark.parametrize(("decoding", "decode"), [("expected", expected_color), ("median", histogram_to_ab)])
def test_colors_are_decoded_from_the_histograms(colorizer: HypercolumnColorizer, decoding: Any, decode: Any) -> None:
    expected = decode(*colorizer.histograms(L)) / 110
    assert np.abs(expected).max() > 0.02
    got = colorizer.colorize(L, decoding=decoding, color=1)
    assert got.shape == (*SIZE, 2)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_color_is_multiplied_by_the_factor(colorizer: HypercolumnColorizer) -> None:
    whole = colorizer.colorize(L, color=1)
    np.testing.assert_allclose(colorizer.colorize(L), 0.6 * whole, atol=1e-5)
    np.testing.assert_array_equal(colorizer.colorize(L, color=0), 0 * whole)
    vivid = colorizer.colorize(L, decoding="median", color=1)
    # The median of two bins' votes is known to a bin, 134 / 31.
    np.testing.assert_allclose(colorizer.colorize(L, decoding="median"), 0.6 * vivid, atol=134 / 31 / 110)


def test_a_hinted_pixel_has_the_color_of_the_hint_whatever_the_factor(colorizer: HypercolumnColorizer) -> None:
    hint = Hint(3, 30, (0.3, -0.4))
    for color in (None, 0.2):
        ab = colorizer.colorize(L, [hint], color=color)
        np.testing.assert_allclose(ab[3, 30], hint.ab, atol=0.01)


def test_a_distant_pixel_keeps_its_color(colorizer: HypercolumnColorizer) -> None:
    halves = np.where(np.arange(64)[:, None, None] < 32, -0.9, 0.9) * np.ones((64, 32, 1), np.float32)
    plain, hinted = (colorizer.colorize(halves, hints) for hints in ([], [Hint(5, 5, (0.3, -0.4))]))
    np.testing.assert_allclose(hinted[50:], plain[50:], atol=0.01)
    assert np.abs(hinted[5] - plain[5]).max() > 0.1


def test_a_saved_colorizer_predicts_the_same(colorizer: HypercolumnColorizer, tmp_path: Path) -> None:
    colorizer.save(tmp_path / "new" / "colorizer.npz")
    loaded = HypercolumnColorizer.load(tmp_path / "new" / "colorizer.npz", colorizer.trunk)
    assert loaded.color == 0.6
    np.testing.assert_array_equal(loaded.colorize(L), colorizer.colorize(L))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["colorizer.npz"]


def test_heads_are_for_one_trunk(colorizer: HypercolumnColorizer, tmp_path: Path) -> None:
    colorizer.save(tmp_path / "colorizer.npz")
    with pytest.raises(ValueError, match="expected 1 head or more that takes 1473 channels, got"):
        HypercolumnColorizer.load(tmp_path / "colorizer.npz")


def test_a_damaged_file_is_refused(colorizer: HypercolumnColorizer, tmp_path: Path) -> None:
    path = tmp_path / "colorizer.npz"
    colorizer.save(path)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    for content in (b"", b"no file of NumPy", whole[: len(whole) // 2], bytes(flipped)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="expected the weights of a colorizer in"):
            HypercolumnColorizer.load(path, colorizer.trunk)


def test_another_file_is_refused(colorizer: HypercolumnColorizer, tmp_path: Path) -> None:
    path = tmp_path / "colorizer.npz"
    colorizer.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    for changes in (
        {"format": np.array("another")},
        {"heads": np.array(0)},
        {"heads": np.array(3)},
        {"color": np.array(np.nan)},
        {"head_0_hidden_bias": arrays["head_0_hidden_bias"][:-1]},
        {"head_1_logits_kernel": arrays["head_1_logits_kernel"] * np.inf},
        {"head_0_hidden_kernel": arrays["head_0_hidden_kernel"][0]},
    ):
        np.savez(path, **(arrays | changes))
        with pytest.raises(ValueError, match="expected the weights of a colorizer in"):
            HypercolumnColorizer.load(path, colorizer.trunk)
    np.save(path.with_suffix(".npy"), np.zeros(3))
    with pytest.raises(ValueError, match="expected the weights of a colorizer in"):
        HypercolumnColorizer.load(path.with_suffix(".npy"), colorizer.trunk)
    with pytest.raises(FileNotFoundError):
        HypercolumnColorizer.load(tmp_path / "nowhere.npz", colorizer.trunk)


@pytest.mark.parametrize("wrong", [{"decoding": "mean"}, {"color": 1.5}, {"color": float("nan")}, {"L": L[..., 0]}])
def test_other_arguments_are_refused(colorizer: HypercolumnColorizer, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        colorizer.colorize(**({"L": L} | wrong))


def test_other_committees_are_refused(colorizer: HypercolumnColorizer) -> None:
    with pytest.raises(ValueError, match="expected 1 head or more"):
        HypercolumnColorizer([], trunk=colorizer.trunk)
    with pytest.raises(ValueError, match="expected a color factor"):
        HypercolumnColorizer(colorizer.heads, -0.1, colorizer.trunk)
