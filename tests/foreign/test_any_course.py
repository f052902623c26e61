"""``course grade`` in a course that nbgrader made, against ``nbgrader autograde``, cell by cell."""

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import nbformat
import nbgrader
import pytest
from nbgrader.api import Gradebook

from tests.support.foreign_course import ALL, IN_PROCESS, LATE, PROGRAMS, TESTS, make_course, records, run, submit

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

DOCUMENTED = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide" / "submitted"
WARNS = "import warnings\n\ndef double(x):\n    warnings.warn('soon gone')\n    return 2 * x"
HONEST = {
    "ada": ALL,
    "ben": {
        **ALL,
        "squares": "def squares(n):\n    return [i * i for i in range(1, n + 1)]",
        "sum_of_squares": "def sum_of_squares(n):\n    return sum(i * i for i in range(n + 1))",
        "double": "def double(x):\n    return 2 * x if x < 2 else 0",
        "account": "class Account:\n    def __init__(self, balance):\n        self.balance = balance",
        "half": "def half():\n    return 0.25",
        "yours.py": "def seven():\n    return 8",
        "greet": "def greet(name):\n    return f'Hello, {name}'",
        "mean_of": "def mean_of(path):\n    return mean(path)",
    },
    "cat": {},
    "dee": {
        **ALL,
        "squares": "import numpy as np\n\ndef squares(n):\n    if n < 1:\n        raise ValueError\n"
        "    return map(lambda i: i * i, range(1, n + 1))",
        "half": "def half():\n    return 1 / 2",
        "mean_of": "import decimal\n\ndef mean_of(path):\n    return decimal.Decimal(2)",
        "double": WARNS,
        "why": "",
    },
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a course in which four students have handed in, and two of nbgrader's documentation."""
    made = make_course(tmp_path_factory.mktemp("ours"))
    for student, answers in HONEST.items():
        submit(made, student, answers, *([LATE] if student == "ben" else []))
    (made / "submitted" / "dee" / "ps1" / "problem2.ipynb").unlink()
    shutil.copytree(DOCUMENTED, made / "submitted", dirs_exist_ok=True)
    shutil.copytree(made, made.parent / "theirs")
    return made


@pytest.fixture(scope="module")
def graded(course: Path) -> list[dict[str, object]]:
    """Grade it with ``course grade``."""
    done = run(course, "course", "grade", "--json")
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


@pytest.fixture(scope="module")
def theirs(course: Path) -> Path:
    """Grade a copy of it with ``nbgrader autograde``."""
    copy = course.parent / "theirs"
    for assignment in ("ps1", "extra"):
        done = run(copy, "nbgrader", "autograde", assignment)
        assert done.returncode == 0, done.stderr
    return copy


def test_tests_run_where_they_should(course: Path, graded: list[dict[str, object]]) -> None:
    log = (course / "course_grade" / "logs" / "ada" / "extra" / "values.log").read_text(encoding="utf-8")
    log += (course / "course_grade" / "logs" / "ada" / "ps1" / "problem1.log").read_text(encoding="utf-8")
    told = dict(line[5:].split(": ", 1) for line in log.splitlines() if line.startswith("test "))
    assert {name: why.removeprefix("in the learner's process: ") for name, why in told.items()} == {
        name: IN_PROCESS.get(name, "apart from the learner's code") for name in told
    }
    assert len(graded) == 15
    assert told.keys() >= {name for tests in TESTS.values() for name, _, _ in tests}
    page = (course / "feedback" / "ada" / "extra" / "values.html").read_text(encoding="utf-8")
    assert "in the learner&#39;s process: asks for a class of the notebook" in page
    assert "mean_of(&#39;numbers.csv&#39;) == 2.0" not in page  # a hidden test


def test_grades_are_those_of_nbgrader(course: Path, graded: list[dict[str, object]], theirs: Path) -> None:
    ours, others = records(course), records(theirs)
    assert {each: ours.get(each) for each in others} == others
    assert ours.keys() == others.keys()
    points = sum(grade[0] for grade in ours.values() if isinstance(grade, tuple) and grade[0])
    assert points == pytest.approx(sum(float(str(result["points_from_tests"])) for result in graded))


def test_files_are_where_nbgrader_looks(course: Path, graded: list[dict[str, object]], theirs: Path) -> None:
    names = {path.relative_to(theirs) for path in (theirs / "autograded").rglob("*.ipynb")}
    assert {path.relative_to(course) for path in (course / "autograded").rglob("*.ipynb")} == names
    pages = {path.relative_to(course / "feedback") for path in (course / "feedback").rglob("*.html")}
    assert pages == {path.relative_to("autograded").with_suffix(".html") for path in names}
    assert (course / "autograded" / "ada" / "ps1" / "jupyter.png").is_file()


def test_an_answer_that_cannot_be_copied_is_flagged(graded: list[dict[str, object]]) -> None:
    flags = {(each["student"], each["unit"]): each["audit_flags"] for each in graded}
    assert "object of the class map" in str(flags["dee", "ps1/problem1"])
    assert "object of the class Decimal" in str(flags["dee", "extra/values"])
    assert flags["ada", "ps1/problem1"] == []


def test_doctor_says_where_tests_run(course: Path) -> None:
    done = run(course.parent, "course", "doctor", "--course", str(course))
    assert done.returncode == 0, done.stderr + done.stdout
    words = " ".join(done.stdout.replace("│", " ").split())
    assert "free: tests with 0 points" in words
    assert "by_hand, show: a person gives the points" in words
    assert f"{len(IN_PROCESS)} in the learner's process; it can be graded" in words


HOSTILE = {
    "loop": {**ALL, "squares": "def squares(n):\n    while True:\n        pass"},
    "patch": {
        **ALL,
        "squares": "import builtins, numpy\nbuiltins.sum = lambda *_: 385\n\nclass Same(list):\n"
        "    def __eq__(self, other):\n        return True\n\ndef squares(n):\n    return Same()",
    },
    "dying": {**ALL, "double": "import os\n\ndef double(x):\n    os._exit(0)"},
}


def test_one_bad_submission_does_not_affect_others(course: Path, graded: list[dict[str, object]]) -> None:
    before = records(course)
    for student, answers in HOSTILE.items():
        submit(course, student, answers)
    (submit(course, "broken", ALL) / "ps1" / "problem1.ipynb").write_bytes(b'{"cells": [')
    path = submit(course, "deleted", ALL) / "ps1" / "problem1.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
    nbformat.write(notebook, path)
    done = run(course, "course", "grade", "--json")
    assert done.returncode == 1, done.stderr  # somebody should look
    points = {(each["student"], each["unit"]): each["points_from_tests"] for each in json.loads(done.stdout)}
    after = records(course)
    assert {each: after[each] for each in before} == before
    # The other half of both comes from the test that asks whether one function uses the other.
    assert points["loop", "ps1/problem1"] == points["patch", "ps1/problem1"] == 0.5
    assert points["broken", "ps1/problem1"] == 0
    assert points["deleted", "ps1/problem1"] == points["ada", "ps1/problem1"] == 3
    assert points["dying", "extra/values"] == points["ada", "extra/values"] - 3
    assert str(after["ps1", "broken", "problem1", "squares", "comment"]).startswith(
        "Not graded. error: expected a notebook"
    )


def test_a_killed_run_is_completed(course: Path, graded: list[dict[str, object]]) -> None:
    before = records(course)
    command = [str(PROGRAMS / "course"), "grade", "--force", "--jobs", "1", "submitted/ada", "submitted/ben"]
    with subprocess.Popen(command, cwd=course, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"1/6" in process.stderr.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(1)  # its grading process ends by itself
    done = run(course, "course", "grade", "submitted/ada", "submitted/ben")
    assert done.returncode == 0, done.stderr
    assert {each: found for each, found in records(course).items() if each in before} == before


def test_the_tests_are_those_in_the_gradebook(course: Path, graded: list[dict[str, object]]) -> None:
    path = course / "source" / "extra" / "values.ipynb"
    before = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    (test,) = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "doubles"]
    test.source = "assert double(1) == 3"
    nbformat.write(notebook, path)
    done = run(course, "course", "grade", "submitted/cat/extra")
    assert "1 of them graded before" in done.stdout, done.stderr
    done = run(course, "course", "doctor", "--course", ".")
    assert "doubles: changed in the source after `nbgrader generate_assignment`" in done.stdout
    test.metadata.nbgrader.grade_id = "doubles_again"
    nbformat.write(notebook, path)
    done = run(course, "course", "grade", "submitted/cat/extra")
    path.write_text(before, encoding="utf-8")
    assert done.returncode == 1
    assert "found others (doubles, doubles_again): run `nbgrader generate_assignment extra`" in done.stderr


def test_nbgrader_goes_on_from_there(course: Path, graded: list[dict[str, object]]) -> None:
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        grade = book.find_grade("why", "values", "extra", "ada")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        book.db.commit()
    done = run(course, "nbgrader", "export")
    assert done.returncode == 0, done.stderr
    assert "ada" in (course / "grades.csv").read_text(encoding="utf-8")
    again = run(course, "course", "grade", "submitted/ada")
    assert again.returncode == 0, again.stderr
    assert "3 of them graded before" in again.stdout
    kept = records(course)["extra", "ada", "values", "why"]
    assert kept == (None, False, 3)  # a second run does not ask for another look
    done = run(course, "nbgrader", "generate_feedback", "extra", "--student", "ada", "--force")
    assert done.returncode == 0, done.stderr
