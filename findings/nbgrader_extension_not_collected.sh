#!/usr/bin/env bash
# nbgrader 0.9.6: `nbgrader collect --before-duedate` does not know of extensions. Whoever was given a week more loses
# what was handed in during that week, if something was handed in before: the older work is collected and graded.
#
# - A due date on 1 March, an extension of 7 days, submissions on 1 March (wrong) and 3 March (right): the one of 1 March
#   is collected, and gets 0 points. Without --before-duedate it is the one of 3 March, which is in time, with full
#   points. The same gradebook says that the student's due date is 8 March.
# - An extension cannot be granted to somebody who has not handed in: Gradebook.grant_extension raises MissingEntry
#   until the gradebook has a submission, so it takes Gradebook.add_submission before.
#
# Source: ExchangeCollect.init_src in nbgrader/exchange/default/collect.py compares with Assignment.duedate, where
# SubmittedAssignment.duedate adds the extension. The option's help speaks of the due date, and not of extensions. Seen
# with Python 3.11.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nbgrader==0.9.6
cd "$folder"
export PATH="$folder/venv/bin:$PATH"

cat > nbgrader_config.py <<'PYTHON'
import os

c = get_config()
c.CourseDirectory.course_id = "longer"
c.Exchange.root = os.path.abspath("exchange")
c.ExchangeCollect.check_owner = False
PYTHON

# The unit, and a submission on each of two days, named as `nbgrader submit` names them.
python - <<'PYTHON'
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook


def write(folder, number):
    mark = {"schema_version": 3, "task": False, "grade": True, "solution": False, "locked": True}
    cells = [
        new_code_cell(f"x = {number}"),
        new_code_cell("assert x == 2", metadata={"nbgrader": {**mark, "grade_id": "test", "points": 1}}),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    folder.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "unit.ipynb")


write(Path("source/unit"), 0)
for day, number in ("2026-03-01 10:00:00 UTC", 1), ("2026-03-03 10:00:00 UTC", 2):
    folder = Path("exchange/longer/inbound", f"ann+unit+{day}")
    write(folder, number)
    (folder / "timestamp.txt").write_text(day)
PYTHON
nbgrader db student add ann >>log 2>&1
nbgrader db assignment add unit --duedate "2026-03-01 12:00 UTC" >>log 2>&1
nbgrader generate_assignment unit >>log 2>&1

python -W ignore - <<'PYTHON'
import platform
from importlib.metadata import version

from nbgrader.api import Gradebook, MissingEntry

print("nbgrader", version("nbgrader"), "on Python", platform.python_version())
with Gradebook("sqlite:///gradebook.db", "longer") as book:
    try:
        book.grant_extension("unit", "ann", days=7)
    except MissingEntry as error:
        print("an extension before a submission:", repr(error))
    else:
        raise AssertionError("this has changed: expected MissingEntry")
    book.add_submission("unit", "ann")
    book.grant_extension("unit", "ann", days=7)
PYTHON

collect() {
	rm -rf submitted
	nbgrader collect unit "$@" >>log 2>&1
	nbgrader autograde --force unit >>log 2>&1
	python -W ignore -c '
from nbgrader.api import Gradebook

with Gradebook("sqlite:///gradebook.db", "longer") as book:
    found = book.find_submission("unit", "ann")
    days = f"due {found.duedate:%d %B}, collected {found.timestamp:%d %B}"
    print(f"{days}, late by {found.total_seconds_late} s, score {found.score}")
'
}
before=$(collect --before-duedate)
plain=$(collect)
echo "with --before-duedate: $before"
echo "without:               $plain"
[ "$before" = "due 08 March, collected 01 March, late by 0 s, score 0.0" ]
[ "$plain" = "due 08 March, collected 03 March, late by 0 s, score 1.0" ]
