#!/usr/bin/env bash
# OpenCV 5.0.0 pads at the wrong side when a network from ONNX asks for auto_pad SAME_UPPER with a stride of 2 on an
# even side.
#
# A window of 3 with stride 2 needs one pixel of padding then, and SAME_UPPER puts it at the end, as TensorFlow does.
# cv2.dnn puts it at the start, for convolutions and for pooling. The shape is right and there is no warning, but each
# layer with stride 2 moves its map by a pixel: five of them, as in MobileNet, see a picture that is shifted more with
# each. On odd sides and with stride 1 the padding is even, and all is well. SAME_LOWER with a window of 2 is wrong the
# other way round: padded at the end. Explicit pads are right.
#
# Source: running it; https://onnx.ai/onnx/operators/onnx__Conv.html defines auto_pad.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  opencv-python-headless==5.0.0.93 onnx==1.23.2 \
  onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import platform

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

print("Python", platform.python_version(), "OpenCV", cv2.__version__, "ONNX Runtime", onnxruntime.__version__)


def results(kind, size, side, **attributes):
    """Run one node with stride 2 on rising numbers, in both programs; a convolution adds the pixels of its window."""
    sizes = [1, 1, side, side]
    kernel = [helper.make_tensor("kernel", TensorProto.FLOAT, [1, 1, size, size], [1.0] * size**2)]
    inputs = ["x", "kernel"] if kind == "Conv" else ["x"]
    node = helper.make_node(kind, inputs, ["y"], kernel_shape=[size, size], strides=[2, 2], **attributes)
    taken = helper.make_tensor_value_info("x", TensorProto.FLOAT, sizes)
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "c", "h", "w"])
    graph = helper.make_graph([node], "g", [taken], [output], kernel[: len(inputs) - 1])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    x = np.arange(1, side**2 + 1, dtype=np.float32).reshape(sizes)
    network = cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8))
    network.setInput(x)
    runtime = onnxruntime.InferenceSession(model.SerializeToString())
    return network.forward().ravel().tolist(), runtime.run(None, {"x": x})[0].ravel().tolist()


for kind in "MaxPool", "AveragePool", "Conv":
    for side in 4, 5:
        opencv, runtime = results(kind, 3, side, auto_pad="SAME_UPPER")
        print(f"{kind} of 3 x 3 on {side} x {side}, SAME_UPPER: OpenCV {opencv}, ONNX Runtime {runtime}")
        assert np.allclose(opencv, runtime) == (side == 5)
    lower, _ = results(kind, 3, 4, auto_pad="SAME_LOWER")
    upper, _ = results(kind, 3, 4, auto_pad="SAME_UPPER")
    assert upper == lower
    assert np.allclose(*results(kind, 3, 4, pads=[0, 0, 1, 1]))
opencv, runtime = results("MaxPool", 2, 5, auto_pad="SAME_LOWER")
print(f"MaxPool of 2 x 2 on 5 x 5, SAME_LOWER: OpenCV {opencv}, ONNX Runtime {runtime}")
assert not np.allclose(opencv, runtime)
PYTHON
