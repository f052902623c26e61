"""The command ``course export`` in a classroom."""

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from course_lib import cli
from course_lib.course import Course
from course_lib.release import build_source, generate
from tests.support.lms import gradebook, import_gradebook, import_moodle_feedback, import_worksheet, worksheet
from tests.support.tiny_course import UNIT, make_course

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
ROSTER = """id,last_name,first_name,email,moodle,canvas,withdrawn
ada,Lovelace,Ada,ada@x.org,s7,7,
bob,Lee,Bob,bob@x.org,,8,
cem,Can,Cem,cem@x.org,,,
dora,Day,Dora,dora@x.org,,,yes
"""
LINES = (("101", "A. L.", "s7", ""), ("102", "B. L.", "", "bob@x.org"), ("103", "C. C.", "", "cem@x.org"))
FROM = {"ada": "Ada Lovelace_101_assignsubmission_file_", "bob": "a folder/leebob_8_4712_01_doubling.ipynb"}
Call = Callable[..., tuple[int, list[str]]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A classroom in which ada, bob and dora were graded."""
    course = make_course(tmp_path_factory.mktemp("export") / "course")
    course.classroom.mkdir()
    build_source(course, UNIT)
    generate(course, UNIT, database=True)
    with Gradebook(course.nbgrader_config().CourseDirectory.db_url) as book:
        for student, points in (("ada", 2.0), ("bob", 0.5), ("dora", 1.0)):
            book.add_student(student)
            book.add_submission(UNIT, student)
            for test, score in (("test_double", 0.0), ("test_double_hidden", points)):
                grade = book.find_grade(test, UNIT, UNIT, student)
                grade.auto_score, grade.manual_score, grade.needs_manual_grade = 0.25, score, False
        book.db.commit()
    return course


@pytest.fixture
def course(made: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The classroom as the current folder, with a class list and feedback pages."""
    monkeypatch.chdir(made.root)
    (made.classroom / "roster.csv").write_text(ROSTER, encoding="utf-8")
    for student in ("ada", "bob", "dora"):
        page = made.classroom / "feedback" / student / UNIT / f"{UNIT}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"page of {student}", encoding="utf-8")
    for student, place in FROM.items():
        record = made.classroom / "submitted" / student / UNIT / ".collected.json"
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps({"from": place}), encoding="utf-8")
    return made


@pytest.fixture
def call(course: Course) -> Call:
    """The command; its exit status and lines, without the path of the folder of exports."""

    def call(*arguments: str | Path) -> tuple[int, list[str]]:
        result = CliRunner().invoke(cli.app, ["export", *map(str, arguments)], env={"COLUMNS": "200"})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output.replace(f"{course.classroom}/export/", "").splitlines()

    return call


def exported(course: Course, name: str) -> str:
    return (course.classroom / "export" / name).read_text(encoding="utf-8")


def template(folder: Path, text: str) -> Path:
    path = folder / "exported.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_moodle(course: Course, call: Call, tmp_path: Path) -> None:
    assert call("01", "--to", "moodle", "--template", template(tmp_path, worksheet(*LINES))) == (
        0,
        [
            f"moodle/{UNIT}_worksheet.csv",
            f"moodle/{UNIT}_feedback.zip",
            f"{UNIT}: 2 with points, 1 without, who have handed in nothing",
        ],
    )
    assert import_worksheet(exported(course, f"moodle/{UNIT}_worksheet.csv")) == {"101": 2, "102": 0.5}
    feedback = import_moodle_feedback(course.classroom / "export" / "moodle" / f"{UNIT}_feedback.zip", {"101", "102"})
    assert feedback == {"101": (f"{UNIT}.html", "page of ada"), "102": (f"{UNIT}.html", "page of bob")}


def test_moodle_without_a_worksheet(course: Course, call: Call) -> None:
    status, lines = call("--to", "moodle")
    assert list(csv.reader(exported(course, f"moodle/{UNIT}_gradebook.csv").splitlines())) == [
        ["Email address", UNIT],
        ["ada@x.org", "2"],
        ["bob@x.org", "0.5"],
    ]
    assert status == 1
    assert lines[-1] == (
        f"{UNIT}: feedback without a participant number, which --template with the grading worksheet tells: bob"
    )


def test_canvas(course: Course, call: Call, tmp_path: Path) -> None:
    text = gradebook(
        "Lovelace, Ada; 7; s7; ada; Mon; ", "Lee, Bob; 8; s8; b; Mon; ", "Day, Dora; 9; s9; dora; Mon; 1.5"
    )
    status, lines = call("--to", "canvas", "--template", template(tmp_path, text))
    after = import_gradebook(exported(course, "canvas/gradebook.csv"), {})
    assert {key[0]: cell for key, cell in after.items()} == {"7": "2", "8": "0.5"}
    assert status == 1
    assert lines[-1].endswith("without the name that Canvas gave the notebook, which `course collect` keeps: ada")
    (course.classroom / "submitted" / "bob" / UNIT / ".collected.json").write_text("{", encoding="utf-8")
    assert call("--to", "canvas", "--template", template(tmp_path, text)) == (
        0,
        [
            "canvas/gradebook.csv",
            f"{UNIT}: 2 with points, 1 without, who have handed in nothing",
            f"{UNIT}: feedback without the name that Canvas gave the notebook, which `course collect` keeps: everybody",
        ],
    )


