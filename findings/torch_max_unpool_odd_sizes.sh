#!/usr/bin/env bash
# PyTorch 2.13.0: max_unpool2d shears a map whose sides are odd, without an error, if it is not told the map's size.
#
# The size that it assumes by default is (pooled - 1) * stride + kernel. For 7 x 7 pixels pooled by 2 with
# ceil_mode=True, as Caffe does, for which SegNet was written, that is 8 x 8. The indices count along rows of 7 pixels,
# so read along rows of 8 each row of the map moves one pixel further to the left than the one above, and no maximum
# but those of the first row is where it was. Pooled without ceil_mode, 4 x 5 pixels become 4 x 4: whether that is an
# error depends on the numbers. It is one only if an index is too large for the smaller map, so the same call works for
# one picture and raises for another. output_size=x.shape prevents both.
#
# Source: _unpool_output_size in torch/nn/functional.py.
# https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html calls the size ambiguous, and does not say
# that a wrong one moves the values.
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
x = torch.zeros(1, 1, 7, 7)
x[..., 3] = torch.arange(1.0, 8)  # a vertical line
pooled, indices = max_pool2d(x, 2, ceil_mode=True, return_indices=True)
for title, options in {"by default": {}, "with output_size": {"output_size": x.shape}}.items():
    y = max_unpool2d(pooled, indices, 2, **options)[0, 0]
    places = [tuple(place) for place in y.nonzero().tolist()]
    print(f"{title}: {tuple(y.shape)}, maxima of column 3 at (row, column) {places}")
    straight = all(column == 3 for _, column in places)
    assert straight == bool(options)

torch.manual_seed(0)
raised = 0
for _ in range(100):
    pooled, indices = max_pool2d(torch.rand(1, 1, 4, 5), 2, return_indices=True)
    try:
        max_unpool2d(pooled, indices, 2)
    except RuntimeError as error:
        raised += 1
        words = str(error)
print(f"4 x 5 random pixels: {raised} of 100 pictures raise ({words}), the others pass")
assert 0 < raised < 100
PYTHON
