"""Occlusion maps: worked by hand, beside a loop, on a planted detector, and on a classifier of photographs."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from course_lib.attribution import occlusion_map
from course_lib.images import photographs
from course_lib.networks import class_names, efficientnet_lite0, efficientnet_lite0_preprocess

pytestmark = pytest.mark.slow

Maps = NDArray[np.float32]


def linear(weights: Maps) -> keras.Model:
    """Make a model with one output: the sum of the image times the weights."""
    images = keras.Input(weights.shape)
    output = keras.layers.Dense(1, use_bias=False)
    model = keras.Model(images, output(keras.layers.Flatten()(images)))
    output.set_weights([weights.reshape(-1, 1)])
    return model


def summing() -> keras.Model:
    """Make a model that sums each channel of an image of any size."""
    images = keras.Input((None, None, 3))
    return keras.Model(images, keras.ops.sum(images, axis=(1, 2)))


def test_worked_by_hand() -> None:
    # One row of 5 pixels; patches of 2 start at 0, 2 and, flush with the border, 3.
    model = linear(np.array([1, 2, 3, 4, 5], np.float32).reshape(1, 5, 1))
    image = np.array([1, 1, 1, 2, 1], np.float32).reshape(1, 1, 5, 1)
    # Falls: 1 + 2 = 3; 3 + 8 = 11; 8 + 5 = 13. Pixel 3 is covered by the last two patches.
    got = occlusion_map(model, image, patch=(1, 2), stride=(1, 2))
    np.testing.assert_allclose(got, [[[3, 3, 11, 12, 13]]], rtol=1e-6)
    assert got.dtype == np.float32


def test_a_fill_of_the_same_color_changes_nothing_and_another_one_counts() -> None:
    image = np.full((1, 6, 9, 3), (1, 2, 3), np.float32)
    same = occlusion_map(summing(), image, patch=3, stride=2, fill=(1, 2, 3))
    np.testing.assert_array_equal(same, np.zeros((1, 6, 9)))
    got = occlusion_map(summing(), image, patch=3, stride=2, fill=(0, 4, 3), channel=1)
    np.testing.assert_allclose(got, np.full((1, 6, 9), 9 * (2 - 4)), rtol=1e-6)


def loop(model: keras.Model, image: Maps, patch: tuple[int, int], stride: tuple[int, int], fill: float) -> Maps:
    """Cover the image one position at a time; return the mean fall of the model's first output, ``(H, W)``."""
    sides = image.shape[:2]
    starts = [
        sorted({*range(0, side - size + 1, step), side - size})
        for side, size, step in zip(sides, patch, stride, strict=True)
    ]
    places = [(top, left) for top in starts[0] for left in starts[1]]
    variants = np.repeat(image[None], 1 + len(places), axis=0)  # the last one stays whole
    for one, (top, left) in zip(variants, places, strict=False):
        one[top : top + patch[0], left : left + patch[1]] = fill
    *outputs, whole = np.asarray(model(variants))[:, 0]
    falls: dict[tuple[int, int], list[float]] = {place: [] for place in np.ndindex(*sides)}
    for output, (top, left) in zip(outputs, places, strict=True):
        for y in range(top, top + patch[0]):
            for x in range(left, left + patch[1]):
                falls[y, x].append(whole - output)
    return np.array([np.mean(falls[place]) for place in falls], np.float32).reshape(sides)


@given(st.data())
@settings(max_examples=12, deadline=None)
def test_equal_to_one_position_at_a_time(data: st.DataObject) -> None:
    sides = data.draw(st.tuples(st.integers(3, 9), st.integers(3, 9)))
    patch = data.draw(st.integers(1, sides[0])), data.draw(st.integers(1, sides[1]))
    stride = data.draw(st.integers(1, patch[0])), data.draw(st.integers(1, patch[1]))
    rng = np.random.default_rng(0)
    images = rng.normal(size=(2, *sides, 2)).astype(np.float32)
    flat = keras.Input((*sides, 2))
    hidden = keras.layers.Dense(4, activation="relu", kernel_initializer=keras.initializers.GlorotNormal(0))
    model = keras.Model(flat, hidden(keras.layers.Flatten()(flat)))
    got = occlusion_map(model, images, patch=patch, stride=stride, fill=0.5, channel=0, batch_size=5)
    for image, found in zip(images, got, strict=True):
        np.testing.assert_allclose(found, loop(model, image, patch, stride, 0.5), atol=1e-5)


def test_each_image_has_its_own_channel() -> None:
    images = np.random.default_rng(0).random((3, 5, 8, 3), np.float32)
    got = occlusion_map(summing(), images, patch=2, stride=1, channel=[2, 0, 1], batch_size=7)
    for image, found, channel in zip(images, got, [2, 0, 1], strict=True):
        alone = occlusion_map(summing(), image[None], patch=2, stride=1, channel=channel)
        np.testing.assert_allclose(found, alone[0], atol=1e-5)


def test_no_more_images_at_once_than_the_batch_size_says() -> None:
    seen = []

    def note(count: NDArray[np.int32]) -> NDArray[np.int32]:
        seen.append(int(count))
        return count

    def counted(images: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.numpy_function(note, [tf.shape(images)[0]], tf.int32)]):
            return tf.identity(images)

    images = keras.Input((6, 6, 1))
    maps = keras.layers.Lambda(counted, output_shape=(6, 6, 1))(images)
    model = keras.Model(images, keras.layers.GlobalAveragePooling2D()(maps))
    occlusion_map(model, np.ones((2, 6, 6, 1), np.float32), patch=2, stride=2, batch_size=8)
    assert seen == [8, 8, 4]  # for each image 9 positions, and the whole one


