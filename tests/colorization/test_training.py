import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from course_lib.colorization import (
    TAGS,
    Colorizer,
    Crops,
    ExportPredictions,
    LearningRate,
    Pairs,
    TensorBoardLog,
    cosine,
    load_best,
    read_events,
    read_exports,
    rebalanced_loss,
    train,
)

pytestmark = pytest.mark.slow

History = dict[str, list[float]]
Trained = tuple[keras.Model, History, Path]
RATE, EPOCHS, STEPS = 0.01, 6, 5
NOISE = np.random.default_rng(0).uniform(-1, 1, (6, 8, 8, 3)).astype(np.float32)
VALIDATION = NOISE[:4, ..., :1], NOISE[:4, ..., 1:]


def crops(**options: Any) -> Crops:
    photographs = {"wide": NOISE.reshape(16, 24, 3), "small": NOISE[0]}
    return Crops(photographs, **({"size": 4, "batch": 2, "steps": STEPS, "seed": 3} | options))


def network(filters: int = 2) -> keras.Model:
    """Make a small network with batch normalization and dropout, the same each time."""
    keras.utils.set_random_seed(0)
    lightness = keras.Input((None, None, 1))
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name="features")(lightness)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Dropout(0.5)(x)
    return Colorizer(lightness, keras.layers.Conv2D(2, 1, activation="tanh", name="ab")(x))


def go(model: keras.Model, folder: Path, callbacks: Sequence[keras.callbacks.Callback] = ()) -> History:
    """Train with all that a training can depend on, and with all that logs it."""
    rate = LearningRate(file=folder / "no such file")
    log = TensorBoardLog(folder / "events", {"cat": NOISE[0]})
    export = ExportPredictions({"cat": NOISE[0, ..., 0]}, folder / "exports")
    return train(
        model,
        crops(),
        EPOCHS,
        rate=RATE,
        schedule=cosine(RATE, EPOCHS, warmup=2),
        validation=VALIDATION,
        folder=folder,
        every=2,
        patience=EPOCHS,
        callbacks=[rate, log, export, *callbacks],
    )


class AfterStep(keras.callbacks.Callback):
    """Call a function after each step with the number of steps so far."""

    def __init__(self, act: Any) -> None:
        super().__init__()
        self.act, self.steps = act, 0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.steps += 1
        self.act(self.steps)


def linear(weights: Sequence[float] = (0, 0)) -> keras.Model:
    """Make a model that multiplies L by two weights."""
    kernel = np.reshape(weights, (1, 1, 1, 2)).astype(np.float32)
    layer = keras.layers.Conv2D(2, 1, use_bias=False, kernel_initializer=lambda *_, **__: kernel)
    return keras.Sequential([keras.Input((None, None, 1)), layer])


