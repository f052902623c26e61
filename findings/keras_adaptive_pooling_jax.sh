#!/usr/bin/env bash
# Adaptive pooling to 7 x 7, the size that heads of VGG and ResNet take, ends with a row and a column of NaN in Keras
# 3.15.1 on JAX. Others of its values are averages of the wrong windows, too. 7, 14, 28 and 56 pixels to 7 are all
# wrong; so are 13, 14 and 15 as output, but 1 to 6 and 8 to 12 are right, so a test with small numbers passes.
#
# A window ends at ceil((k + 1) * pixels / outputs). Keras divides in float32, and JAX divides by a constant 7 by
# multiplying with 1 / 7, rounded: 49 / 7 is 7.0000005, and the last window ends at 8 of 7 pixels. What is read there
# is NaN. On PyTorch the same layers are right. AdaptiveMaxPooling has the same windows.
#
# Source: _compute_adaptive_pooling_gather_indices in keras/src/backend/jax/nn.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check keras==3.15.1 jax==0.10.2 numpy==2.4.6
KERAS_BACKEND=jax JAX_PLATFORMS=cpu "$folder/venv/bin/python" - <<'PYTHON'
import sys

import jax
import keras
import numpy as np

print("Python", sys.version.split()[0], "Keras", keras.__version__, "JAX", jax.__version__)


def pooled(kind, pixels, outputs):
    layer = getattr(keras.layers, f"Adaptive{kind}Pooling2D")(outputs)
    columns = np.tile(np.arange(pixels, dtype=np.float32), (pixels, 1))
    y = keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(columns[None, ..., None])))[0, 0, :, 0]
    windows = [columns[0, k * pixels // outputs : -(-(k + 1) * pixels // outputs)] for k in range(outputs)]
    return y, np.array([getattr(window, {"Average": "mean", "Max": "max"}[kind])() for window in windows])


for kind in "Average", "Max":
    for pixels in 7, 14, 28, 56:
        y, expected = pooled(kind, pixels, 7)
        print(f"{kind}, columns 0 to {pixels - 1}, to 7: {y}, expected {expected}")
        assert np.isnan(y[-1])
        assert not np.allclose(y[:-1], expected[:-1])
    for pixels, outputs in (7, 4), (14, 6), (14, 8):
        y, expected = pooled(kind, pixels, outputs)
        assert np.allclose(y, expected)
PYTHON
