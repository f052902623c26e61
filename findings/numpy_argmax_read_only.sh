#!/usr/bin/env bash
# numpy.argmax (and argmin) copy the whole array first if it is read-only; max, sum and the others do not. NumPy 2.4.6.
#
# TensorFlow's tensors are read-only for NumPy, and so are files that are mapped for reading. So the argmax over the classes of
# 720 MB of scores, np.asarray(tensor).argmax(axis=-1), takes another 720 MB. On a tensor, tf.argmax does not copy.
#
# Source: running it. https://numpy.org/doc/stable/reference/generated/numpy.argmax.html does not mention a copy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import platform
import tracemalloc

import numpy as np

print("Python", platform.python_version(), "NumPy", np.__version__)
scores = np.zeros((1000, 25_000), np.float32)  # 100 MB


def megabytes(reduce) -> float:
    """Memory that NumPy asks for on the way."""
    tracemalloc.start()
    reduce(scores, axis=-1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


for writeable, copied in ((True, 0), (False, 100)):
    scores.flags.writeable = writeable
    for reduce, expected in ((np.argmax, copied), (np.argmin, copied), (np.max, 0), (np.sum, 0)):
        peak = megabytes(reduce)
        print(f"{'writeable' if writeable else 'read-only'} array: {reduce.__name__} takes {peak:.1f} MB more")
        assert round(peak) == expected
PYTHON
