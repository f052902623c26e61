#!/usr/bin/env bash
# tf.raw_ops.SparseToDense (tf.compat.v1.sparse_to_dense) takes its places as a vector, but its gradient does not.
#
# "sparse_indices: 0-D, 1-D, or 2-D", and a vector [1, 3] puts two values into places 1 and 3. The gradient hands the
# same vector to tf.gather_nd, which reads it as ONE place with two coordinates: InvalidArgumentError in TensorFlow 2.21,
# on the way back only. With a vector of one place there is no error, and the gradient of a value of shape (1,) has shape
# (). Places of shape (n, 1) work. Old code for unpooling went this way.
#
# Source: running it, and SparseToDenseGrad in tensorflow/python/ops/sparse_grad.py.
# https://www.tensorflow.org/api_docs/python/tf/raw_ops/SparseToDense
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > "$folder/gradient.py" <<'PYTHON'
import sys

import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__)
upstream = tf.constant([10.0, 20.0, 30.0, 40.0])


def there_and_back(places):
    values = tf.constant([5.0, 7.0][: len(places)])
    with tf.GradientTape() as tape:
        tape.watch(values)
        dense = tf.raw_ops.SparseToDense(
            sparse_indices=places, output_shape=[4], sparse_values=values, default_value=0.0
        )
    print(f"{places} forward: {dense.numpy()}")
    return tape.gradient(dense, values, output_gradients=upstream)


assert there_and_back([[1], [3]]).numpy().tolist() == [20, 40]
try:
    there_and_back([1, 3])
except tf.errors.InvalidArgumentError as error:
    print("[1, 3] backward:", error.message.partition("}} ")[2])
else:
    raise SystemExit("expected an error")
gradient = there_and_back([1])
print(f"[1] backward: shape {gradient.shape}, where the value has shape (1,)")
assert gradient.shape == ()
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/gradient.py" \
  2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
