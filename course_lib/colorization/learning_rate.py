"""The learning rate: from a schedule, and from a person who changes it while a network is trained."""

import math
import textwrap
import warnings
from collections.abc import Callable
from numbers import Real
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from course_lib.integers import count

Schedule = Callable[[int], float]


class LearningRate(keras.callbacks.Callback):
    """Set the learning rate before every step.

    A number in the file sets the rate; without one, the schedule does; without a schedule, the rate does not change. So
    a person's number replaces the schedule's, and removing or emptying the file returns to the schedule. Without a
    schedule, a number from the file stays in effect until there is another one.

    At the end of an epoch, the rate of its last step is added to the logs as "learning_rate".

    Parameters
    ----------
    schedule : callable, optional
        From the epoch, counted from 0, to its learning rate, 0 or more.
    file : str or Path, optional
        A text file with one positive number, such as ``1e-4``, which may be written, changed and removed at any time.
        Any other text gives one warning, and counts as no file.

    Raises
    ------
    ValueError
        If the schedule is not a function; during training, if it returns anything but a number of 0 or more.
    """

    def __init__(self, schedule: Schedule | None = None, file: str | Path | None = None) -> None:
        super().__init__()
        if schedule is not None and not callable(schedule):
            raise ValueError(f"expected a schedule as a function of the epoch, got {schedule!r}")
        self.schedule = schedule
        self.file = None if file is None else Path(file)
        self._planned: float | None = None
        self._refused = ""

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Get the rate from the schedule."""
        if self.schedule is None:
            return
        rate = self.schedule(epoch)
        if not isinstance(rate, Real) or not 0 <= rate < math.inf:
            raise ValueError(
                f"expected a schedule to return a learning rate of 0 or more, got {rate!r} for epoch {epoch}"
            )
        self._planned = float(rate)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the rate of this step."""
        written = self._written()
        chosen = self._planned if written is None else written
        if chosen is not None:
            self.model.optimizer.learning_rate = chosen

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Report the rate."""
        if logs is not None:
            logs["learning_rate"] = float(tf.convert_to_tensor(self.model.optimizer.learning_rate))

    def _written(self) -> float | None:
        """Return the number that a person has written, if there is one."""
        if self.file is None:
            return None
        try:
            text = self.file.read_text(encoding="utf-8-sig", errors="replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            text = str(error)
        try:
            rate = float(text)
        except ValueError:
            rate = math.nan
        if 0 < rate < math.inf:
            return rate
        if text and text != self._refused:  # an editor may empty a file before it fills it
            self._refused = text
            shown = textwrap.shorten(text, 60, placeholder=" …")
            warnings.warn(f"expected a positive number in {self.file}, got {shown!r}, which is ignored", stacklevel=2)
        return None


def check_rate(rate: float) -> None:
    """Refuse an invalid initial learning rate.

    Raises
    ------
    ValueError
        If it is not a finite number above 0.
    """
    if not isinstance(rate, Real) or not 0 < rate < math.inf:
        raise ValueError(f"expected a learning rate above 0, got {rate!r}")


def cosine(rate: float, epochs: int, warmup: int = 0) -> Schedule:
    """Make a schedule that falls like a cosine, from a rate almost to 0, optionally after a linear rise.

    Parameters
    ----------
    rate : float
        The largest learning rate, above 0.
    epochs : int
        The number of epochs, 1 or more.
    warmup : int
        The number of epochs of the rise, 0 to ``epochs - 1``: from ``rate / warmup`` in the first epoch to ``rate`` in
        the last of them.

    Returns
    -------
    callable
        From the epoch, counted from 0, to its learning rate. It raises ValueError from epoch ``epochs`` on.

    Raises
    ------
    ValueError
        If a number is out of bounds.

    References
    ----------
    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017; without restarts.
    """
    check_rate(rate)
    if count("epochs", epochs) <= count("warmup", warmup, least=0):
        raise ValueError(f"expected a warm-up of 0 to {epochs - 1} of {epochs} epochs, got {warmup!r}")

    def schedule(epoch: int) -> float:
        if epoch >= epochs:
            raise ValueError(f"expected an epoch below {epochs}, for which this schedule was made, got {epoch}")
        if epoch < warmup:
            return rate * (epoch + 1) / warmup
        return rate * (1 + math.cos(math.pi * (epoch - warmup) / (epochs - warmup))) / 2

    return schedule
