#!/usr/bin/env bash
# MaxUnpool with output_shape means two different things to ONNX 1.23.2 and to ONNX Runtime 1.32.0, and neither is an
# error.
#
# The specification's own example unpools 2 x 2 values to 5 x 5. It reads the indices along rows of 4, the size that
# kernel and strides give, and pads the result: 5 lands at row 1, column 1. ONNX Runtime reads them along rows of 5: 5
# lands at row 1, column 0, and lower rows are sheared further. For indices that MaxPool has computed, it is the other
# way round: 5 x 5 values, pooled to 2 x 2 and unpooled with output_shape, return to their places in ONNX Runtime,
# while ONNX's own reference fails, or puts them elsewhere if all indices happen to be small. So a map of odd sides
# comes back from no program that follows the specification, and a test against the reference rejects a right result.
#
# Source: running it; https://onnx.ai/onnx/operators/onnx__MaxUnpool.html; https://github.com/onnx/onnx/issues/2398
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
window = {"kernel_shape": [2, 2], "strides": [2, 2]}
unpool = helper.make_node("MaxUnpool", ["values", "indices", "shape"], ["y"], **window)
pool = helper.make_node("MaxPool", ["x"], ["values", "indices"], **window)


def results(nodes, **inputs):
    """Run a graph in both programs."""
    types = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}
    taken = [helper.make_tensor_value_info(name, types[x.dtype], x.shape) for name, x in inputs.items()]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "c", "h", "w"])
    model = helper.make_model(
        helper.make_graph(nodes, "g", taken, [output]), opset_imports=[helper.make_opsetid("", 22)], ir_version=10
    )
    onnx.checker.check_model(model)
    yield "ONNX", lambda: ReferenceEvaluator(model).run(None, inputs)[0]
    yield "ONNX Runtime", lambda: onnxruntime.InferenceSession(model.SerializeToString()).run(None, inputs)[0]


def places(y):
    return {int(y[0, 0, row, column]): (int(row), int(column)) for row, column in np.argwhere(y[0, 0])}


shape = np.array([1, 1, 5, 5])
values = np.array([5, 6, 7, 8], np.float32).reshape(1, 1, 2, 2)
indices = np.array([5, 7, 13, 15]).reshape(1, 1, 2, 2)
straight = {5: (1, 1), 6: (1, 3), 7: (3, 1), 8: (3, 3)}
for name, run in results([unpool], values=values, indices=indices, shape=shape):
    found = places(run())
    print(f"the specification's example, {name}: {found}")
    assert (found == straight) == (name == "ONNX")

x = np.zeros((1, 1, 5, 5), np.float32)
for value, place in straight.items():
    x[(0, 0, *place)] = value
for name, run in results([pool, unpool], x=x, shape=shape):
    try:
        found = places(run())
    except IndexError as error:
        found = f"IndexError, {error}"
    print(f"pooled and unpooled, {name}: {found}")
    assert (found == straight) == (name == "ONNX Runtime")
PYTHON
