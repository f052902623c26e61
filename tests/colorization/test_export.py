from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from course_lib.colorization import ExportPredictions, read_exports, unet

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
PICTURES = {name: RNG.uniform(-1, 1, (8, 12)).astype(np.float32) for name in ("cup", "cat")}
BATCH = RNG.uniform(-1, 1, (4, 8, 8, 1)).astype(np.float32)
AB = RNG.uniform(-0.5, 0.5, (4, 8, 8, 2)).astype(np.float32)


class Constant(keras.layers.Layer):
    """Predict the same ab everywhere."""

    def __init__(self, ab: tuple[float, ...], **options: Any) -> None:
        super().__init__(**options)
        self.ab = np.asarray(ab, np.float32)

    def call(self, x: Any) -> Any:
        return 0 * x + self.ab


def constant(*ab: float) -> keras.Model:
    lightness = keras.Input((None, None, 1))
    return keras.Model(lightness, Constant(ab)(lightness))


def epochs(model: keras.Model, callback: keras.callbacks.Callback, first: int, last: int) -> None:
    """Call what `fit` calls, without training."""
    calls = keras.callbacks.CallbackList([callback], model=model, epochs=last)
    calls.on_train_begin()
    for epoch in range(first - 1, last):
        calls.on_epoch_begin(epoch)
        calls.on_epoch_end(epoch)
    calls.on_train_end()


def u_net() -> keras.Model:
    keras.utils.set_random_seed(0)
    model = unet(2, 2, dropout=0.5)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model


