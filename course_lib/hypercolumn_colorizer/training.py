"""Training one head on examples, so that it can be interrupted and resumed.

Everything random is a function of the seed and the epoch, or is part of a checkpoint.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from course_lib import checkpoint
from course_lib.colorization.optimizer import FusedAdam
from course_lib.hypercolumn_colorizer.examples import LabeledSites
from course_lib.hypercolumn_colorizer.head import standardize
from course_lib.hypercolumn_colorizer.losses import histogram_loss

BATCH = 8 * 128  # sites
RATE = 6e-3


def train_head(  # noqa: PLR0913
    head: keras.Model,
    examples: LabeledSites,
    rows: NDArray[np.intp],
    *,
    epochs: int,
    seed: int,
    settings: dict[str, Any],
    path: Path | None,
    done: Callable[[], None],
) -> list[float]:
    """Train a head with Adam, whose learning rate falls from 0.006 to 0 like a cosine.

    Parameters
    ----------
    head : keras.Model
        As `course_lib.hypercolumn_colorizer.head.head` makes it. Changed in place.
    examples : LabeledSites
        The training examples.
    rows : ndarray
        The examples that it sees, ``(N,)``.
    epochs : int
        How often it sees them, 1 or more.
    seed : int
        Determines their order in each epoch.
    settings : dict
        Other settings on which the training depends, as JSON values.
    path : Path, optional
        A file that is written after each epoch. If it is there, the training goes on from it.
    done : callable
        Called after each epoch, those before an interruption included.

    Returns
    -------
    list of float
        The mean loss of each epoch.

    Raises
    ------
    ValueError
        If the checkpoint is damaged or of another training.
    FloatingPointError
        If the loss is not finite after an epoch. The checkpoint is of the epoch before.
    """
    batch = min(BATCH, len(rows))
    steps = len(rows) // batch
    standardize(head, examples.columns[rows])
    optimizer = FusedAdam(keras.optimizers.schedules.CosineDecay(RATE, epochs * steps))
    optimizer.build(head.trainable_variables)
    variables = [*head.variables, *optimizer.variables]
    settings = settings | {"epochs": epochs, "seed": seed, "shapes": [list(each.shape) for each in variables]}
    losses = checkpoint.load(path, settings, variables)["loss"] if path and path.exists() else []
    for _ in losses:
        done()
    step = _step(head, optimizer)
    for epoch in range(len(losses), epochs):
        order = np.random.default_rng([seed, epoch]).permutation(rows)[: steps * batch].reshape(steps, batch)
        total = sum(step(examples.columns[each], *(part[each] for part in examples.targets)) for each in order)
        losses.append(float(total) / steps)
        if not math.isfinite(losses[-1]):
            raise FloatingPointError(f"expected a finite loss, got {losses[-1]} in epoch {epoch}, counted from 0")
        if path:
            checkpoint.save(path, settings, variables, {"loss": losses})
        done()
    return losses


def _step(head: keras.Model, optimizer: keras.optimizers.Optimizer) -> Any:
    """Make the function that trains on one batch and returns its loss."""

    @tf.function(reduce_retracing=True, autograph=False)
    def step(columns: tf.Tensor, hue: tf.Tensor, chroma: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            hue_logits, chroma_logits = tf.split(head(columns, training=True), 2, axis=-1)
            loss = tf.reduce_mean(histogram_loss(hue_logits, chroma_logits, hue, chroma, weight)) + sum(head.losses)
        optimizer.apply(tape.gradient(loss, head.trainable_variables), head.trainable_variables)
        return loss

    return step
