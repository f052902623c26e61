"""Training a colorizer with Keras, so that it can be watched, steered, interrupted and resumed."""

from __future__ import annotations  # so that help(train) shows types by their short names

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from numpy.typing import NDArray

from course_lib.checkpoint import History
from course_lib.colorization.examples import Examples, normalized_batch
from course_lib.colorization.learning_rate import LearningRate, Schedule, check_rate
from course_lib.colorization.losses import Penalty, color_loss
from course_lib.colorization.optimizer import FusedAdam
from course_lib.colorization.progress import LossAverage, Progress
from course_lib.integers import count

Arrays = tuple[NDArray[Any], NDArray[Any]]

BATCH = 16  # how many images at a time are measured for validation


def train(  # noqa: PLR0913
    model: keras.Model,
    examples: Examples | tf.data.Dataset,
    epochs: int,
    *,
    loss: Penalty | keras.losses.Loss = "l2",
    rate: float = 2e-4,
    schedule: Schedule | None = None,
    metrics: Sequence[keras.metrics.Metric] = (),
    validation: Arrays | tf.data.Dataset | None = None,
    folder: str | Path | None = None,
    every: int = 1,
    patience: int | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> History:
    """Train a network that predicts color from lightness, with Adam.

    With a folder, training can be interrupted at any moment, by Ctrl-C, a kill or a crash. The same call then resumes
    from the last checkpoint, even in another process, with the same weights and history as without the interruption.
    Without a folder, an interrupted model keeps its current weights.

    A model that was made in the scope of a `tf.distribute` strategy is trained on all its devices, each with an equal
    part of every batch. The result is the same as on one device, if batch normalization is synchronized, as in `unet`.

    Parameters
    ----------
    model : keras.Model
        From normalized L, ``(B, H, W, 1)``, to normalized ab, ``(B, H, W, 2)``. It is changed in place, and compiled.
    examples : Crops, Pairs or tf.data.Dataset
        A dataset is one epoch of batches ``(L, ab)``. If its order is not the same in every process and epoch, a
        resumed training gets a different order.
    epochs : int
        The total number, 1 or more, including those before an interruption.
    loss : {"l2", "l1", "huber"} or keras.losses.Loss
        As for `color_loss`, or a loss of normalized ab.
    rate : float
        Adam's learning rate, above 0, which callbacks may change.
    schedule : callable, optional
        From the epoch, counted from 0, to its learning rate. To change the rate by hand while training runs, add
        `LearningRate` with a file to the callbacks: the number in the file replaces the schedule's.
    metrics : sequence of keras.metrics.Metric
        Measured besides the loss, such as `PSNR`.
    validation : (ndarray, ndarray) or tf.data.Dataset, optional
        Normalized L and ab to measure on after each epoch, or an epoch of such batches.
    folder : str or Path, optional
        Where the checkpoint and the best weights are kept. The model ends with the last weights; `load_best` gives it
        the best ones.
    every : int
        Epochs from one checkpoint to the next, 1 or more. There is one at the end, too.
    patience : int, optional
        Stop after this many epochs without a new best one, 1 or more. The best has the lowest validation loss or,
        without validation, the lowest loss.
    callbacks : sequence of keras.callbacks.Callback
        Called before a checkpoint is written. The checkpoint does not contain their own state.

    Returns
    -------
    dict of str to list of float
        By name, a number for each epoch: "loss"; "loss_average", the moving average of the steps' losses at its end,
        without the bias of the first steps; "learning_rate", that of the last step; the metrics; and, with validation,
        ``val_loss``, and ``val_`` with each metric. NaN where an earlier part of the training did not measure it.

    Raises
    ------
    ValueError
        If there are no examples, they are not normalized, the devices do not divide a batch, an argument is not as
        above, or the checkpoint is damaged, has more epochs, or belongs to another training: with another network, kind
        of loss, rate, or other examples.
    FloatingPointError
        If the loss is not finite after an epoch. Checkpoints are of earlier epochs.
    """
    count("epochs", epochs)
    count("every", every)
    if patience is not None:
        count("patience", patience)
    check_rate(rate)
    criterion = loss if isinstance(loss, keras.losses.Loss) else color_loss(loss)
    strategy = model.distribute_strategy
    devices = strategy.num_replicas_in_sync
    _check(examples, devices)
    if isinstance(validation, tf.data.Dataset):
        _check(validation, devices)
    elif validation is not None:
        validation = _batches(validation, devices)
    with strategy.scope():
        model.compile(FusedAdam(rate), criterion, metrics=list(metrics))
        model.optimizer.build(model.trainable_variables)
    settings = {
        "loss": type(loss).__name__ if loss is criterion else loss,
        "rate": rate,
        **({} if isinstance(examples, tf.data.Dataset) else examples.settings),
    }
    progress = Progress(model, settings, folder, every, "loss" if validation is None else "val_loss", patience)
    done = progress.epochs
    if done > epochs:
        raise ValueError(
            f"expected a checkpoint from epoch {epochs} or before in {folder}, got one from epoch {done}; "
            "ask for more epochs, or remove it to begin again"
        )
    if done < epochs and not progress.stalled:
        steps = {}
        if not isinstance(examples, tf.data.Dataset):
            steps, examples = {"steps_per_epoch": examples.steps}, examples.dataset(done)
        own = LossAverage(progress.history), LearningRate(schedule)
        model.fit(
            examples,
            epochs=epochs,
            initial_epoch=done,
            validation_data=validation,
            callbacks=[*own, *callbacks, progress],
            shuffle=False,  # the dataset has done it
            verbose=0,
            **steps,
        )
    return progress.history


def _batches(validation: Arrays, devices: int) -> tf.data.Dataset:
    """Cut arrays into batches that the devices divide, the last one included."""
    if not isinstance(validation, tuple) or len(validation) != 2:
        raise ValueError(f"expected validation as (L, ab) or as a dataset of them, got {_kind(validation)}")
    L, ab = normalized_batch(*validation)
    if len(L) % devices:
        raise ValueError(f"expected as many images for validation as {devices} devices divide, got {len(L)}")
    batch = devices * max(1, BATCH // devices)
    return tf.data.Dataset.from_tensor_slices((L, ab)).batch(batch)


def _check(examples: Examples | tf.data.Dataset, devices: int) -> None:
    """Check the first batch, and the number of examples in all of them."""
    if isinstance(examples, tf.data.Dataset):
        dataset = examples
        if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
            raise ValueError("expected a dataset of one epoch, got one without end: use take(steps)")
    elif isinstance(examples, Examples):
        dataset = examples.dataset()
    else:
        raise ValueError(f"expected examples as Crops, Pairs or a dataset of batches (L, ab), got {_kind(examples)}")
    spec = dataset.element_spec
    if not (isinstance(spec, tuple) and len(spec) == 2):
        raise ValueError(f"expected batches (L, ab), got {spec}")
    first = next(iter(dataset), None)
    if first is None:
        raise ValueError("expected 1 batch of examples or more, got 0")
    normalized_batch(*(each.numpy() for each in first))
    batch = spec[0].shape[0]
    if devices > 1 and (batch is None or batch % devices):
        got = "batches that may differ in length: use batch(length, drop_remainder=True)" if batch is None else batch
        raise ValueError(f"expected batches that {devices} devices divide, got {got}")


def _kind(value: object) -> str:
    """Name the type of a value, and its length if it is a tuple."""
    return f"a tuple of {len(value)}" if isinstance(value, tuple) else f"{type(value).__name__}"
