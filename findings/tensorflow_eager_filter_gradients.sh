#!/usr/bin/env bash
# A gradient with respect to an image, taken eagerly by TensorFlow 2.21.0, also computes the gradients of all filters.
#
# `tape.gradient(score, image)` runs Conv2DBackpropFilter for every convolution, and the depthwise one likewise, although
# the tape watches the image alone (`watch_accessed_variables=False`), and throws the results away. A matrix product does
# not: its other gradient is skipped. Inside of `tf.function`, what nobody uses is removed from the graph. So a saliency
# map of EfficientNet-Lite0, two images of 224 x 224, took 0.5 s of processor time eagerly and 0.13 s in a graph that was
# already traced, and of VGG-16 1.5 s and 0.8 s.
#
# Source: running it; `_Conv2DGrad` in tensorflow/python/ops/nn_grad.py, which does not look at `op.skip_input_indices`,
# as `_MatMulGrad` in math_grad.py does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 numpy==2.4.6
cat > "$folder/gradient.py" <<'PYTHON'
import sys

import tensorflow as tf

tf.debugging.set_log_device_placement(True)  # names each operation that runs eagerly
image, filters, matrix = tf.ones((1, 8, 8, 3)), tf.ones((3, 3, 3, 1)), tf.ones((3, 4))
layers = {
    "convolution": lambda x: tf.nn.conv2d(x, filters, 1, "SAME"),
    "depthwise convolution": lambda x: tf.nn.depthwise_conv2d(x, filters, (1, 1, 1, 1), "SAME"),
    "matrix product": lambda x: tf.reshape(x, (-1, 3)) @ matrix,
}
with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(image)
    score = layers[sys.argv[1]](image)
tape.gradient(score, image)
PYTHON
TF_ENABLE_ONEDNN_OPTS=0 "$folder/venv/bin/python" - "$folder/gradient.py" <<'PYTHON'
import re
import subprocess
import sys
from importlib.metadata import version

print("Python", sys.version.split()[0], "TensorFlow", version("tensorflow"))
expected = {
    "convolution": ["Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"],
    "depthwise convolution": [
        "DepthwiseConv2dNative",
        "DepthwiseConv2dNativeBackpropInput",
        "DepthwiseConv2dNativeBackpropFilter",
    ],
    "matrix product": ["MatMul", "MatMul"],
}
for layer, operations in expected.items():
    done = subprocess.run([sys.executable, sys.argv[1], layer], capture_output=True, text=True, check=True)
    found = re.findall(r"Executing op (\w*(?:Conv|MatMul)\w*) in", done.stderr)
    print(f"{layer}: {', '.join(found)}")
    assert found == operations
PYTHON
