#!/usr/bin/env bash
# The gradient of tf.nn.max_pool3d (and of Keras' MaxPooling3D) is too large at ties: TensorFlow 2.21 on a CPU.
#
# Where several values of a window are the largest, each gets the whole gradient: a window of 2 x 2 x 2 equal values
# sends 8 times what it got. max_pool2d gives it to the first of them, and so does max_pool3d inside XLA: with and
# without jit_compile, the same network trains differently. Ties are common where values are cut off, as by ReLU6, or
# are few, as in masks and counts: half saturated, a map sends four times its gradient. And if a window holds NaN only,
# nobody gets any.
#
# Source: running it. https://www.tensorflow.org/api_docs/python/tf/nn/max_pool3d says nothing of ties.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
CUDA_VISIBLE_DEVICES="" TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON' 2> >(grep -v "WARNING: All log\|^[WIE]0000\|rebuild TensorFlow" >&2 || true)
import sys

import keras
import numpy as np
import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__, "Keras", keras.__version__)


def sent_on(pool, x):
    """Sum of the gradient with respect to x, where each window gets 1."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        pooled = pool(x)
    return float(tf.reduce_sum(tape.gradient(pooled, x))), tf.size(pooled).numpy()


def pool3d(x):
    return tf.nn.max_pool3d(x, 2, 2, "VALID")


ways = {
    "max_pool2d": lambda x: tf.nn.max_pool2d(x[0], 2, 2, "VALID"),
    "max_pool3d": pool3d,
    "max_pool3d, jit_compile": tf.function(pool3d, jit_compile=True, autograph=False),
    "MaxPooling3D": keras.layers.MaxPooling3D(2),
}
random = np.random.default_rng(0).random((1, 8, 8, 8, 1), np.float32)
inputs = {"random": random, "half saturated": np.minimum(2 * random, 1), "all equal": np.ones_like(random)}
for title, x in inputs.items():
    for name, pool in ways.items():
        gradient, windows = sent_on(pool, x)
        print(f"{title}, {name}: {windows} windows get 1 each and send {gradient:.0f}")
        too_much = name in ("max_pool3d", "MaxPooling3D") and title != "random"
        assert gradient == windows if not too_much else gradient > 4 * windows
PYTHON