def test_nothing_is_printed_without_a_terminal_and_nothing_changes(capsys: pytest.CaptureFixture[str]) -> None:
    model, images = summing(), np.ones((1, 4, 4, 3), np.float32)
    before = [len(layer._inbound_nodes) for layer in model.layers]
    occlusion_map(model, images, patch=2, stride=2)
    assert [len(layer._inbound_nodes) for layer in model.layers] == before
    np.testing.assert_array_equal(images, 1)
    assert capsys.readouterr() == ("", "")


def planted(pattern: Maps) -> keras.Model:
    """Make a network of one filter that answers to a pattern, shifted so that little else gets through its ReLU."""
    images = keras.Input((None, None, 3))
    filters = keras.layers.Conv2D(1, pattern.shape[:2], padding="same", activation="relu", name="detector")
    model = keras.Model(images, keras.layers.GlobalMaxPooling2D()(filters(images)))
    filters.set_weights([pattern[..., None], np.array([-0.5 * np.sum(pattern**2)], np.float32)])
    return model


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("looked_at", [{}, {"layer": "detector", "place": "peak"}])
def test_finds_a_planted_pattern(seed: int, looked_at: dict[str, Any]) -> None:
    rng = np.random.default_rng(seed)
    pattern = rng.choice([-1.0, 1.0], (5, 5, 3)).astype(np.float32)
    image = rng.normal(0, 0.1, (1, 40, 60, 3)).astype(np.float32)
    top, left = rng.integers(0, (36, 56))
    image[0, top : top + 5, left : left + 5] += pattern
    found = occlusion_map(planted(pattern), image, patch=5, stride=1, **looked_at)[0]
    peak = np.array(np.unravel_index(found.argmax(), found.shape))
    assert np.abs(peak - (top + 2, left + 2)).max() <= 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"patch": 5}, r"expected a patch that fits into 4 x 6 pixels, got 5 x 5"),
        ({"patch": (4, 7)}, r"fits into 4 x 6 pixels, got 4 x 7"),
        ({"patch": 0}, "expected the patch to be a whole number of 1 or more, got 0"),
        ({"patch": (2, 2, 2)}, r"expected the patch to be a whole number or \(down, across\), got \(2, 2, 2\)"),
        ({"stride": 3}, "expected a stride of 2 x 2 or less, the patch's size, got 3 x 3: pixels between"),
        ({"stride": (1, 3)}, "got 1 x 3"),
        ({"stride": 1.0}, r"expected the stride to be a whole number of 1 or more, got 1\.0"),
        ({"fill": (0, 0)}, "or one for each of 3 channels"),
        ({"fill": np.nan}, "expected a finite number to fill with"),
        ({"fill": 1e300}, "expected a finite number to fill with"),
        ({"fill": "gray"}, "expected a finite number to fill with"),
        ({"batch_size": 0}, "expected the batch size to be a whole number of 1 or more, got 0"),
        ({"channel": 3}, "expected a channel below 3"),
        ({"channel": [0, 1]}, "expected one channel for each of 1 images, got 2"),
        ({"channel": []}, "expected a channel"),
        ({"layer": "unknown"}, 'expected the name of a layer, got "unknown"'),
        ({"images": np.ones((0, 4, 6, 3))}, "expected one image or more, each with pixels"),
        ({"images": np.ones((4, 6, 3))}, "expected images of shape"),
        ({"images": np.ones((1, 4, 6, 1))}, "expected images of shape"),
    ],
)
def test_bad_arguments_are_refused(change: dict[str, Any], words: str) -> None:
    arguments = {"images": np.ones((1, 4, 6, 3), np.float32), "patch": 2, "stride": 1, **change}
    with pytest.raises(ValueError, match=words):
        occlusion_map(summing(), arguments.pop("images"), **arguments)


def test_a_model_of_something_else_than_images_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a model that takes images \(B, H, W, C\), got images of shape"):
        occlusion_map(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), np.ones((2, 4)), patch=1, stride=1)


@pytest.fixture(scope="module")
def classifier() -> Iterator[keras.Model]:
    """Build EfficientNet-Lite0."""
    yield efficientnet_lite0()
    keras.backend.clear_session()


# What the network is sure of in each photograph, or finds in a part of it.
SUBJECTS = {"coffee": "espresso", "chelsea": "Egyptian cat", "rocket": "missile", "astronaut": "space shuttle"}


@pytest.mark.parametrize("name", SUBJECTS)
def test_covering_what_the_map_names_costs_more_than_covering_a_random_region(
    classifier: keras.Model, name: str
) -> None:
    side, region = 224, 48  # of a photograph, and of what is covered
    pixels = np.asarray(Image.fromarray(dict(photographs())[name]).resize((side, side)))
    image = efficientnet_lite0_preprocess(pixels)[None]
    channel = class_names().index(SUBJECTS[name])
    found = occlusion_map(classifier, image, patch=region, stride=32, channel=channel)[0]
    windows = np.lib.stride_tricks.sliding_window_view(found, (region, region)).mean(axis=(2, 3))
    named = np.unravel_index(windows.argmax(), windows.shape)
    places = [named, *np.random.default_rng(0).integers(0, side - region + 1, (10, 2))]
    covered = np.repeat(image, len(places), axis=0)
    for one, (top, left) in zip(covered, places, strict=True):
        one[top : top + region, left : left + region] = image.mean(axis=(0, 1, 2))
    best, *others = classifier.predict_on_batch(covered)[:, channel]
    assert np.sum(best < others) >= 9
