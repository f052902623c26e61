"""A training step on hypercolumns of VGG-16, sparse or dense, measured; run with ``python -m`` and arguments as JSON.

Time and memory are low for these reasons:

- the step is a graph, in which convolution, bias and ReLU are one operation, and maps are freed as soon as nothing
  reads them any more;
- a frozen trunk keeps nothing for the backward pass. In the sparse step it also runs on two pictures at a time: its
  first maps are by far the largest arrays, and four pictures at once are no faster. In the dense step the columns of
  all pictures, which the head needs, are far larger than any map;
- weights change only after all gradients are computed: a weight that is still in use would be copied, and the copies
  break the free memory into pieces that are too small for maps;
- operations run one after the other, each on all processors.
"""

import json
import sys
import time
from collections.abc import Callable

import keras
import psutil
import tensorflow as tf

from course_lib.hypercolumns.models import dense_hypercolumn_model, sparse_hypercolumn_model
from course_lib.memory import peak_bytes
from course_lib.networks import vgg16

LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")
HIDDEN, CLASSES = 256, 64
AT_ONCE = 2
LEAST = 32
MB = 1e6


def training_step(kind: str, trained: bool, size: int, pictures: int, locations: int) -> Callable[[], tf.Tensor]:
    """Make a step that trains on made-up pictures and returns its loss; the parameters are those of `step_cost`."""
    keras.utils.set_random_seed(0)
    trunk = vgg16(None, include_top=False)
    trunk.trainable = trained
    make = sparse_hypercolumn_model if kind == "sparse" else dense_hypercolumn_model
    columns_of = make(trunk, LAYERS, (size, size))
    head = keras.Sequential([keras.layers.Dense(HIDDEN, activation="relu"), keras.layers.Dense(CLASSES)])
    head.build(columns_of.output_shape)
    weights = [*columns_of.trainable_variables, *head.trainable_variables]
    optimizer = keras.optimizers.SGD(1e-3)
    optimizer.build(weights)

    images = tf.random.uniform((pictures, size, size, 3), -120, 150)
    pixels = tf.random.uniform((pictures, locations, 2), maxval=size, dtype=tf.int32)
    targets = tf.random.uniform((pictures, locations), maxval=CLASSES, dtype=tf.int32)

    def loss_of(columns_of: keras.Model, images: tf.Tensor, pixels: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        given = [images, tf.cast(pixels, tf.float32)] if kind == "sparse" else images
        in_turns = kind == "sparse" and not trained
        scores = head(_in_turns(columns_of, given) if in_turns else columns_of(given, training=trained))
        if kind == "dense":
            scores = tf.gather_nd(scores, pixels, batch_dims=1)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, scores))

    @tf.function
    def load() -> list[tf.Tensor]:
        """Run forward and backward once for a small picture, so that TensorFlow loads what it needs."""
        ends = [weight.value for weight in (*weights[:2], *head.trainable_variables)]
        with tf.GradientTape() as tape:
            loss = loss_of(small, images[:1, :LEAST, :LEAST], pixels[:1] % LEAST, targets[:1])
        return tape.gradient(loss, ends)

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(columns_of, images, pixels, targets)
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        with tf.control_dependencies(gradients):
            optimizer.apply(gradients, weights)
        return loss

    small = make(trunk, LAYERS, (LEAST, LEAST))
    load()
    step.get_concrete_function()
    return step


def _in_turns(model: keras.Model, given: list[tf.Tensor]) -> tf.Tensor:
    """Run a model on `AT_ONCE` pictures at a time."""
    made: list[tf.Tensor] = []
    for first in range(0, given[0].shape[0], AT_ONCE):
        with tf.control_dependencies(made[-1:]):
            made.append(model([tf.identity(each[first : first + AT_ONCE]) for each in given]))
    return tf.concat(made, axis=0)


def main() -> None:
    """Measure the step that the command line describes; print seconds, memory and the last loss as JSON."""
    task = json.loads(sys.argv[1])
    repeats = task.pop("repeats")
    tf.config.threading.set_inter_op_parallelism_threads(1)
    step = training_step(**task)
    before = psutil.Process().memory_info().rss
    step()
    steps = [_timed(step) for _ in range(repeats)]
    seconds, processor_seconds, losses = zip(*steps, strict=True)
    cost = {"seconds": min(seconds), "processor_seconds": min(processor_seconds)}
    print(json.dumps({**cost, "peak_mb": (peak_bytes() - before) / MB, "loss": losses[-1]}))


def _timed(step: Callable[[], tf.Tensor]) -> tuple[float, float, float]:
    """Return the seconds, the processor seconds and the loss of a step."""
    start, processor_start = time.perf_counter(), time.process_time()
    loss = float(step())
    return time.perf_counter() - start, time.process_time() - processor_start, loss


if __name__ == "__main__":
    main()
