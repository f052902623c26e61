"""How a training goes, while it runs: a figure in a notebook, lines on a terminal."""

import os
import time
from collections.abc import Mapping
from typing import Any

import keras
from IPython import get_ipython
from IPython.display import DisplayHandle, display

from course_lib import plots

CURVES = {"loss": "training", "loss_average": "moving average", "val_loss": "validation"}
SHARE = 0.05  # of the time, for drawing


class TrainingReport(keras.callbacks.Callback):
    """Show how a training goes, while it runs.

    In a notebook it is one figure of the losses, drawn as often as 5 % of the time allows, and at the end. Elsewhere it
    is a line for each epoch, with every number of the history. Nothing is shown where the environment variable ``CI``
    is set.
    """

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Begin a new report."""
        self._curves: dict[str, tuple[list[int], list[float]]] = {}
        self._display: DisplayHandle | None = None
        self._next_drawing = 0.0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Take the time."""
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Add an epoch."""
        numbers = dict(logs or {})
        for name, value in numbers.items():
            epochs, values = self._curves.setdefault(name, ([], []))
            epochs.append(epoch + 1)
            values.append(float(value))
        if _in_notebook():
            if time.monotonic() >= self._next_drawing:
                self._draw()
        elif not _in_ci():
            text = ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())
            seconds = time.monotonic() - self._began
            print(f"Epoch {epoch + 1}/{self.params['epochs']}: {text}, {seconds:.1f} s", flush=True)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Draw the last epochs."""
        if _in_notebook() and self._curves:
            self._draw()

    def _draw(self) -> None:
        """Show the figure, in the place of the one before."""
        began = time.monotonic()
        epochs, losses = self._curves["loss"]
        figure = plots.lines(
            {label: self._curves[name] for name, label in CURVES.items() if name in self._curves},
            "Training",
            "epoch",
            "loss",
            points=(f"epoch {epochs[-1]}", epochs[-1:], losses[-1:]),
        )
        if self._display is None:
            self._display = display(figure, display_id=True)
        else:
            self._display.update(figure)
        now = time.monotonic()
        self._next_drawing = now + (now - began) / SHARE


def _in_ci() -> bool:
    return bool(os.environ.get("CI"))


def _in_notebook() -> bool:
    """Tell whether a kernel runs this, and somebody may look at its figures."""
    return hasattr(get_ipython(), "kernel") and not _in_ci()
