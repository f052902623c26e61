#!/usr/bin/env bash
# `copy.copy` of a layer of Keras 3.15.1 is a deep copy, and fails for a layer of one's own that is not registered.
#
# Of other objects, `copy.copy` makes a second one with the same attributes. A Keras object is written to a file in memory
# as a saved model would be, and read again: the copy has weights of its own, with the same values, and training one does
# not train the other. So a class that Keras cannot load, because it is not registered, cannot be copied either.
#
# Source: running it; `__reduce__` in keras/src/saving/keras_saveable.py, which `copy` uses, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON' 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
import copy
import sys

import keras
import numpy as np

print("Python", sys.version.split()[0], "Keras", keras.__version__)
layer = keras.layers.Dense(3)
layer.build((None, 4))
copied = copy.copy(layer)
same, equal = copied.kernel is layer.kernel, np.array_equal(copied.kernel, layer.kernel)
print(f"copy.copy of a dense layer: the same kernel: {same}, an equal one: {equal}")
assert not same
assert equal


class Doubled(keras.layers.Layer):
    def call(self, x):
        return 2 * x


try:
    copy.copy(Doubled())
except TypeError as error:
    print("copy.copy of a layer of one's own: TypeError:", str(error).split(".")[0])
else:
    raise AssertionError("expected a TypeError")
PYTHON
