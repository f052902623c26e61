#!/usr/bin/env bash
# Under XLA, tf.sparse.to_dense(..., validate_indices=True) of TensorFlow 2.21 validates nothing: repeated indices, which it
# refuses otherwise, quietly overwrite each other, and indices out of order are taken as they are.
#
# True is the default, and the only guard: SparseTensor itself does not check. Of two values with the same index the last one
# stays; they are not added. The same function raises InvalidArgumentError eagerly and in a graph, so that jit_compile=True
# turns an error into a result. tf.sparse.reorder, which would sort the indices first, does not compile under XLA.
#
# Source: running it. https://www.tensorflow.org/api_docs/python/tf/sparse/to_dense says that indices are checked if the
# argument is True, and names no exception.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0
cat >"$folder/dense.py" <<'PYTHON'
import sys

import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__)


def dense(indices):
    entries = tf.SparseTensor(indices, tf.constant([1.0, 2.0, 4.0]), tf.constant([1, 4], tf.int64))
    return tf.sparse.to_dense(entries, validate_indices=True)


modes = {"eager": dense, "graph": tf.function(dense), "XLA": tf.function(dense, jit_compile=True)}
for what, columns, result in (("repeated", [1, 1, 2], [0, 2, 4, 0]), ("out of order", [1, 3, 2], [0, 1, 4, 2])):
    indices = tf.constant([[0, column] for column in columns], tf.int64)
    for mode, run in modes.items():
        try:
            got = run(indices).numpy().ravel().tolist()
        except tf.errors.InvalidArgumentError:
            got = "InvalidArgumentError"
        print(f"columns {columns}, {what}, {mode}: {got}")
        assert got == (result if mode == "XLA" else "InvalidArgumentError")
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/dense.py" 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
