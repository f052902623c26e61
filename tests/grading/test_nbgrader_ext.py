"""Every command of nbgrader, in one classroom: from handing out, through an exchange, to feedback that is fetched."""

import csv
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from nbgrader.apps import NbGraderApp

from course_lib.course import CONFIG, Course
from course_lib.grading.collect.timestamp import STAMP
from course_lib.grading.gradebook.base_recorder import SECRET
from course_lib.release import released
from tests.support.nbgrader_batch import run_all
from tests.support.paths import ROOT
from tests.support.tiny_course import HALF_RIGHT, RIGHT, UNIT, WRONG, Words, answered, make_course

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.sandbox,
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::DeprecationWarning"),
]
OTHER = "02_other"
OF_NO_USE = {"quickstart", "generate_config", "formgrade", "extension"}  # docs/instructors.md says so
OLD_NAMES = {"assign", "feedback", "fetch", "release"}  # nbgrader's own, for four of the others

UPLOADED = r".*/(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>\w+)"


@dataclass
class Classroom:
    """A course in which nbgrader's commands were run, and what they said.

    Attributes
    ----------
    course : Course
        In whose root they were run.
    said : dict of str to str
        Both outputs of each, by its arguments.
    """

    course: Course
    said: dict[str, str] = field(default_factory=dict)

    def run(self, *commands: str, code: int = 0) -> None:
        """Run commands, which are expected to end with a status."""
        for command, (ended, said) in run_all(self.course.root, *commands).items():
            self.said[command] = said
            assert ended == code, said

    def page(self, student: str) -> Path:
        """Path of a feedback page."""
        return self.course.classroom / "feedback" / student / UNIT / f"{UNIT}.html"


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    """Hand out, hand in, grade and hand back."""
    folder = tmp_path_factory.mktemp("n")
    course = make_course(folder / "course")
    with (course.root / CONFIG).open("a", encoding="utf-8") as config:
        config.write(f"c.Exchange.root = {str(folder / 'exchange')!r}\n")
        config.write(f"c.FileNameCollectorPlugin.named_regexp = {UPLOADED!r}\n")
        config.write(f"c.Exchange.cache = {str(folder / 'cache')!r}\n")
    course.classroom.mkdir()
    made = Classroom(course)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("JUPYTER", "XDG"))]:
            patch.delenv(name)
        patch.setenv("HOME", str(folder))
        enroll(made)
        hand_in(made)
        grade_and_hand_back(made)
        yield made


def enroll(made: Classroom) -> None:
    root = made.course.root
    (root / "roster.csv").write_text("id,first_name,last_name\neve,Eve,Adams\ngone,A,B\n", encoding="utf-8")
    (root / "units.csv").write_text(f"name\n{OTHER}\n", encoding="utf-8")
    made.run(
        "db student add ada --first-name=Ada --last-name=Byron",
        "db student import roster.csv",
        "db student remove gone",
        "db student list",
        "db assignment add extra",
        "db assignment import units.csv",
        "db assignment remove extra",
        "db assignment list",
        "db upgrade",
        f"generate_assignment {UNIT} --force",
        f"release_assignment {UNIT}",
        "list",
        f"fetch_assignment {UNIT}",
    )


def hand_in(made: Classroom) -> None:
    """Three students: two through the exchange, one by a file from elsewhere."""
    notebook = made.course.work / UNIT / f"{UNIT}.ipynb"
    notebook.write_text(json.dumps(answered(made.course, HALF_RIGHT)), encoding="utf-8")
    made.run(f"submit {UNIT} --student=eve")
    notebook.write_text(json.dumps(answered(made.course, RIGHT)), encoding="utf-8")
    made.run(f"validate work/{UNIT}/{UNIT}.ipynb", f"submit {UNIT} --student=ada", "list --inbound")
    (inbound,) = (made.course.root.parent / "exchange" / "pixelwise" / "inbound").glob("eve+*")
    (inbound / "notes.txt").symlink_to(made.course.root / CONFIG)
    downloaded = made.course.root / "downloaded" / UNIT / "archive"
    downloaded.mkdir(parents=True)
    with zipfile.ZipFile(downloaded / "all.zip", "w") as archive:
        archive.writestr(f"bob_attempt_2026-01-02-03-04-05_{UNIT}.ipynb", json.dumps(answered(made.course, WRONG)))


def grade_and_hand_back(made: Classroom) -> None:
    made.run(
        f"collect {UNIT}",
        f"zip_collect {UNIT}",
        f"autograde {UNIT}",
        f"generate_feedback {UNIT} --force",
        f"release_feedback {UNIT}",
        f"fetch_feedback {UNIT} --student=ada",
        f"fetch_feedback {UNIT} --student=eve",
        "export",
        f"generate_solution {UNIT}",
        "update classroom/submitted",
    )
    made.run(f"validate classroom/submitted/ada/{UNIT}/{UNIT}.ipynb", code=1)


