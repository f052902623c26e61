#!/usr/bin/env bash
# tf.nn.depthwise_conv2d_backprop_input, the usual way to upsample each channel by itself, takes hundreds of times as long
# with TensorFlow 2.21.0 where oneDNN is off, and it is off by default on x86 processors with older instructions. For a
# stride of 32 and kernels of 64 x 64, TensorFlow's own kernel visits all 4,096 taps for each pixel of the result, though
# only 4 of them meet a number. On two cores of an AMD processor, 100 maps of 10 x 16 took 18.5 s without oneDNN and
# 0.017 s with it. A notebook that runs in seconds on one machine seems to hang on its neighbor.
# TF_ENABLE_ONEDNN_OPTS=1, set before TensorFlow is imported, makes all x86 machines alike.
#
# Source: depthwise_conv_grad_op.cc in tensorflow/core/kernels; UseOnednnByDefault in tensorflow/core/util/util.cc.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 numpy==2.4.6
cat >"$folder/program.py" <<'PYTHON'
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = sys.argv[1]
import numpy as np
import tensorflow as tf

maps = np.ones((1, 10, 16, 8), np.float32)
kernels = np.ones((64, 64, 8, 1), np.float32)
for _ in range(2):  # the first call prepares something
    start = time.perf_counter()
    tf.nn.depthwise_conv2d_backprop_input((1, 320, 512, 8), kernels, maps, [1, 32, 32, 1], "SAME")
    seconds = time.perf_counter() - start
print(seconds)
PYTHON
with=$("$folder/venv/bin/python" "$folder/program.py" 1 2>/dev/null)
without=$("$folder/venv/bin/python" "$folder/program.py" 0 2>/dev/null)
echo "TensorFlow 2.21.0, seconds with oneDNN: $with, without: $without"
"$folder/venv/bin/python" -c "assert $without > 50 * $with"
