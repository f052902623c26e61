#!/usr/bin/env bash
# The gradient of keras.ops.image.affine_transform(images, transform) of Keras 3.15.1 with TensorFlow 2.21.0 is not that
# of its values. Enlarged twofold, each inner pixel is used four times: the sum of the result has gradient 4 there, and
# GradientTape says 1. Halved, pixels between those that are used have gradient 0, and it says 1, too. JAX is right.
#
# TensorFlow differentiates ImageProjectiveTransformV3 by transforming the gradient back, with the inverse matrix. That
# is the adjoint of a shift or of a quarter turn; a zoom lacks the factor of its area, and weights of interpolation are
# those of another grid. keras.layers.RandomZoom, RandomRotation and RandomAffine have the same gradient.
#
# Source: _image_projective_transform_v3_grad in tensorflow/python/ops/image_ops.py; affine_transform in
# keras/src/backend/tensorflow/image.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  keras==3.15.1 tensorflow==2.21.0 jax==0.10.2 numpy==2.4.6
cat > "$folder/zoom.py" <<'PYTHON'
import sys
from importlib.metadata import version

import keras
import numpy as np

backend = keras.config.backend()
print("Python", sys.version.split()[0], "Keras", keras.__version__, backend, version(backend))


def total(image, step):
    zoomed = keras.ops.image.affine_transform(
        image, np.float32([[step, 0, 0, 0, step, 0, 0, 0]]), fill_mode="constant", data_format="channels_last"
    )
    return keras.ops.sum(zoomed)


def gradient(image, step):
    if backend == "jax":
        import jax

        return np.asarray(jax.grad(lambda x: total(x, step))(image))
    import tensorflow as tf

    x = tf.constant(image)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = total(x, step)
    return tape.gradient(y, x).numpy()


image = np.zeros((1, 16, 16, 1), np.float32)
for step, pixel, expected in (0.5, (4, 4), 4), (2.0, (5, 5), 0):
    brighter = image.copy()
    brighter[0, *pixel] = 1
    values = float(total(brighter, step) - total(image, step))
    found = float(gradient(image, step)[0, *pixel, 0])
    print(f"step {step} in the image: brighter by 1 at {pixel}, the sum grows by {values:g}; its gradient is {found:g}")
    assert values == expected
    assert found == (1 if backend == "tensorflow" else expected)
PYTHON
for backend in jax tensorflow; do
  KERAS_BACKEND=$backend TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/zoom.py" \
    2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
done
