#!/usr/bin/env bash
# tf.nn.max_pool2d of a NumPy array of integers returns integers when it is called for the first time in a process, and
# float32 from then on: TensorFlow 2.21, in eager mode. The same line, run twice in a notebook, gives two types.
#
# The maximum is then no longer one of the numbers: 16777217 becomes 16777216. So labels, identifiers and times that
# are pooled come back changed, without a warning, and float64 loses its digits, too. Whatever type comes first is kept
# once; a test that calls the function once does not see it. A tensor keeps its type every time, and so does a NumPy
# array in max_pool_with_argmax, max_pool1d, avg_pool2d and relu.
#
# Source: running it. https://www.tensorflow.org/api_docs/python/tf/nn/max_pool2d takes integer types among others.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 numpy==2.4.6
CUDA_VISIBLE_DEVICES="" TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON' 2> >(grep -v "WARNING: All log\|^[WIE]0000\|rebuild TensorFlow" >&2 || true)
import sys

import numpy as np
import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__, "NumPy", np.__version__)
values = np.array([16777217, 3, 2, 1]).reshape(1, 2, 2, 1)


def pool(x):
    return tf.nn.max_pool2d(x, 2, 2, "VALID")


first, second = pool(values), pool(values)
for name, y in {"first call": first, "second call": second}.items():
    print(f"{name}, array of {values.dtype}: {y.dtype.name}, {int(y.numpy().item())}")
assert first.dtype == tf.int64
assert first.numpy().item() == 16777217
assert second.dtype == tf.float32
assert second.numpy().item() == 16777216
for dtype in np.int32, np.int64, np.float64:
    x = values.astype(dtype)
    with_argmax = tf.nn.max_pool_with_argmax(x, 2, 2, "VALID")[0]
    for name, y in {"array": pool(x), "tensor": pool(tf.constant(x)), "array, with argmax": with_argmax}.items():
        print(f"{name} of {x.dtype}: {y.dtype.name}, {int(y.numpy().item())}")
        expected = (16777216, tf.float32) if name == "array" else (16777217, dtype)
        assert (y.numpy().item(), y.dtype) == expected
PYTHON
