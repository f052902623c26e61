#!/usr/bin/env bash
# Keras 3.15.1 restores weights by order and class, whatever layers are called: two heads of the same shape, named "edges"
# and "depth" in both models, load exchanged if the models list their outputs in another order. There is no error and no
# warning, from .weights.h5 and from .keras alike.
#
# The file has no names of layers: it calls the heads conv2d_1 and conv2d_2, numbered in the order of model.layers. That
# order follows the outputs, so turning [edges, depth] into [depth, edges] is enough. Keras' old format, .h5, has the
# names, and load_weights(by_name=True) restores it rightly.
#
# Source: _save_container_state in keras/src/saving/saving_lib.py: "Do NOT address the saveable via `saveable.name`".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON' 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow\|WARNING:absl:You are saving" >&2 || true)
import sys

import keras
import numpy as np
import tensorflow as tf

print("Python", sys.version.split()[0], "Keras", keras.__version__, "TensorFlow", tf.__version__)


def network(*heads):
    image = keras.Input((8, 8, 3))
    features = keras.layers.Conv2D(4, 3, activation="relu", name="trunk")(image)
    return keras.Model(image, [keras.layers.Conv2D(1, 1, name=name)(features) for name in heads])


def kernel(model, name):
    return model.get_layer(name).kernel.numpy()


saved = network("edges", "depth")
saved.save_weights("network.weights.h5")
saved.save("network.keras")
saved.save("network.h5")
for file, arguments, exchanged in (
    ("network.weights.h5", {}, True),
    ("network.keras", {}, True),
    ("network.h5", {"by_name": True}, False),
):
    model = network("depth", "edges")
    model.load_weights(file, **arguments)
    source = next(name for name in ("edges", "depth") if np.array_equal(kernel(model, "edges"), kernel(saved, name)))
    print(f"{file}: the kernel of 'edges' is that of {source!r}")
    assert (source == "depth") == exchanged
PYTHON
