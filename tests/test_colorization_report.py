"""What is told of a training outside of notebooks: a line for each epoch, and nothing where CI is set."""

import re

import keras
import numpy as np
import pytest

from course_lib.colorization import TrainingReport

ONES = np.ones((2, 4, 4, 1))


def fit(**options: int) -> None:
    """Train a tiny network and report on it."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(1, 1)])
    model.compile("sgd", "mse")
    callbacks = [TrainingReport()]
    model.fit(ONES, 0 * ONES, verbose=0, validation_data=(ONES, ONES), callbacks=callbacks, **options)


def test_an_epoch_is_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("CI", raising=False)
    fit(epochs=9, initial_epoch=7)
    lines = capsys.readouterr().out.splitlines()
    number = r"\d[\d.e-]*"
    pattern = rf"Epoch (\d+)/9: loss {number}, val_loss {number}, \d+\.\d s"
    found = [re.fullmatch(pattern, line) for line in lines]
    assert [match and match[1] for match in found] == ["8", "9"]


def test_nothing_is_told_where_ci_is_set(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CI", "true")
    fit(epochs=2)
    assert capsys.readouterr() == ("", "")
