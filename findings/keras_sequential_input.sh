#!/usr/bin/env bash
# A Keras Sequential model has no `input` and no `output`, although it is built and has been called: Keras 3.15.1 on
# TensorFlow 2.21. The error says that it "has never been called". `inputs` and `outputs` work, and so do both names of a
# Functional model of the same layers.
#
# So code that takes features out of a model by `keras.Model(model.input, ...)` works for VGG-16 from keras.applications
# and fails for a Sequential model; calling the model first, as the error suggests, does not help.
#
# Source: running it. The guide (https://keras.io/guides/sequential_model/) extracts features with `model.inputs`, and
# does not say that `model.input` fails.
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
stack = [keras.layers.Dense(3, name="hidden"), keras.layers.Dense(2, name="scores")]
model = keras.Sequential([keras.Input((4,)), *stack])
x = np.ones((1, 4), "float32")
model(x)
model.predict(x, verbose=0)
print("Sequential: built", model.built, "inputs", [tuple(each.shape) for each in model.inputs])
assert model.built and len(model.inputs) == len(model.outputs) == 1
for name in ("input", "output"):
    try:
        getattr(model, name)
        raise SystemExit(f"Sequential.{name} works now")
    except AttributeError as error:
        print(f"Sequential.{name}: AttributeError: {error}")
        assert "has never been called" in str(error)
functional = keras.Model(model.inputs[0], model.outputs[0])
print("Functional.input:", tuple(functional.input.shape))
assert functional.input is model.inputs[0]
inner = keras.Model(model.inputs, model.get_layer("hidden").output)
assert inner([x]).shape == (1, 3)
PYTHON
