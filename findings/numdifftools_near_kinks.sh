#!/usr/bin/env bash
# Near a kink numdifftools 0.11.2 returns a derivative that is off by 0.5, with an error estimate of 0.02 or far less.
#
# For max(x, 0) at x = -0.002, where the derivative is 0, it tries steps from 0.5 down to 0.0005. The small ones do not
# reach the kink and give 0. It takes the largest: with so wide a step the kink is nearly in the middle, and a slope of 0.5
# looks smooth. Nearer the kink it is surer still: 0.5 with an error of 0.00001 at x = -0.000001. So a right gradient of a
# network with ReLU, checked within the errors that numdifftools states, is called wrong where a unit is close to 0. Even
# twenty times the stated error is too little to allow. A small step helps: Derivative(f, step=1e-7).
#
# Source: running it; the estimate, error_estimate and final_step of Derivative(f, full_output=True).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check numdifftools==0.11.2 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import numdifftools
import numpy as np

print("Python", sys.version.split()[0], "numdifftools", version("numdifftools"), "NumPy", np.__version__)


def relu(x):
    return np.maximum(x, 0)


for place in -0.01, -0.002, -0.0001, -0.000001:
    by_itself = numdifftools.Derivative(relu, full_output=True)(place)
    by_hand = float(numdifftools.Derivative(relu, step=1e-7)(place))
    found, error, step = (float(value) for value in (by_itself.estimate, by_itself.error_estimate, by_itself.final_step))
    print(f"at {place}: {found:.4f}, error estimate {error:.6f}, step {step:.4f}; with a step of 1e-7: {by_hand:.4f}")
    assert abs(by_hand) < 1e-6
    if place == -0.01:
        assert abs(found) <= error
    else:
        assert abs(found - 0.5) < 1e-6
        assert error < 0.02
        assert step == 0.5
PYTHON
