#!/usr/bin/env bash
# keras.ops.image.gaussian_blur(images) of Keras 3.15.1 blurs along rows and across the colors with JAX, and never from
# one row to the next: a red pixel leaks into green, and the pixels above and below it stay black. PyTorch does the same
# (tried with 2.13). With TensorFlow the same call is right. The shape is right, no warning is given.
#
# data_format=None is documented as keras.config.image_data_format(), but nothing fills it in. So JAX and PyTorch skip
# the transposition for channels_last and take (batch, height, width, channels) for (batch, channels, height, width);
# TensorFlow skips the one for channels_first. With data_format="channels_last" all are right.
#
# TensorFlow in turn is wrong for a kernel that is not square: the outer product, of shape (5, 3), is reshaped to (3, 5),
# not transposed. So the blur of a single bright pixel is not symmetric.
#
# Source: gaussian_blur in keras/src/ops/image.py and keras/src/backend/{jax,torch,tensorflow}/image.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  keras==3.15.1 tensorflow==2.21.0 jax==0.10.2 numpy==2.4.6
cat > "$folder/blur.py" <<'PYTHON'
import sys
from importlib.metadata import version

import keras
import numpy as np

backend = keras.config.backend()
print("Python", sys.version.split()[0], "Keras", keras.__version__, backend, version(backend))


def blur(image, **arguments):
    return keras.ops.convert_to_numpy(keras.ops.image.gaussian_blur(image, **arguments))


red = np.zeros((1, 5, 5, 3), np.float32)
red[0, 2, 2] = 1, 0, 0
for arguments in {}, {"data_format": "channels_last"}:
    found = blur(red, **arguments)
    print(f"{arguments}: red pixel {found[0, 2, 2].round(3)}, above it {found[0, 1, 2].round(3)}")
    mixed = backend == "jax" and not arguments
    assert found.shape == red.shape
    assert bool(found[0, 2, 2, 1] > 0.1) == mixed, "does red leak into green?"
    assert bool(found[0, 1, 2, 0] == 0) == mixed, "is nothing blurred from row to row?"

bright = red[..., :1]
found = blur(bright, kernel_size=(3, 5), data_format="channels_last")[0, ..., 0]
print("kernel of 3 x 5:", *found[1:4].round(3), sep="\n")
symmetric = np.allclose(found, found[::-1], atol=1e-6) and np.allclose(found, found[:, ::-1], atol=1e-6)
assert not symmetric if backend == "tensorflow" else True
PYTHON
for backend in jax tensorflow; do
  KERAS_BACKEND=$backend TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/blur.py" \
    2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
done
