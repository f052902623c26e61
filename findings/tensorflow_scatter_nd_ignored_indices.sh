#!/usr/bin/env bash
# tf.scatter_nd(..., bad_indices_policy="IGNORE") of TensorFlow 2.21 leaves out what lies outside, as documented, but has no
# right gradient: on a processor tape.gradient raises InvalidArgumentError, and under XLA the value that was left out gets
# the gradient of another entry, the nearest one inside, instead of 0.
#
# The policy is not handed on to the gather_nd that computes the gradient. Under XLA nothing is said, and a value that has no
# effect on the result is trained. A way around it: scatter such values to one more row, and cut that row off.
#
# Source: running it; _ScatterNdGrad in tensorflow/python/ops/array_grad.py.
# https://www.tensorflow.org/api_docs/python/tf/scatter_nd describes the policy for the result alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0
cat >"$folder/scatter.py" <<'PYTHON'
import sys

import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__)
indices, weights = tf.constant([[0], [2], [7]]), tf.constant([10.0, 20.0, 30.0, 40.0])


def ignoring(values):
    return tf.scatter_nd(indices, values, [4], bad_indices_policy="IGNORE")


def one_more(values):
    return tf.scatter_nd(tf.minimum(indices, 4), values, [5])[:4]


def step(scatter):
    def run():
        values = tf.constant([1.0, 2.0, 3.0])
        with tf.GradientTape() as tape:
            tape.watch(values)
            result = scatter(values)
        return result, tape.gradient(result, values, weights)

    return run


forward = ignoring(tf.constant([1.0, 2.0, 3.0])).numpy().tolist()
print("ignored, forward:", forward)
assert forward == [1, 0, 2, 0]
for name, run, expected in (
    ("ignored, processor", step(ignoring), "InvalidArgumentError"),
    ("ignored, XLA", tf.function(step(ignoring), jit_compile=True), [10, 30, 40]),
    ("one more row, processor", step(one_more), [10, 30, 0]),
    ("one more row, XLA", tf.function(step(one_more), jit_compile=True), [10, 30, 0]),
):
    try:
        gradient = run()[1].numpy().tolist()
    except tf.errors.InvalidArgumentError as error:
        gradient = type(error).__name__
    print(f"{name}: gradient {gradient}")
    assert gradient == expected
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/scatter.py" 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
