"""What a training step costs on sparse and on dense hypercolumns of VGG-16: time and peak memory.

Both steps do the same job. The trunk is the same, the head scores the same columns, and the loss looks at the same
locations, so both give the head the same gradient. But the dense step makes and scores the columns of all pixels.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")
KINDS = ("sparse", "dense")
HIDDEN, CLASSES = 256, 64


def step_cost(
    kind: str, trained: bool = False, size: int = 224, pictures: int = 4, locations: int = 128, repeats: int = 3
) -> dict[str, float]:
    """Measure a training step on hypercolumns of VGG-16, 1,472 channels, in a process of its own.

    Parameters
    ----------
    kind : {"sparse", "dense"}
        Whether columns are made at some locations, or at every pixel.
    trained : bool
        Whether the trunk is trained, too, or the head alone.
    size : int
        Height and width of the pictures in pixels, a multiple of 32.
    pictures, locations : int
        How many pictures a step takes, and how many locations of each the loss looks at; 1 or more.
    repeats : int
        How many steps are timed, after one that is not; 1 or more.

    Returns
    -------
    dict
        ``"seconds"`` and ``"processor_seconds"`` of the fastest step, ``"peak_mb"``, how many MB of memory the
        steps took at most, beyond what the process held before them, and ``"loss"``, that of the last step.

    Raises
    ------
    ValueError
        If an argument is not as above.
    RuntimeError
        If the process fails; the message has its last words.
    """
    if kind not in KINDS:
        raise ValueError(f'expected kind "sparse" or "dense", got {kind!r}')
    task = {"kind": kind, "trained": trained, "size": size, "pictures": pictures, "locations": locations}
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-m", "course_lib.hypercolumns.cost", json.dumps({**task, "repeats": repeats})],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
    if done.returncode:
        raise RuntimeError(f"the {kind} step ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout.splitlines()[-1])


def training_step(kind: str, trained: bool, size: int, pictures: int, locations: int) -> Callable[[], Any]:
    """Make a training step that returns its loss."""
    import keras
    import tensorflow as tf

    from course_lib.hypercolumns.models import dense_hypercolumn_model, sparse_hypercolumn_model
    from course_lib.networks import vgg16

    keras.utils.set_random_seed(0)
    trunk = vgg16(None, include_top=False)
    trunk.trainable = trained
    images = tf.random.uniform((pictures, size, size, 3), -120, 150)
    pixels = tf.random.uniform((pictures, locations, 2), maxval=size, dtype=tf.int32)
    targets = tf.random.uniform((pictures, locations), maxval=CLASSES, dtype=tf.int32)
    make = sparse_hypercolumn_model if kind == "sparse" else dense_hypercolumn_model
    columns = make(trunk, LAYERS, (size, size))
    hidden = keras.layers.Dense(HIDDEN, activation="relu")(columns.output)
    model = keras.Model(columns.input, keras.layers.Dense(CLASSES)(hidden))
    optimizer = keras.optimizers.SGD(1e-3)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            if kind == "sparse":
                scores = model([images, tf.cast(pixels, tf.float32)], training=True)
            else:
                scores = tf.gather_nd(model(images, training=True), pixels, batch_dims=1)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, scores)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    return step


def main() -> None:
    """Measure the step that the command line describes, and print what was measured."""
    task = json.loads(sys.argv[1])
    repeats = task.pop("repeats")
    step = training_step(**task)
    before = memory("VmRSS")
    float(step())
    times = []
    for _ in range(repeats):
        start = time.perf_counter(), time.process_time()
        loss = float(step())
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    seconds, processor_seconds = (min(each) for each in zip(*times, strict=True))
    cost = {"seconds": seconds, "processor_seconds": processor_seconds, "peak_mb": memory("VmHWM") - before}
    print(json.dumps({**cost, "loss": loss}))


def memory(name: str) -> float:
    """Return a line of Linux's report on this process, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


if __name__ == "__main__":
    main()
