"""Files for Gradescope, and the table."""

import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from course_lib.classroom.export import gradescope
from course_lib.classroom.export.grades import class_grades
from course_lib.classroom.export.table import table
from course_lib.classroom.roster import Roster, Student
from tests.support.graded import UNIT, entry, graded

ADA = Student("ada", "Lovelace", "Ada", "Ada@x.org", gradescope="s7")
BOB = Student("bob", "=1+1", "Bob")


def test_the_table_for_people() -> None:
    export = gradescope.points(graded({"ada": 2.5, "bob": 1}, (ADA, BOB)), UNIT)
    assert list(csv.reader(export.texts[f"{UNIT}.csv"].splitlines())) == [
        ["First Name", "Last Name", "SID", "Email", "Total Score", "Max Points"],
        ["Ada", "Lovelace", "s7", "Ada@x.org", "2.5", "3"],
        ["Bob", "'=1+1", "bob", "", "1", "3"],
    ]
    assert export.lines == [f"{UNIT}: not in the autograder, no e-mail in classroom/roster.csv: bob"]


def test_results_are_after_a_late_penalty() -> None:
    grades = class_grades(Roster(), [entry("ada", 2.5, late=0.25)], [UNIT]).grades[UNIT]
    assert gradescope.results(grades["ada"]) == {
        "score": 2.5,
        "tests": [{"name": "double", "score": 2.5, "max_score": 3}],
        "output": "Handed in late: 0.25 points less.",
    }


@pytest.fixture
def autograder(tmp_path: Path) -> Path:
    """The folder /autograder as Gradescope prepares it."""
    made = gradescope.points(graded({"ada": 2.5, "bob": 1}, (ADA, BOB)), UNIT)
    *_, path = made.write(tmp_path / "export")
    folder = tmp_path / "autograder"
    (folder / "results").mkdir(parents=True)
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["points.json", "run_autograder", "setup.sh"]
        assert {info.filename for info in archive.infolist() if info.external_attr >> 16 & 0o111} == {
            "run_autograder",
            "setup.sh",
        }
        archive.extractall(folder / "source")
    return folder


def graded_there(autograder: Path, *addresses: str) -> tuple[int, str]:
    """Run the autograder for a submission of these users; its exit status and message."""
    users = [{"email": address, "id": 1, "name": "Somebody"} for address in addresses]
    (autograder / "submission_metadata.json").write_text(json.dumps({"users": users}), encoding="utf-8")
    script = (autograder / "source" / "run_autograder").read_text(encoding="utf-8")
    here = script.replace('"/autograder"', repr(str(autograder)))
    run = subprocess.run([sys.executable, "-c", here], capture_output=True, text=True, check=False)
    return run.returncode, run.stderr


def test_the_autograder_gives_the_points(autograder: Path) -> None:
    assert graded_there(autograder, "eve@x.org", "aDA@x.org") == (0, "")
    results = json.loads((autograder / "results" / "results.json").read_text(encoding="utf-8"))
    assert results["score"] == 2.5


def test_the_autograder_gives_nobody_0_points_by_mistake(autograder: Path) -> None:
    status, message = graded_there(autograder, "eve@x.org")
    assert status == 1
    assert message == "no points were exported for eve@x.org\n"
    assert not (autograder / "results" / "results.json").exists()


def test_a_table_of_all_units() -> None:
    of_class = class_grades(
        Roster((ADA, BOB, Student("cem"))),
        [entry("ada", 2.5), entry("ada", 1, "02_other"), entry("bob", 0)],
        [UNIT, "02_other"],
    )
    assert list(csv.reader(table(of_class).texts["points.csv"].splitlines())) == [
        ["id", "last_name", "first_name", "email", "section", UNIT, "02_other"],
        ["ada", "Lovelace", "Ada", "Ada@x.org", "", "2.5", "1"],
        ["bob", "'=1+1", "Bob", "", "", "0", ""],
        ["cem", "", "", "", "", "", ""],
    ]
