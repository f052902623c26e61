#!/usr/bin/env bash
# nbgrader 0.9.6: c.LateSubmissionPlugin.penalty_method = "zero" does not give zero to late work that a person grades.
#
# The penalty is the score at the time of `nbgrader autograde`, when nobody has read the written answers yet, and it stays
# a number of points: what a person gives afterwards is not lost. A late notebook with 3 points for tests and 2 for words
# ends with 2 points, and one with words alone has no penalty at all. A plugin of one's own fares alike, since a penalty
# is cut down to the score at that time. The exported score and the page of feedback use that number. Running
# `autograde --force` once more, after all grading, makes it 0, and marks the answers as ungraded again.
#
# The documentation promises "an overall notebook score of zero for any late submission", and says that `nbgrader
# autograde` assigns penalties. It does not say that grading has to come first, although it cannot.
#
# Source: AssignLatePenalties in nbgrader/preprocessors/latesubmissions.py, the only place that sets a penalty;
# https://nbgrader.readthedocs.io/en/stable/plugins/late-plugin.html. Seen with Python 3.11.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nbgrader==0.9.6
cd "$folder"
export PATH="$folder/venv/bin:$PATH"

cat > nbgrader_config.py <<'PYTHON'
c = get_config()
c.CourseDirectory.course_id = "late"
c.LateSubmissionPlugin.penalty_method = "zero"
PYTHON

python - <<'PYTHON'
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

mark = {"schema_version": 3, "task": False, "grade": True}
test = {**mark, "grade_id": "test", "points": 3, "solution": False, "locked": True}
words = {**mark, "grade_id": "words", "points": 2, "solution": True, "locked": False}
cells = {
    "both": [new_code_cell("assert True", metadata={"nbgrader": test})],
    "words": [],
}
for unit, before in cells.items():
    cell = new_markdown_cell("stub", metadata={"nbgrader": words})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    folder = Path("source", unit)
    folder.mkdir(parents=True)
    nbformat.write(new_notebook(cells=[*before, cell], metadata={"kernelspec": kernel}), folder / "unit.ipynb")
PYTHON
for unit in both words; do
	nbgrader db assignment add "$unit" --duedate "2026-03-01 12:00 UTC" >>log 2>&1
	nbgrader generate_assignment "$unit" >>log 2>&1
done

python - <<'PYTHON'
from pathlib import Path

import nbformat

for unit in "both", "words":
    notebook = nbformat.read(Path("release", unit, "unit.ipynb"), as_version=4)
    notebook.cells[-1].source = "Because."
    folder = Path("submitted", "ann", unit)
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "unit.ipynb")
    (folder / "timestamp.txt").write_text("2026-03-02 12:00:00 UTC")
PYTHON
for unit in both words; do
	nbgrader autograde "$unit" >>log 2>&1
done

# What formgrader stores when somebody types 2 points.
python -W ignore - <<'PYTHON'
from nbgrader.api import Gradebook

with Gradebook("sqlite:///gradebook.db", "late") as book:
    for unit in "both", "words":
        grade = book.find_grade("words", "unit", unit, "ann")
        grade.manual_score = 2
        grade.needs_manual_grade = False
    book.db.commit()
PYTHON
nbgrader export --to graded.csv >>log 2>&1
for unit in both words; do
	nbgrader autograde --force "$unit" >>log 2>&1
done
nbgrader export --to again.csv >>log 2>&1

python -W ignore - <<'PYTHON'
import csv
import platform
from importlib.metadata import version

from nbgrader.api import Gradebook

print("nbgrader", version("nbgrader"), "on Python", platform.python_version())
seen = {}
for name in "graded", "again":
    with open(f"{name}.csv", newline="") as file:
        for row in csv.DictReader(file):
            seen[name, row["assignment"]] = (row["raw_score"], row["late_submission_penalty"], row["score"])
            print(f"{name}, {row['assignment']}: raw score, penalty and score are", *seen[name, row["assignment"]])
assert seen == {
    ("graded", "both"): ("5.0", "3.0", "2.0"),
    ("graded", "words"): ("2.0", "0.0", "2.0"),
    ("again", "both"): ("5.0", "5.0", "0.0"),
    ("again", "words"): ("2.0", "2.0", "0.0"),
}, "this has changed"
with Gradebook("sqlite:///gradebook.db", "late") as book:
    waiting = [book.find_submission(unit, "ann").needs_manual_grade for unit in ("both", "words")]
print("after the second autograde, both need a person again:", waiting)
assert waiting == [True, True], "this has changed"
PYTHON