def test_a_group_hands_in_once(course: Course, call: Call, tmp_path: Path) -> None:
    roster = "id,group,moodle,canvas\nada,,s7,7\nbob,red,s8,8\ncem,red,s9,9\n"
    (course.classroom / "roster.csv").write_text(roster, encoding="utf-8")
    lines = (("101", "", "s7", ""), ("102", "", "s8", ""), ("103", "", "s9", ""))
    call("--to", "moodle", "--template", template(tmp_path, worksheet(*lines)))
    assert import_worksheet(exported(course, f"moodle/{UNIT}_worksheet.csv")) == {"101": 2, "102": 0.5, "103": 0.5}
    archive = course.classroom / "export" / "moodle" / f"{UNIT}_feedback.zip"
    assert import_moodle_feedback(archive, {"102", "103"})["103"] == (f"{UNIT}.html", "page of bob")
    (course.classroom / "submitted" / "ada" / UNIT / ".collected.json").unlink()
    text = gradebook(*(f"{name}; {number}; ; ; Mon; " for name, number in (("A", 7), ("B", 8), ("C", 9))))
    _status, said = call("--to", "canvas", "--template", template(tmp_path, text))
    assert "9,,,Mon,0.5" in exported(course, "canvas/gradebook.csv")
    with zipfile.ZipFile(course.classroom / "export" / "canvas" / f"{UNIT}_feedback.zip") as pages:
        assert pages.namelist() == ["leebob_8_4712_01_doubling.html"]
    assert not any("cem" in line for line in said)


def test_gradescope_and_csv(course: Course, call: Call) -> None:
    assert call("--to", "gradescope")[1][:2] == [f"gradescope/{UNIT}.csv", f"gradescope/{UNIT}_autograder.zip"]
    assert call("--to", "csv") == (
        0,
        ["csv/points.csv", f"{UNIT}: 2 with points, 1 without, who have handed in nothing"],
    )
    assert exported(course, "csv/points.csv").splitlines()[-1] == "cem,Can,Cem,cem@x.org,,"


def test_a_missing_page_has_a_line(course: Course, call: Call, tmp_path: Path) -> None:
    (course.classroom / "feedback" / "ada" / UNIT / f"{UNIT}.html").unlink()
    status, lines = call("01", "--to", "moodle", "--template", template(tmp_path, worksheet(*LINES)))
    assert (status, lines[-1]) == (1, f"{UNIT}: no feedback page: ada; `course grade` writes it")


def test_a_second_run_replaces_the_files(course: Course, call: Call, tmp_path: Path) -> None:
    path = template(tmp_path, worksheet(*LINES))
    folder = course.classroom / "export" / "moodle"
    call("01", "--to", "moodle", "--template", path)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    call("01", "--to", "moodle", "--template", path)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "canvas"], "expected --template with the gradebook that Canvas exports"),
        (
            ["--to", "csv", "--template", "{file}"],
            "expected --template with --to moodle or canvas; --to csv has no file",
        ),
        (["--to", "moodle", "--template", "nowhere.csv"], "expected a CSV file, got nowhere.csv"),
        (["--to", "moodle", "09"], "expected a unit, one of 01_doubling; got '09'"),
        (
            ["--to", "moodle", "--template", "{file}"],
            "expected a grading worksheet of Moodle, got what looks like a grade",
        ),
        (["--to", "excel"], "is not one of 'moodle', 'canvas', 'gradescope', 'csv'"),
    ],
)
def test_nothing_is_written_if_anything_is_wrong(
    course: Course, call: Call, tmp_path: Path, arguments: list[str], words: str
) -> None:
    path = template(tmp_path, gradebook())
    before = sorted((course.classroom / "export").rglob("*"))
    status, lines = call(*(argument.replace("{file}", str(path)) for argument in arguments))
    assert status in (1, 2)
    assert words in " ".join(lines)
    assert sorted((course.classroom / "export").rglob("*")) == before


def test_nothing_graded(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Course) -> None:
    monkeypatch.setattr(Course, "classroom", tmp_path / "none")
    assert call("--to", "csv") == (2, ["expected graded submissions, found none; run `course grade` first"])
    assert call("--to", "csv", "01")[1] == [
        f"expected units with graded submissions, got {UNIT}; run `course grade` first"
    ]
