#!/usr/bin/env bash
# MaxPooling2D of Keras 3.15.1 passes over NaN on TensorFlow 2.21, and returns NaN on JAX, for the same model and
# input.
#
# A network that has diverged, or whose input has holes, then gives finite predictions: a window of NaN only is
# -3.4e38, which a ReLU or a softmax turns into an ordinary 0 or an ordinary class. With a ReLU behind it, a picture of
# NaN gets the same answer as a black one, and a check of predictions or loss for NaN finds none. GlobalMaxPooling2D
# and AveragePooling2D return NaN on both. tf.nn.max_pool_with_argmax has a third rule: NaN only if it stands first in
# its window.
#
# Source: running it. https://keras.io/api/layers/pooling_layers/max_pooling2d/ says nothing of NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  tensorflow==2.21.0 jax==0.10.2 keras==3.15.1 \
  numpy==2.4.6
cat >"$folder/pool.py" <<'PYTHON'
import sys
from importlib.metadata import version

import keras
import numpy as np

backend = keras.config.backend()
print("Python", sys.version.split()[0], "Keras", keras.__version__, backend, version(backend))
holes, nothing = np.ones((2, 1, 4, 4, 1), np.float32)
holes[0, 1, 1], nothing[:] = np.nan, np.nan
for layer in keras.layers.MaxPooling2D(2), keras.layers.GlobalMaxPooling2D(), keras.layers.AveragePooling2D(2):
    name = type(layer).__name__
    found = [keras.ops.convert_to_numpy(layer(x)) for x in (holes, nothing)]
    print(name, "of one NaN:", found[0].ravel(), "- of NaN only:", found[1].ravel())
    hidden = backend == "tensorflow" and name == "MaxPooling2D"
    assert all(np.isfinite(y).all() if hidden else np.isnan(y).any() for y in found)
layers = [keras.layers.MaxPooling2D(2), keras.layers.ReLU(), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
classifier = keras.Sequential([keras.Input((4, 4, 1)), *layers])
answers = [classifier.predict(x, verbose=0)[0] for x in (nothing, np.zeros_like(nothing))]
print("probabilities for NaN:", answers[0], "- for a black picture:", answers[1])
assert np.isfinite(answers[0]).all() == (backend == "tensorflow")
PYTHON
for backend in tensorflow jax; do
  CUDA_VISIBLE_DEVICES="" JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3 KERAS_BACKEND=$backend "$folder/venv/bin/python" \
    "$folder/pool.py" 2> >(grep -v "WARNING: All log\|^[WIE]0000\|rebuild TensorFlow" >&2 || true)
done
