import keras
import numpy as np
import pytest

from course_lib.hypercolumn_colorizer.head import DROPPED_MAPS, DropMaps, head, probabilities, standardize

RNG = np.random.default_rng(1)
CHANNELS, HIDDEN, BINS = 7, 5, 4


@pytest.fixture
def small() -> keras.Model:
    return head(CHANNELS, HIDDEN, BINS, seed=3)


def columns(count: int = 50) -> np.ndarray:
    return RNG.normal(3, 2, (count, CHANNELS)).astype(np.float32)


def test_a_head_is_what_two_matrices_compute(small: keras.Model) -> None:
    given = columns()
    standardize(small, given)
    kernel, bias = small.get_layer("hidden").get_weights()
    kernel_2, bias_2 = small.get_layer("logits").get_weights()
    assert (kernel.shape, kernel_2.shape) == ((CHANNELS, HIDDEN), (HIDDEN, 2 * BINS))
    standard = (given - given.mean(axis=0)) / np.sqrt(given.var(axis=0) + small.get_layer("standardize").epsilon)
    logits = np.maximum(standard @ kernel + bias, 0) @ kernel_2 + bias_2
    np.testing.assert_allclose(small(given, training=False), logits, rtol=1e-4, atol=1e-5)
    for got, part in zip(probabilities(small, given), np.split(logits, 2, axis=-1), strict=True):
        odds = np.exp(part)
        np.testing.assert_allclose(got, odds / odds.sum(axis=-1, keepdims=True), rtol=1e-4)


def test_standardized_channels_have_mean_0_and_variance_1(small: keras.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course_lib.hypercolumn_colorizer.head.CHUNK", 7)
    given = columns()
    given[:, 2] = 9  # a channel that never changes
    standardize(small, given)
    standard = np.array(small.get_layer("standardize")(given))
    np.testing.assert_allclose(standard.mean(axis=0), np.zeros(CHANNELS), atol=1e-4)
    np.testing.assert_allclose(standard.var(axis=0), np.where(np.arange(CHANNELS) == 2, 0, 1), atol=1e-2)


def test_seeds_decide_weights_and_what_is_dropped(small: keras.Model) -> None:
    given = columns()
    same, other = head(CHANNELS, HIDDEN, BINS, seed=3), head(CHANNELS, HIDDEN, BINS, seed=4)
    np.testing.assert_array_equal(small(given, training=True), same(given, training=True))
    np.testing.assert_array_equal(small(given, training=True), same(given, training=True))  # a second draw
    assert not np.allclose(small(given, training=False), other(given, training=False))


def test_whole_maps_are_dropped_as_often_as_they_should() -> None:
    channels = 93  # of VGG-16 at a sixteenth of its width: 4 + 8 + 16 + 32 + 32, and lightness
    layer = DropMaps(seed=0)
    ones = np.ones((4000, channels), np.float32)
    np.testing.assert_array_equal(layer(ones, training=False), ones)
    dropped = np.array(layer(ones, training=True))
    maps = np.split(dropped, np.cumsum([4, 8, 16, 32, 32]), axis=1)
    for each, rate in zip(maps, DROPPED_MAPS, strict=True):
        assert (each == each[:, :1]).all()
        assert {*np.unique(each)} <= {0, np.float32(1 / (1 - np.float32(rate)))}
        assert abs((each[:, 0] == 0).mean() - rate) < 0.04  # five standard deviations
    together = [(maps[3][:, 0] == 0) == (maps[4][:, 0] == 0)]
    assert 0.4 < np.mean(together) < 0.6  # one map says nothing of another


def test_what_is_learned_is_the_two_layers_and_large_weights_cost(small: keras.Model) -> None:
    assert [variable.path for variable in small.trainable_variables] == [
        "hidden/kernel",
        "hidden/bias",
        "logits/kernel",
        "logits/bias",
    ]
    kernel = small.get_layer("hidden").get_weights()[0]
    assert float(sum(small.losses)) == pytest.approx(1e-3 * np.square(kernel).sum(), rel=1e-5)


@pytest.mark.parametrize("wrong", [{"channels": 0}, {"hidden": 1.5}, {"bins": 2}, {"seed": -1}])
def test_other_numbers_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        head(**({"channels": CHANNELS, "hidden": HIDDEN, "bins": BINS} | wrong))  # type: ignore[arg-type]
