"""Writing and reading summaries of a training for TensorBoard."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike, NDArray

from course_lib.colorization.pictures import colored, lab_picture, named, predicted_ab
from course_lib.integers import count

# The tag of everything that is written. TensorBoard groups tags by the part before the slash. A number of the history
# that is not listed here, such as another metric, has its own name as its tag.
TAGS = {
    "loss": "loss/training",
    "loss_average": "loss/average",
    "val_loss": "loss/validation",
    "psnr": "psnr/training",
    "val_psnr": "psnr/validation",
    "learning_rate": "learning_rate",
    "input": "pictures/{name}/input",
    "prediction": "pictures/{name}/prediction",
    "truth": "pictures/{name}/truth",
    "weights": "weights/{name}",
}

BINS = 30  # of a histogram of weights


class TensorBoardLog(keras.callbacks.Callback):
    """Write the progress of a training to a folder, for TensorBoard.

    After every epoch: each number of the history, and the learning rate. After every so many epochs: pictures, and
    histograms of the trainable weights, tagged by the names of their layers. Before the first epoch: the graph of the
    network. Their tags are in `TAGS`. A step is an epoch, counted from 1, and steps continue with `fit`: with
    ``initial_epoch=7``, the first step is 8.

    When training resumes from a checkpoint, some epochs run twice. Each start is therefore marked in the events:
    TensorBoard and `read_events` then drop the earlier events of that step and of later ones, and show each step once,
    with the values of its last run. Training that starts at epoch 1 replaces everything before it.

    The events of an epoch are on disk before the next one begins, so that an interruption loses none of them.

    Parameters
    ----------
    folder : str or Path
        The folder for the event files; it is made if needed.
    pictures : mapping of str to array_like, optional
        The name of each picture and its normalized Lab, ``(H, W, 3)`` in [-1, 1], with sides that the network takes.
        Written are its lightness (the input), the picture as the network colors it in inference mode, and the picture
        itself (the truth). A predicted color that sRGB cannot show is written with less chroma, and NaN as gray.
    every : int
        Write pictures and histograms after every so many epochs, 1 or more.

    Raises
    ------
    ValueError
        If a picture is not as described, or ``every`` is not a positive integer. When training begins: if the network
        does not take a picture's sides, or does not return ``(H, W, 2)``.
    """

    def __init__(self, folder: str | Path, pictures: Mapping[str, ArrayLike] | None = None, every: int = 1) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.every = count("every", every)
        given = named({} if pictures is None else pictures)
        self._pictures = {name: lab_picture(name, lab) for name, lab in given.items()}
        self._writer: tf.summary.SummaryWriter | None = None

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Refuse pictures that the network does not take, and start a new file even if `fit` was interrupted before."""
        for name, lab in self._pictures.items():
            predicted_ab(self.model, name, lab[..., 0])
        self._writer = None

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Before the first epoch, mark the start and write the graph."""
        if self._writer is None:
            self._writer = _begin(self.folder, epoch + 1)
            with self._writer.as_default(epoch + 1):
                tf.summary.graph(_graph(self.model))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write the numbers of an epoch and, every so many epochs, pictures and histograms."""
        assert self._writer is not None
        rate = float(tf.convert_to_tensor(self.model.optimizer.learning_rate))
        with self._writer.as_default(epoch + 1):
            for name, value in ({"learning_rate": rate} | dict(logs or {})).items():
                tf.summary.scalar(TAGS.get(name, name), value)
            if (epoch + 1) % self.every == 0:
                for name, lab in self._pictures.items():
                    lightness, truth = lab[..., 0], lab[..., 1:]
                    prediction = np.nan_to_num(predicted_ab(self.model, name, lightness))
                    for what, ab in ("input", 0 * truth), ("prediction", prediction), ("truth", truth):
                        tf.summary.image(TAGS[what].format(name=name), colored(lightness, ab)[None])
                for weight in self.model.trainable_weights:
                    _write_histogram(TAGS["weights"].format(name=weight.path), tf.convert_to_tensor(weight).numpy())
        self._writer.flush()

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()


def _begin(folder: Path, step: int) -> tf.summary.SummaryWriter:
    """Open a new event file that begins with a mark: earlier events of this step and of later ones no longer count."""
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog

    # Readers sort files by name: by second, process, and a counter, with 10 before 9. So there is one file a second.
    while any(path.name.startswith(f"events.out.tfevents.{int(time.time())}.") for path in folder.glob("events.*")):
        time.sleep(0.05)
    writer = tf.summary.create_file_writer(str(folder))
    start = Event(wall_time=time.time(), step=step, session_log=SessionLog(status=SessionLog.START))
    # tf.summary has no function that writes this event.
    tf.raw_ops.ImportEvent(writer=writer._resource, event=start.SerializeToString())
    return writer


def _graph(model: keras.Model) -> tf.Graph:
    """Trace the network as it predicts."""
    lightness = model.inputs[0]
    predict = tf.function(lambda inputs: model(inputs, training=False))
    return predict.get_concrete_function(tf.TensorSpec(lightness.shape, lightness.dtype)).graph


def _write_histogram(tag: str, values: NDArray[Any]) -> None:
    """Write a histogram of values; `tf.summary.histogram` takes much longer for many small arrays."""
    from tensorboard.plugins.histogram.metadata import create_summary_metadata

    finite = values[np.isfinite(values)].astype(np.float64)  # the bins may be too narrow for float32
    counts, edges = np.histogram(finite, bins=BINS)
    rows = np.stack([edges[:-1], edges[1:], counts], axis=1)
    tf.summary.write(tag, rows, metadata=create_summary_metadata(display_name=None, description=None))


def read_events(folder: str | Path) -> dict[str, list[tuple[int, Any]]]:
    """Read every point of every tag from event files, with TensorBoard's own reader.

    If a file ends in the middle of an event, as after a kill, everything before that event is read, and then the next
    file. Steps that ran again after a restart appear once, if the restart is marked as by `TensorBoardLog`.

    Parameters
    ----------
    folder : str or Path
        The folder that directly contains the event files.

    Returns
    -------
    dict of str to list of (int, value)
        For each tag its steps and values, in the order in which they were written. The value of a scalar is a float;
        of images, an array ``(N, H, W, C)`` of uint8; of a histogram, an array whose rows are left edge, right edge and
        count of each bin.

    Raises
    ------
    ValueError
        If the folder is missing or has no event files, or these contain no summary.
    """
    # The reader that TensorBoard's page uses. `event_accumulator`, which most examples use, ignores restarts.
    from tensorboard.backend.event_processing import plugin_event_accumulator

    logging.getLogger("tensorboard").disabled = True  # it warns about every restart
    folder, events = Path(folder), {}
    if any(folder.glob("*tfevents*")):
        reader = plugin_event_accumulator.EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
        for tag in reader.Tags()["tensors"]:
            kind = reader.SummaryMetadata(tag).plugin_data.plugin_name
            if kind != "graphs":
                events[tag] = [(point.step, _value(kind, point.tensor_proto)) for point in reader.Tensors(tag)]
    if not events:
        below = sorted({path.parent.name for path in folder.glob("*/*tfevents*")})
        hint = f"; there are some in its folders {', '.join(below)}" if below else ""
        raise ValueError(f"expected event files with summaries in {folder}, got none{hint}")
    return events


def _value(kind: str, tensor: Any) -> Any:
    """Return the value of a summary of some kind."""
    array = tf.make_ndarray(tensor)
    if kind == "images":  # width, height, and each image as a PNG file
        return np.array([tf.io.decode_png(image).numpy() for image in array[2:]])
    return array.item() if array.ndim == 0 else array
