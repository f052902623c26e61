#!/usr/bin/env bash
# ONNX Runtime 1.32.0: the maxima of MaxPool change when its second output, Indices, is asked for.
#
# Without indices, a NaN is passed over wherever it stands, and a window of -inf gives -3.4e38. With indices, NaN wins
# if it comes first in its window, and -inf stays. So a network that was checked with one output behaves differently
# once unpooling is added to it. PyTorch, from which such files are exported, returns NaN and -inf in each of these
# cases.
#
# Source: running it on an x86-64 processor. https://onnx.ai/onnx/operators/onnx__MaxPool.html says nothing of NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import platform

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

print("Python", platform.python_version(), "ONNX", onnx.__version__, "ONNX Runtime", onnxruntime.__version__)


def maximum(values, outputs):
    """Pool one window of 2 x 2."""
    kinds = {"y": TensorProto.FLOAT, "indices": TensorProto.INT64}
    node = helper.make_node("MaxPool", ["x"], outputs, kernel_shape=[2, 2])
    taken = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 2, 2])
    given = [helper.make_tensor_value_info(name, kinds[name], [1, 1, 1, 1]) for name in outputs]
    graph = helper.make_graph([node], "g", [taken], given)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    onnx.checker.check_model(model)
    x = np.array(values, np.float32).reshape(1, 1, 2, 2)
    return float(onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0].item())


lowest = float(np.finfo(np.float32).min)
for values, alone, with_indices in (
    ([1, np.nan, 2, 3], 3, 3),
    ([np.nan, 1, 2, 3], 3, np.nan),
    ([-np.inf] * 4, lowest, -np.inf),
    ([1, 2, 3, 4], 4, 4),
):
    found = maximum(values, ["y"]), maximum(values, ["y", "indices"])
    print(f"maximum of {values}: {found[0]:.3g} alone, {found[1]:.3g} with indices")
    assert np.array_equal(found, (alone, with_indices), equal_nan=True)
PYTHON
