"""Images that make a score large: of a known best image, of a part of a map, within bounds."""

from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from course_lib.attribution import activation_maximization

pytestmark = pytest.mark.slow

Pattern = NDArray[np.float32]


def filtering(pattern: Pattern, activation: str | None = None) -> keras.Model:
    """Make a network of one filter, and one that is always silent."""
    images = keras.Input((None, None, pattern.shape[2]))
    filters = keras.layers.Conv2D(2, pattern.shape[:2], padding="same", activation=activation, name="filters")
    model = keras.Model(images, filters(images))
    filters.set_weights([np.stack([pattern, 0 * pattern], axis=-1), np.array([0, -1], np.float32)])
    return model


def stripes(horizontal: bool) -> Pattern:
    """Make a filter for stripes of 4 pixels, 2 light and 2 dark."""
    line = np.array([1, 1, -1, -1, 1, 1, -1, -1], np.float32)
    return np.broadcast_to(line[:, None] if horizontal else line, (8, 8)).astype(np.float32)[..., None]


def test_a_filter_for_stripes_gets_stripes_of_its_direction() -> None:
    models = [filtering(stripes(horizontal), "relu") for horizontal in (True, False)]
    images = [
        activation_maximization(model, bounds=(-1, 1), layer="filters", channel=0, size=(32, 40), steps=40)
        for model in models
    ]
    for image, axis in zip(images, (0, 1), strict=True):
        assert image.shape == (32, 40, 1)
        assert image.dtype == np.float32
        along, across = (np.abs(np.diff(image[..., 0], axis=each)).mean() for each in (1 - axis, axis))
        assert across > 1.4 * along
    for own, model in enumerate(models):
        scores = [float(np.sum(model(image[None])[..., 0])) for image in images]
        assert scores[own] > 1.5 * scores[1 - own]


def test_each_channel_goes_towards_the_bound_that_the_score_asks_for() -> None:
    pattern = np.broadcast_to(np.array([1, -1, 1], np.float32), (3, 3, 3))
    low, high = -3, np.array([-1, -1, -1], np.float32)
    image = activation_maximization(filtering(pattern), bounds=(low, high), channel=0, size=(24, 24), steps=100)
    assert (image >= low).all()
    assert (image <= high).all()
    share = ((image - low) / (high - low)).mean(axis=(0, 1))
    assert share[0] > 0.6
    assert share[1] < 0.45
    assert share[2] > 0.6


def test_one_place_leaves_the_rest_of_the_image_to_the_movements() -> None:
    model = filtering(np.ones((3, 3, 1), np.float32))
    image = activation_maximization(
        model, bounds=(0, 1), layer="filters", channel=0, place=(20, 6), size=(30, 40), steps=40
    )
    y, x = np.unravel_index(image[..., 0].argmax(), (30, 40))
    assert abs(y - 20) <= 4
    assert abs(x - 6) <= 4


def test_seeds_decide_and_the_model_stays_as_it_is() -> None:
    model = filtering(stripes(True))
    before = model.get_weights()
    first, again, other = (
        activation_maximization(model, bounds=(0, 1), channel=0, size=(16, 16), steps=3, seed=seed)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("shape", [(4,), (None, None, None)])
def test_a_model_of_something_else_than_images_is_refused(shape: tuple[int | None, ...]) -> None:
    model = keras.Sequential([keras.Input(shape), keras.layers.ReLU()])
    with pytest.raises(ValueError, match=r"expected a model that takes images \(B, H, W, C\), with C known"):
        activation_maximization(model, bounds=(0, 1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"channel": 1}, "expected a score that depends on the image, got one whose gradient is 0: the channel may be"),
        ({"channel": 2}, "expected a channel below 2"),
        ({"channel": [0]}, r"expected one channel, or None for all, got \[0\]"),
        ({"layer": "filter"}, 'expected the name of a layer, got "filter": the nearest are filters'),
        ({"bounds": (1, 0)}, r"low below high, got \(1, 0\)"),
        ({"bounds": 1}, r"expected bounds \(low, high\)"),
        ({"bounds": (0, 1, 2)}, r"expected bounds \(low, high\)"),
        ({"bounds": ((0, 0), (1, 1))}, "one for each of 1 channels"),
        ({"bounds": ("black", "white")}, r"expected bounds \(low, high\)"),
        ({"bounds": (0, np.inf)}, r"expected bounds \(low, high\)"),
        ({"size": (0, 8)}, "expected the height to be a whole number of 1 or more, got 0"),
        ({"size": 8}, r"expected the size to be \(height, width\), got 8"),
        ({"steps": 0}, "expected the number of steps to be a whole number of 1 or more, got 0"),
        ({"rate": 0}, "expected a rate above 0, got 0"),
        ({"rate": np.nan}, "expected a rate above 0, got nan"),
        ({"rate": "fast"}, "expected a rate above 0, got 'fast'"),
        ({"seed": -1}, "expected the seed to be a whole number of 0 or more, got -1"),
    ],
)
def test_bad_arguments_are_refused(change: dict[str, Any], words: str) -> None:
    arguments: dict[str, Any] = {"bounds": (0, 1), "channel": 0, "size": (8, 8), "steps": 1, **change}
    with pytest.raises(ValueError, match=words):
        activation_maximization(filtering(stripes(True), "relu"), **arguments)
