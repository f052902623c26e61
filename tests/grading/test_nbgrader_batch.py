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
from nbgrader.api import Gradebook

from course_lib.course import Course
from course_lib.release import released
from tests.support.tiny_course import HALF_RIGHT, RIGHT, UNIT, WRONG, answered, cell, make_course, submit

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

BIN = Path(sys.executable).parent


COLUMNS = ("auto_score", "manual_score", "needs_manual_grade", "auto_comment", "manual_comment")
POINTS = {"right": 3, "half": 1, "skipping": 0, "deleted": 3, "typo": 0, "endless": 0, "probe": 3, "corrupt": 0}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with submissions of all kinds where nbgrader looks for them."""
    course = make_course(tmp_path_factory.mktemp("with nbgrader") / "course", timeout=3)
    submitted = course.classroom / "submitted"
    outside = str(course.root / "outside")
    probe = f"{RIGHT}\n\ntry:\n    open({outside!r}, 'w').write('x')\nexcept OSError:\n    pass"
    endless = "import numpy as np\nwhile True:\n    pass"
    answers = {"right": RIGHT, "half": HALF_RIGHT, "typo": "def double(x:", "endless": endless, "probe": probe}
    for student, code in answers.items():
        submit(submitted, student, answered(course, code))
    skipping, deleted = answered(course, WRONG), answered(course, RIGHT)
    for test in ("test_double", "test_double_hidden"):
        cell(skipping, test)["metadata"]["tags"] = ["skip-execution"]
    deleted["cells"].remove(cell(deleted, "test_double"))
    submit(submitted, "skipping", skipping)
    beside = submit(submitted, "deleted", deleted).with_name("page.html")
    beside.write_text("<script>alert(1)</script>", encoding="utf-8")
    submit(submitted, "corrupt", "{ not a notebook")
    return course


def command(course: Course, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]), **variables}
    return subprocess.run(arguments, cwd=course.root, env=env, capture_output=True, text=True, check=False)


def exported(course: Course) -> dict[str, float]:
    """What nbgrader's own export says."""
    done = command(course, "nbgrader", "export")
    assert done.returncode == 0, done.stderr
    with (course.root / "grades.csv").open(encoding="utf-8") as table:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(table)}


def held(course: Course) -> tuple[dict[str, str], list[tuple[object, ...]]]:
    """What a classroom holds: its files but for logs and times, and the gradebook's points and comments."""
    files = {
        str(path.relative_to(course.classroom)): path.read_text(encoding="utf-8")
        for folder in ("autograded", "feedback")
        for path in (course.classroom / folder).rglob("*")
        if path.is_file()
    }
    with Gradebook(f"sqlite:///{course.classroom}/gradebook.db") as book:
        entries = [
            (submission.student.id, entry.name, *(getattr(entry, name, None) for name in COLUMNS))
            for submission in book.assignment_submissions(UNIT)
            for notebook in submission.notebooks
            for entry in [*notebook.grades, *notebook.comments]
        ]
    return files, sorted(entries, key=str)


def test_nbgrader_autograde_is_course_grade(course: Course) -> None:
    before = released(course, UNIT).read_bytes()
    for arguments in (["generate_assignment", UNIT, "--force"], ["autograde", UNIT]):
        done = command(course, "nbgrader", *arguments)
        assert done.returncode == 0, done.stderr
    assert released(course, UNIT).read_bytes() == before
    assert not (course.root / "outside").exists()
    assert exported(course) == POINTS
    there = held(course)
    assert sum(name.startswith("autograded") for name in there[0]) == len(POINTS)
    graded = command(course, "course", "grade", "--json", "--force", str(course.classroom / "submitted"))
    assert {grade["student"]: grade["points"] for grade in json.loads(graded.stdout)} == POINTS
    assert held(course) == there
    assert exported(course) == POINTS


def test_feedback_is_the_same_page_whoever_asks_for_it(course: Course) -> None:
    done = command(course, "nbgrader", "autograde", UNIT)
    assert done.returncode == 0, done.stderr
    there = held(course)
    done = command(course, "nbgrader", "generate_feedback", UNIT, "--force")
    assert done.returncode == 0, done.stderr
    assert held(course) == there


def test_without_a_sandbox_nbgrader_refuses_and_changes_nothing(course: Course) -> None:
    command(course, "nbgrader", "autograde", UNIT)
    there = held(course)
    done = command(course, "nbgrader", "autograde", UNIT, "--force", PATH=str(BIN))  # where no bubblewrap is
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "`course grade --no-sandbox classroom/submitted`" in line
    assert held(course) == there


def test_nbgraders_feedback_after_a_grading_shows_no_hidden_test_and_runs_nothing(course: Course) -> None:
    evil = "from IPython.display import HTML\nHTML('<script>alert(1)</script><b>bold</b>')"
    notebook = answered(course, RIGHT)
    notebook["cells"].append({**notebook["cells"][1], "id": "evil", "metadata": {}, "source": evil})
    notebook["cells"][0]["source"] += "\n\n<script>alert(2)</script>\n"
    submit(course.classroom / "submitted", "evil", notebook)
    graded = command(course, "course", "grade", str(course.classroom / "submitted"))
    assert "evil" in graded.stdout
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
