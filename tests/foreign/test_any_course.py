"""``course grade`` in a course that nbgrader made, against ``nbgrader autograde``, cell by cell."""

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner, Result

from course_lib.cli import app
from tests.support.foreign_course import (
    ALL,
    EXAMPLES,
    IN_PROCESS,
    LATE,
    PROGRAMS,
    TESTS,
    make_course,
    nbgrader_does,
    records,
    run,
    submit,
)

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

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


HOSTILE = {
    "loop": {
        **ALL,
        "squares": "import time\n\ndef squares(n):\n    while n:\n        time.sleep(0.1)",  # takes no processor time
        "sum_of_squares": "def sum_of_squares(n):\n    return sum(i * i for i in range(n + 1))",
    },
    "patch": {
        **ALL,
        "squares": "import builtins, numpy\nbuiltins.sum = lambda *_: 385\n\nclass Same(list):\n"
        "    def __eq__(self, other):\n        return True\n\ndef squares(n):\n    return Same()",
    },
    "broken": ALL,
    "deleted": ALL,
}
DYING = {**ALL, "double": "import os\n\ndef double(x):\n    os._exit(0)"}


def hand_in_hostile(course: Path) -> None:
    """Hand in one notebook each that does harm, or is damaged."""
    for student, answers in HOSTILE.items():
        submit(course, student, answers, only="ps1/problem1.ipynb")
    submit(course, "dying", DYING, only="extra/*.ipynb")
    (course / "submitted" / "broken" / "ps1" / "problem1.ipynb").write_bytes(b'{"cells": [')
    path = course / "submitted" / "deleted" / "ps1" / "problem1.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
    nbformat.write(notebook, path)


def is_honest(student: object) -> bool:
    return student not in (*HOSTILE, "dying")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a course with work of four students, two in nbgrader's documentation, and, in ours alone, hostile work."""
    made = make_course(tmp_path_factory.mktemp("ours"))
    for student, answers in HONEST.items():
        submit(made, student, answers, *([LATE] if student == "ben" else []))
    (made / "submitted" / "dee" / "ps1" / "problem2.ipynb").unlink()
    shutil.copytree(EXAMPLES / "submitted", made / "submitted", dirs_exist_ok=True)
    shutil.copytree(made, made.parent / "theirs")
    hand_in_hostile(made)
    return made


@pytest.fixture(scope="module")
def graded(course: Path) -> list[dict[str, object]]:
    """Grade all of it with one ``course grade``."""
    done = run(course, "course", "grade", "--json")
    assert done.returncode == 1, done.stderr  # somebody should look at the broken one
    return list(json.loads(done.stdout))


@pytest.fixture(scope="module")
def theirs(course: Path) -> Path:
    """Grade the copy with ``nbgrader autograde``."""
    copy = course.parent / "theirs"
    nbgrader_does(copy, "autograde ps1", "autograde extra")
    return copy


