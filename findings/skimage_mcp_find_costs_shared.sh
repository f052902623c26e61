#!/usr/bin/env bash
# MCP_Geometric.find_costs of scikit-image 0.26.0 returns arrays that the next call on the same object overwrites. Whoever
# keeps the costs from two starting points, to compare them, has the second ones twice.
#
# The costs and the directions are views of the object's own memory, which each call fills from the start. The
# documentation of find_costs does not say so, and the arrays are writable and look like any other result. A copy, or an
# object for each starting point, helps.
#
# Source: MCP.find_costs in skimage/graph/_mcp.pyx.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check scikit-image==0.26.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy as np
import skimage
from skimage.graph import MCP_Geometric

print("Python", sys.version.split()[0], "scikit-image", skimage.__version__, "NumPy", np.__version__)
paths = MCP_Geometric(np.ones((3, 3)))
from_corner, _ = paths.find_costs([(0, 0)])
before = from_corner.copy()
from_center, _ = paths.find_costs([(1, 1)])
print("from the corner, as returned:", before.round(2).tolist())
print("the same array after a search from the center:", from_corner.round(2).tolist())
assert before[0, 0] == 0 and before[1, 1] > 1
assert np.array_equal(from_corner, from_center) and from_corner[1, 1] == 0
assert np.shares_memory(from_corner, from_center)
again = MCP_Geometric(np.ones((3, 3)))
first = again.find_costs([(0, 0)])[0].copy()
again.find_costs([(1, 1)])
assert np.array_equal(first, before)
PYTHON
