#!/usr/bin/env bash
# A network of Keras 3.15.1 overrides the `training` with which a layer was called while the network was built.
#
# `BatchNormalization()(x, training=False)` still normalizes with the mean of the batch, and moves its averages, whenever
# the network runs in training mode, as in `fit`; so does a whole network that was called with `training=False` inside
# another one. And `Dropout(0.5)(x, training=True)`, meant for Monte Carlo dropout, drops nothing in `predict`, which
# runs the network with `training=False`. There is no error and no warning. Called on numbers, the same layers obey.
#
# Source: running it; `operation_fn` in keras/src/models/functional.py. The guide to transfer learning
# (https://keras.io/guides/transfer_learning/) recommends `base_model(inputs, training=False)`, to keep batch
# normalization in inference mode also when the weights are unfrozen.
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
x = np.random.default_rng(0).normal(5, 3, size=(64, 4)).astype("float32")
inputs = keras.Input((4,))
base = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization()])
for name, output in {
    "a layer called with training=False": keras.layers.BatchNormalization()(inputs, training=False),
    "a network called with training=False": base(inputs, training=False),
}.items():
    network = keras.Model(inputs, output)
    mean = float(np.mean(network(x, training=True)))
    print(f"{name}: mean {mean:.3f} in training mode; the inputs have {x.mean():.3f}")
    assert abs(mean) < 1e-5
on_numbers = float(np.mean(keras.layers.BatchNormalization()(x, training=False)))
print(f"the same layer, called on numbers: mean {on_numbers:.3f}")
assert abs(on_numbers - x.mean()) < 0.01

network = keras.Model(inputs, keras.layers.Dropout(0.5)(inputs, training=True))
called, predicted = (float(np.mean(y == 0)) for y in (np.asarray(network(x)), network.predict(x, verbose=0)))
print(f"dropout called with training=True: {called:.0%} dropped by network(x), {predicted:.0%} by network.predict(x)")
assert 0.3 < called < 0.7
assert predicted == 0
PYTHON