def fit(model: keras.Model, *callbacks: keras.callbacks.Callback, last: int, done: int = 0) -> None:
    model.fit(BATCH, AB, epochs=last, initial_epoch=done, callbacks=callbacks, verbose=0)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def lightness(rgb: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(rgb2lab(rgb)[..., 0], float)


def test_fit_exports_every_picture_after_every_epoch_and_goes_on_where_it_was(tmp_path: Path) -> None:
    model, alone, seen = u_net(), u_net(), []

    class Note(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(np.asarray(model(PICTURES["cat"][None, ..., None], training=False)[0]))

    for last, done in ((2, 0), (3, 2)):
        fit(model, Note(), ExportPredictions(PICTURES, tmp_path / "made"), last=last, done=done)
        fit(alone, last=last, done=done)
    assert names(tmp_path / "made") == [
        f"{name}_epoch_000{epoch}.png" for name in ("cat", "cup") for epoch in (1, 2, 3)
    ]
    for ab, rgb in zip(seen, read_exports(tmp_path / "made")["cat"].values(), strict=True):
        assert rgb.dtype == np.uint8
        moderate = (np.abs(PICTURES["cat"]) < 0.6) & (np.hypot(*np.moveaxis(ab, -1, 0)) < 0.15)
        assert moderate.sum() > 10
        np.testing.assert_allclose(rgb2lab(rgb)[moderate, 1:], 110 * ab[moderate], atol=1)
    # Dropout's random numbers and the moving averages of batch norm are those of a training without exports.
    for one, other in zip(model.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_not_every_epoch_need_be_exported(tmp_path: Path) -> None:
    epochs(constant(0, 0), ExportPredictions(PICTURES, tmp_path, every=3), 1, 7)
    assert list(read_exports(tmp_path)["cup"]) == [3, 6]


def test_a_color_within_the_gamut_is_written_as_predicted(tmp_path: Path) -> None:
    L = np.linspace(-0.2, 0.4, 96, dtype=np.float32).reshape(8, 12)
    epochs(constant(0.2, -0.1), ExportPredictions({"cup": L}, tmp_path), 1, 1)
    expected = lab2rgb(np.stack([50 * (L + 1), np.full_like(L, 22), np.full_like(L, -11)], axis=-1))
    with Image.open(tmp_path / "cup_epoch_0001.png") as image:
        assert image.mode == "RGB"
        np.testing.assert_allclose(np.asarray(image) / 255, expected, atol=0.51 / 255)


@pytest.mark.parametrize("ab", [(0, 0), (0.9, -0.9), (-1, 1), (0, -1), (1, 0.5), (40, 1e6)])
def test_lightness_is_that_of_the_picture_even_outside_the_gamut(tmp_path: Path, ab: tuple[float, float]) -> None:
    L = np.linspace(-1, 1, 1024, dtype=np.float32).reshape(32, 32)
    epochs(constant(*ab), ExportPredictions({"cup": L}, tmp_path), 1, 1)
    written = read_exports(tmp_path)["cup"][1].astype(float)
    # L rises with each of red, green and blue, so what rounds to a pixel lies between the corners of its little cube.
    darkest, brightest = (lightness(np.clip(written + step, 0, 255) / 255) for step in (-0.5, 0.5))
    given = 50 * (L + 1)
    assert (given >= darkest - 0.01).all()
    assert (given <= brightest + 0.01).all()
    assert np.abs(lightness(written / 255) - given).max() < 0.3


def test_hue_is_kept_where_chroma_is_not(tmp_path: Path) -> None:
    epochs(constant(0.6, -0.8), ExportPredictions({"cup": np.full((8, 8), 0.5)}, tmp_path), 1, 1)
    light, a, b = rgb2lab(read_exports(tmp_path)["cup"][1])[0, 0]
    assert light == pytest.approx(75, abs=0.3)
    assert np.arctan2(b, a) == pytest.approx(np.arctan2(-0.8, 0.6), abs=0.02)
    assert 20 < np.hypot(a, b) < 60


def test_pictures_are_those_of_the_beginning(tmp_path: Path) -> None:
    L = np.zeros((8, 8))
    callback = ExportPredictions({"cup": L}, tmp_path)
    epochs(constant(0, 0), callback, 1, 1)
    L[:] = 1
    epochs(constant(0, 0), callback, 2, 2)
    first, second = read_exports(tmp_path)["cup"].values()
    np.testing.assert_array_equal(first, second)


def test_a_resumed_training_goes_on_counting_and_removes_what_is_ahead_of_it(tmp_path: Path) -> None:
    epochs(constant(0, 0), ExportPredictions(PICTURES, tmp_path), 1, 4)
    (tmp_path / "dog_epoch_0004.png").touch()
    (tmp_path / "cat_epoch_0004.txt").touch()
    first = (tmp_path / "cat_epoch_0001.png").stat().st_mtime_ns
    epochs(constant(0, 0), ExportPredictions(PICTURES, tmp_path), 3, 3)
    assert names(tmp_path) == [
        *(f"cat_epoch_000{epoch}.png" for epoch in (1, 2, 3)),
        "cat_epoch_0004.txt",
        *(f"cup_epoch_000{epoch}.png" for epoch in (1, 2, 3)),
        "dog_epoch_0004.png",
    ]
    assert (tmp_path / "cat_epoch_0001.png").stat().st_mtime_ns == first


def test_what_is_ahead_of_a_training_is_removed_even_if_it_is_not_written_again(tmp_path: Path) -> None:
    epochs(constant(0, 0), ExportPredictions(PICTURES, tmp_path), 1, 4)
    epochs(constant(0, 0), ExportPredictions(PICTURES, tmp_path, every=9), 3, 3)
    assert list(read_exports(tmp_path)["cat"]) == [1, 2]


def test_an_interrupt_leaves_the_old_file_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    callback = ExportPredictions(PICTURES, tmp_path)
    epochs(constant(0, 0), callback, 1, 1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def interrupted(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[:20])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", interrupted)
    callback.set_model(constant(0.5, 0))
    for epoch in (0, 1):
        with pytest.raises(KeyboardInterrupt):
            callback.on_epoch_end(epoch)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_network_may_be_of_any_kind(tmp_path: Path) -> None:
    class Plain(keras.Model):
        def call(self, x: Any) -> Any:
            return np.float32(0.1) * keras.ops.concatenate([x, x], axis=-1)

    for model in (Plain(), keras.Sequential([keras.layers.Conv2D(2, 3, padding="same")])):
        epochs(model, ExportPredictions(PICTURES, tmp_path / model.name), 1, 1)
        assert sorted(read_exports(tmp_path / model.name)) == ["cat", "cup"]


def test_a_network_in_half_precision_is_exported(tmp_path: Path) -> None:
    lightness = keras.Input((None, None, 1))
    model = keras.Model(lightness, keras.layers.Conv2D(2, 1, dtype="mixed_float16")(lightness))
    epochs(model, ExportPredictions(PICTURES, tmp_path), 1, 1)
    assert sorted(read_exports(tmp_path)) == ["cat", "cup"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".cat", "a/b", "a\\b", "a:b", "a\0b", "cat\n", "cats?", "*", "-rf", 3, "/tmp/cat"]
)
def test_a_name_that_begins_no_file_is_refused(tmp_path: Path, name: Any) -> None:
    with pytest.raises(ValueError, match=r"expected names of letters, digits, spaces and _\.-, .* got "):
        ExportPredictions({name: PICTURES["cat"]}, tmp_path)


def test_a_name_may_be_as_long_as_a_file_may_be_called(tmp_path: Path) -> None:
    epochs(constant(0, 0), ExportPredictions({"å" * 100: PICTURES["cat"]}, tmp_path), 1, 1)
    assert list(read_exports(tmp_path)) == ["å" * 100]
    with pytest.raises(ValueError, match="expected names of 200 bytes at most, got one of 202: å"):
        ExportPredictions({"å" * 101: PICTURES["cat"]}, tmp_path)


def test_names_that_some_systems_take_for_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="differ in more than upper and lower case, got Cat and cat"):
        ExportPredictions({"Cat": PICTURES["cat"], "dog": PICTURES["cat"], "cat": PICTURES["cat"]}, tmp_path)


@pytest.mark.parametrize("name", ["grace hopper", "IMG_0001.jpg", "a_epoch_0001", "ærø-2", "7"])
def test_other_names_are_taken_and_found_again(tmp_path: Path, name: str) -> None:
    epochs(constant(0, 0), ExportPredictions({name: PICTURES["cat"]}, tmp_path), 1, 1)
    assert list(read_exports(tmp_path)) == [name]


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ({}, "expected one picture or more, got none"),
        (np.zeros((8, 8)), "expected a dictionary of pictures by name, got ndarray"),
        ({"cat": np.zeros((8, 8, 1))}, r"expected cat as normalized L of shape \(H, W\), got \(8, 8, 1\)"),
        ({"cat": np.zeros((0, 8))}, r"got \(0, 8\)"),
        ({"cat": np.zeros((8, 8), np.uint8)}, "expected cat as normalized L in .* as floats, got uint8"),
        ({"cat": np.full((8, 8), 60.0)}, r"in \[-1, 1\], got values from 60 to 60: normalized L is L / 50 - 1"),
        ({"cat": np.full((8, 8), -1.5)}, "got values from -1.5 to -1.5:"),
        ({"cat": np.full((8, 8), np.nan)}, "got NaN among the values"),
    ],
)
def test_what_is_no_normalized_lightness_is_refused(tmp_path: Path, pictures: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ExportPredictions(pictures, tmp_path)


@pytest.mark.parametrize("every", [0, -1, 1.0, True, "2"])
def test_every_is_a_positive_integer(tmp_path: Path, every: Any) -> None:
    with pytest.raises(ValueError, match="expected every to be a whole number of 1 or more, got"):
        ExportPredictions(PICTURES, tmp_path, every=every)


def test_sides_that_the_network_does_not_take_are_refused_before_the_first_step(tmp_path: Path) -> None:
    model = u_net()
    before = model.get_weights()
    with pytest.raises(ValueError, match="multiples of 4 pixels, got 8 x 10"):
        fit(model, ExportPredictions({"cat": np.zeros((8, 10))}, tmp_path / "made"), last=1)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    assert not (tmp_path / "made").exists()


def test_a_network_that_predicts_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"returns \(1, 8, 12, 2\) for cup, got \(1, 8, 12, 3\)"):
        epochs(constant(0, 0, 0), ExportPredictions(PICTURES, tmp_path), 1, 1)


