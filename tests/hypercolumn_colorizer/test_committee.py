from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from course_lib.hypercolumn_colorizer import features, train
from course_lib.hypercolumn_colorizer.colorizer import HypercolumnColorizer
from course_lib.hypercolumn_colorizer.committee import color_factor, deal
from course_lib.hypercolumn_colorizer.decoding import expected_color
from course_lib.hypercolumn_colorizer.examples import LabeledSites, collect
from course_lib.hypercolumn_colorizer.head import head, probabilities

pytestmark = pytest.mark.slow

SMALL: dict[str, Any] = {"heads": 2, "sites": 40, "epochs": 3, "hidden": 8}


@pytest.fixture(scope="module")
def trunk() -> keras.Model:
    keras.utils.set_random_seed(0)
    return features.trunk(None, 1 / 16)


def photographs(count: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {f"photo_{number}": rng.uniform(-0.8, 0.8, (16, 18, 3)).astype(np.float32) for number in range(count)}


def assert_equal(got: HypercolumnColorizer, expected: HypercolumnColorizer) -> None:
    assert got.color == expected.color
    for one, other in zip(got.heads, expected.heads, strict=True):
        for variable, wanted in zip(one.variables, other.variables, strict=True):
            np.testing.assert_array_equal(variable, wanted)


class Lazy(Mapping[str, np.ndarray]):
    """Photographs that are made when they are asked for, and counted."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[str]:
        return iter(photographs())

    def __getitem__(self, name: str) -> np.ndarray:
        self.asked.append(name)
        return photographs()[name]


@pytest.fixture(scope="module")
def trained(trunk: keras.Model) -> HypercolumnColorizer:
    return train(photographs(), 2, trunk=trunk, **SMALL)


@pytest.mark.parametrize(("count", "heads", "sizes"), [(8, 4, [2] * 4), (7, 4, [2, 2, 2, 1]), (3, 4, [1, 1, 1, 0])])
def test_photographs_are_dealt_out_once_each(count: int, heads: int, sizes: list[int]) -> None:
    denied = deal(count, heads, 0)
    assert [len(each) for each in denied] == sizes
    assert sorted(np.concatenate(denied).tolist()) == [*range(count)]
    assert any(np.concatenate(deal(count, heads, seed)).tolist() != [*range(count)] for seed in range(3))


@pytest.mark.parametrize(("count", "heads"), [(2, 4), (8, 1)])
def test_one_head_or_two_photographs_are_denied_nothing(count: int, heads: int) -> None:
    assert [len(each) for each in deal(count, heads, 0)] == [0] * heads


def test_a_lazy_mapping_is_asked_once_and_progress_is_told(trunk: keras.Model, trained: HypercolumnColorizer) -> None:
    lazy, told = Lazy(), []
    again = train(lazy, 2, trunk=trunk, progress=lambda done, total: told.append((done, total)), **SMALL)
    assert lazy.asked == [*photographs()]
    assert told == [(done, 9) for done in range(1, 10)]  # 3 photographs and 2 heads of 3 epochs
    assert_equal(again, trained)


def test_seeds_differ(trunk: keras.Model, trained: HypercolumnColorizer) -> None:
    other = train(photographs(), 3, trunk=trunk, **SMALL)
    kernels = [each.get_layer("hidden").get_weights()[0] for each in (*trained.heads, *other.heads)]
    assert len({each.tobytes() for each in kernels}) == 4


@pytest.mark.parametrize("stop", [1, 7])
def test_an_interrupted_training_goes_on_as_if_it_had_not_been(
    stop: int, trunk: keras.Model, trained: HypercolumnColorizer, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(photographs(), 2, trunk=trunk, folder=tmp_path, progress=interrupt, **SMALL)
    told = []
    resumed = train(
        photographs(), 2, trunk=trunk, folder=tmp_path, progress=lambda done, total: told.append(done), **SMALL
    )
    assert told == [*range(1, 10)]
    assert_equal(resumed, trained)


def test_checkpoints_of_other_photographs_are_refused(trunk: keras.Model, tmp_path: Path) -> None:
    train(photographs(), trunk=trunk, folder=tmp_path, **SMALL)
    changed = photographs()
    changed["photo_1"][:, :, 1] *= -1
    with pytest.raises(ValueError, match=r"expected .* to be a checkpoint of this training"):
        train(changed, trunk=trunk, folder=tmp_path, **SMALL)


def test_color_behind_a_mask_does_not_matter(trunk: keras.Model) -> None:
    mask = np.ones((16, 18), bool)
    mask[:, 9:] = False
    changed = photographs()
    changed["photo_1"][:, 9:, 1:] *= -1
    masks = {"photo_1": mask}
    one, other = (train(each, trunk=trunk, masks=masks, **SMALL) for each in (photographs(), changed))
    assert_equal(other, one)


@pytest.mark.parametrize(("heads", "seen"), [(3, 80), (1, 120)])
def test_heads_are_trained_on_what_they_are_not_denied(
    heads: int, seen: int, trunk: keras.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With three photographs of 40 sites each."""
    shown = []
    monkeypatch.setattr(
        "course_lib.hypercolumn_colorizer.committee.train_head",
        lambda head, examples, rows, **settings: shown.append(rows),
    )
    train(photographs(), trunk=trunk, **(SMALL | {"heads": heads}))
    assert [len(rows) for rows in shown] == [seen] * heads
    assert np.unique(np.concatenate(shown)).tolist() == [*range(120)]


def test_color_factor_is_the_best_of_many(trunk: keras.Model) -> None:
    """Against a search, where heads are right in hue and twice too vivid."""
    examples = collect(photographs(), 50, 0, {}, trunk, lambda: None)
    heads = [head(features.channels(trunk), 8, seed=seed) for seed in range(2)]
    for each in heads:  # the untrained ones all but fade to gray
        each.get_layer("logits").set_weights([30 * weights for weights in each.get_layer("logits").get_weights()])
    denied = [np.array([0, 2]), np.array([1])]
    unseen = [np.isin(examples.photograph, places) for places in denied]
    rng = np.random.default_rng(0)
    colors = np.zeros_like(examples.ab)
    for each, rows in zip(heads, unseen, strict=True):
        colors[rows] = expected_color(*probabilities(each, examples.columns[rows])) / 110
    truth = 0.5 * colors + rng.normal(0, 0.01, colors.shape).astype(np.float32)
    found = color_factor(heads, denied, examples._replace(ab=truth))
    errors = [np.square(factor * colors - truth).sum() for factor in np.linspace(0, 1, 1001)]
    assert found == pytest.approx(np.argmin(errors) / 1000, abs=1e-3)
    assert color_factor(heads, denied, examples._replace(ab=3 * colors)) == 1
    assert color_factor(heads, denied, examples._replace(ab=-colors)) == 0


def test_where_nothing_is_denied_color_is_believed(trunk: keras.Model) -> None:
    assert train(photographs(2), trunk=trunk, **SMALL).color == 1
    assert train(photographs(3), trunk=trunk, **(SMALL | {"heads": 1})).color == 1
    examples: LabeledSites = collect(photographs(2), 10, 0, {}, trunk, lambda: None)
    assert color_factor([head(features.channels(trunk), 8)], [np.empty(0, np.intp)], examples) == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"photographs": {}}, "1 photograph or more"),
        ({"photographs": [np.zeros((16, 16, 3))]}, "dictionary"),
        ({"photographs": {"gray": np.zeros((16, 16))}}, "expected gray as normalized Lab"),
        ({"photographs": {"bytes": np.full((16, 16, 3), 99.0)}}, "normalized"),
        ({"masks": {"nobody": np.ones((16, 18), bool)}}, "got nobody"),
        ({"masks": {"photo_0": np.ones((4, 4), bool)}}, "expected a mask of shape"),
        ({"seed": -1}, "expected seed"),
        ({"heads": 0}, "expected heads"),
        ({"sites": 2.5}, "expected sites"),
        ({"epochs": 0}, "expected epochs"),
        ({"hidden": True}, "expected hidden"),
    ],
)
def test_other_arguments_are_refused(wrong: dict[str, Any], words: str, trunk: keras.Model) -> None:
    with pytest.raises(ValueError, match=words):
        train(**({"photographs": photographs(), "trunk": trunk} | SMALL | wrong))
