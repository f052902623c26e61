#!/usr/bin/env bash
# captum 0.9.0: GuidedBackprop and Deconvolution return the plain gradient for a network with ReLU6, without a word.
#
# Both hook modules of the class torch.nn.ReLU, and ReLU6, as in MobileNet and EfficientNet-Lite, is a Hardtanh. So is
# every other activation passed over: LeakyReLU, Hardswish, torch.relu in forward. The result has the right shape and
# looks like a map of attribution: it is equal to Saliency with its sign, bit for bit. The one warning, that hooks are
# set on ReLU activations, comes with and without any.
#
# Source: ModifiedReluGradientAttribution._register_hooks in captum/attr/_core/guided_backprop_deconvnet.py.
# https://captum.ai/api/guided_backprop.html warns of functional ReLUs, and does not mention other activations.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check captum==0.9.0 torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import platform
import warnings
from importlib.metadata import version

import torch
from captum.attr import Deconvolution, GuidedBackprop, Saliency
from torch import nn

print("Python", platform.python_version(), "captum", version("captum"), "PyTorch", torch.__version__)
torch.manual_seed(0)
picture = torch.randn(1, 3, 16, 16)
first, second, classes = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3), nn.Linear(8, 5)
for activation in nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.Hardswish:
    network = nn.Sequential(
        first, activation(), second, activation(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), classes
    )
    plain = Saliency(network).attribute(picture.clone().requires_grad_(), target=0, abs=False)
    for method in GuidedBackprop, Deconvolution:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            rewired = method(network).attribute(picture.clone().requires_grad_(), target=0)
        same = torch.equal(rewired, plain)
        print(f"{activation.__name__}, {method.__name__}: {'the plain gradient' if same else 'another map'}")
        assert same == (activation is not nn.ReLU)
        assert all("ReLU" in str(each.message) for each in heard)
print("warning:", heard[0].message)
PYTHON
