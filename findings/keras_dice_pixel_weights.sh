#!/usr/bin/env bash
# Weights do not mask pixels in keras.losses.Dice and Tversky: Keras 3.15.1 on TensorFlow 2.21.
#
# The usual way to leave out pixels is a sample weight of 0, and with crossentropy it works. Dice sums over the pixels
# before the weights are applied, so all of them only scale the loss: where half of the pixels have weight 0, every
# gradient is halved, and pixels of weight 0 pull as strongly as the others. A network learns from pixels that were masked,
# without an error or a warning.
#
# axis=(1, 2, 3) makes it worse. Losses of shape (batch,) are then multiplied by weights of shape (batch, height, width, 1),
# which broadcasts them along the last axis. So each image is weighted by the mean of all images' weights: an image whose
# weights are all 0 gets gradients as large as the only one that counts.
#
# Source: dice and tversky in keras/src/losses/losses.py; reduce_weighted_values in keras/src/losses/loss.py.
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
random = np.random.default_rng(0)
target = (random.random((4, 8, 8, 1)) > 0.5).astype(np.float32)
scores = random.normal(size=target.shape).astype(np.float32)
left_half = np.zeros_like(target)
left_half[:, :, :4] = 1
first_image = np.zeros_like(target)
first_image[0] = 1
Dice, Tversky, crossentropy = keras.losses.Dice, keras.losses.Tversky, keras.losses.BinaryCrossentropy()
for name, loss, weights, masked in (
    ("crossentropy, left half", crossentropy, left_half, True),
    ("Dice, left half", Dice(), left_half, False),
    ("Tversky, left half", Tversky(), left_half, False),
    ("Dice of each image, left half", Dice(axis=(1, 2, 3)), left_half, False),
    ("Dice of each image, first image", Dice(axis=(1, 2, 3)), first_image, False),
):
    variable = tf.Variable(scores)
    with tf.GradientTape() as tape:
        value = loss(target, tf.sigmoid(variable), sample_weight=weights)
    gradient = np.abs(tape.gradient(value, variable).numpy())
    left_out, kept = gradient[weights == 0].mean(), gradient[weights == 1].mean()
    print(f"{name}: mean size of the gradient {left_out:.6f} at weight 0, {kept:.6f} at weight 1")
    assert left_out == 0 if masked else left_out > 0.8 * kept
PYTHON
