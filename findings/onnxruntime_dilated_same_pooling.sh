#!/usr/bin/env bash
# ONNX Runtime 1.32.0: MaxPool with auto_pad SAME_UPPER or SAME_LOWER and dilations returns a smaller map than it
# should.
#
# SAME means as many positions as the input has, divided by the stride and rounded up. A window of 2 with dilation 2
# spans 3 pixels and needs two pixels of padding. ONNX Runtime pads for 2 pixels, as if there were no dilation, so 5 x
# 5 pixels become 4 x 4. With SAME_UPPER all values come from other pixels than they should, with SAME_LOWER the last
# row and column are missing. If the file gives the sides of the output, a warning is logged, because they do not fit;
# in a model for pictures of any size there is none. A convolution with the same attributes is refused: "Dilation not
# supported". ONNX's reference pads for 3 pixels, as the specification says.
#
# Source: running it. https://onnx.ai/onnx/operators/onnx__MaxPool.html defines auto_pad and dilations.
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


def make(kind, **attributes):
    """Make a model of one node for pictures of any size; a convolution has a kernel of ones."""
    kernel = helper.make_tensor("kernel", TensorProto.FLOAT, [1, 1, 2, 2], [1.0] * 4)
    conv = kind == "Conv"
    node = helper.make_node(kind, ["x", "kernel"] if conv else ["x"], ["y"], kernel_shape=[2, 2], **attributes)
    taken = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "c", "h", "w"])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "c", "p", "q"])
    graph = helper.make_graph([node], "g", [taken], [output], [kernel] if conv else [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    onnx.checker.check_model(model)
    return model


def runtime(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 2 if model.graph.node[0].op_type == "MaxPool" else 4  # with or without warnings
    return onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, {"x": x})[0][0, 0]


x = np.arange(25, dtype=np.float32).reshape(1, 1, 5, 5)
for auto_pad in "SAME_UPPER", "SAME_LOWER":
    for dilations in [1, 1], [2, 2]:
        model = make("MaxPool", auto_pad=auto_pad, dilations=dilations)
        specified, found = ReferenceEvaluator(model).run(None, {"x": x})[0][0, 0], runtime(model)
        print(f"MaxPool, {auto_pad}, dilations {dilations}: ONNX {specified.shape}, ONNX Runtime {found.shape}")
        assert specified.shape == (5, 5)
        assert found.shape == ((5, 5) if dilations == [1, 1] else (4, 4))
    try:
        runtime(make("Conv", auto_pad=auto_pad, dilations=[2, 2]))
    except Exception as error:
        words = str(error).rsplit(": ", 1)[1]
    print(f"Conv, {auto_pad}, dilations [2, 2]: {words}")
    assert "Dilation not supported" in words
print("pooled with dilation, ONNX:", specified, "ONNX Runtime:", found, sep="\n")
PYTHON
