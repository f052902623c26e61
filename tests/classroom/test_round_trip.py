"""A class of thirty from the zip files of an LMS to its grades, with everything that goes wrong in a real class."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin
from urllib.request import urlopen

import pytest

from course_lib.course import Course
from course_lib.files import write_aside
from tests.classroom.intake.downloads import Entry, write_zip, zipped
from tests.support.lms import gradebook, import_gradebook, import_moodle_feedback, import_worksheet, worksheet
from tests.support.review_server import served
from tests.support.tiny_course import HALF_RIGHT, RIGHT, TEXT, UNIT, WRONG, Words, answered, cell, make_course, untouched

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

NAMES = """Ada Byron; Ben Okri; Chen Wei; Dora Maar; Emil Nolde; Fatima Sana; Grace Hopper; Hugo Ball; Ida Noddack;
Jens Arp; Kim Gordon; Lea Ypi; Mia Hamm; Nils Bohr; Olga Tok; Paul Klee; Queenie Mak; Rosa Bonheur; Sami Blau; Tove Dit;
Uma Bose; Vera Rubin; Walt Disn; Xenia Cage; Yan Fu; Zoe Leon; Abel Tas; Bea Arth; Carl Orff; Dina Wash"""
STUDENTS = {f"s{number:02d}": name.strip() for number, name in enumerate(NAMES.split(";"), start=1)}
SETTINGS = """[units.01_doubling]
due = 2026-04-03T18:00:00+00:00

[late]
percent_per_day = 10
"""
LOOP = "import time\n\ndef double(x):\n    while True:\n        time.sleep(0.1)"  # endless without processor time
MISTYPED = "import numpy as np\n\ndef double(x):\n    return 2 * np.asarray(y)"
COMMENT = "Only a name is mistyped."
DIES = "import os\n\ndef double(x):\n    os._exit(3)"
FULL = 3.0
UNITED = ("s02", "s03", "s04")  # s01 hands in for them


def participant(student: str) -> str:
    """The number that Moodle gives to a student in an assignment."""
    return f"10{student[1:]}"


def folder(student: str) -> str:
    """The folder in Moodle's download with what a student handed in."""
    return f"{STUDENTS[student]}_{participant(student)}_assignsubmission_file_"


def work(course: Course, code: str) -> bytes:
    return json.dumps(answered(course, code)).encode()


def without_test(course: Course) -> bytes:
    notebook = answered(course, RIGHT)
    notebook["cells"].remove(cell(notebook, "test_double"))
    return json.dumps(notebook).encode()


def cheated(course: Course) -> bytes:
    """A wrong answer with tests that pass."""
    notebook = answered(course, WRONG)
    for test in ("test_double", "test_double_hidden"):
        cell(notebook, test)["source"] = "3"
    return json.dumps(notebook).encode()


def early(content: bytes) -> Entry:
    """A file that was handed in before the due date."""
    return Entry(content, day=(2026, 4, 3), time=(9, 0, 0))


def handed_in(course: Course, aside: Path) -> dict[str, Any]:
    """What Moodle's first download contains."""
    right, triple, half = (work(course, code) for code in (RIGHT, WRONG, HALF_RIGHT))
    file = f"{UNIT}.ipynb"
    answers: dict[str, Any] = dict.fromkeys(["s01", "s05", "s06", "s07"], right)  # the first for a group of four
    answers |= dict.fromkeys(["s05", "s09", "s10", "s11", "s12"], triple) | dict.fromkeys(["s13", "s14"], half)
    answers |= {
        "s08": work(course, MISTYPED),
        "s15": json.dumps(untouched(course)).encode(),
        "s16": work(course, LOOP),
        "s17": b'{"cells": [',
        "s18": without_test(course),
        "s19": cheated(course),
        "s20": work(course, DIES),
        "s21": Entry(right, day=(2026, 4, 5), time=(12, 0, 0)),  # two days begun
        "s22": Entry(right, day=(2026, 4, 5), time=(12, 0, 0)),  # has an extension
        "s27": right,  # has withdrawn
        "s28": right,  # for a group of two
    }
    files: dict[str, Any] = {}
    for student, content in answers.items():
        files[f"{folder(student)}/{file}"] = content if isinstance(content, Entry) else early(content)
    files[f"{folder('s23')}/my work (final).ipynb"] = early(right)
    files[f"{folder('s24')}/everything.zip"] = early(zipped({f"unit/{file}": early(right)}, aside))
    files[f"{folder('s25')}/report.pdf"] = b"%PDF-1.7"
    files[f"{folder('s26')}/../../{file}"] = right
    files[f"Nobody Known_1099_assignsubmission_file_/{file}"] = right
    return files


