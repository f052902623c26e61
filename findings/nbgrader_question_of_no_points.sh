#!/usr/bin/env bash
# nbgrader 0.9.6: a written answer waits for a person even where it is worth 0 points, and so does one that was emptied.
#
# A manually graded cell (grade and solution in one) gets 0 points by itself only if its checksum is that of the release.
#
# - A question of 0 points, with any answer, marks the submission as "needs manual grading", although no score can change
#   anything. So a course with ungraded questions sees every submission on formgrader's list.
# - A learner who deletes all of the stub's text, or adds one line end behind it, has "answered".
#
# Source: nbgrader/utils.py, `determine_grade` and `compute_checksum`; nbgrader/preprocessors/saveautogrades.py. Seen
# with Python 3.11.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nbgrader==0.9.6
cd "$folder"
export PATH="$folder/venv/bin:$PATH"

cat > nbgrader_config.py <<'PYTHON'
c = get_config()
c.CourseDirectory.course_id = "words"
PYTHON

python - <<'PYTHON'
import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook
from pathlib import Path

mark = {"grade": True, "solution": True, "locked": False, "task": False, "schema_version": 3, "grade_id": "why"}
for unit, points in (("free", 0), ("paid", 1)):
    cell = new_markdown_cell("stub", metadata={"nbgrader": {**mark, "points": points}})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    folder = Path("source", unit)
    folder.mkdir(parents=True)
    nbformat.write(new_notebook(cells=[cell], metadata={"kernelspec": kernel}), folder / "unit.ipynb")
PYTHON
nbgrader generate_assignment free >log 2>&1
nbgrader generate_assignment paid >>log 2>&1

python - <<'PYTHON'
from pathlib import Path

import nbformat

CASES = {
    ("free", "answered"): "Because.",
    ("paid", "answered"): "Because.",
    ("paid", "untouched"): None,
    ("paid", "emptied"): "",
    ("paid", "newline"): "\n",
}
for (unit, student), words in CASES.items():
    notebook = nbformat.read(Path("release", unit, "unit.ipynb"), as_version=4)
    (cell,) = notebook.cells
    if words == "\n":
        cell.source += words
    elif words is not None:
        cell.source = words
    folder = Path("submitted", student, unit)
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "unit.ipynb")
PYTHON
nbgrader autograde free >>log 2>&1
nbgrader autograde paid >>log 2>&1

python - <<'PYTHON'
import platform
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")
from nbgrader.api import Gradebook

print("nbgrader", version("nbgrader"), "on Python", platform.python_version())
seen = {}
with Gradebook("sqlite:///gradebook.db", "words") as book:
    for unit in ("free", "paid"):
        for submission in book.assignment_submissions(unit):
            seen[unit, submission.student.id] = submission.needs_manual_grade
            print(f"{unit}, {submission.student.id}: needs a person: {submission.needs_manual_grade}")
assert seen == {
    ("free", "answered"): True,
    ("paid", "answered"): True,
    ("paid", "untouched"): False,
    ("paid", "emptied"): True,
    ("paid", "newline"): True,
}, "this has changed"
PYTHON
