#!/usr/bin/env bash
# Keras' Conv2DTranspose with dilation_rate=2 runs or fails on a CPU with TensorFlow 2.21.0, depending on which processor
# it is: without oneDNN, TensorFlow has no transposed convolution with dilation, and raises InvalidArgumentError at the
# first call. oneDNN is on by default only on x86 processors with newer instructions (such as AVX512_VNNI), so the same
# model works on one machine of a class and not on its neighbor. Other messages differ too: a stride of 0 is refused in
# other words. TF_ENABLE_ONEDNN_OPTS=1 or 0, set before TensorFlow is imported, makes all x86 machines alike.
#
# Source: UseOnednnByDefault in tensorflow/core/util/util.cc; Conv2DBackpropInput in
# tensorflow/core/kernels/conv_grad_input_ops.h.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 numpy==2.4.6
cat >"$folder/program.py" <<'PYTHON'
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = sys.argv[1]
import keras
import numpy as np
import tensorflow as tf

picture = np.ones((1, 4, 6, 3), np.float32)
layer = keras.layers.Conv2DTranspose(2, 3, padding="same", dilation_rate=2)
try:
    print("oneDNN", sys.argv[1], "dilation 2:", layer(picture).shape)
except tf.errors.InvalidArgumentError as error:
    print("oneDNN", sys.argv[1], "dilation 2:", "do not yet support dilation" in str(error) and "not supported")
try:
    tf.nn.conv2d_transpose(picture, np.ones((3, 3, 3, 3), np.float32), [1, 4, 6, 3], 0)
except tf.errors.InvalidArgumentError as error:
    print("oneDNN", sys.argv[1], "stride 0:", str(error).split("}} ")[-1].split(" [Op")[0])
PYTHON
for onednn in 1 0; do "$folder/venv/bin/python" "$folder/program.py" $onednn 2>/dev/null; done | tee "$folder/said"
grep -q "oneDNN 1 dilation 2: (1, 4, 6, 2)" "$folder/said"
grep -q "oneDNN 0 dilation 2: not supported" "$folder/said"
[ "$(grep "stride 0" "$folder/said" | cut -d: -f2 | sort -u | wc -l)" = 2 ]
