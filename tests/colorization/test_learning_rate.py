"""The rate is measured by what it does: each step of plain gradient descent on a slope of 1 moves the weight by it."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from course_lib.colorization import LearningRate, cosine

pytestmark = pytest.mark.slow

STEPS = 3  # in an epoch
Act = Callable[[keras.Model], Any]


class Person(keras.callbacks.Callback):
    """Do something before steps, counted over all epochs, and note the weight after each."""

    def __init__(self, acts: dict[int, Act]) -> None:
        super().__init__()
        self.acts = acts
        self.weights = [0.0]

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if act := self.acts.get(len(self.weights) - 1):
            act(self.model)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.weights.append(float(self.model.get_weights()[0].item()))


def moves(rate: LearningRate, epochs: int = 2, acts: dict[int, Act] | None = None) -> list[float]:
    """Train with a rate of 1 at first; return by how much each step moves the weight."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda truth, prediction: -prediction)
    person = Person(acts or {})
    ones = np.ones((STEPS, 1), np.float32)
    history = model.fit(ones, ones, batch_size=1, epochs=epochs, verbose=0, callbacks=[person, rate]).history
    moved = np.diff(person.weights)
    np.testing.assert_allclose(history["learning_rate"], moved[STEPS - 1 :: STEPS], rtol=1e-5)
    return [float(each) for each in moved.round(5)]


def write(file: Path, text: str) -> Act:
    return lambda model: file.write_text(text)


def remove(file: Path) -> Act:
    return lambda model: file.unlink()


def test_a_schedule_sets_the_rate_of_every_epoch() -> None:
    assert moves(LearningRate(lambda epoch: [0.5, 0.125, 0][epoch]), epochs=3) == [0.5] * 3 + [0.125] * 3 + [0] * 3


def test_a_person_sets_the_rate_of_the_next_step(tmp_path: Path) -> None:
    file = tmp_path / "rate.txt"
    acts = {1: write(file, "0.5"), 3: write(file, " 25e-2\n"), 4: remove(file)}
    assert moves(LearningRate(file=file), acts=acts) == [1, 0.5, 0.5, 0.25, 0.25, 0.25]


@pytest.mark.parametrize("gone", ["removed", "emptied"])
def test_a_number_replaces_the_schedules_until_it_is_gone(gone: str, tmp_path: Path) -> None:
    file = tmp_path / "rate.txt"
    acts = {1: write(file, "2"), 4: remove(file) if gone == "removed" else write(file, "")}
    rate = LearningRate(lambda epoch: [0.5, 0.25][epoch], file)
    assert moves(rate, acts=acts) == [0.5, 2, 2, 2, 0.25, 0.25]


def test_a_file_from_before_counts_from_the_first_step(tmp_path: Path) -> None:
    (tmp_path / "rate.txt").write_bytes(b"\xef\xbb\xbf0.5\r\n")  # as an editor of Windows writes it
    assert moves(LearningRate(lambda epoch: 1.0, tmp_path / "rate.txt"), epochs=1) == [0.5] * 3


def test_without_schedule_and_file_other_callbacks_set_the_rate() -> None:
    def set_rate(model: keras.Model) -> None:
        model.optimizer.learning_rate = 0.25

    assert moves(LearningRate(), acts={2: set_rate}) == [1, 1, 0.25, 0.25, 0.25, 0.25]


@pytest.mark.parametrize("text", [b"fast", b"-0.5", b"0", b"nan", b"inf", b"0,5", b"0.5 0.5", b"\xff\xfe0"])
def test_what_is_no_rate_is_told_once_and_ignored(text: bytes, tmp_path: Path) -> None:
    file = tmp_path / "rate.txt"
    rate = LearningRate(lambda epoch: 0.5, file)
    acts: dict[int, Act] = {1: lambda model: file.write_bytes(text), 4: write(file, "2")}
    with pytest.warns(UserWarning, match="expected a positive number in .*rate.txt, got .*, which is ignored") as told:
        assert moves(rate, acts=acts) == [0.5, 0.5, 0.5, 0.5, 2, 2]
    assert len(told) == 1


def test_another_text_is_told_again(tmp_path: Path) -> None:
    file = tmp_path / "rate.txt"
    acts = {0: write(file, "fast"), 1: write(file, "faster"), 2: write(file, "x" * 1000)}
    with pytest.warns(UserWarning, match="expected a positive number") as told:
        moves(LearningRate(file=file), epochs=1, acts=acts)
    assert len(told) == 3
    assert len(str(told[2].message)) < 200 + len(str(file))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.warns(
        UserWarning, match="expected a positive number in .*, got .*directory.*, which is ignored"
    ) as told:
        assert moves(LearningRate(file=tmp_path), epochs=1) == [1, 1, 1]
    assert len(told) == 1


def test_a_missing_file_is_no_reason_to_warn(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert moves(LearningRate(file=tmp_path / "rate.txt"), epochs=1) == [1, 1, 1]


@pytest.mark.parametrize("bad", [-0.5, np.nan, np.inf, None])
def test_a_schedule_of_no_rates_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match=f"a learning rate of 0 or more, got {bad} for epoch 1"):
        moves(LearningRate(lambda epoch: [0.5, bad][epoch]))


def test_a_rate_is_no_schedule() -> None:
    with pytest.raises(ValueError, match=r"expected a schedule as a function of the epoch, got 0\.1"):
        LearningRate(0.1)  # type: ignore[arg-type]


def test_cosine_falls_from_the_rate_after_a_linear_rise() -> None:
    falling = [cosine(2, 4)(epoch) for epoch in range(4)]
    np.testing.assert_allclose(falling, [2, 1 + np.sqrt(0.5), 1, 1 - np.sqrt(0.5)])
    risen = [cosine(2, 7, warmup=4)(epoch) for epoch in range(7)]
    np.testing.assert_allclose(risen, [0.5, 1, 1.5, 2, 2, 1.5, 0.5])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0, 4), "expected a learning rate above 0, got 0"),
        ((np.nan, 4), "expected a learning rate above 0, got nan"),
        ((1, 0), "expected epochs to be a whole number of 1 or more, got 0"),
        ((1, 4, 4), "expected a warm-up of 0 to 3 of 4 epochs, got 4"),
        (("fast", 4), "expected a learning rate above 0, got 'fast'"),
        ((1, 4, 1.5), "expected warmup to be a whole number of 0 or more, got 1.5"),
        ((1, 4, -1), "expected warmup to be a whole number of 0 or more, got -1"),
    ],
)
def test_what_is_no_cosine_is_refused(arguments: tuple[Any, ...], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        cosine(*arguments)


def test_a_cosine_ends() -> None:
    with pytest.raises(ValueError, match="expected an epoch below 4, for which this schedule was made, got 4"):
        cosine(1, 4)(4)
