#!/usr/bin/env bash
# RoiAlign with mode="max" in ONNX is not the maximum of samples: on a map of ones it returns 0.49, or 0.64, or 0.9.
#
# The operator's text says that samples are computed by bilinear interpolation and then pooled. In mode "max", the four
# neighbors of a sample are multiplied by their weights, but not added: the maximum is taken over the products. So the
# result depends on where the samples lie between the entries, even if all entries are equal, and on a map of -1 it
# lies near 0, since the smallest weight wins. The reference implementation in the onnx package (1.23.2) and ONNX Runtime
# (1.32.0) agree on this, so comparing the two shows nothing. mode="avg" is right.
#
# ONNX Runtime warns of it, but not with sampling_ratio=1, and says that it will be changed in 1.13, of 2022.
#
# Source: running it; https://github.com/onnx/onnx/issues/4764; https://github.com/microsoft/onnxruntime/issues/6146.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON' 2> >(grep -v "RoiAlignBase" >&2 || true)
import platform

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

print("Python", platform.python_version(), "ONNX", onnx.__version__, "ONNX Runtime", onnxruntime.__version__)


def pooled(entry, mode, ratio):
    """Pool the box from 1.3 to 3.3 on a map of equal entries to one number, in both programs."""
    sizes = {"x": [1, 1, 8, 8], "rois": [1, 4], "batch": [1]}
    types = {"x": TensorProto.FLOAT, "rois": TensorProto.FLOAT, "batch": TensorProto.INT64}
    node = helper.make_node(
        "RoiAlign", list(sizes), ["y"], mode=mode, sampling_ratio=ratio, output_height=1, output_width=1
    )
    inputs = [helper.make_tensor_value_info(name, types[name], sizes[name]) for name in sizes]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 1, 1])
    graph = helper.make_graph([node], "g", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    onnx.checker.check_model(model)
    given = {
        "x": np.full(sizes["x"], entry, np.float32),
        "rois": np.array([[1.3, 1.3, 3.3, 3.3]], np.float32),
        "batch": np.zeros(1, np.int64),
    }
    reference = ReferenceEvaluator(model).run(None, given)[0]
    runtime = onnxruntime.InferenceSession(model.SerializeToString()).run(None, given)[0]
    assert np.allclose(reference, runtime)
    return float(runtime.item())


for entry in 1.0, -1.0:
    for mode in "avg", "max":
        results = {ratio: round(pooled(entry, mode, ratio), 3) for ratio in (1, 2, 4)}
        print(f"all entries {entry:g}, mode {mode}, by sampling ratio: {results}")
        for result in results.values():
            assert (abs(result - entry) < 0.001) == (mode == "avg")
PYTHON
