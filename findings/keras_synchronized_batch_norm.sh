#!/usr/bin/env bash
# keras.layers.BatchNormalization(synchronized=True) takes the variance as the mean of the squares less the square of the
# mean, in float32, also on a single device: Keras 3.15.1 on TensorFlow 2.21. Without synchronized=True it is the mean of
# the squared distances from the mean.
#
# Where the mean is large against the deviation, the difference cancels: 9999 and 10001 have a variance of 0 instead of 1,
# and are normalized to -32 and 32 instead of -1 and 1. No warning says so. Values that were normalized or centered before
# are safe.
#
# Source: running it; _compute_moments_sync in keras/src/backend/tensorflow/nn.py. The docstring
# (https://keras.io/api/layers/normalization_layers/batch_normalization/) says that the option synchronizes the batch
# statistics across devices, and does not say how it computes them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON' 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
import sys

import keras
import numpy as np
import tensorflow as tf

print("Python", sys.version.split()[0], "Keras", keras.__version__, "TensorFlow", tf.__version__)
for middle, synchronized, variance in ((0, False, 1), (0, True, 1), (10_000, False, 1), (10_000, True, 0)):
    values = np.array([[middle - 1], [middle + 1]], np.float32)
    layer = keras.layers.BatchNormalization(momentum=0.0, synchronized=synchronized)
    normalized = np.ravel(layer(values, training=True))
    print(f"{values.ravel()}, synchronized={synchronized}: variance {float(layer.moving_variance[0]):g}, to {normalized}")
    assert abs(float(layer.moving_variance[0]) - variance) < 1e-6
    assert np.allclose(normalized, np.array([-1, 1]) / np.sqrt(variance + 1e-3), rtol=1e-3)
PYTHON
