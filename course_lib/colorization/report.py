"""Reports on a running training: a figure in a notebook, and lines of text on a terminal."""

import math
import os
import time
from collections.abc import Mapping
from typing import Any

import keras
from IPython import get_ipython
from IPython.display import DisplayHandle, display

from course_lib import plots

SHOWN = ("loss", "val_loss")
SHARE = 0.05  # of the time is used for drawing


class TrainingReport(keras.callbacks.Callback):
    """Show the progress of a running training.

    In a notebook, this is one figure of the losses. It is redrawn as often as 5 % of the time allows, and at the end.
    Elsewhere, it is one line for each epoch, with every number of the history. If the environment variable ``CI`` is
    set, nothing is shown.
    """

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Start a new report."""
        self._epochs: list[Mapping[str, float]] = []
        self._display: DisplayHandle | None = None
        self._next_drawing = 0.0

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the time."""
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Report an epoch."""
        numbers = dict(logs or {})
        unknown = epoch - len(self._epochs)  # if training resumes
        self._epochs += [*[{}] * unknown, numbers]
        if _in_notebook():
            if time.monotonic() >= self._next_drawing:
                self._draw()
        elif not _in_ci():
            text = ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())
            seconds = time.monotonic() - self._began
            print(f"Epoch {epoch + 1}/{self.params['epochs']}: {text}, {seconds:.1f} s", flush=True)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Draw all epochs."""
        if _in_notebook():
            self._draw()

    def _draw(self) -> None:
        """Show the figure in place of the previous one."""
        began = time.monotonic()
        history = {
            name: [numbers.get(name, math.nan) for numbers in self._epochs]
            for name in SHOWN
            if any(name in numbers for numbers in self._epochs)
        }
        if not any(map(math.isfinite, history.get("loss", []))):
            return
        figure = plots.training_curves(history, {})
        if self._display is None:
            self._display = display(figure, display_id=True)
        else:
            self._display.update(figure)
        now = time.monotonic()
        self._next_drawing = now + (now - began) / SHARE


def _in_ci() -> bool:
    return bool(os.environ.get("CI"))


def _in_notebook() -> bool:
    """Tell whether this runs in a kernel whose figures somebody may see."""
    return hasattr(get_ipython(), "kernel") and not _in_ci()
