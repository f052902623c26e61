#!/usr/bin/env bash
# A custom gradient that raises when it is differentiated itself cannot even be used once, if a second tape watches a
# tf.function: TensorFlow 2.21 builds the graph of the second derivative for the first.
#
# The usual way to say that a function has no second derivative is to make its gradient a tf.custom_gradient, too, whose
# own gradient raises. Eagerly, that is called only for tape.gradient(tape.gradient(...)). Around a tf.function, two tapes
# are enough: the first derivative then builds a graph of the second, before anybody asks for it, and the exception ends
# it. An operation that raises when the graph runs is not in the way.
#
# Source: running it. https://www.tensorflow.org/api_docs/python/tf/custom_gradient shows nested custom gradients and says
# nothing of when they are called.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0
cat >"$folder/second.py" <<'PYTHON'
import sys

import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__)


def refuse():
    raise NotImplementedError("no second derivative")


def squared(second):
    @tf.custom_gradient
    def down(x, gradient):
        return 2 * x * gradient, second

    @tf.custom_gradient
    def up(x):
        return x * x, lambda gradient: down(x, gradient)

    return up


at_once = squared(lambda gradient: refuse())
when_run = squared(lambda gradient: [tf.numpy_function(refuse, [], tf.float32)] * 2)
x = tf.constant(3.0)


def first_derivative(function, tapes):
    with tf.GradientTape() as outer:
        if tapes == 2:
            outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        return float(inner.gradient(y, x))


for name, function, tapes, expected in (
    ("eager, two tapes", at_once, 2, 6.0),
    ("tf.function, one tape", tf.function(at_once), 1, 6.0),
    ("tf.function, two tapes", tf.function(at_once), 2, "no second derivative"),
    ("tf.function, two tapes, raising when run", tf.function(when_run), 2, 6.0),
):
    try:
        found = first_derivative(function, tapes)
    except NotImplementedError as error:
        found = str(error)
    print(f"{name}: {found}")
    assert found == expected
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/second.py" 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
