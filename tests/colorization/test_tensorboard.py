"""What a training writes for TensorBoard, as TensorBoard itself reads it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from course_lib.color import rgb_to_lab
from course_lib.color.scale import normalize_lab
from course_lib.colorization import (
    PSNR,
    TAGS,
    TensorBoardLog,
    read_events,
    tensorboard,
    unet,
)

pytestmark = pytest.mark.slow

EPOCHS = 12  # more than TensorBoard's reader keeps unless it is told to
RNG = np.random.default_rng(0)
# Colors of bytes, which is what a page can show.
RGB = {"square": RNG.integers(60, 190, (8, 8, 3), np.uint8), "wide": RNG.integers(60, 190, (4, 12, 3), np.uint8)}
PICTURES = {name: normalize_lab(rgb_to_lab(rgb)) for name, rgb in RGB.items()}
SQUARES = np.stack([PICTURES["square"]] * 4)
L, AB = SQUARES[..., :1], SQUARES[..., 1:]
Logs = Mapping[str, Any] | None


class Then(keras.callbacks.Callback):
    """Does something at the end of each epoch."""

    def __init__(self, action: Callable[[int, Any], object]) -> None:
        super().__init__()
        self.action = action

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.action(epoch + 1, logs)


def network(**options: Any) -> keras.Model:
    """The smallest network there is, ready to be trained."""
    keras.utils.set_random_seed(0)
    lightness = keras.Input((None, None, 1))
    model = keras.Model(lightness, keras.layers.Conv2D(2, 1, activation="tanh", name="color")(lightness))
    model.compile("sgd", "mse", **options)
    return model


def fit(model: keras.Model, callbacks: Sequence[keras.callbacks.Callback], epochs: int, **options: Any) -> Any:
    """Train, and return the history by name."""
    done = model.fit(L, AB, 2, epochs, verbose=0, callbacks=list(callbacks), **options)
    return done.history


def average(epoch: int, logs: Any) -> None:
    """Stands for what a training adds to the history."""
    logs["loss_average"] = epoch / 4


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, keras.Model, Any]:
    """A training of some epochs with every kind of summary."""
    folder = tmp_path_factory.mktemp("trained") / "log"
    keras.utils.set_random_seed(1)
    model = unet(2, 2, dropout=0.5)
    model.compile(keras.optimizers.SGD(keras.optimizers.schedules.PolynomialDecay(0.1, 20)), "mse", metrics=[PSNR()])
    callbacks = [Then(average), TensorBoardLog(folder, PICTURES)]
    history = fit(model, callbacks, EPOCHS, validation_data=(L[:1], AB[:1]))
    return folder, model, history


def points(folder: Path, tag: str) -> list[Any]:
    """The events of a tag in the commonly used reader, with everything kept."""
    return EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload().Tensors(tag)


def numbers(folder: Path, tag: str) -> dict[int, float]:
    """The steps and values of a scalar."""
    return {point.step: float(tf.make_ndarray(point.tensor_proto)) for point in points(folder, tag)}


def test_tags_are_those_promised_and_no_others(trained: tuple[Path, keras.Model, Any]) -> None:
    folder, model, _ = trained
    fillers = {
        **{what: list(PICTURES) for what in ("input", "prediction", "truth")},
        "weights": [weight.path for weight in model.trainable_weights],
    }
    expected = {tag.format(name=name) for what, tag in TAGS.items() for name in fillers.get(what, [""])}
    reader = EventAccumulator(str(folder)).Reload()
    assert {*reader.Tags()["tensors"]} - {"__run_graph__"} == expected == set(read_events(folder))


def test_scalars_are_those_of_the_history(trained: tuple[Path, keras.Model, Any]) -> None:
    folder, _, history = trained
    assert set(history) == {"loss", "psnr", "val_loss", "val_psnr", "loss_average"}
    rates = [0.1 + (0.0001 - 0.1) * min(2 * epoch, 20) / 20 for epoch in range(1, EPOCHS + 1)]
    for name, values in {**history, "learning_rate": rates}.items():
        read = numbers(folder, TAGS[name])
        assert list(read) == list(range(1, EPOCHS + 1))
        np.testing.assert_allclose(list(read.values()), values, rtol=1e-6)
        assert read_events(folder)[TAGS[name]] == list(read.items())


def test_images_are_what_was_given_and_what_the_network_predicts(trained: tuple[Path, keras.Model, Any]) -> None:
    folder, model, _ = trained
    read = read_events(folder)
    for name, rgb in RGB.items():
        for what in ("input", "prediction", "truth"):
            stored = points(folder, TAGS[what].format(name=name))
            assert [point.step for point in stored] == list(range(1, EPOCHS + 1))
            width, height, png = tf.make_ndarray(stored[-1].tensor_proto)
            assert (int(height), int(width)) == rgb.shape[:2]
            values = [value for _, value in read[TAGS[what].format(name=name)]]
            np.testing.assert_array_equal(values[-1], [tf.io.decode_png(png)])
            same = [np.array_equal(values[0], value) for value in values]
            assert all(same) == (what != "prediction")
        np.testing.assert_array_equal(read[TAGS["truth"].format(name=name)][0][1], [rgb])
        gray = read[TAGS["input"].format(name=name)][0][1]
        assert np.ptp(gray, axis=-1).max() <= 1
        np.testing.assert_allclose(rgb_to_lab(gray[0])[..., 0], 50 * PICTURES[name][..., 0] + 50, atol=0.3)
        ab = model.predict(PICTURES[name][None, ..., :1], verbose=0)[0]  # in inference mode
        shown = normalize_lab(rgb_to_lab(read[TAGS["prediction"].format(name=name)][-1][1][0]))
        np.testing.assert_allclose(shown[..., 1:], ab, atol=0.02)


def test_histograms_count_every_weight(trained: tuple[Path, keras.Model, Any]) -> None:
    folder, model, _ = trained
    for weight in model.trainable_weights:
        values = weight.value.numpy()
        last = tf.make_ndarray(points(folder, f"weights/{weight.path}")[-1].tensor_proto)
        left, right, counts = last.T
        assert counts.sum() == values.size
        assert counts[0] >= np.sum(values < right[0]) > 0 or left[0] < values.min()
        if np.ptp(values):
            np.testing.assert_allclose([left[0], right[-1]], [values.min(), values.max()], rtol=1e-6)


def test_the_graph_has_the_layers(trained: tuple[Path, keras.Model, Any]) -> None:
    folder, model, _ = trained
    nodes = "\n".join(node.name for node in EventAccumulator(str(folder)).Reload().Graph().node)
    with_weights = [layer.name for layer in model.layers if layer.trainable_weights]
    assert with_weights
    assert [name for name in with_weights if name not in nodes] == []


def test_pictures_and_histograms_may_be_rarer(tmp_path: Path) -> None:
    fit(network(), [TensorBoardLog(tmp_path, {"square": PICTURES["square"]}, every=2)], 5)
    steps = {tag: [step for step, _ in values] for tag, values in read_events(tmp_path).items()}
    assert steps["loss/training"] == [1, 2, 3, 4, 5]
    assert {tuple(each) for tag, each in steps.items() if tag.startswith(("pictures/", "weights/"))} == {(2, 4)}


def test_an_epoch_is_on_the_disk_before_the_next(tmp_path: Path) -> None:
    seen = []
    look = Then(lambda *_: seen.append([step for step, _ in read_events(tmp_path)["weights/color/bias"]]))
    fit(network(), [TensorBoardLog(tmp_path), look], 3)
    assert seen == [[1], [1, 2], [1, 2, 3]]


def test_a_resumed_training_goes_on_and_shows_each_step_once(tmp_path: Path) -> None:
    def interrupt(epoch: int, logs: Any) -> None:
        if epoch == 4:
            raise KeyboardInterrupt

    first: list[float] = []
    keep = Then(lambda epoch, logs: first.append(logs["loss"]))
    with pytest.raises(KeyboardInterrupt):
        fit(network(), [keep, TensorBoardLog(tmp_path, PICTURES), Then(interrupt)], 9)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-7])  # as a kill leaves it, in the middle of a record
    later = fit(network(), [TensorBoardLog(tmp_path, PICTURES)], 6, initial_epoch=2)[
        "loss"
    ]  # from the checkpoint of epoch 2
    events = read_events(tmp_path)
    assert {tuple(step for step, _ in values) for values in events.values()} == {(1, 2, 3, 4, 5, 6)}
    np.testing.assert_allclose([value for _, value in events["loss/training"]], [*first[:2], *later], rtol=1e-6)


def test_a_training_from_the_start_replaces_a_longer_one(tmp_path: Path) -> None:
    model = network()
    log = TensorBoardLog(tmp_path)
    fit(model, [log], 4)
    history = fit(model, [log], 2)
    assert [step for step, _ in read_events(tmp_path)["loss/training"]] == [1, 2]
    np.testing.assert_allclose([value for _, value in read_events(tmp_path)["loss/training"]], history["loss"])


def test_other_metrics_have_their_own_names(tmp_path: Path) -> None:
    fit(network(metrics=["mae"]), [TensorBoardLog(tmp_path)], 1)
    weights = {"weights/color/kernel", "weights/color/bias"}
    assert set(read_events(tmp_path)) == {"loss/training", "mae", "learning_rate"} | weights


def test_a_network_on_several_devices_is_written_too(tmp_path: Path) -> None:
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():  # its variables are those of several devices
        model = network()
    fit(model, [TensorBoardLog(tmp_path, PICTURES)], 1)
    events = read_events(tmp_path)
    assert events["learning_rate"] == [(1, pytest.approx(0.01))]
    assert {tag.format(name="square") for tag in TAGS.values() if tag.startswith("pictures/")} <= set(events)
    assert events["weights/color/kernel"][0][1][:, 2].sum() == 2


def test_a_network_that_diverged_is_shown_in_gray(tmp_path: Path) -> None:
    model = network()
    model.trainable_weights[0].assign(np.full(model.trainable_weights[0].shape, np.nan))
    history = fit(model, [TensorBoardLog(tmp_path, {"square": PICTURES["square"]})], 1)
    events = read_events(tmp_path)
    assert np.isnan([history["loss"][0], events["loss/training"][0][1]]).all()
    np.testing.assert_array_equal(events["pictures/square/prediction"][0][1], events["pictures/square/input"][0][1])


def test_predicted_colors_keep_the_lightness(tmp_path: Path) -> None:
    model = network()
    model.trainable_weights[1].assign([0.0, -9.0])  # a blue that sRGB lacks
    fit(model, [TensorBoardLog(tmp_path, {"square": PICTURES["square"]})], 1)
    shown = read_events(tmp_path)["pictures/square/prediction"][0][1][0]
    assert (shown[..., 2] > shown[..., 0]).all()
    np.testing.assert_allclose(rgb_to_lab(shown)[..., 0], 50 * PICTURES["square"][..., 0] + 50, atol=0.5)


@pytest.mark.parametrize(
    ("pictures", "every", "words"),
    [
        ({"cat": np.zeros((8, 8, 2))}, 1, r"cat as normalized Lab of shape \(H, W, 3\), got \(8, 8, 2\)"),
        ({"cat": np.zeros((0, 8, 3))}, 1, r"got \(0, 8, 3\)"),
        ({"cat": np.full((8, 8, 3), 50.0)}, 1, "cat as normalized Lab in .* got values from 50 to 50"),
        ({"cat": np.full((8, 8, 3), np.nan)}, 1, "got NaN among the values"),
        ([np.zeros((8, 8, 3))], 1, "expected a dictionary of pictures by name, got list"),
        ({}, 0, "every to be a whole number of 1 or more, got 0"),
        ({}, 1.5, "got 1.5"),
    ],
)
def test_bad_input_is_refused(pictures: Mapping[str, NDArray[Any]], every: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        TensorBoardLog(tmp_path, pictures, every)


def test_a_folder_without_events_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ValueError, match=f"expected event files with summaries in {folder}, got none$"):
            read_events(folder)
    tf.summary.create_file_writer(str(tmp_path / "train")).close()  # a file that holds nothing yet
    with pytest.raises(ValueError, match=r"got none$"):
        read_events(tmp_path / "train")
    with pytest.raises(ValueError, match="got none; there are some in its folders train"):
        read_events(tmp_path)


def test_files_of_one_second_are_read_in_order(tmp_path: Path) -> None:
    for number in range(3):
        writer = tensorboard._begin(tmp_path, 1)
        with writer.as_default(1):
            tf.summary.scalar("number", number)
        writer.close()
    seconds = [path.name.split(".")[3] for path in tmp_path.iterdir()]
    assert len({*seconds}) == 3
    assert read_events(tmp_path)["number"] == [(1, 2.0)]
