#!/usr/bin/env bash
# LocallyConnected2D of tf_keras 2.21.0 (Keras 2; Keras 3 has none) starts with weights that are far too small, and how
# small depends on the size of the picture and on `implementation`, which is documented as a choice of speed.
#
# Its default, glorot_uniform, scales weights by the number of inputs and outputs of a unit, and takes them from the shape
# of the array of weights: all axes but the last two count as the filter's area. Here this array has an axis of the
# output's places as well, and with implementation=2 those of the picture. So where Conv2D's outputs have a standard
# deviation of 0.8, these have 0.2 for pictures of 8 x 8 and 0.09 for 16 x 16 with implementation=1, and less than a third
# of that with 2 and 3. Two or three such layers leave hardly any signal, and another implementation trains differently.
#
# Source: LocallyConnected2D.build in tf_keras/src/layers/locally_connected/locally_connected2d.py; compute_fans in
# tf_keras/src/initializers/initializers.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  tf_keras==2.21.0 tensorflow==2.21.0 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON' 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow\|sparse_mat_mul\|tf.linalg.matmul\|Instructions for\|^$" >&2 || true)
import sys

import numpy as np
import tensorflow as tf
import tf_keras

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__, "tf_keras", tf_keras.__version__)
deviations = {}
for side in 8, 16:
    tf_keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).normal(size=(4, side, side, 4)).astype(np.float32)
    layers = {"Conv2D": tf_keras.layers.Conv2D(8, 3)}
    for implementation in 1, 2, 3:
        layers[implementation] = tf_keras.layers.LocallyConnected2D(8, 3, implementation=implementation)
    for name, layer in layers.items():
        deviations[side, name] = float(tf.math.reduce_std(layer(images)))
        title = name if name == "Conv2D" else f"LocallyConnected2D, implementation={name}"
        print(f"{side} x {side}, {title}: outputs have a standard deviation of {deviations[side, name]:.4f}")
for side in 8, 16:
    assert deviations[side, "Conv2D"] > 0.6
    assert deviations[side, 1] < deviations[side, "Conv2D"] / 3
    assert max(deviations[side, 2], deviations[side, 3]) < deviations[side, 1] / 3
for implementation in 1, 2, 3:
    assert deviations[16, implementation] < deviations[8, implementation] / 2
PYTHON
