#!/usr/bin/env bash
# With oneDNN, a convolution of an empty batch returns the shape of its input, whatever its kernel says.
#
# tf.nn.conv2d of shape (0, 8, 8, 1) with a kernel for 5 channels returns (0, 8, 8, 1) in TensorFlow 2.21 on an x86-64
# processor, where oneDNN is on by default, and (0, 8, 8, 5) with TF_ENABLE_ONEDNN_OPTS=0. Images of no rows are treated
# alike, and a tf.function that declares 5 channels returns 1. So Keras' Conv2D raises "Incompatible shapes" for an empty
# batch when it adds its bias, unless the input has 1 channel or as many as the output.
#
# Source: running it. https://www.tensorflow.org/api_docs/python/tf/nn/conv2d gives the result as
# [batch, height, width, out_channels].
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat > "$folder/empty.py" <<'PYTHON'
import sys

import keras
import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__, "Keras", keras.__version__)
expected_channels = int(sys.argv[1])
kernel = tf.ones((3, 3, 1, 5))
for shape in (0, 8, 8, 1), (2, 0, 8, 1):
    found = tuple(tf.nn.conv2d(tf.ones(shape), kernel, 1, "SAME").shape)
    print(f"{shape} with 5 kernels: {found}")
    assert found == (*shape[:3], expected_channels)

convolve = tf.function(lambda x: tf.nn.conv2d(x, kernel, 1, "SAME"))
declared = convolve.get_concrete_function(tf.TensorSpec((0, 8, 8, 1))).output_shapes
found = convolve(tf.ones((0, 8, 8, 1))).shape
print(f"tf.function declares {declared} and returns {found}")
assert tuple(declared) == (0, 8, 8, 5)
assert found[-1] == expected_channels

layer = keras.layers.Conv2D(5, 3)
assert layer(tf.ones((2, 8, 8, 3))).shape == (2, 6, 6, 5)
try:
    found = tuple(layer(tf.ones((0, 8, 8, 3))).shape)
    print("Keras on an empty batch:", found)
    assert expected_channels == 5
except tf.errors.InvalidArgumentError as error:
    print("Keras on an empty batch:", next(line for line in str(error).splitlines() if "shapes" in line))
    assert expected_channels == 1
PYTHON
for setting in "1 1" "0 5"; do
  read -r onednn channels <<< "$setting"
  echo "TF_ENABLE_ONEDNN_OPTS=$onednn"
  TF_CPP_MIN_LOG_LEVEL=3 TF_ENABLE_ONEDNN_OPTS=$onednn "$folder/venv/bin/python" "$folder/empty.py" "$channels" \
    2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
done
