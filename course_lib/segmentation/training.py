"""Training networks that label pixels.

Everything random is a function of the seed and the number of the step, so that a training that was interrupted and
resumed gives the same weights as an uninterrupted one.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from course_lib import checkpoint as checkpoints
from course_lib.integers import as_integer
from course_lib.segmentation.examples import IGNORE
from course_lib.segmentation.heads import STRIDES, Inputs, Stride, fcn_head, standardize, taken, warm_start
from course_lib.segmentation.losses import segmentation_loss
from course_lib.segmentation.metrics import confusion_matrix

Labels = NDArray[np.integer]
Report = Callable[[int, float], None]


@dataclass(frozen=True)
class Schedule:
    """How to train: with Adam, whose learning rate falls to 0 like a cosine.

    Parameters
    ----------
    steps : int
        The number of batches, 1 or more.
    batch : int
        The number of examples in each, 1 or more.
    rate : float
        Adam's learning rate in the first step.
    seed : int
        0 or more; determines the order of the examples, which are shuffled again after each epoch.

    Raises
    ------
    ValueError
        If a number is out of bounds.
    """

    steps: int
    batch: int = 8
    rate: float = 3e-3
    seed: int = 0

    def __post_init__(self) -> None:
        numbers = ("number of steps", self.steps, 1), ("number of examples", self.batch, 1), ("seed", self.seed, 0)
        for what, number, least in numbers:
            whole = as_integer(number)
            if whole is None or whole < least:
                raise ValueError(f"expected a {what} of {least} or more, got {number!r}")
        if not self.rate > 0:
            raise ValueError(f"expected a learning rate above 0, got {self.rate!r}")

    def rows(self, step: int, count: int) -> NDArray[np.intp]:
        """Choose the examples of a step: the shuffled epochs stand one after another and are cut into batches."""
        epochs, places = np.divmod(np.arange(step * self.batch, (step + 1) * self.batch), count)
        orders = {epoch: np.random.default_rng([self.seed, epoch]).permutation(count) for epoch in np.unique(epochs)}
        return np.array([orders[epoch][place] for epoch, place in zip(epochs, places, strict=True)])


def train(
    model: keras.Model,
    inputs: Inputs,
    labels: Labels,
    schedule: Schedule,
    *,
    checkpoint: str | Path | None = None,
    every: int = 50,
    report: Report | None = None,
) -> NDArray[np.float64]:
    """Train a network on labeled pixels.

    A model that was made in the scope of a `tf.distribute` strategy is trained on all its devices, each with a part of
    every batch. The loss is the mean over the pixels of the whole batch that count, as on one device, plus what the
    model's layers add, such as `fcn_head` for large weights.

    Parameters
    ----------
    model : keras.Model
        From inputs to logits ``(B, H, W, C)``: an FCN from images, or its head from the maps of a frozen trunk, which
        need to be computed only once: ``trunk.predict(images)``. Changed in place. Weights that are not trainable are
        not changed; set ``trainable = False`` in layers of batch normalization whose statistics must not change either.
    inputs : ndarray or mapping of str to ndarray
        ``N`` examples along the first axis, prepared for the network. From a mapping, only the model's inputs are used.
    labels : ndarray
        Shape ``(N, H, W)``, in [0, C), or 255 where no class counts.
    schedule : Schedule
        The number of steps, their batches and learning rates.
    checkpoint : str or Path, optional
        A file that is written after every ``every`` steps and at the end. If it exists, the training continues from it,
        with the same result as without the interruption.
    every : int
        Steps from one checkpoint to the next, 1 or more.
    report : callable, optional
        Called after each step with its number, from 1, and its loss.

    Returns
    -------
    ndarray
        The loss of each step, ``(steps,)``.

    Raises
    ------
    ValueError
        If the numbers of inputs and labels differ, a batch has fewer examples than there are devices, or the checkpoint
        is damaged or belongs to another training.
    """
    inputs, strategy = taken(model, inputs), model.distribute_strategy
    _check(inputs, labels, schedule, strategy.num_replicas_in_sync)
    with strategy.scope():
        optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(schedule.rate, schedule.steps))
        optimizer.build(model.trainable_variables)
    variables = [*model.variables, *optimizer.variables]
    settings = {
        **asdict(schedule),
        "labels": zlib.crc32(labels.tobytes()),
        "shapes": [list(variable.shape) for variable in variables],
    }
    path = None if checkpoint is None else Path(checkpoint)
    history = checkpoints.load(path, settings, variables) if path and path.exists() else {}
    losses = history.get("loss", [])
    step = _step(model, optimizer, strategy)
    for number in range(len(losses), schedule.steps):
        rows = np.array_split(schedule.rows(number, len(labels)), strategy.num_replicas_in_sync)
        losses.append(float(step(*_on_devices((inputs, labels), rows, strategy))))
        if path and ((number + 1) % every == 0 or number + 1 == schedule.steps):
            checkpoints.save(path, settings, variables, {"loss": losses})
        if report:
            report(number + 1, losses[-1])
    return np.array(losses)


def train_stages(
    features: Mapping[str, NDArray[np.float32]],
    labels: Labels,
    classes: int,
    schedule: Schedule,
    *,
    checkpoint: str | Path | None = None,
) -> dict[Stride, keras.Model]:
    """Train FCN-32s, 16s and 8s heads on the maps of a frozen trunk; each begins with the weights of the previous one.

    Parameters
    ----------
    features : mapping of str to ndarray
        ``trunk.predict(images)``: "stride_8", "stride_16" and "stride_32", each ``(N, H / stride, W / stride, D)``.
    labels
        As for `train`.
    classes : int
        How many, 1 or more.
    schedule : Schedule
        The schedule of each stage.
    checkpoint : str or Path, optional
        A folder with a checkpoint for each stage.

    Returns
    -------
    dict of int to keras.Model
        The heads by their finest stride: 32, 16, 8.

    Raises
    ------
    ValueError
        As for `fcn_head` and `train`.
    """
    heads: dict[Stride, keras.Model] = {}
    for finest in STRIDES:
        head = fcn_head({name: each.shape[-1] for name, each in features.items()}, classes, finest)
        standardize(head, features)
        if heads:
            warm_start(head, [*heads.values()][-1])
        train(head, features, labels, schedule, checkpoint=checkpoint and Path(checkpoint) / f"fcn{finest}.npz")
        heads[finest] = head
    return heads


def evaluate(model: keras.Model, inputs: Inputs, labels: Labels, batch: int = 8) -> NDArray[np.int64]:
    """Compare a network's labels with the truth.

    Parameters
    ----------
    model, inputs, labels
        As for `train`.
    batch : int
        The number of examples at a time, 1 or more.

    Returns
    -------
    ndarray
        Their confusion matrix, ``(C, C)``: truth in rows, predictions in columns.
    """
    inputs, classes = taken(model, inputs), model.output_shape[-1]
    matrix = np.zeros((classes, classes), np.int64)
    for start in range(0, len(labels), batch):
        rows = slice(start, start + batch)
        logits = model.predict_on_batch(tf.nest.map_structure(lambda each: each[rows], inputs))  # noqa: B023
        matrix += confusion_matrix(labels[rows], logits.argmax(axis=-1), classes)
    return matrix


def _step(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, strategy: tf.distribute.Strategy
) -> Callable[[Any, Any], tf.Tensor]:
    """Make the function that trains on one batch, with a part on each device, and returns its loss."""
    criterion = segmentation_loss(IGNORE)

    def on_one_device(inputs: Any, labels: tf.Tensor) -> tf.Tensor:
        counted = tf.math.count_nonzero(labels != IGNORE, dtype=tf.float32)
        total = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, counted)
        with tf.GradientTape() as tape:
            # The mean over this device's pixels times their share of the batch: over the devices, a sum.
            loss = criterion(labels, model(inputs, training=True)) * counted / tf.maximum(total, 1)
            loss += sum(model.losses) / strategy.num_replicas_in_sync  # of regularizers
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    @tf.function(reduce_retracing=True)
    def step(inputs: Any, labels: Any) -> tf.Tensor:
        return strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(on_one_device, (inputs, labels)), axis=None)

    return step


def _on_devices(arrays: Any, rows: list[NDArray[np.intp]], strategy: tf.distribute.Strategy) -> Any:
    """Put on each device the rows that it works on."""

    def chosen(context: tf.distribute.experimental.ValueContext) -> Any:
        own = rows[context.replica_id_in_sync_group]
        return tf.nest.map_structure(lambda each: tf.convert_to_tensor(each[own]), arrays)

    return strategy.experimental_distribute_values_from_function(chosen)


def _check(inputs: Inputs, labels: Labels, schedule: Schedule, devices: int) -> None:
    """Refuse numbers of examples that do not fit together."""
    lengths = [len(each) for each in tf.nest.flatten(inputs)]
    if {*lengths} != {len(labels)} or not len(labels):
        raise ValueError(f"expected as many inputs as labels, 1 or more, got {lengths} and {len(labels)}")
    if schedule.batch < devices:
        raise ValueError(f"expected an example for each of {devices} devices in a batch, got {schedule.batch}")
