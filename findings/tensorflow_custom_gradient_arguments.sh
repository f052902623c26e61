#!/usr/bin/env bash
# In eager mode, a function under `tf.custom_gradient` of TensorFlow 2.21.0 gets its arguments as they were passed.
#
# Called with a NumPy array, it gets the array; in a graph it gets a tensor. So a function that was tried with tensors
# fails with `x.numpy()` or `x.shape.rank` when it is called with an array, and the same call in a `tf.function` gets
# past that line. TensorFlow's own operations take arrays and lists in both modes. The cure is `tf.convert_to_tensor` in
# the function's first line.
#
# Source: running it; `_eager_mode_decorator` and `_graph_mode_decorator` in tensorflow/python/ops/custom_gradient.py,
# of which only the second converts. The documentation calls the arguments of the function tensors.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON' 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
import sys

import numpy as np
import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__)
given = []


@tf.custom_gradient
def twice(x):
    given.append(x)
    return x * 2.0, lambda upstream: upstream * 2.0


array = np.ones(3, np.float32)
twice(array)
tf.function(lambda: twice(array), autograph=False)()
for mode, x in zip(("eager mode", "a graph"), given, strict=True):
    print(f"in {mode}, the function got {'a tensor' if tf.is_tensor(x) else type(x).__name__}")
assert isinstance(given[0], np.ndarray)
assert tf.is_tensor(given[1])
PYTHON
