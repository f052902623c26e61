"""nbgrader's own commands in such a course, and a grading that is interrupted."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course_lib.course import Course
from course_lib.release import released
from tests.tiny_course import HALF_RIGHT, RIGHT, UNIT, WRONG, answered, cell, make_course, submit

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with four submissions where nbgrader looks for them."""
    course = make_course(tmp_path_factory.mktemp("with nbgrader") / "course")
    submitted = course.classroom / "submitted"
    for student, code in {"right": RIGHT, "half": HALF_RIGHT}.items():
        submit(submitted, student, answered(course, code))
    skipping, deleted = answered(course, WRONG), answered(course, RIGHT)
    for test in ("test_double", "test_double_hidden"):
        cell(skipping, test)["metadata"]["tags"] = ["skip-execution"]
    deleted["cells"].remove(cell(deleted, "test_double"))
    submit(submitted, "skipping", skipping)
    submit(submitted, "deleted", deleted)
    return course


def command(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]])}
    return subprocess.run(arguments, cwd=course.root, env=env, capture_output=True, text=True, check=False)


def test_nbgraders_own_commands_give_the_same_points(course: Course) -> None:
    before = released(course, UNIT).read_bytes()
    for arguments in (
        ["generate_assignment", UNIT, "--force"],
        ["autograde", UNIT],
        ["generate_feedback", UNIT],
        ["export"],
    ):
        done = command(course, "nbgrader", *arguments)
        assert done.returncode == 0, done.stderr
    assert released(course, UNIT).read_bytes() == before
    with (course.root / "grades.csv").open(encoding="utf-8") as table:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(table)}
    assert exported == {"right": 3, "half": 1, "skipping": 0, "deleted": 3}
    for page in course.classroom.glob("feedback/*/*/*.html"):
        assert "secret_number" not in page.read_text(encoding="utf-8")
    graded = command(course, "course", "grade", "--json", str(course.classroom / "submitted"))
    assert {grade["student"]: grade["points"] for grade in json.loads(graded.stdout)} == exported


def test_an_interrupted_grading_ends_at_once_and_leaves_no_kernel(course: Course, tmp_path: Path) -> None:
    seen = tmp_path / "kernel"
    hanging = f"import os, time\nopen({str(seen)!r}, 'w').write(f'{{os.getpid()}}.')\ntime.sleep(100)"
    for student in ("one", "two", "three"):
        submit(tmp_path / "in", student, answered(course, hanging))
    arguments = [str(BIN / "course"), "grade", "--jobs", "1", str(tmp_path / "in")]
    with subprocess.Popen(
        arguments, cwd=course.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as grading:
        while not (seen.exists() and seen.read_text().endswith(".")) and grading.poll() is None:
            time.sleep(0.05)
        grading.send_signal(signal.SIGINT)
        output, errors = grading.communicate(timeout=30)
    assert grading.returncode != 0
    assert output == ""
    assert errors.strip() in ("", "Aborted!", "Aborted.")
    assert not psutil.pid_exists(int(seen.read_text().removesuffix(".")))
