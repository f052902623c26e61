#!/usr/bin/env bash
# A model of Keras 3.15.1 pools other numbers with PyTorch than with JAX or TensorFlow, from the same file: where
# AveragePooling2D(padding="same") needs one row or column more at the end than at the start, PyTorch's backend repeats
# the border pixels and averages them in, while the other two average the pixels that exist. It happens with pooling of
# 3 and strides of 2 on an even side, the usual case, and with pooling of 4 and strides of 1. Padded evenly, all three agree.
# So predictions differ at the right and the bottom only, with no warning.
#
# keras.ops.pad(mode="symmetric") is another difference: it repeats the border pixel there instead of mirroring.
#
# Source: _apply_same_padding in keras/src/backend/torch/nn.py (mode "replicate" for pooling); pad in
# keras/src/backend/torch/numpy.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  keras==3.15.1 jax==0.10.2 torch==2.13.0 numpy==2.4.6
cat > "$folder/pool.py" <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np

backend, file = keras.config.backend(), Path(sys.argv[1])
print("Python", sys.version.split()[0], "Keras", keras.__version__, backend, version(backend))
if not file.exists():
    layers = [keras.Input((None, None, 1)), keras.layers.AveragePooling2D(3, strides=2, padding="same")]
    keras.Sequential(layers).save(file)
model = keras.models.load_model(file)
uneven, even = (model.predict(np.arange(n * n, dtype=np.float32).reshape(1, n, n, 1), verbose=0) for n in (6, 5))
mirrored = keras.ops.convert_to_numpy(keras.ops.pad(np.array([1, 2, 3, 4]), [[2, 2]], mode="symmetric"))
print("6 x 6 pixels:", *uneven[0, ..., 0].round(2), sep="\n")
print("[1 2 3 4] padded:", mirrored)
existing = [[7, 9, 10.5], [19, 21, 22.5], [28, 30, 31.5]]
repeated = [[7, 9, 10 + 2 / 3], [19, 21, 22 + 2 / 3], [29, 31, 32 + 2 / 3]]
assert np.allclose(uneven[0, ..., 0], repeated if backend == "torch" else existing)
assert np.allclose(even[0, ..., 0], [[3, 4.5, 6], [10.5, 12, 13.5], [18, 19.5, 21]])
assert mirrored.tolist() == ([1, 1, 1, 2, 3, 4, 4, 4] if backend == "torch" else [2, 1, 1, 2, 3, 4, 4, 3])
PYTHON
for backend in jax torch; do
  KERAS_BACKEND=$backend JAX_PLATFORMS=cpu "$folder/venv/bin/python" "$folder/pool.py" "$folder/pool.keras"
done
