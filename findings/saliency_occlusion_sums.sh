#!/usr/bin/env bash
# Occlusion of the package saliency 0.2.1 adds up the drops of all windows that cover a pixel, and does not divide by
# their number.
#
# A pixel in the corner is covered by one window, one in the middle by 225 (for the default size of 15). So for a score
# in which all pixels count alike, the map has a bright middle and falls off to its border like a pyramid, and a pixel
# in the corner must matter 225 times as much to look equal. Such maps suggest that networks look at the middle of a
# picture.
#
# Source: Occlusion.GetMask in saliency/core/occlusion.py. Zeiler and Fergus (2014), section 4.2, map the score at the
# position of the window.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check saliency==0.2.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import platform
from importlib.metadata import version

import numpy as np
import saliency.core as saliency

print("Python", platform.python_version(), "saliency", version("saliency"), "NumPy", np.__version__)


def mean_brightness(pictures, call_model_args=None, expected_keys=None):
    """Score a picture; all of its pixels count alike."""
    return {saliency.OUTPUT_LAYER_VALUES: pictures.mean(axis=(1, 2, 3)) / 255}


white = np.full((40, 40, 3), 255, np.float32)
drops = saliency.Occlusion().GetMask(white, mean_brightness)[..., 0]
for place in (0, 0), (0, 20), (5, 5), (20, 20):
    print(f"white picture, windows of 15: pixel {place} is {drops[place] / drops[0, 0]:.0f} times the corner")
assert np.isclose(drops[20, 20] / drops[0, 0], 225)
assert np.isclose(drops[0, 20] / drops[0, 0], 15)
PYTHON
