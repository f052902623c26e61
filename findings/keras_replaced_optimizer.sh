#!/usr/bin/env bash
# Keras 3.15.1 with TensorFlow: an optimizer that is assigned to a model after its first training step is never used.
#
# model.optimizer = SGD(...) is accepted, and the attribute shows the new optimizer. But the training step was traced
# with the old one, and fit keeps that trace as long as the model is not compiled again. So the old optimizer goes on,
# with its own rate and its own moments, and no warning is given. Compiled with run_eagerly=True, the same line works.
#
# Source: keras/src/backend/tensorflow/trainer.py, make_train_function: it returns at once if train_function is there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
"$folder/venv/bin/python" - 2>/dev/null <<'PYTHON'
import sys

import keras
import numpy as np
import tensorflow as tf

print("Python", sys.version.split()[0], "TensorFlow", tf.__version__, "Keras", keras.__version__)
ones = np.ones((1, 1), "float32")


def rates(eagerly):
    """Train one weight, whose gradient is 1, by SGD: each step lowers it by the learning rate that was used."""
    model = keras.Sequential([keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda truth, prediction: prediction, run_eagerly=eagerly)
    used = []
    for rate in (1.0, 0.25):
        model.optimizer = keras.optimizers.SGD(rate)
        before = 0.0 if not used else float(model.weights[0].numpy().item())
        model.fit(ones, ones, verbose=0)
        used.append(before - float(model.weights[0].numpy().item()))
    return used, float(model.optimizer.learning_rate.numpy())


traced, shown = rates(eagerly=False)
eager, _ = rates(eagerly=True)
print("rates assigned [1.0, 0.25], used", traced, "read back at the end", shown, "run eagerly", eager)
assert traced == [1.0, 1.0] and shown == 0.25 and eager == [1.0, 0.25]
PYTHON
