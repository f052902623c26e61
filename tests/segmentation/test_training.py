import json
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from course_lib.images import Voc, texture_mosaics
from course_lib.segmentation import (
    BilinearUpsampling,
    Schedule,
    confusion_matrix,
    evaluate,
    examples,
    fcn8,
    fcn_head,
    pixel_accuracy,
    train,
    train_stages,
    trunk,
    warm_start,
)

pytestmark = pytest.mark.slow

SHAPES = [(40, 50), (32, 32), (20, 70)]
CHANNELS = {"stride_8": 3, "stride_16": 3, "stride_32": 3}


@pytest.fixture
def voc(tmp_path: Path) -> Voc:
    """Three pictures: on the left class 0, black; on the right class 2, white; between them a border of 255."""
    root = tmp_path / "VOC2012"
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    for number, (height, width) in enumerate(SHAPES):
        mask = np.full((height, width), 2, np.uint8)
        mask[:, : width // 2] = 0
        mask[:, width // 2] = 255
        image = Image.fromarray(mask, "P")
        image.putpalette([0, 0, 0] * 256)
        image.save(root / "SegmentationClass" / f"{number}.png")
        Image.fromarray(np.where(mask == 2, 255, 0)[..., None].repeat(3, -1).astype(np.uint8)).save(
            root / "JPEGImages" / f"{number}.jpg"
        )
    (root / "ImageSets" / "Segmentation" / "train.txt").write_text("0\n1\n2\n")
    return Voc(root)


def tiny_network(classes: int = 3) -> keras.Model:
    """Make an FCN-8s on a trunk of three random layers, the same each time."""
    keras.utils.set_random_seed(0)
    x = images = keras.Input((None, None, 3))
    for name, factor in (("eighth", 8), ("sixteenth", 2), ("thirtysecond", 2)):
        x = keras.layers.Conv2D(4, factor, factor, activation="relu", name=name)(x)
    network = keras.Model(images, x)
    return fcn8(trunk(network, {8: "eighth", 16: "sixteenth", 32: "thirtysecond"}), classes)


def small_maps(count: int = 6) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.uint8]]:
    """Make maps of 32 x 64 pixels that tell the label, and the labels, with some pixels that do not count."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (count, 4, 8)).repeat(8, axis=1).repeat(8, axis=2).astype(np.uint8)
    features = {
        f"stride_{stride}": np.eye(3, dtype=np.float32)[labels[:, stride // 2 :: stride, stride // 2 :: stride]]
        for stride in (8, 16, 32)
    }
    labels[rng.random(labels.shape) < 0.1] = 255
    return features, labels


def weights(model: keras.Model) -> list[NDArray[np.float32]]:
    return [np.asarray(variable.numpy()) for variable in model.variables]


def assert_equal(got: keras.Model, expected: keras.Model) -> None:
    for one, other in zip(weights(got), weights(expected), strict=True):
        np.testing.assert_array_equal(one, other)


def test_examples_of_voc_are_cut_out_or_padded(voc: Voc) -> None:
    images, labels = examples(voc, 32)
    assert images.shape == (3, 32, 32, 3)
    assert images.dtype == labels.dtype == np.uint8
    assert {*np.unique(labels[:2])} <= {0, 2, 255}
    # The border's columns are the only ones whose gray is uncertain.
    assert (images[labels == 2] > 128).all()
    assert (images[labels == 0] < 128).all()
    assert (labels[2, 20:] == 255).all()
    assert (images[2, 20:] == 0).all()
    _, padded = examples(voc, (64, 96))
    expected = [height * (width - 1) for height, width in SHAPES]
    assert (padded != 255).sum(axis=(1, 2)).tolist() == expected


def test_the_places_of_examples_depend_on_the_seed(voc: Voc) -> None:
    first, again, other = (examples(voc, 16, seed)[1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("source", ["mosaics", "voc"])
def test_the_same_training_learns_mosaics_and_voc(source: str, voc: Voc) -> None:
    images, labels = examples(voc if source == "voc" else texture_mosaics(3, 64), 64)
    model = tiny_network(classes=8)
    before = pixel_accuracy(evaluate(model, images / np.float32(255), labels))
    losses = train(model, images / np.float32(255), labels, Schedule(steps=40, batch=3, rate=0.03))
    assert losses.shape == (40,)
    assert losses[-1] < 0.9 * losses[0]
    assert pixel_accuracy(evaluate(model, images / np.float32(255), labels)) > before + 0.1


def test_a_frozen_trunk_stays_as_it_is() -> None:
    images, labels = examples(texture_mosaics(2, 64), 64)
    model = tiny_network(classes=8)
    model.get_layer("trunk").trainable = False
    before = weights(model.get_layer("trunk"))
    train(model, images.astype(np.float32), labels, Schedule(steps=2, batch=2))
    for one, other in zip(before, weights(model.get_layer("trunk")), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any(each.any() for each in weights(model.get_layer("head").get_layer("score_32")))


def test_training_on_maps_equals_training_on_images_of_a_frozen_trunk() -> None:
    images, labels = examples(texture_mosaics(3, 64), 64)
    images = images.astype(np.float32)
    whole, other = tiny_network(classes=8), tiny_network(classes=8)
    whole.get_layer("trunk").trainable = False
    train(whole, images, labels, Schedule(steps=3, batch=2))
    features = other.get_layer("trunk").predict(images, verbose=0)
    train(other.get_layer("head"), features, labels, Schedule(steps=3, batch=2))
    for one, two in zip(weights(whole), weights(other), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-5)


def test_a_first_step_is_adams() -> None:
    """Adam's first step moves each weight by the learning rate against the sign of its gradient."""
    features, labels = small_maps()
    head = fcn_head(CHANNELS, 3, 8)
    train(head, features, labels, Schedule(steps=1, rate=0.01, batch=6))
    moved = head.get_layer("score_8").bias.numpy()
    counts = confusion_matrix(labels, np.where(labels == 255, 0, labels), 3).sum(axis=1)
    kept = np.sign(counts / counts.sum() - 1 / 3)
    np.testing.assert_allclose(moved, 0.01 * kept, atol=1e-4)


