"""Examples, and the training of one head on them."""

from pathlib import Path

import keras
import numpy as np
import pytest

from course_lib.color import hue_chroma_histogram
from course_lib.hypercolumn_colorizer import features
from course_lib.hypercolumn_colorizer.examples import LabeledSites, choose_sites, collect
from course_lib.hypercolumn_colorizer.head import head, probabilities
from course_lib.hypercolumn_colorizer.targets import Targets, histogram_targets
from course_lib.hypercolumn_colorizer.training import train_head

pytestmark = pytest.mark.slow

CHANNELS = 6


def two_colors(count: int = 400) -> LabeledSites:
    """Make sites of two kinds, which one channel tells apart: red, and a paler green."""
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(count, CHANNELS)).astype(np.float32)
    ab = np.where(columns[:, 2:3] > 0, [0.6, 0], [-0.3, 0]).astype(np.float32)
    hue, chroma = hue_chroma_histogram(110 * ab[:, None])
    return LabeledSites(columns, Targets(hue, chroma, np.full(count, 0.3, np.float32)), ab, np.zeros(count, np.intp))


def go(path: Path | None = None, epochs: int = 4, stop: int | None = None) -> tuple[keras.Model, list[float]]:
    """Train, and stop after some epochs as Ctrl-C does."""
    made, seen = head(CHANNELS, 16, seed=1), []

    def done() -> None:
        seen.append(1)
        if len(seen) == stop:
            raise KeyboardInterrupt

    rows = np.arange(0, 400, 2)
    losses = train_head(made, two_colors(), rows, epochs=epochs, seed=5, settings={"name": 1}, path=path, done=done)
    return made, losses


def test_sites_are_different_pixels_inside_the_mask() -> None:
    mask = np.zeros((20, 30), bool)
    mask[4:14, :21] = True
    sites = choose_sites((20, 30), 10**6, mask, np.random.default_rng(0))
    # Windows of 5 x 5: two pixels from what may not be seen, but up to the picture's own border.
    assert {*map(tuple, sites.tolist())} == {(y, x) for y in range(6, 12) for x in range(19)}
    assert len(sites) == 6 * 19
    some = choose_sites((20, 30), 50, None, np.random.default_rng(0))
    assert len({*map(tuple, some.tolist())}) == 50


def test_sites_cover_a_photograph_evenly() -> None:
    rng = np.random.default_rng(0)
    counts = np.zeros((8, 8))
    for _ in range(2000):
        counts[tuple(choose_sites((8, 8), 8, None, rng).T)] += 1
    assert abs(counts - 250).max() < 5 * 250**0.5


@pytest.mark.parametrize("mask", [np.ones((3, 4), bool), np.ones((8, 8)), np.eye(8, dtype=bool)])
def test_other_masks_are_refused(mask: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected a mask"):
        choose_sites((8, 8), 3, mask, np.random.default_rng(0))


def test_examples_are_columns_and_targets_of_the_same_sites() -> None:
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    trunk = features.trunk(None, 1 / 16)
    photographs = {name: rng.uniform(-0.9, 0.9, (16, 20, 3)).astype(np.float32) for name in "ab"}
    mask = np.ones((16, 20), bool)
    mask[:, 10:] = False
    told: list[int] = []
    found = collect(photographs, 40, 3, {"b": mask}, trunk, lambda: told.append(1))
    assert len(told) == 2
    assert found.photograph.tolist() == [0] * 40 + [1] * 40
    for number, lab in enumerate(photographs.values()):
        rows = found.photograph == number
        every = np.argwhere(np.ones(lab.shape[:2], bool))
        # The color of a pixel, at random, says which pixel it is.
        pixel = (lab.reshape(-1, 3)[:, None, 1:] == found.ab[rows]).all(axis=-1).argmax(axis=0)
        sites = every[pixel]
        np.testing.assert_array_equal(found.columns[rows], features.columns(trunk, lab[..., :1], sites))
        for got, expected in zip(found.targets, histogram_targets(lab[..., 1:], sites), strict=True):
            np.testing.assert_array_equal(got[rows], expected)
        assert number == 0 or sites[:, 1].max() < 8


def test_many_photographs_have_fewer_sites_each(monkeypatch: pytest.MonkeyPatch) -> None:
    trunk = features.trunk(None, 1 / 16)
    monkeypatch.setattr("course_lib.hypercolumn_colorizer.examples.MOST_BYTES", 4 * features.channels(trunk) * 20)
    photographs = {name: np.zeros((8, 8, 3), np.float32) for name in "abc"}
    found = collect(photographs, 50, 0, {}, trunk, lambda: None)
    assert np.bincount(found.photograph).tolist() == [6, 6, 6]


def test_a_head_learns_what_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course_lib.hypercolumn_colorizer.training.BATCH", 20)
    made, losses = go(epochs=40)
    assert losses[-1] < losses[0]
    examples = two_colors()
    hue, chroma = probabilities(made, examples.columns[1::2])  # rows that it was not shown
    red = examples.ab[1::2, 0] > 0
    assert np.mean((hue[:, 0] > hue[:, 16]) == red) > 0.9  # hue 0 is red, hue 180 degrees green
    mean = chroma @ np.arange(32)
    assert mean[red].mean() > mean[~red].mean()


def test_the_same_again() -> None:
    (one, losses), (other, again) = go(), go()
    assert losses == again
    for got, expected in zip(other.variables, one.variables, strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("stop", [1, 3])
def test_an_interrupted_training_goes_on_as_if_it_had_not_been(stop: int, tmp_path: Path) -> None:
    expected, losses = go()
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path / "head.npz", stop=stop)
    resumed, again = go(tmp_path / "head.npz")
    assert losses == again
    for got, wanted in zip(resumed.variables, expected.variables, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    go(tmp_path / "head.npz", epochs=1)
    with pytest.raises(ValueError, match=r"with {'epochs': 2}, got one with {'epochs': 1}"):
        go(tmp_path / "head.npz", epochs=2)


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    examples = two_colors()
    examples.targets.weight[0] = np.inf
    with pytest.raises(FloatingPointError, match=r"expected a finite loss, got (nan|inf) in epoch 0"):
        train_head(
            head(CHANNELS, 4), examples, np.arange(9), epochs=1, seed=0, settings={}, path=None, done=lambda: None
        )
