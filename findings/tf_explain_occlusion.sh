#!/usr/bin/env bash
# tf-explain 0.3.1: OcclusionSensitivity looks at the wrong places of a picture that is not square, and covers with a
# gray that is no gray.
#
# For a picture of H rows and W columns it moves the patch over H columns and W rows, so the lower part of a tall
# picture is never covered. Some patches lie beyond the picture and change nothing. The answers are then put in order
# into a map of H by W, so each stands at another place than its patch, and the map is resized to (H, W) as OpenCV
# reads it: W rows and H columns. Here one pixel decides, in the lower left, and the map points nowhere.
#
# The patch is 127.5, whatever the range of the picture. With pixels in [0, 1], as for most networks, each patch is a
# light 127 times brighter than white. So what is mapped is what such a light does, not what is missing.
#
# Source: get_sensitivity_map in tf_explain/core/occlusion_sensitivity.py; apply_grey_patch in
# tf_explain/utils/image.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  tf-explain==0.3.1 opencv-python-headless==5.0.0.93 \
  tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
CUDA_VISIBLE_DEVICES="" TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" - <<'PYTHON' 2> >(grep -v "WARNING: All log\|^[WIE]0000\|rebuild TensorFlow" >&2 || true)
import platform
from importlib.metadata import version

import numpy as np
import tensorflow as tf
from tf_explain.core import OcclusionSensitivity

print("Python", platform.python_version(), "tf-explain", version("tf-explain"), "TensorFlow", tf.__version__)


class Detector:
    """A classifier whose score is the brightness of one pixel, and that keeps the brightest value it was given."""

    def __init__(self, row, column):
        self.row, self.column = row, column

    def predict(self, pictures, batch_size=None):
        self.brightest = pictures.max()
        return pictures[:, self.row, self.column]


def sensitivity(height, width, row, column):
    picture = np.zeros((height, width, 1), np.float32)
    picture[row, column] = 1
    detector = Detector(row, column)
    return OcclusionSensitivity().get_sensitivity_map(detector, picture, 0, patch_size=4), detector.brightest


square, brightest = sensitivity(16, 16, 13, 1)
lowest = np.unravel_index(square.argmin(), square.shape)
print(f"16 x 16, pixel (13, 1): a map of {square.shape}, {square.min()} in row {lowest[0]}, column {lowest[1]}")
print(f"the picture is in [0, 1], and the brightest pixel that the classifier was given is {brightest}")
assert square.shape == (16, 16)
assert square.min() == -126.5
assert lowest[0] >= 12
assert lowest[1] < 4
assert brightest == 127.5
tall, _ = sensitivity(32, 8, 29, 1)
print(f"32 x 8, pixel (29, 1): a map of {tall.shape}, from {tall.min():.1f} to {tall.max():.1f}")
assert tall.shape == (8, 32)
assert tall.min() == tall.max() == 0
PYTHON
