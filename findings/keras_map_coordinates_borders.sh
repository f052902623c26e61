#!/usr/bin/env bash
# keras.ops.image.map_coordinates of Keras 3.15.1 with TensorFlow 2.21.0 gets two fill modes right on one side only.
#
# "reflect" should continue a b c d as d c b a | a b c d | d c b a, and so it does after the last entry. Before the
# first one it is "mirror": d d c b | a b c d. "mirror" should continue it as d c b | a b c d | c b a, and so it does
# before the first entry. From the second place after the last one on, it is d c b instead of b a b. JAX and SciPy are
# right in both modes.
#
# The layer keras.layers.RandomElasticTransform has fill_mode="reflect" by default, and samples with this function.
#
# Source: running it; map_coordinates in keras/src/backend/tensorflow/image.py takes the absolute value of an index
# before it looks at the mode; keras.io documents the patterns above.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  keras==3.15.1 tensorflow==2.21.0 jax==0.10.2 scipy==1.17.1 numpy==2.4.6
cat > "$folder/borders.py" <<'PYTHON'
import sys
from importlib.metadata import version

import keras
import numpy as np
from scipy.ndimage import map_coordinates

backend = keras.config.backend()
print("Python", sys.version.split()[0], "Keras", keras.__version__, backend, version(backend))
WRONG = {
    "reflect": ([-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7], "dcba abcd dcba", "ddcb abcd dcba"),
    "mirror": ([-3, -2, -1, 0, 1, 2, 3, 5, 6, 7], "dcb abcd bab", "dcb abcd dcb"),
}


def letters(values, places):
    """Write a b c d for 0 to 3, with a gap at both borders."""
    parts = [[v for v, p in zip(values, places) if (p >= 0) + (p > 3) == part] for part in range(3)]
    return " ".join("".join("abcd"[round(float(v))] for v in part) for part in parts)


row = np.arange(4, dtype=np.float32)
for mode, (places, right, wrong) in WRONG.items():
    coordinates = np.array([places], np.float32)
    expected = letters(map_coordinates(row, coordinates, order=0, mode=mode), places)
    got = letters(np.asarray(keras.ops.image.map_coordinates(row, coordinates, order=0, fill_mode=mode)), places)
    print(f"{mode:<8} at {places}: SciPy {expected!r}, Keras {got!r}")
    assert expected == right
    assert got == (wrong if backend == "tensorflow" else right)
PYTHON
for backend in jax tensorflow; do
  KERAS_BACKEND=$backend TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" "$folder/borders.py" \
    2> >(grep -v "WARNING: All log\|^[IWE]0000\|rebuild TensorFlow" >&2 || true)
done
