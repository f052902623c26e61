#!/usr/bin/env bash
# nbgrader 0.9.6: whoever has an extension for an assignment without a due date cannot be graded.
#
# An assignment with a due date, an extension of 7 days for one of two students, and then the due date is dropped, as
# `nbgrader db assignment add NAME` does for an assignment that exists. From then on `nbgrader autograde` ends with a
# TypeError (None + timedelta) and exit status 1 at this student: no score. The student without an extension gets it.
# `SubmittedAssignment.duedate` and `total_seconds_late` raise the same error in every program that asks for them.
#
# Source: SubmittedAssignment.duedate in nbgrader/api.py adds the extension to Assignment.duedate, which may be None;
# total_seconds_late asks whether the sum is None, too late. Seen with Python 3.11.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nbgrader==0.9.6
cd "$folder"
export PATH="$folder/venv/bin:$PATH"

# The unit, and two submissions with the same right answer.
python - <<'PYTHON'
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

mark = {"schema_version": 3, "task": False, "grade": True, "solution": False, "locked": True}
cells = [
    new_code_cell("x = 2"),
    new_code_cell("assert x == 2", metadata={"nbgrader": {**mark, "grade_id": "test", "points": 1}}),
]
kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
for where in "source/unit", "submitted/ann/unit", "submitted/bob/unit":
    folder = Path(where)
    folder.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "unit.ipynb")
    if folder.parts[0] == "submitted":
        (folder / "timestamp.txt").write_text("2026-03-01 10:00:00 UTC")
PYTHON
for student in ann bob; do nbgrader db student add $student >>log 2>&1; done
nbgrader db assignment add unit --duedate "2026-03-01 12:00 UTC" >>log 2>&1
nbgrader generate_assignment unit >>log 2>&1
python -W ignore - <<'PYTHON'
from nbgrader.api import Gradebook

with Gradebook("sqlite:///gradebook.db") as book:
    book.add_submission("unit", "ann")
    book.grant_extension("unit", "ann", days=7)
PYTHON
nbgrader db assignment add unit >>log 2>&1  # no due date any more

status=0
nbgrader autograde unit >autograde.log 2>&1 || status=$?
python -W ignore - <<'PYTHON' | tee told
import platform
from importlib.metadata import version

from nbgrader.api import Gradebook

print("nbgrader", version("nbgrader"), "on Python", platform.python_version())
with Gradebook("sqlite:///gradebook.db") as book:
    print("due date:", book.find_assignment("unit").duedate)
    for name in "ann", "bob":
        found = book.find_submission("unit", name)
        try:
            late = f"{found.total_seconds_late} s late"
        except TypeError as error:
            late = repr(error)
        print(f"{name}: extension {found.extension}, score {found.score} of 1, {late}")
PYTHON
echo "autograde: exit status $status, $(grep -c TypeError autograde.log) lines with TypeError"
[ "$status" = 1 ]
grep -q "TypeError" autograde.log
grep -qx "due date: None" told
grep -q "^ann: extension 7 days, 0:00:00, score 0.0 of 1, TypeError(.unsupported operand type" told
grep -qx "bob: extension None, score 1.0 of 1, 0 s late" told