def test_pixels_that_do_not_count_do_not_train() -> None:
    features, labels = small_maps()
    head = fcn_head(CHANNELS, 3, 8)
    losses = train(head, features, np.full_like(labels, 255), Schedule(steps=3))
    assert not losses.any()
    assert_equal(head, fcn_head(CHANNELS, 3, 8))


def test_every_example_has_its_turn_before_the_next_epoch() -> None:
    schedule = Schedule(steps=6, batch=4, seed=1)
    rows = np.concatenate([schedule.rows(step, 6) for step in range(6)]).reshape(4, 6)
    np.testing.assert_array_equal(np.sort(rows, axis=1), [range(6)] * 4)
    assert len({epoch.tobytes() for epoch in rows}) == 4


class Interrupted(Exception):
    """As if the process had been stopped."""


def interrupt(at: int) -> Callable[[int, float], None]:
    def report(step: int, loss: float) -> None:
        if step == at:
            raise Interrupted

    return report


def with_dropout() -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((4, 8, 3)), keras.layers.Dropout(0.5), BilinearUpsampling(8)])


@pytest.mark.parametrize("at", [3, 4])
def test_a_resumed_training_is_equal_to_an_uninterrupted_one(at: int, tmp_path: Path) -> None:
    """With dropout, whose place in its random numbers counts too."""
    features, labels = small_maps(3)
    file = tmp_path / "new" / "checkpoint.npz"

    def go_on(model: keras.Model, **options: Any) -> NDArray[np.float64]:
        return train(model, features["stride_8"], labels, Schedule(steps=6, batch=2), every=2, **options)

    expected, resumed, again = with_dropout(), with_dropout(), with_dropout()
    losses = go_on(expected)
    with pytest.raises(Interrupted):
        go_on(with_dropout(), checkpoint=file, report=interrupt(at))
    steps: list[int] = []
    np.testing.assert_array_equal(go_on(resumed, checkpoint=file, report=lambda step, _: steps.append(step)), losses)
    assert steps == [*range(at - at % 2 + 1, 7)]
    assert_equal(resumed, expected)
    assert [each.name for each in file.parent.iterdir()] == ["checkpoint.npz"]
    np.testing.assert_array_equal(go_on(again, checkpoint=file), losses)
    assert_equal(again, expected)


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    features, labels = small_maps()
    file = tmp_path / "checkpoint.npz"
    train(fcn_head(CHANNELS, 3, 16), features, labels, Schedule(steps=2), checkpoint=file)
    head = fcn_head(CHANNELS, 3, 16)
    with pytest.raises(ValueError, match=r"a checkpoint of this training, with \{'rate': 0.1\}, got one with"):
        train(head, features, labels, Schedule(steps=2, rate=0.1), checkpoint=file)
    with pytest.raises(ValueError, match=r"a checkpoint of this training, with \{'labels'"):
        train(head, features, labels[::-1], Schedule(steps=2), checkpoint=file)
    with pytest.raises(ValueError, match=r"with \{'shapes\[9\] of 34': \[3\]\}, got one with \{'shapes\[9\] of 23'"):
        train(fcn_head(CHANNELS, 3, 8), features, labels, Schedule(steps=2), checkpoint=file)
    assert_equal(head, fcn_head(CHANNELS, 3, 16))


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04"])
def test_a_damaged_checkpoint_is_refused(content: bytes, tmp_path: Path) -> None:
    features, labels = small_maps()
    file = tmp_path / "checkpoint.npz"
    train(fcn_head(CHANNELS, 3, 16), features, labels, Schedule(steps=2), checkpoint=file)
    whole = file.read_bytes()
    for damaged in (content, whole[: len(whole) // 2]):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"expected a checkpoint of a training in .*checkpoint.npz, got a damaged"):
            train(fcn_head(CHANNELS, 3, 16), features, labels, Schedule(steps=2), checkpoint=file)


def test_stages_go_on_from_one_another(tmp_path: Path) -> None:
    features, labels = small_maps()
    heads = train_stages(features, labels, 3, Schedule(steps=10, rate=0.03), checkpoint=tmp_path)
    assert [*heads] == [32, 16, 8]
    for coarser, stride in pairwise(heads):
        by_hand = fcn_head(CHANNELS, 3, stride)
        for name in by_hand.input:
            by_hand.get_layer(name.replace("stride", "standardize")).adapt(features[name])
        warm_start(by_hand, heads[coarser])
        train(by_hand, features, labels, Schedule(steps=10, rate=0.03))
        assert_equal(by_hand, heads[stride])
    scores = [pixel_accuracy(evaluate(head, features, labels)) for head in heads.values()]
    assert scores[0] < scores[1] < scores[2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fcn16.npz", "fcn32.npz", "fcn8.npz"]


def test_evaluation_counts_every_pixel_once() -> None:
    features, labels = small_maps(5)
    head = fcn_head(CHANNELS, 3, 8)
    train(head, features, labels, Schedule(steps=3))
    expected = confusion_matrix(labels, np.argmax(head.predict(features, verbose=0), -1), 3)
    np.testing.assert_array_equal(evaluate(head, features, labels, batch=2), expected)


TWO_DEVICES = """
import json, sys
import course_lib
import numpy as np, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from course_lib.segmentation import Schedule, train
from tests.segmentation.test_training import small_maps, tiny_network
images = np.random.default_rng(0).random((5, 32, 64, 3), np.float32)
labels = small_maps(5)[1]
labels[:2] = 255  # devices with unequal numbers of pixels, some with none
labels[2, :, 5:] = 255
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert strategy.num_replicas_in_sync == 2
with strategy.scope():
    several = tiny_network()
one = tiny_network()
losses = [train(model, images, labels, Schedule(steps=5, batch=3)).tolist() for model in (several, one)]
apart = [np.abs(a.numpy() - b.numpy()).max() for a, b in zip(several.variables, one.variables)]
print(json.dumps({"losses": losses, "apart": float(max(apart)), "devices": len(several.variables[0].value.values)}))
"""


def test_two_devices_train_as_one() -> None:
    done = subprocess.run([sys.executable, "-c", TWO_DEVICES], check=True, capture_output=True, text=True, timeout=300)
    got = json.loads(done.stdout.splitlines()[-1])
    assert got["devices"] == 2
    several, one = got["losses"]
    np.testing.assert_allclose(several, one, rtol=1e-5)
    assert got["apart"] < 1e-5


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"steps": 0}, "expected a number of steps of 1 or more, got 0"),
        ({"steps": 1, "batch": 1.5}, "expected a number of examples of 1 or more, got 1.5"),
        ({"steps": 1, "seed": -1}, "expected a seed of 0 or more, got -1"),
        ({"steps": 1, "rate": 0.0}, "expected a learning rate above 0, got 0.0"),
    ],
)
def test_what_is_no_schedule_is_refused(options: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Schedule(**options)


def test_other_numbers_of_inputs_than_labels_are_refused() -> None:
    features, labels = small_maps()
    with pytest.raises(ValueError, match=r"expected as many inputs as labels, 1 or more, got \[6\] and 2"):
        train(fcn_head(CHANNELS, 3, 32), features, labels[:2], Schedule(steps=1))


def test_other_inputs_than_the_model_takes_are_refused() -> None:
    features, labels = small_maps()
    head = fcn_head(CHANNELS, 3, 16)
    some = {name: features[name] for name in ("stride_8", "stride_32")}
    for given, got in ((some, "maps stride_8, stride_32"), (features["stride_16"], "an array")):
        with pytest.raises(ValueError, match=f"expected maps stride_32, stride_16 for head, got {got}"):
            train(head, given, labels, Schedule(steps=1))
        with pytest.raises(ValueError, match=f"expected maps stride_32, stride_16 for head, got {got}"):
            evaluate(head, given, labels)
    with pytest.raises(ValueError, match="expected an array for fcn8, got maps stride_8"):
        train(tiny_network(), features, labels, Schedule(steps=1))


def test_what_is_no_example_is_refused() -> None:
    with pytest.raises(ValueError, match="expected labeled images, got none"):
        examples([], 32)
    image = np.zeros((4, 5, 3), np.uint8)
    with pytest.raises(ValueError, match=r"expected labels in \[0, 255\], got 0 to 300 in big"):
        examples([("big", image, np.array([[0] * 4 + [300]] * 4, np.uint16))], 32)
