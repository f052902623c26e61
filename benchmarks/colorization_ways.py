"""Ways to train a U-Net that colors, whose times are compared."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from course_lib.color import denormalize_lab, lab_to_rgb
from course_lib.colorization import Crops, photographs_for_coloring, train, unet
from course_lib.colorization.convolution import SmallMapConv2D, SmallMapConv2DTranspose
from course_lib.colorization.optimizer import FusedAdam

SIDE, BATCH, RATE = 64, 16, 2e-4
WARM_UP = 2  # steps at the beginning of a turn, which may find more input ready than usual

Arrays = tuple[NDArray[np.float32], NDArray[np.float32]]


class Cost(NamedTuple):
    """What some steps took, in seconds."""

    wall: float
    processor: float
    waiting: float


class Turns(keras.callbacks.Callback):
    """Train in turns: send what the steps of one took, then wait for the next. The first step is a turn by itself.

    Parameters
    ----------
    pipe : Connection
        To whoever gives the turns.
    steps : int
        How many are measured in a turn.
    """

    def __init__(self, pipe: Connection, steps: int) -> None:
        super().__init__()
        self.pipe, self.period = pipe, WARM_UP + steps
        self.waiting = 0.0
        self.start = self.now()

    def now(self) -> Cost:
        """Read the clocks."""
        return Cost(time.perf_counter(), time.process_time(), self.waiting)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Begin to measure after the first steps of a turn, and end with its last."""
        if batch % self.period == 0:
            self.pipe.send(Cost(*(end - start for start, end in zip(self.start, self.now(), strict=True))))
            self.pipe.recv()
        elif batch % self.period == WARM_UP:
            self.start = self.now()

    def metered(self, batches: tf.data.Dataset) -> tf.data.Dataset:
        """Pass a dataset on, and add up how long its batches let a step wait."""

        def wait() -> Iterator[Any]:
            iterator = iter(batches)
            while True:
                start = time.perf_counter()
                batch = next(iterator)
                self.waiting += time.perf_counter() - start
                yield batch

        return tf.data.Dataset.from_generator(wait, output_signature=batches.element_spec)


def crops_in_python(seed: int = 0) -> Iterator[Arrays]:
    """Crop and convert photographs, one at a time."""
    from skimage.color import rgb2lab

    shipped, _ = photographs_for_coloring()
    images = [np.round(255 * lab_to_rgb(denormalize_lab(lab))).astype(np.uint8) for lab in shipped.values()]
    random = np.random.default_rng(seed)
    while True:
        batch = []
        for _ in range(BATCH):
            image = images[random.integers(len(images))]
            top, left = (random.integers(side - SIDE + 1) for side in image.shape[:2])
            lab = rgb2lab(image[top : top + SIDE, left : left + SIDE])
            batch.append(lab[:, ::-1] if random.random() < 0.5 else lab)
        stacked = np.stack(batch, dtype=np.float32, casting="same_kind")
        yield stacked[..., :1] / np.float32(50) - 1, stacked[..., 1:] / np.float32(110)


def keras_unet(depth: int, filters: int, conv: type[keras.layers.Layer], up: type[keras.layers.Layer]) -> keras.Model:
    """Make the network as Keras' documentation suggests."""
    usual: dict[str, Any] = {"kernel_size": 4, "strides": 2, "padding": "same"}
    x = lightness = keras.Input((SIDE, SIDE, 1))
    skips = []
    for level in range(depth):
        x = conv(filters * min(2**level, 8), **usual)(x)
        if level:
            x = keras.layers.BatchNormalization()(x)
        x = keras.layers.LeakyReLU(0.2)(x) if level < depth - 1 else keras.layers.ReLU()(x)
        skips.append(x)
    for skip in skips[-2::-1]:
        x = up(skip.shape[-1], **usual)(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.ReLU()(x)
        x = keras.layers.Dropout(0.5)(x)
        x = keras.layers.Concatenate()([x, skip])
    return keras.Model(lightness, up(2, **usual, activation="tanh")(x))


def train_keras(
    depth: int,
    filters: int,
    steps: int,
    turns: Turns,
    optimizer: type[keras.optimizers.Optimizer] = keras.optimizers.Adam,
    conv: type[keras.layers.Layer] = keras.layers.Conv2D,
    up: type[keras.layers.Layer] = keras.layers.Conv2DTranspose,
) -> None:
    """Train on a Python generator, as `fit` does: it reads ahead from one in this way."""
    signature = tuple(tf.TensorSpec((None, SIDE, SIDE, channels)) for channels in (1, 2))
    batches = tf.data.Dataset.from_generator(crops_in_python, output_signature=signature).prefetch(tf.data.AUTOTUNE)
    model = keras_unet(depth, filters, conv, up)
    model.compile(optimizer(RATE), "mse")
    model.fit(turns.metered(batches), steps_per_epoch=steps, callbacks=[turns], shuffle=False, verbose=0)


def train_library(depth: int, filters: int, steps: int, turns: Turns) -> None:
    """Train as units do."""

    class Metered(Crops):
        def dataset(self, first_epoch: int = 0) -> tf.data.Dataset:
            return turns.metered(super().dataset(first_epoch))

    examples = Metered(photographs_for_coloring()[0], SIDE, BATCH, steps, seed=0)
    train(unet(depth, filters), examples, 1, rate=RATE, callbacks=[turns])


DEFAULTS = "Keras' defaults"
WAYS: dict[str, Callable[[int, int, int, Turns], None]] = {
    DEFAULTS: train_keras,
    "… and FusedAdam": partial(train_keras, optimizer=FusedAdam),
    "… and small maps": partial(train_keras, conv=SmallMapConv2D, up=SmallMapConv2DTranspose),
    "the library": train_library,
}
