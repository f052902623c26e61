#!/usr/bin/env bash
# nbgrader 0.9.6: nbgrader.utils.setenv sets environment variables for a `with` block, and does not restore them.
#
# - If the block raises, the variables keep their new values: there is no `finally`. nbgrader's validator and autograder
#   run notebooks in such blocks. In a long-lived Jupyter server, one failed validation therefore leaves
#   NBGRADER_VALIDATING and NBGRADER_EXECUTION set for everything that the server starts later.
# - If the block ends normally, a variable that had a value before is deleted: the old value is looked up under the new
#   value instead of under the name.
#
# Source: nbgrader/utils.py, `setenv`. Seen with Python 3.11.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nbgrader==0.9.6

"$folder/venv/bin/python" - <<'PYTHON'
import os
import platform
from importlib.metadata import version

from nbgrader.utils import setenv

print("nbgrader", version("nbgrader"), "on Python", platform.python_version())

os.environ["COLOR"] = "red"
with setenv(COLOR="blue"):
    assert os.environ["COLOR"] == "blue"
after = os.environ.get("COLOR")
print("COLOR=red before, blue in the block; after the block:", after)
assert after is None, "the old value is restored now"

os.environ["COLOR"] = "red"
try:
    with setenv(COLOR="blue"):
        raise RuntimeError("the block failed")
except RuntimeError:
    pass
after = os.environ.get("COLOR")
print("COLOR=red before, blue in a block that raises; after the block:", after)
assert after == "blue", "the variable is restored now"
PYTHON