@pytest.fixture
def here(course: Path, graded: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the folder of the graded course the current one."""
    monkeypatch.chdir(course)
    return course


def call(*arguments: str) -> Result:
    """Run the command ``course`` in this process, where it is loaded already."""
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})


def ours(course: Path) -> dict[tuple[str, ...], object]:
    """Read what the gradebook holds of honest work."""
    return {each: found for each, found in records(course).items() if is_honest(each[1])}


def test_tests_run_where_they_should(course: Path, graded: list[dict[str, object]]) -> None:
    log = (course / "course_grade" / "logs" / "ada" / "extra" / "values.log").read_text(encoding="utf-8")
    log += (course / "course_grade" / "logs" / "ada" / "ps1" / "problem1.log").read_text(encoding="utf-8")
    told = dict(line[5:].split(": ", 1) for line in log.splitlines() if line.startswith("test "))
    assert {name: why.removeprefix("in the learner's process: ") for name, why in told.items()} == {
        name: IN_PROCESS.get(name, "apart from the learner's code") for name in told
    }
    assert len(graded) == 15 + 5
    assert told.keys() >= {name for tests in TESTS.values() for name, _, _ in tests}
    page = (course / "feedback" / "ada" / "extra" / "values.html").read_text(encoding="utf-8")
    assert "in the learner&#39;s process: asks for a class of the notebook" in page
    assert "mean_of(&#39;numbers.csv&#39;) == 2.0" not in page  # a hidden test


def test_grades_are_those_of_nbgrader(course: Path, graded: list[dict[str, object]], theirs: Path) -> None:
    """Hostile work in the same run affects nobody else."""
    found, others = ours(course), records(theirs)
    assert {each: found.get(each) for each in others} == others
    assert found.keys() == others.keys()
    points = sum(grade[0] for grade in found.values() if isinstance(grade, tuple) and grade[0])
    honest = [float(str(result["points_from_tests"])) for result in graded if is_honest(result["student"])]
    assert points == pytest.approx(sum(honest))


def test_files_are_where_nbgrader_looks(course: Path, graded: list[dict[str, object]], theirs: Path) -> None:
    names = {path.relative_to(theirs / "autograded") for path in (theirs / "autograded").rglob("*.ipynb")}
    for folder, suffix in (("autograded", ".ipynb"), ("feedback", ".html")):
        there = {path.relative_to(course / folder) for path in (course / folder).rglob(f"*{suffix}")}
        assert {path for path in there if is_honest(path.parts[0])} == {name.with_suffix(suffix) for name in names}
    assert (course / "autograded" / "ada" / "ps1" / "jupyter.png").is_file()


def test_an_answer_that_cannot_be_copied_is_flagged(graded: list[dict[str, object]]) -> None:
    flags = {(each["student"], each["unit"]): each["audit_flags"] for each in graded}
    assert "object of the class map" in str(flags["dee", "ps1/problem1"])
    assert "object of the class Decimal" in str(flags["dee", "extra/values"])
    assert flags["ada", "ps1/problem1"] == []


def test_hostile_work_has_the_points_of_what_ran(course: Path, graded: list[dict[str, object]]) -> None:
    points = {(each["student"], each["unit"]): float(str(each["points_from_tests"])) for each in graded}
    assert points["loop", "ps1/problem1"] == 0.5  # by the function that does not loop
    assert points["patch", "ps1/problem1"] == 0.5  # by the test that asks whether one function uses the other
    assert points["broken", "ps1/problem1"] == 0
    assert points["deleted", "ps1/problem1"] == points["ada", "ps1/problem1"] == 3
    assert points["dying", "extra/values"] == points["ada", "extra/values"] - 3
    told = records(course)["ps1", "broken", "problem1", "squares", "comment"]
    assert str(told).startswith("Not graded. error: expected a notebook")


def test_a_killed_run_is_completed_and_what_a_person_reviewed_stays_so(here: Path) -> None:
    with Gradebook(f"sqlite:///{here}/gradebook.db") as book:
        for name in ("why", "doubles"):
            grade = book.find_grade(name, "values", "extra", "ada")
            grade.manual_score, grade.needs_manual_grade = 0.5, False
        book.db.commit()
    before = records(here)
    assert before["extra", "ada", "values", "why"] == (None, False, 3)
    command = [str(PROGRAMS / "course"), "grade", "--force", "--jobs", "1", "submitted/ada"]
    with subprocess.Popen(command, cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"1/3 ada, extra/values" in process.stderr.readline()  # with these scores, graded and recorded again
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(1)  # its grading process ends by itself
    done = call("grade", "submitted/ada")
    assert done.exit_code == 0, done.output
    assert "3 of them graded before" in done.output
    assert records(here) == before


def test_the_tests_are_those_in_the_gradebook(here: Path) -> None:
    path = here / "source" / "extra" / "values.ipynb"
    before = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    (test,) = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "doubles"]
    test.source = "assert double(1) == 3"
    nbformat.write(notebook, path)
    assert "1 of them graded before" in call("grade", "submitted/cat/extra").output
    done = call("doctor", "--course", ".")
    assert done.exit_code == 0, done.output
    words = " ".join(done.output.replace("│", " ").split())
    assert "doubles: changed in the source after `nbgrader generate_assignment`" in words
    assert "free: tests with 0 points" in words
    assert "by_hand, show: a person gives the points" in words
    assert f"{len(IN_PROCESS)} in the learner's process; it can be graded" in words
    test.metadata.nbgrader.grade_id = "doubles_again"
    nbformat.write(notebook, path)
    done = call("grade", "submitted/cat/extra")
    path.write_text(before, encoding="utf-8")
    assert done.exit_code == 1
    words = " ".join(done.output.split())
    assert "found others (doubles, doubles_again): run `nbgrader generate_assignment extra`" in words


def test_nbgrader_goes_on_from_there(here: Path) -> None:
    nbgrader_does(here, "export", "generate_feedback extra --student ada --force")
    assert "ada" in (here / "grades.csv").read_text(encoding="utf-8")
