"""Files for Gradescope, which imports no points: a table, and an autograder that gives each submission its points.

The form of the autograder and of its results is published: https://gradescope-autograders.readthedocs.io, under
"Autograder Specifications" and "Submission Metadata".
"""

import json
from typing import Any

from course_lib.classroom.export.files import Export
from course_lib.classroom.export.grades import ClassGrades, Grade, named
from course_lib.classroom.export.template import csv_text
from course_lib.grading.gradebook.tables import no_formula

_COLUMNS = ("First Name", "Last Name", "SID", "Email", "Total Score", "Max Points")
_SETUP = "#!/bin/sh\ncommand -v python3 || (apt-get update && apt-get install -y python3)\n"
# Without points for a submission it ends with an error, so that nobody gets 0 points by mistake.
_RUN = '''#!/usr/bin/env python3
"""Give a submission the points that were exported for the e-mail address of one of its users."""

import json
from pathlib import Path

HERE = Path("/autograder")
users = json.loads((HERE / "submission_metadata.json").read_text(encoding="utf-8"))["users"]
points = json.loads((HERE / "source" / "points.json").read_text(encoding="utf-8"))
found = [points[user["email"].casefold()] for user in users if user["email"].casefold() in points]
if not found:
    raise SystemExit("no points were exported for " + ", ".join(user["email"] for user in users))
(HERE / "results" / "results.json").write_text(json.dumps(found[0]), encoding="utf-8")
'''


def points(of_class: ClassGrades, unit: str) -> Export:
    """Write the points of a unit.

    Parameters
    ----------
    of_class : ClassGrades
        The points.
    unit : str
        The unit.

    Returns
    -------
    Export
        A table to read, and the zip file of an autograder, which knows students by e-mail address.
    """
    grades = list(of_class.grades[unit].values())
    rows = [[no_formula(text) for text in _row(grade)] for grade in grades]
    by_email = {grade.student.email.casefold(): results(grade) for grade in grades if grade.student.email}
    files = {"setup.sh": _SETUP, "run_autograder": _RUN, "points.json": json.dumps(by_email, ensure_ascii=False)}
    export = Export({f"{unit}.csv": csv_text([_COLUMNS, *rows])}, {f"{unit}_autograder.zip": files})
    if missing := [grade.student.id for grade in grades if not grade.student.email]:
        export.lines.append(f"{unit}: not in the autograder, no e-mail in classroom/roster.csv: {named(missing)}")
    return export


def results(grade: Grade) -> dict[str, Any]:
    """Make the results of one submission in the form of Gradescope's ``results.json``."""
    entry = grade.entry
    tests = [
        {"name": name, "score": earned, "max_score": maximum} for name, (earned, maximum) in entry.exercises.items()
    ]
    late = {"output": f"Handed in late: {entry.late:.12g} points less."} if entry.late else {}
    return {"score": entry.points, "tests": tests, **late}


def _row(grade: Grade) -> tuple[str, ...]:
    student = grade.student
    sid = student.gradescope or student.id
    return (student.first_name, student.last_name, sid, student.email, grade.points, f"{grade.entry.max_points:.12g}")
