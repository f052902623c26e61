"""The report of training: lines of text, or one figure that grows; `test_colorization_notebook` has a real kernel."""

import math
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from course_lib.colorization import TrainingReport, report

ONES = np.ones((2, 4, 4, 1))
NAN = math.nan


def test_an_epoch_is_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("CI", raising=False)
    model = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(1, 1)])
    model.compile("sgd", "mse")
    options: dict[str, Any] = {"epochs": 9, "initial_epoch": 7, "validation_data": (ONES, ONES), "verbose": 0}
    history = model.fit(ONES, 0 * ONES, callbacks=[TrainingReport()], **options).history
    lines = capsys.readouterr().out.splitlines()
    found = [re.fullmatch(r"Epoch (\d+)/9: loss (\S+), val_loss (\S+), \d+\.\d s", line) for line in lines]
    assert [match and match[1] for match in found] == ["8", "9"]
    for place, name in ((2, "loss"), (3, "val_loss")):
        np.testing.assert_allclose([float(match[place]) for match in found if match], history[name], rtol=1e-3)


class Notebook:
    """Stands for a notebook, and for the time."""

    def __init__(self) -> None:
        self.figures: list[Any] = []
        self.now = 0.0
        self.drawing = 0.0

    def get_ipython(self) -> Any:
        """Return the shell of a kernel."""
        return SimpleNamespace(kernel=None)

    def display(self, figure: Any, display_id: bool) -> Any:
        """Show a figure for the first time, in a place where it can be replaced."""
        assert display_id
        assert not self.figures
        self.update(figure)
        return SimpleNamespace(update=self.update)

    def update(self, figure: Any) -> None:
        """Replace the figure."""
        self.figures.append(figure)
        self.now += self.drawing

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """A notebook that the report takes for real."""
    notebook = Notebook()
    monkeypatch.delenv("CI", raising=False)
    for name, stand_in in {"get_ipython": notebook.get_ipython, "display": notebook.display, "time": notebook}.items():
        monkeypatch.setattr(report, name, stand_in)
    return notebook


def train(notebook: Notebook, *epochs: Mapping[str, float], done: int = 0) -> None:
    """Go through epochs of a second each."""
    callback = TrainingReport()
    callback.on_train_begin()
    for epoch, logs in enumerate(epochs, done):
        callback.on_epoch_begin(epoch)
        notebook.now += 1
        callback.on_epoch_end(epoch, logs)
    callback.on_train_end()


def test_drawing_takes_a_small_part_of_the_time(notebook: Notebook) -> None:
    notebook.drawing = 0.5
    train(notebook, *[{"loss": 1 / epoch} for epoch in range(1, 101)])
    counts = [len(figure.axes[0].lines[0].get_xdata()) for figure in notebook.figures]
    assert counts[:3] == [1, 11, 21]
    assert counts[-1] == 100
    assert len(counts) == 11
    assert "Training: from 1 to 0.01" in notebook.figures[-1].alternative


def test_epochs_keep_their_numbers_after_a_resume(notebook: Notebook) -> None:
    train(notebook, {"loss": 3.0, "val_loss": 4.0}, {"loss": 1.0, "val_loss": 2.0}, done=7)
    for line, values in zip(notebook.figures[-1].axes[0].lines, ([3, 1], [4, 2]), strict=True):
        x, y = line.get_data()
        assert (list(x[np.isfinite(y)]), list(y[np.isfinite(y)])) == ([8, 9], values)
    assert "from 3 to 1," in notebook.figures[-1].alternative


def test_validation_may_be_rare(notebook: Notebook) -> None:
    train(notebook, {"loss": 3.0}, {"loss": 2.0, "val_loss": 2.5}, {"loss": 1.0})
    x, y = notebook.figures[-1].axes[0].lines[1].get_data()
    assert (list(x[np.isfinite(y)]), list(y[np.isfinite(y)])) == ([2], [2.5])


@pytest.mark.parametrize("epochs", [[], [{"loss": NAN}], [{"loss": NAN, "val_loss": NAN}, {"loss": NAN}]])
def test_without_a_finite_loss_there_is_no_figure(epochs: list[dict[str, float]], notebook: Notebook) -> None:
    train(notebook, *epochs)
    assert notebook.figures == []


def test_nothing_is_shown_where_ci_is_set(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    train(notebook, {"loss": 1.0})
    monkeypatch.setattr(report, "get_ipython", lambda: None)
    train(notebook, {"loss": 1.0})
    assert notebook.figures == []
    assert capsys.readouterr() == ("", "")