class Class(NamedTuple):
    """The course after every command, with what each printed."""

    course: Course
    said: Mapping[str, str]

    def rows(self) -> dict[str, dict[str, str]]:
        with (self.course.classroom / "grades.csv").open(encoding="utf-8", newline="") as file:
            return {row["student"]: row for row in csv.DictReader(file)}

    def points(self) -> dict[str, float]:
        return {student: float(row["points"]) for student, row in self.rows().items()}


def run(course: Course, *arguments: str | Path, status: int) -> str:
    """Run a command in the course; everything that it prints."""
    command = [str(Path(sys.executable).with_name("course")), *map(str, arguments)]
    variables = {**os.environ, "COLUMNS": "250", "TZ": "UTC"}
    done = subprocess.run(
        command,
        cwd=course.root,
        env=variables,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def review(course: Course, student: str, text: str, points: float, comment: str) -> None:
    """Decide on one answer, as the page of `course review` does, and go on."""
    with served(course, "double") as running:
        number = 1 + [answer.student for answer in running.review.answers].index(student)
        page = urljoin(running.address, str(number))
        with urlopen(page) as shown:
            assert text in " ".join(Words(shown.read().decode()).text.split())
        with urlopen(page, urlencode({"points": points, "comment": comment}).encode()) as following:
            said = " ".join(Words(following.read().decode()).text.split())
        assert f"{points:g} of 3 points and a comment saved for answer {number}." in said


@pytest.fixture(scope="module")
def thirty(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """The class of thirty, from the downloads to the exported grades."""
    course = make_course(tmp_path_factory.mktemp("thirty") / "course", timeout=10)
    downloads = tmp_path_factory.mktemp("downloads")
    write_aside(course.root / "course.toml", SETTINGS)
    lines = ["id,last_name,first_name,email,moodle,canvas,group,withdrawn,extension 01"]
    for student, name in STUDENTS.items():
        first, last = name.split()
        team = "red" if student in ("s01", *UNITED) else "blue" if student in ("s28", "s29") else ""
        gone, more = ("yes" if student == "s27" else ""), ("3" if student == "s22" else "")
        known_as = f"{student}@example.org,{participant(student)},77{student[1:]}"
        lines.append(f"{student},{last},{first},{known_as},{team},{gone},{more}")
    write_aside(course.classroom / "roster.csv", "\n".join(lines) + "\n")

    zip_file = write_zip(downloads / "first.zip", handed_in(course, downloads))
    later = Entry(work(course, RIGHT), day=(2026, 4, 3), time=(17, 0, 0))
    second = write_zip(
        downloads / "second.zip",
        {f"{folder('s05')}/{UNIT}.ipynb": later, f"{folder('s01')}/{UNIT}.ipynb": early(work(course, RIGHT))},
    )
    people = [(participant(s), name, s, f"{s}@example.org") for s, name in STUDENTS.items()]
    write_aside(downloads / "Grades.csv", worksheet(*people))
    in_canvas = [f"{name.split()[1]}, {name.split()[0]}; 77{s[1:]}; {s}; {s}; A" for s, name in STUDENTS.items()]
    write_aside(downloads / "Canvas.csv", gradebook(*in_canvas))

    said = {"collect": run(course, "collect", zip_file, status=1)}
    said["again"] = run(course, "collect", second, status=0)
    said["grade"] = run(course, "grade", "classroom/submitted", status=1)
    review(course, "s08", "return 2 * np.asarray(y)", 2, COMMENT)
    said["insight"] = run(course, "insight", status=0)
    said["similar"] = run(course, "similar", "01", status=1)  # a notebook that cannot be read
    text = course.solutions / UNIT / f"{UNIT}.md"
    corrected = TEXT.replace("secret_number = -7", "secret_number = 7").replace(
        "(secret_number) < 0", "(secret_number) > 0"
    )
    write_aside(text, corrected)
    said["regrade"] = run(course, "grade", "--exercise", "double", status=1)
    said["moodle"] = run(course, "export", "01", "--to", "moodle", "--template", downloads / "Grades.csv", status=1)
    said["canvas"] = run(course, "export", "--to", "canvas", "--template", downloads / "Canvas.csv", status=1)
    return Class(course, said)


def test_collect_places_what_it_can_and_says_the_rest(thirty: Class) -> None:
    refused = [line for line in thirty.said["collect"].splitlines() if line.startswith("not placed: ")]
    assert len(refused) == 3
    for words in ("Yan Fu", "Zoe Leon", "Nobody Known"):
        assert sum(words in line for line in refused) == 1, words
    placed = {path.name for path in (thirty.course.classroom / "submitted").iterdir()}
    assert placed == STUDENTS.keys() - {*UNITED, "s25", "s26", "s27", "s29", "s30"}
    assert "Abel Tas" in thirty.said["collect"]
    assert "withdrawn" in thirty.said["collect"]


def test_a_second_attempt_counts_and_the_first_is_kept(thirty: Class) -> None:
    assert thirty.points()["s05"] == FULL
    (kept,) = (thirty.course.classroom / "attempts" / "s05").iterdir()
    assert "3 * np" in (kept / UNIT / f"{UNIT}.ipynb").read_text(encoding="utf-8")
    assert "already there" in thirty.said["again"]


def test_everybody_has_the_points_of_their_own_work(thirty: Class) -> None:
    expected = {f"s{number:02d}": FULL for number in (*range(1, 8), 13, 14, 18, 22, 23, 24, 28, 29)}
    expected |= dict.fromkeys(["s09", "s10", "s11", "s12", "s15", "s16", "s17", "s19", "s20", "s25", "s26", "s30"], 0)
    expected |= {"s08": 2, "s21": FULL * 0.8}  # by hand; two days late
    assert thirty.points() == pytest.approx(expected)


def test_what_went_wrong_has_a_line(thirty: Class) -> None:
    rows, said = thirty.rows(), thirty.said["grade"]
    assert {student for student, row in rows.items() if row["status"] == "not handed in"} == {"s25", "s26", "s30"}
    assert rows["s17"]["status"].startswith("error: ")
    assert "the kernel died" in rows["s20"]["status"]
    for student in ("s18", "s19"):
        assert re.search(rf"(change|flag): {student}, {UNIT}: .*test_double", said), student
    assert "my work (final).ipynb" in thirty.said["collect"]
    assert rows["s21"]["late"] == "0.6"
    assert "handed in for the group 'blue', also for s29" in said
    assert "handed in for the group 'red', also for s02, s03, s04" in said


def test_insight_counts_what_was_put_in(thirty: Class) -> None:
    (found,) = json.loads((thirty.course.classroom / "insight" / f"{UNIT}.json").read_text())["exercises"]
    page = (thirty.course.classroom / "insight" / f"{UNIT}.html").read_text(encoding="utf-8")
    counts = sorted(each["learners"] for each in (*found["slips"], *found["groups"]))
    # three times; no sign; an endless loop; a kernel that died; a file that cannot be read, and one untouched, are none
    assert counts[-2:] == [2, 5]  # the cheat has the same slip as four others
    assert not any(name in page for name in (*STUDENTS, *STUDENTS.values()))


def test_a_corrected_test_changes_only_whom_it_concerns(thirty: Class) -> None:
    assert "2 gain, 0 lose" in thirty.said["regrade"]
    assert re.search(r"\bs08\b.*points given by hand stay", thirty.said["regrade"])
    before = re.search(r"^.*\bs13\b.*$", thirty.said["grade"], re.MULTILINE)
    assert before
    assert "1/3" in before[0].replace(" ", "")


def test_the_lms_takes_grades_and_pages(thirty: Class) -> None:
    points = thirty.points()
    absent = {"s25", "s26", "s27", "s30"}
    exported = thirty.course.classroom / "export"
    taken = import_worksheet((exported / "moodle" / f"{UNIT}_worksheet.csv").read_text(encoding="utf-8"))
    assert taken == {participant(s): pytest.approx(points[s]) for s in STUDENTS if s not in absent}
    pages = import_moodle_feedback(exported / "moodle" / f"{UNIT}_feedback.zip", {participant(s) for s in STUDENTS})
    assert pages.keys() == taken.keys()
    assert "of 3" in pages[participant("s21")][1] or "/ 3" in pages[participant("s21")][1]
    assert (taken[participant("s08")], COMMENT in pages[participant("s08")][1]) == (2, True)
    in_canvas = import_gradebook((exported / "canvas" / "gradebook.csv").read_text(encoding="utf-8"), {})
    assert {key[0]: float(value) for key, value in in_canvas.items()} == {
        f"77{s[1:]}": pytest.approx(points[s]) for s in STUDENTS if s not in absent
    }