def test_every_command_is_tried_or_named_in_the_docs(classroom: Classroom) -> None:
    tried = {arguments.split()[0] for arguments in classroom.said}
    assert tried | OF_NO_USE | OLD_NAMES == set(NbGraderApp().subcommands)
    docs = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    assert [name for name in OF_NO_USE if f"`{name}`" not in docs] == []


def test_students_and_units_are_listed(classroom: Classroom) -> None:
    students, units = classroom.said["db student list"], classroom.said["db assignment list"]
    assert "ada" in students
    assert "eve" in students
    assert "gone" not in students
    assert OTHER in units
    assert "extra" not in units


def test_the_release_is_the_courses_own(classroom: Classroom) -> None:
    outbound = classroom.course.root.parent / "exchange" / "pixelwise" / "outbound" / UNIT / f"{UNIT}.ipynb"
    assert outbound.read_bytes() == released(classroom.course, UNIT).read_bytes()
    assert UNIT in classroom.said["list"]


def test_submissions_arrive(classroom: Classroom) -> None:
    submitted = classroom.course.classroom / "submitted"
    assert sorted(path.parent.parent.name for path in submitted.rglob("*.ipynb")) == ["ada", "bob", "eve"]
    inbound = classroom.said["list --inbound"]
    assert "ada" in inbound
    assert "eve" in inbound


def test_links_are_not_collected(classroom: Classroom) -> None:
    assert not (classroom.course.classroom / "submitted" / "eve" / UNIT / "notes.txt").exists()
    assert "notes.txt: not a regular file" in classroom.said[f"collect {UNIT}"]


def test_points_are_in_nbgraders_table_and_in_ours(classroom: Classroom) -> None:
    expected = {"ada": 3.0, "bob": 0.0, "eve": 1.0}
    with Path(classroom.course.root, "grades.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["assignment"] == UNIT]
    assert {row["student_id"]: float(row["score"]) for row in rows} == expected
    assert {row["student_id"]: row["last_name"] for row in rows} == {"ada": "Byron", "bob": "bob", "eve": "Adams"}
    with (classroom.course.classroom / "grades.csv").open(encoding="utf-8") as table:
        assert {row["student"]: float(row["points"]) for row in csv.DictReader(table)} == expected


@pytest.mark.parametrize(("student", "score"), [("ada", "3 / 3"), ("eve", "1 / 3")])
def test_feedback_that_is_fetched_is_the_courses_page(classroom: Classroom, student: str, score: str) -> None:
    fetched = [
        path.read_text(encoding="utf-8")
        for path in (classroom.course.work / UNIT / "feedback").rglob("*.html")
        if student in path.read_text(encoding="utf-8")
    ]
    assert fetched == [classroom.page(student).read_text(encoding="utf-8")]
    assert score in Words(fetched[0]).text
    assert "secret_number" not in fetched[0]


def test_who_did_not_submit_through_the_exchange_is_named(classroom: Classroom) -> None:
    said = classroom.said[f"release_feedback {UNIT}"]
    assert "bob did not submit through the exchange" in said
    assert "ada did not" not in said
    assert len([*(classroom.course.root.parent / "exchange" / "pixelwise" / "feedback").glob("*.html")]) == 2


@pytest.mark.parametrize("kind", ["autograded", "feedback"])
def test_what_the_exchange_needs_lies_beside_what_was_graded(classroom: Classroom, kind: str) -> None:
    folder = classroom.course.classroom / kind / "ada" / UNIT
    submitted = classroom.course.classroom / "submitted" / "ada" / UNIT
    for name in (STAMP, SECRET):
        assert (folder / name).read_text(encoding="utf-8") == (submitted / name).read_text(encoding="utf-8")


def test_validating_is_for_ones_own_notebook(classroom: Classroom) -> None:
    said = classroom.said[f"validate work/{UNIT}/{UNIT}.ipynb"]
    assert "words on stderr" in said  # it ran; nbgrader counts these as a failure
    refused = classroom.said[f"validate classroom/submitted/ada/{UNIT}/{UNIT}.ipynb"]
    assert "nbgrader validate runs a notebook with your rights" in refused
    assert "Traceback" not in refused


def test_solutions_are_not_left_where_they_would_be_committed(classroom: Classroom) -> None:
    assert (classroom.course.root / "build" / "solution" / UNIT / f"{UNIT}.ipynb").is_file()
