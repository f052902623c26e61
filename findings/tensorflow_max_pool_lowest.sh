#!/usr/bin/env bash
# tf.nn.max_pool2d of TensorFlow 2.21 can return a number that its window does not hold: a window of nothing but -inf, as
# masked scores are, pools to -3.4e38 in float32 on a processor. Under XLA it is -inf, and so it is with max_pool_with_argmax.
#
# A window of nothing but NaN is -3.4e38 as well, so that a network that has diverged looks finite behind its first pooling.
# A NaN beside numbers is passed over. max_pool_with_argmax returns a NaN that stands first in its window, and passes over any
# other; tf.reduce_max returns NaN for all of these.
#
# Source: running it. https://www.tensorflow.org/api_docs/python/tf/nn/max_pool2d speaks of the maximum over a window.
# NaN was reported in 2016: https://github.com/tensorflow/tensorflow/issues/2501
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0
cat >"$folder/pool.py" <<'PYTHON'
import sys

import numpy as np
import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__)
nan, inf, lowest = np.nan, np.inf, np.finfo(np.float32).min
size = ([1, 2], [1, 2], "VALID")


def pool(x):
    return tf.nn.max_pool2d(x, *size)


ways = {
    "max_pool2d": pool,
    "the same under XLA": tf.function(pool, jit_compile=True),
    "max_pool_with_argmax": lambda x: tf.nn.max_pool_with_argmax(x, *size).output,
    "reduce_max": tf.reduce_max,
}
for window, expected in (
    ([-inf, -inf], [lowest, -inf, -inf, -inf]),
    ([nan, nan], [lowest, -inf, nan, nan]),
    ([nan, 1], [1, 1, nan, nan]),
    ([1, nan], [1, 1, 1, nan]),
):
    x = tf.reshape(tf.constant(window, tf.float32), (1, 1, 2, 1))
    got = [np.ravel(way(x))[0] for way in ways.values()]
    print(f"{window}:", ", ".join(f"{name} {number}" for name, number in zip(ways, got)))
    np.testing.assert_array_equal(got, np.float32(expected))
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/pool.py" 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
