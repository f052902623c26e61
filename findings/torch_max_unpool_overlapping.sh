#!/usr/bin/env bash
# PyTorch 2.13.0: the gradient of max_unpool2d is wrong where windows overlap, and gradcheck says so.
#
# If two windows have the same maximum, two values have the same index. Going forward, max_unpool2d keeps one of them,
# and the other has no influence on anything. Going backward, each gets the whole gradient of that pixel. So a network
# that pools by 3 with stride 2, as AlexNet and ResNet do, and unpools again, trains with gradients of values that were
# thrown away. Adding the values up (scatter_add) has just this gradient, but max_unpool2d overwrites.
#
# Source: running it. https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html warns that repeated
# indices may be nondeterministic, and says nothing of the gradient.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import platform

import torch
from torch.nn.functional import max_pool2d, max_unpool2d

print("Python", platform.python_version(), "PyTorch", torch.__version__)
x = torch.zeros(1, 1, 3, 3, dtype=torch.float64)
x[..., 1, 1] = 5
_, indices = max_pool2d(x, 2, stride=1, return_indices=True)
print("indices of four windows:", indices.flatten().tolist())
pooled = torch.tensor([[[[1.0, 2], [3, 4]]]], dtype=torch.float64, requires_grad=True)


def unpool(pooled):
    return max_unpool2d(pooled, indices, 2, stride=1, output_size=(3, 3))


y = unpool(pooled)
(gradient,) = torch.autograd.grad(y.sum(), pooled)
print("unpooled 1, 2, 3, 4:", y.sum().item(), "at the middle; gradient of the sum:", gradient.flatten().tolist())
assert y.sum().item() in (1, 2, 3, 4)
assert gradient.flatten().tolist() == [1, 1, 1, 1]
numeric = [(unpool(pooled + step).sum() - y.sum()).item() for step in torch.eye(4).reshape(4, 1, 1, 2, 2)]
print("what the sum really gains, where one of the four gains 1:", numeric)
assert sum(numeric) == 1
agrees = torch.autograd.gradcheck(unpool, pooled, raise_exception=False)
print("gradcheck passes:", agrees)
assert not agrees
PYTHON
