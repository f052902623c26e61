"""nbgrader's own commands in such a course, and a grading that is interrupted."""

import contextlib
import csv
import json
import os
import re
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


def exported(course: Course) -> dict[str, float]:
    """What nbgrader's own export says."""
    done = command(course, "nbgrader", "export")
    assert done.returncode == 0, done.stderr
    with (course.root / "grades.csv").open(encoding="utf-8") as table:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(table)}


def test_nbgraders_own_commands_give_the_same_points(course: Course) -> None:
    before = released(course, UNIT).read_bytes()
    for arguments in (["generate_assignment", UNIT, "--force"], ["autograde", UNIT], ["generate_feedback", UNIT]):
        done = command(course, "nbgrader", *arguments)
        assert done.returncode == 0, done.stderr
    assert released(course, UNIT).read_bytes() == before
    stock = exported(course)
    assert stock == {"right": 3, "half": 1, "skipping": 0, "deleted": 3}
    for page in course.classroom.glob("feedback/*/*/*.html"):
        assert "secret_number" not in page.read_text(encoding="utf-8")
    graded = command(course, "course", "grade", "--json", str(course.classroom / "submitted"))
    assert {grade["student"]: grade["points"] for grade in json.loads(graded.stdout)} == stock
    assert exported(course) == stock


def test_nbgraders_feedback_after_a_grading_shows_no_hidden_test_and_runs_nothing(course: Course) -> None:
    evil = "from IPython.display import HTML\nHTML('<script>alert(1)</script><b>bold</b>')"
    notebook = answered(course, RIGHT)
    notebook["cells"].append({**notebook["cells"][1], "id": "evil", "metadata": {}, "source": evil})
    notebook["cells"][0]["source"] += "\n\n<script>alert(2)</script>\n"
    submit(course.classroom / "submitted", "evil", notebook)
    graded = command(course, "course", "grade", str(course.classroom / "submitted"))
    assert graded.returncode == 0, graded.stdout
    done = command(course, "nbgrader", "generate_feedback", UNIT, "--student", "evil", "--force")
    assert done.returncode == 0, done.stderr
    page = (course.classroom / "feedback" / "evil" / UNIT / f"{UNIT}.html").read_text(encoding="utf-8")
    assert "secret_number" not in page
    assert "<b>bold</b>" in page
    assert not re.search(r"<script[^>]*>\s*alert", page)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_grading_ends_at_once_and_says_where_it_stands(
    course: Course, tmp_path_factory: pytest.TempPathFactory, number: signal.Signals
) -> None:
    tmp_path = tmp_path_factory.mktemp("t")  # names of sockets are short
    for student in ("one", "two", "three"):
        submit(tmp_path / "in", student, answered(course, "import time\ntime.sleep(100)"))
    linked = submit(tmp_path / "in", "linked", "")
    linked.unlink()
    linked.symlink_to("elsewhere")
    arguments = [str(BIN / "course"), "grade", "--jobs", "2", str(tmp_path / "in")]
    with subprocess.Popen(
        arguments,
        cwd=course.root,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as grading:
        assert grading.stderr is not None
        assert grading.stderr.readline().startswith("1/4 linked")
        started: list[psutil.Process] = []
        while not any(is_sandbox(process) for process in started) and grading.poll() is None:
            time.sleep(0.05)
            started = psutil.Process(grading.pid).children(recursive=True)
        for _ in range(2):  # people press Ctrl-C twice
            os.killpg(grading.pid, signal.SIGINT) if number == signal.SIGINT else grading.send_signal(number)
        output, errors = grading.communicate(timeout=60)
    assert grading.returncode == 130
    assert output == ""
    assert "Traceback" not in errors
    assert errors.splitlines() == ["stopped: 1 of 4 submissions are done, 3 are left; the same command grades them"]
    with (course.classroom / "grades.csv").open(encoding="utf-8") as table:
        assert "linked" in {row["student"] for row in csv.DictReader(table)}
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def is_sandbox(process: psutil.Process) -> bool:
    """Tell whether a process is a learner's sandbox."""
    with contextlib.suppress(psutil.Error):
        return process.name() == "bwrap"
    return False
