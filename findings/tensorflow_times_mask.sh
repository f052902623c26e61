#!/usr/bin/env bash
# tf.constant([3.0, 0.5, -2.0]) * tf.constant([True, True, False]) is [True, False, False] in TensorFlow 2.21.
#
# Where one operand of `*` is a tensor of truth values, both are cast to int32, and the product to bool: numbers between
# -1 and 1 become False, even where the mask is True, and no error or warning says that the numbers are lost. The mask may
# stand on either side, and in a tf.function it is the same. tf.multiply, `+` and `-` of the same tensors raise
# InvalidArgumentError. NumPy keeps the numbers: [3.0, 0.5, 0.0].
#
# Source: _mul_dispatch_factory in tensorflow/python/ops/tensor_math_operator_overrides.py, and running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON' 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
import sys

import numpy as np
import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__, "NumPy", np.__version__)
numbers, mask = tf.constant([3.0, 0.5, -2.0]), tf.constant([True, True, False])
in_graph = tf.function(lambda x, y: x * y, autograph=False)
for words, product in {
    "numbers * mask": numbers * mask,
    "mask * numbers": mask * numbers,
    "numbers * mask in a tf.function": in_graph(numbers, mask),
}.items():
    print(f"{words}: {product.numpy().tolist()}, {product.dtype.name}")
    assert product.dtype == tf.bool
    assert product.numpy().tolist() == [True, False, False]
print("the same in NumPy:", (numbers.numpy() * mask.numpy()).tolist())
assert (numbers.numpy() * mask.numpy()).tolist() == [3.0, 0.5, 0.0]

for name, operation in {"tf.multiply": tf.multiply, "+": lambda x, y: x + y, "-": lambda x, y: x - y}.items():
    try:
        operation(numbers, mask)
    except tf.errors.InvalidArgumentError as error:
        print(f"{name}: InvalidArgumentError: {str(error)[:90]}")
    else:
        raise SystemExit(f"expected an error of {name}")
PYTHON
