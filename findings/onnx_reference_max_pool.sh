#!/usr/bin/env bash
# The reference implementation of MaxPool in ONNX 1.23.2, by which runtimes are tested, is wrong in two ways.
#
# auto_pad SAME_LOWER pads at the end, as SAME_UPPER does, instead of at the start. The results have the right shape
# and are the maxima of other pixels: an edge moves by a pixel.
#
# A NaN in a window is passed over. The maximum is that of the other values, and its index can lie outside of the map:
# 6 in a map of 4 pixels, where the largest number has the index 3. ONNX Runtime is right in the first case. In the
# second it depends on where the NaN stands: it returns NaN if that comes first in its window, and passes over it
# otherwise.
#
# Source: running it; onnx/reference/ops/_op_common_pool.py and op_max_pool.py.
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
from onnx.reference import ReferenceEvaluator

print("Python", platform.python_version(), "ONNX", onnx.__version__, "ONNX Runtime", onnxruntime.__version__)


def results(x, **attributes):
    """Pool in both programs; returns maxima and indices of each."""
    node = helper.make_node("MaxPool", ["x"], ["y", "indices"], **attributes)
    taken = [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)]
    kinds = {"y": TensorProto.FLOAT, "indices": TensorProto.INT64}
    outputs = [helper.make_tensor_value_info(name, kind, ["n", "c", "h", "w"]) for name, kind in kinds.items()]
    model = helper.make_model(
        helper.make_graph([node], "g", taken, outputs), opset_imports=[helper.make_opsetid("", 22)], ir_version=10
    )
    onnx.checker.check_model(model)
    reference = ReferenceEvaluator(model).run(None, {"x": x})
    runtime = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    return {"ONNX": [y.ravel().tolist() for y in reference], "ONNX Runtime": [y.ravel().tolist() for y in runtime]}


x = -np.arange(1, 17, dtype=np.float32).reshape(1, 1, 4, 4)
print(x[0, 0])
for auto_pad in "SAME_UPPER", "SAME_LOWER":
    found = results(x, kernel_shape=[3, 3], strides=[2, 2], auto_pad=auto_pad)
    for name, (maxima, _) in found.items():
        print(f"maxima of 3 x 3 with stride 2, {auto_pad}, {name}: {maxima}")
    at_the_end, at_the_start = [-1, -3, -9, -11], [-1, -2, -5, -6]
    assert found["ONNX"][0] == at_the_end
    assert found["ONNX Runtime"][0] == (at_the_end if auto_pad == "SAME_UPPER" else at_the_start)

for values in [1, np.nan, 2, 3], [np.nan, 1, 2, 3]:
    found = results(np.array(values, np.float32).reshape(1, 1, 2, 2), kernel_shape=[2, 2])
    for name, (maxima, indices) in found.items():
        print(f"maximum of {values}, {name}: {maxima[0]} with index {indices[0]}")
    assert found["ONNX"] == [[3], [6]]
    assert np.isnan(found["ONNX Runtime"][0][0]) == np.isnan(values[0])
PYTHON
