#!/usr/bin/env bash
# tf.convert_to_tensor(3_000_000_000, tf.int32) is -1294967296 in TensorFlow 2.21, without an error or a warning.
#
# An integer of Python's that the given type cannot hold is reduced modulo 2^bits (tried: int32 and uint8, where 300 is 44
# and -1 is 255), although 2.5 and even 2.0 as int32 raise TypeError. Lists of NumPy integers wrap as well, and a list
# that holds a float tensor is truncated: [tf.constant(1.5)] as int32 is [1]. tf.data.Dataset.from_generator with the
# signature int32 yields the wrapped number, too. NumPy 2 refuses the same with OverflowError.
#
# Source: running it. https://www.tensorflow.org/api_docs/python/tf/convert_to_tensor says nothing of overflow.
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
for value, dtype, expected in (
    (3_000_000_000, tf.int32, -1294967296),
    (300, tf.uint8, 44),
    (-1, tf.uint8, 255),
    ([np.int64(3_000_000_000)], tf.int32, [-1294967296]),
    ([tf.constant(1.5)], tf.int32, [1]),
):
    found = tf.convert_to_tensor(value, dtype).numpy().tolist()
    print(f"{value} as {dtype.name}: {found}")
    assert found == expected

signature = tf.TensorSpec((), tf.int32)
dataset = tf.data.Dataset.from_generator(lambda: iter([1, 3_000_000_000]), output_signature=signature)
found = [element.numpy().item() for element in dataset]
print("1, 3000000000 from a generator:", found)
assert found == [1, -1294967296]

for value in 2.5, 2.0:
    try:
        tf.convert_to_tensor(value, tf.int32)
    except TypeError as error:
        print(f"{value} as int32: TypeError: {error}")
    else:
        raise SystemExit(f"expected a TypeError for {value}")
try:
    np.array(3_000_000_000, np.int32)
except OverflowError as error:
    print("NumPy: OverflowError:", error)
else:
    raise SystemExit("expected an OverflowError of NumPy")
PYTHON