def test_more_epochs_than_four_digits_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected 9999 epochs at most, got 10000"):
        epochs(constant(0, 0), ExportPredictions(PICTURES, tmp_path), 1, 10_000)
    epochs(constant(0, 0), ExportPredictions(PICTURES, tmp_path), 9999, 9999)
    assert names(tmp_path) == ["cat_epoch_9999.png", "cup_epoch_9999.png"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_training_that_diverged_is_told(tmp_path: Path, value: float) -> None:
    with pytest.raises(
        FloatingPointError, match="for every pixel of cup, got NaN or infinity after epoch 1: did the training diverge"
    ):
        epochs(constant(0, value), ExportPredictions(PICTURES, tmp_path), 1, 1)


def test_a_folder_without_exports_is_told(tmp_path: Path) -> None:
    (tmp_path / "cat.png").touch()
    (tmp_path / "cat_epoch_1.png").touch()
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ValueError, match=r"expected files such as astronaut_epoch_0001\.png in .*, got none"):
            read_exports(folder)


def test_exports_are_in_the_order_of_epochs(tmp_path: Path) -> None:
    numbers = [2, 10, 100, 1000, 9999, 1]
    for number in numbers:
        Image.new("RGB", (2, 2)).save(tmp_path / f"cat_epoch_{number:04d}.png")
    assert list(read_exports(tmp_path)["cat"]) == sorted(numbers) == [int(n[10:14]) for n in names(tmp_path)]