def pairs() -> Pairs:
    """Make images whose a and b are half of L."""
    L = NOISE[..., :1]
    return Pairs(L, np.repeat(L / 2, 2, axis=-1), batch=3, seed=0)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_equal(got: keras.Model, expected: keras.Model) -> None:
    for one, other in zip(got.variables, expected.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A network, its history and its folder."""
    model, folder = network(), tmp_path_factory.mktemp("uninterrupted")
    return model, go(model, folder), folder


def train_and_die(folder: str, name: str, number: str) -> None:
    """Kill this process when half of a file is written: the so-manieth whose name begins like this."""
    write, seen = Path.write_bytes, []

    def write_half(path: Path, content: bytes) -> int:
        if path.name.startswith(name):
            seen.append(path)
        if len(seen) == int(number):
            write(path, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write(path, content)

    Path.write_bytes = write_half  # type: ignore[assignment,method-assign]
    go(network(), Path(folder))


@pytest.mark.parametrize(("name", "number"), [("checkpoint.npz", 2), ("cat_epoch_", 3)])
def test_a_training_that_was_killed_goes_on_as_if_it_had_not_been(
    name: str, number: int, uninterrupted: Trained, tmp_path: Path
) -> None:
    """With dropout, shuffling, Adam, learning rate, batch normalization, patience, the moving average, and all logs."""
    code = "import sys; from tests.colorization import test_training as t; t.train_and_die(*sys.argv[1:])"
    command = [sys.executable, "-c", code, str(tmp_path), name, str(number)]
    killed = subprocess.run(command, check=False, stderr=subprocess.DEVNULL, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert len([*tmp_path.rglob(f"{name}*.tmp")]) == 1
    model, steps = network(), AfterStep(lambda step: None)
    expected, history, folder = uninterrupted
    assert go(model, tmp_path, [steps]) == history
    assert_equal(model, expected)
    assert steps.steps == STEPS * (EPOCHS - 2)  # the only checkpoint was of two epochs
    events = read_events(tmp_path / "events")
    for key in ("loss", "loss_average", "val_loss", "learning_rate"):
        assert [step for step, _ in events[TAGS[key]]] == [*range(1, EPOCHS + 1)]
        np.testing.assert_allclose([value for _, value in events[TAGS[key]]], history[key], rtol=1e-6)
    tf.nest.map_structure(np.testing.assert_array_equal, events, read_events(folder / "events"))
    exports = read_exports(tmp_path / "exports")
    tf.nest.map_structure(np.testing.assert_array_equal, exports, read_exports(folder / "exports"))
    assert names(tmp_path) == ["best.npz", "checkpoint.npz", "events", "exports"]
    assert names(tmp_path / "exports") == [f"cat_epoch_000{epoch}.png" for epoch in range(1, EPOCHS + 1)]


def test_ctrl_c_ends_training_at_once_and_the_same_call_goes_on(uninterrupted: Trained, tmp_path: Path) -> None:
    def interrupt(step: int) -> None:
        if step == 13:
            raise KeyboardInterrupt

    model, interruption = network(), AfterStep(interrupt)
    with pytest.raises(KeyboardInterrupt):
        go(model, tmp_path, [interruption])
    assert interruption.steps == 13
    assert int(model.optimizer.iterations.numpy()) == 13  # the model keeps what it has learned
    expected, history, _ = uninterrupted
    assert go(model, tmp_path) == history
    assert_equal(model, expected)
    assert go(network(), tmp_path, [AfterStep(interrupt)]) == history  # nothing is left to do


def test_the_best_weights_are_kept_and_patience_survives_an_interruption(tmp_path: Path) -> None:
    """Training pulls the weights to 0.5; the validation images want -0.5, so the first epoch is the best."""
    L = NOISE[..., :1]

    def go_on(model: keras.Model, epochs: int = 20, **options: Any) -> History:
        return train(model, pairs(), epochs, rate=0.01, validation=(L, np.repeat(-L / 2, 2, -1)), **options)

    once, stopped, resumed, best = linear(), linear(), linear(), linear((1, 1))
    go_on(once, epochs=1)
    history = go_on(stopped, patience=3)
    assert np.argmin(history["val_loss"]) == 0
    assert len(history["val_loss"]) == 4
    go_on(linear(), epochs=2, folder=tmp_path, patience=3)
    assert go_on(resumed, folder=tmp_path, patience=3) == history
    assert_equal(resumed, stopped)
    assert go_on(linear(), folder=tmp_path, patience=3) == history
    assert load_best(best, tmp_path) == {name: values[:1] for name, values in history.items()}
    assert_equal(best, once)


def test_the_history_is_what_the_steps_lost() -> None:
    """Weights hardly move at such a rate; the last batch is shorter than the others."""
    L, ab = NOISE[:5, ..., :1], NOISE[:5, ..., 1:]
    dataset = tf.data.Dataset.from_tensor_slices((L, ab)).batch(2)
    history = train(linear((0.5, -0.5)), dataset, 2, rate=1e-12, validation=(L[:3], ab[:3]), loss="l1")
    errors = np.abs(L * (0.5, -0.5) - ab).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(history["loss"], [errors.mean()] * 2, rtol=1e-5)
    np.testing.assert_allclose(history["val_loss"], [errors[:3].mean()] * 2, rtol=1e-5)
    steps = [errors[:2].mean(), errors[2:4].mean(), errors[4]] * 2
    weights = 0.95 ** np.arange(6)
    expected = [np.average(steps[:3], weights=weights[2::-1]), np.average(steps, weights=weights[::-1])]
    np.testing.assert_allclose(history["loss_average"], expected, rtol=1e-5)
    np.testing.assert_allclose(history["learning_rate"], [1e-12] * 2)


@pytest.mark.parametrize("loss", ["l2", "huber", rebalanced_loss(NOISE[..., 1:])])
def test_training_finds_the_weights(loss: Any) -> None:
    model = linear()
    history = train(model, pairs(), 40, loss=loss, rate=0.1, schedule=cosine(0.1, 40))
    assert history["loss"][-1] < 1e-4
    np.testing.assert_allclose(model.get_weights()[0].ravel(), [0.5, 0.5], atol=0.01)


def test_measuring_more_after_an_interruption_leaves_gaps(tmp_path: Path) -> None:
    train(linear(), pairs(), 2, folder=tmp_path)
    history = train(linear(), pairs(), 3, folder=tmp_path, validation=VALIDATION, patience=1)
    assert np.isnan(history["val_loss"]).tolist() == [True, True, False]
    history = train(linear(), pairs(), 4, folder=tmp_path)
    assert np.isnan(history["val_loss"]).tolist() == [True, True, False, True]
    assert np.isfinite(history["loss"]).all()


def test_a_loss_that_is_not_finite_ends_training(tmp_path: Path) -> None:
    def go_on(schedule: Any) -> History:
        return train(linear(), pairs(), 4, schedule=schedule, folder=tmp_path)

    with pytest.raises(FloatingPointError, match="expected a finite loss, got inf in epoch 2, counted from 0: a lower"):
        go_on(lambda epoch: 1e30 if epoch == 2 else 0.1)
    assert len(go_on(lambda epoch: 0.1)["loss"]) == 4


@pytest.mark.parametrize(
    ("make", "options", "expected"),
    [
        (lambda: network(filters=3), {}, r"'network\[1\] of 5': 'Conv2D kernel \(3, 3, 1, 3\).* got .*\(3, 3, 1, 2\)"),
        (linear, {}, r"'network\[0\] of 1': .*, got one with \{'network\[0\] of 5': "),
        (network, {"rate": 0.1}, r"with \{'rate': 0.1\}, got one with \{'rate': 0.0002\}"),
        (network, {"loss": "l1"}, r"with \{'loss': 'l1'\}, got one with \{'loss': 'l2'\}"),
        (network, {"examples": crops(seed=4)}, r"with \{'seed': 4\}, got one with \{'seed': 3\}"),
        (network, {"epochs": 1}, "expected a checkpoint from epoch 1 or before in .*, got one from epoch 2"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(
    make: Callable[[], keras.Model], options: dict[str, Any], expected: str, folder: Path
) -> None:
    model = make()
    before = [variable.numpy() for variable in model.variables]
    arguments: dict[str, Any] = {"examples": crops(), "epochs": 4, **options}
    with pytest.raises(ValueError, match=expected):
        train(model, folder=folder, **arguments)
    if "epochs" not in options:
        for one, other in zip(before, model.variables, strict=True):
            np.testing.assert_array_equal(one, other.numpy())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a checkpoint after two epochs."""
    path = tmp_path_factory.mktemp("training")
    train(network(), crops(), 2, folder=path)
    return path


def test_best_weights_of_another_network_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected .*best.npz to be .* with \{'network\[1\] of 5': "):
        load_best(network(filters=3), folder)
    with pytest.raises(FileNotFoundError):
        load_best(network(), tmp_path)


def batches(L: Any, ab: Any) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((np.float32(L), np.float32(ab))).batch(2)


SMALL = NOISE[..., :1], NOISE[..., 1:]
NONE: NDArray[np.float32] = np.zeros((0, 8, 8, 3), np.float32)


@pytest.mark.parametrize(
    ("make", "options", "expected"),
    [
        (lambda: batches(NONE[..., :1], NONE[..., 1:]), {}, "expected 1 batch of examples or more, got 0"),
        (lambda: batches(50 * SMALL[0] + 50, SMALL[1]), {}, r"normalized L in \[-1, 1\], got values from \d\S* to 9\d"),
        (lambda: batches(SMALL[0], 110 * SMALL[1]), {}, r"normalized ab in .*, got values from -1\d\d\S* to 1\d\d"),
        (lambda: batches(SMALL[0], NOISE), {}, r"expected L .* and ab .*, got \(2, 8, 8, 1\) and \(2, 8, 8, 3\)"),
        (lambda: batches(*SMALL).repeat(), {}, "expected a dataset of one epoch, got one without end"),
        (lambda: tf.data.Dataset.from_tensors(NOISE), {}, r"expected batches \(L, ab\), got TensorSpec"),
        (crops, {"validation": (SMALL[0], 2 * SMALL[1])}, r"normalized ab in .*, got values from -1.9\d* to 1.9"),
        (crops, {"validation": (3 * SMALL[0], SMALL[1])}, r"normalized L in \[-1, 1\], got values from -2.9"),
        (lambda: SMALL, {}, r"expected examples as Crops, Pairs or a dataset of batches .*, got a tuple of 2"),
        (crops, {"validation": [*SMALL]}, r"expected validation as \(L, ab\) or as a dataset of them, got list"),
        (crops, {"validation": crops()}, "or as a dataset of them, got Crops"),
        (crops, {"validation": crops().dataset()}, "expected a dataset of one epoch, got one without end"),
        (crops, {"epochs": 0}, "expected epochs to be a whole number of 1 or more, got 0"),
        (crops, {"every": 0}, "expected every to be a whole number of 1 or more, got 0"),
        (crops, {"patience": 0}, "expected patience to be a whole number of 1 or more, got 0"),
        (crops, {"rate": 0}, "expected a learning rate above 0, got 0"),
    ],
)
def test_bad_input_is_refused_before_training(make: Any, options: dict[str, Any], expected: str) -> None:
    model = linear()
    with pytest.raises(ValueError, match=expected):
        train(model, make(), **({"epochs": 1} | options))
    assert not model.get_weights()[0].any()


TWO_DEVICES = """
import json, sys
from pathlib import Path
import course_lib
import keras, numpy as np, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from course_lib.colorization import PSNR, train, unet
from tests.colorization import test_training as t
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

def network():
    keras.utils.set_random_seed(0)
    return unet(2, 2, dropout=0)

def fit(model, folder=None, validation=t.VALIDATION, **options):
    schedule = [0.002, 0.0005].__getitem__
    examples = t.crops(size=8, **options)
    return train(model, examples, 2, schedule=schedule, metrics=[PSNR()], validation=validation, folder=folder)

def apart(one, other):
    return max(float(np.abs(a.numpy() - b.numpy()).max()) for a, b in zip(one.variables, other.variables, strict=True))

with strategy.scope():
    several, resumed = network(), network()
one = network()
folder = Path(sys.argv[1])
histories = [fit(one), fit(several, folder=folder)]
told = []
for options in ({"batch": 3}, {"validation": [each[:3] for each in t.VALIDATION]}):
    options = {name: tuple(value) if name == "validation" else value for name, value in options.items()}
    try:
        fit(several, **options)
    except ValueError as error:
        told.append(str(error))
try:
    train(several, t.batches(*t.SMALL), 1)
except ValueError as error:
    told.append(str(error))
difference = apart(one, several)
histories.append(fit(resumed, folder=folder))
print(json.dumps({
    "devices": len(several.variables[0].value.values), "histories": histories, "told": told,
    "apart": difference, "resumed": apart(several, resumed),
}))
"""


def test_two_devices_train_as_one(tmp_path: Path) -> None:
    """With batch normalization, a metric, a rate that changes, and a checkpoint."""
    command = [sys.executable, "-c", TWO_DEVICES, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    got = json.loads(done.stdout.splitlines()[-1])
    assert got["devices"] == 2
    one, several, resumed = got["histories"]
    assert [*one] == [*several]
    for name, values in one.items():
        np.testing.assert_allclose(several[name], values, rtol=1e-5)
    assert got["apart"] < 1e-6
    assert resumed == several
    assert got["resumed"] == 0
    hint = "use batch(length, drop_remainder=True)"
    assert got["told"] == [
        "expected batches that 2 devices divide, got 3",
        "expected as many images for validation as 2 devices divide, got 3",
        f"expected batches that 2 devices divide, got batches that may differ in length: {hint}",
    ]
