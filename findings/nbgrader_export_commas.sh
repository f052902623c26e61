#!/usr/bin/env bash
# nbgrader 0.9.6: `nbgrader export` writes a name with a comma in it as two columns.
#
# It joins the fields with commas, without quotes. A student whose last name is "Roe, Jr." gets a row of 12 fields below
# a header of 11: read by the header, the first name is " Jr.", the e-mail address is the first name, and the score is
# the late penalty, 0 instead of 1.
#
# Source: ExportPlugin.export in nbgrader/plugins/export.py. Seen with Python 3.11.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nbgrader==0.9.6
cd "$folder"
export PATH="$folder/venv/bin:$PATH"

python -W ignore - <<'PYTHON'
from nbgrader.api import Gradebook

with Gradebook("sqlite:///gradebook.db") as book:
    book.add_assignment("unit")
    book.add_notebook("unit", "unit")
    book.add_grade_cell("test", "unit", "unit", max_score=1, cell_type="code")
    for student, last in ("rich", "Roe, Jr."), ("jane", "Doe"):
        book.add_student(student, last_name=last, first_name=student.title(), email=f"{student}@example.org")
        book.add_submission("unit", student)
        book.find_grade("test", "unit", "unit", student).auto_score = 1
    book.db.commit()
PYTHON
nbgrader export --to grades.csv >log 2>&1

python - <<'PYTHON'
import csv
import platform
from importlib.metadata import version

print("nbgrader", version("nbgrader"), "on Python", platform.python_version())
with open("grades.csv", newline="") as file:
    rows = {row["student_id"]: row for row in csv.DictReader(file)}
for row in rows.values():
    print({name: row[name] for name in ("student_id", "last_name", "first_name", "email", "score")}, row.get(None))
assert rows["jane"]["score"] == "1.0" and None not in rows["jane"]
rich = rows["rich"]
assert (rich["last_name"], rich["first_name"], rich["email"]) == ("Roe", " Jr.", "Rich"), "this has changed"
assert (rich["score"], rich[None]) == ("0.0", ["1.0"]), "this has changed"
PYTHON
