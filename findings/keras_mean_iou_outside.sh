#!/usr/bin/env bash
# keras.metrics.MeanIoU leaves out every pixel whose label or prediction is not in [0, num_classes): Keras 3.15.1 on
# TensorFlow 2.21, without an error or a warning.
#
# So predictions of a class that does not exist are not counted as mistakes: where six of eight pixels are predicted to
# be class 3 of three classes (0, 1, 2), the mean IoU is 1. A network with one output too many looks better than it is,
# and with labels that count from 1 the last class is lost.
#
# Source: running it. The docstring (https://keras.io/api/metrics/segmentation_metrics/) says that num_classes is the
# number of possible labels, and does not mention others.
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
for labels, predictions, counted in (
    ([0, 1, 2, 2, 2, 2, 2, 2], [0, 1, 3, 3, 3, 3, 3, 3], 2),
    ([0, 1, 2, 2, 2, 2, 2, 2], [0, 1, -1, -1, -1, -1, -1, -1], 2),
    ([0, 1, 5, 5, 5], [0, 1, 1, 1, 1], 2),
    ([0, 1, 2, 2, 2, 2, 2, 2], [0, 1, 0, 0, 0, 0, 0, 0], 8),
):
    metric = keras.metrics.MeanIoU(num_classes=3)
    metric.update_state(labels, predictions)
    iou, pixels = float(metric.result()), int(np.sum(metric.total_cm))
    print(f"labels {labels}, predictions {predictions}: {pixels} pixels count, mean IoU {iou:.3f}")
    assert pixels == counted
    assert abs(iou - (1 if counted == 2 else (1 / 7 + 1 + 0) / 3)) < 1e-6
PYTHON
