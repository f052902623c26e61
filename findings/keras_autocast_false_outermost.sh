#!/usr/bin/env bash
# A Keras layer made with autocast=False reads its variables in float16 all the same, if it is called by itself under a
# mixed precision policy; called inside a model, it does not. Keras 3.15.1 with TensorFlow 2.21.
#
# Layer.__call__ looks at autocast only where a layer around it has opened a scope of casting; the outermost layer opens
# one in any case. So weights of such a layer have three digits in a test, and seven in a model. The argument of the same
# name of add_weight works in both.
#
# Source: running it; keras/src/layers/layer.py, Layer.__call__.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cat >"$folder/autocast.py" <<'PYTHON'
import sys

import keras
import numpy as np
import tensorflow as tf

print("Python", sys.version.split()[0], "Keras", keras.__version__, "TensorFlow", tf.__version__)
keras.config.set_dtype_policy("mixed_float16")


class Kept(keras.layers.Layer):
    def __init__(self, of_weight):
        super().__init__(autocast=False)
        self.of_weight = of_weight

    def build(self, shape):
        self.scale = self.add_weight(shape=(), initializer="ones", autocast=self.of_weight)

    def call(self, x):
        self.seen = tf.convert_to_tensor(self.scale).dtype.name
        return x


x = np.ones((1, 3), np.float32)
for of_weight, alone in ((True, "float16"), (False, "float32")):
    layer = Kept(of_weight)
    layer(x)
    print(f"add_weight(autocast={of_weight}), called by itself: {layer.seen}")
    assert layer.seen == alone
    model = keras.Sequential([layer])
    model(x)
    print(f"add_weight(autocast={of_weight}), in a model: {layer.seen}")
    assert layer.seen == "float32"
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/autocast.py" 2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
