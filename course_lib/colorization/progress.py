"""The state of a running training: its history, its checkpoints, its best weights."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np

from course_lib import checkpoint

DECAY = 0.95  # of the moving average of the loss, from one step to the next
CHECKPOINT, BEST = "checkpoint.npz", "best.npz"

Logs = dict[str, Any] | None


class LossAverage(keras.callbacks.Callback):
    """Add to the logs of an epoch "loss_average", the exponential moving average of the steps' losses at its end.

    It is the mean of all steps so far, each weighted by 0.95 to the power of its age in steps. So it does not start
    from 0.

    Parameters
    ----------
    history : dict of str to list of float
        The history of earlier epochs, if any: the average continues from it.
    """

    def __init__(self, history: checkpoint.History) -> None:
        super().__init__()
        self._average = history.get("loss_average", [0.0])[-1]
        self._seen = 0.0, 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Begin with the sums of an epoch."""
        self._seen = 0.0, 0.0

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Record the loss of a step; Keras' logs only have the mean of the epoch so far."""
        tracker = self.model.metrics[0]
        before, self._seen = self._seen, (float(tracker.total.numpy()), float(tracker.count.numpy()))
        loss = (self._seen[0] - before[0]) / (self._seen[1] - before[1])
        weight = (1 - DECAY) / (1 - DECAY ** float(self.model.optimizer.iterations.numpy()))
        self._average += weight * (loss - self._average)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Report the average."""
        if logs is not None:
            logs["loss_average"] = self._average


class Progress(keras.callbacks.Callback):
    """Keep the history and, in a folder, checkpoints and the best weights; stop when there is no more improvement.

    Parameters
    ----------
    model : keras.Model
        Compiled, with a built optimizer. If the folder has a checkpoint, training continues from it.
    settings : dict
        The settings besides the network on which the training depends, as JSON values.
    folder : str or Path, optional
        Where files are kept.
    every : int
        Epochs from one checkpoint to the next. There is one at the end, too.
    measure : str
        The number in the logs that determines the best epoch: the lowest is best.
    patience : int, optional
        Stop when the best epoch is this many epochs ago.

    Attributes
    ----------
    history : dict of str to list of float
        The logs of each epoch so far; NaN for missing numbers.

    Raises
    ------
    ValueError
        If the checkpoint is damaged, or belongs to another training.
    FloatingPointError
        After an epoch whose loss, or measure, is not finite.
    """

    def __init__(
        self,
        model: keras.Model,
        settings: dict[str, Any],
        folder: str | Path | None,
        every: int,
        measure: str,
        patience: int | None,
    ) -> None:
        super().__init__()
        self._variables = [*model.variables, *model.optimizer.variables]
        self._settings = {"network": _layers(model), **settings}
        self._folder = None if folder is None else Path(folder)
        self._every, self._measure, self._patience = every, measure, patience
        self.history: checkpoint.History = {}
        if self._folder and (self._folder / CHECKPOINT).exists():
            self.history = checkpoint.load(self._folder / CHECKPOINT, self._settings, self._variables)

    @property
    def epochs(self) -> int:
        """The number of epochs so far."""
        return len(self.history.get("loss", ()))

    @property
    def best(self) -> int:
        """The first of the best epochs so far, counted from 0."""
        return int(np.nanargmin(self.history[self._measure]))

    @property
    def stalled(self) -> bool:
        """Tell whether the best epoch is longer ago than patience allows."""
        if self._patience is None or self._measure not in self.history:
            return False
        return self.epochs - 1 - self.best >= self._patience

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Record an epoch."""
        logs = dict(logs or {})
        for name in {**self.history, **logs}:
            self.history.setdefault(name, [math.nan] * epoch).append(logs.get(name, math.nan))
        for name in {"loss": None, self._measure: None}:
            if not math.isfinite(logs[name]):
                raise FloatingPointError(
                    f"expected a finite {name}, got {logs[name]} in epoch {epoch}, counted from 0: "
                    "a lower learning rate may help"
                )
        if self.stalled:
            self.model.stop_training = True
        if self._folder is None:
            return
        if self.best == epoch:
            network = {"network": self._settings["network"]}
            checkpoint.save(self._folder / BEST, network, self.model.variables, self.history)
        last = self.model.stop_training or epoch + 1 == self.params["epochs"]
        if last or (epoch + 1) % self._every == 0:
            checkpoint.save(self._folder / CHECKPOINT, self._settings, self._variables, self.history)


def load_best(model: keras.Model, folder: str | Path) -> checkpoint.History:
    """Give a network the best weights that a training has kept.

    Parameters
    ----------
    model : keras.Model
        A network like the one that was trained. It is changed in place.
    folder : str or Path
        The folder of the training.

    Returns
    -------
    dict of str to list of float
        The history up to the best epoch, which is its last.

    Raises
    ------
    ValueError
        If the weights belong to another network, or the file is damaged.
    FileNotFoundError
        If the folder has no best weights.
    """
    return checkpoint.load(Path(folder) / BEST, {"network": _layers(model)}, model.variables)


def _layers(model: keras.Model) -> list[str]:
    """Describe every layer by its class and its variables' shapes."""
    return [
        " ".join([type(layer).__name__, *(f"{each.name} {tuple(each.shape)}" for each in layer.variables)])
        for layer in model.layers
    ]
