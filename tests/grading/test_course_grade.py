import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from nbgrader.api import Gradebook

from course_lib.checks.errors import not_written
from course_lib.course import Course
from tests.support import tiny_course
from tests.support.tiny_course import (
    HALF_RIGHT,
    RIGHT,
    UNIT,
    WRONG,
    Words,
    answered,
    cell,
    make_course,
    submit,
    untouched,
)

pytestmark = [pytest.mark.sandbox, pytest.mark.slow]

COURSE = Path(sys.executable).with_name("course")
TESTS = ("test_double", "test_double_hidden")
LOOP = "def double(x):\n    while True:\n        pass"
STUBBORN = "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except BaseException:\n        pass"
BROKEN = "def double(x)\n    return 2 * x"
LOUD = f"for _ in range(20):\n    print('x' * 1_000_000)\n{RIGHT}"
FILES = f"import pathlib\npathlib.Path('left.txt').write_text('x')\n{RIGHT}"
POINTS = {
    "Zoë O'Neil": 3,
    "bare": 3,
    "copied": 3,
    "corrupt": 0,
    "both": 0,
    "broken": 0,
    "deleted": 0,
    "deleted all": 3,
    "doubled": 3,
    "dying": 0,
    "edited": 0,
    "half": 1,
    "lost": 0,
    "loud": 3,
    "loop": 0,
    "markdown": 3,
    "right": 3,
    "skipping": 0,
    "stubborn": 0,
    "untouched": 0,
    "wrong": 0,
}
ERRORS = {
    "both": "expected one notebook of 01_doubling, found 2; this one is ",
    "corrupt": "expected a notebook, found broken JSON in line 1",
    "dying": "the kernel died in cell 3 (double): it ended itself",
    "stubborn": "the kernel died in cell 3 (double): a cell ran on after 2 s and could not be stopped",
}
CHANGES = {
    "bare": "no kernel was named",
    "copied": "the last one that was worked on counts: 'double' (2 times; cell 6)",
    "deleted": "deleted, put back: 'test_double'",
    "deleted all": "deleted, put back: 'test_double', 'test_double_hidden'",
    "doubled": "once is enough: 'test_double' (2 times)",
    "edited": "changed, restored: 'test_double', 'test_double_hidden'",
    "lost": "deleted, put back untouched: 'double'",
    "markdown": "code again: 'test_double'",
    "skipping": "tags taken away: cell 4 ('skip-execution', 'demo')",
}
NOTED = {"dying", "edited", "skipping"}


@dataclass
class Run:
    """A finished run of the command line on a folder of submissions."""

    course: Course
    submitted: Path
    before: dict[Path, bytes]
    code: int
    output: str
    errors: str

    @property
    def grades(self) -> dict[str, dict[str, Any]]:
        return {grade["student"]: grade for grade in json.loads(self.output)}

    def page(self, student: str) -> Path:
        return self.course.classroom / "feedback" / student / UNIT / f"{UNIT}.html"

    def words(self, student: str) -> str:
        return Words(self.page(student).read_text(encoding="utf-8")).text


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def environment(base: Path) -> dict[str, str]:
    """A machine whose own Jupyter is not to be trusted, and whose temporary folder is empty."""
    kernel = base / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text('{"argv": ["false"], "display_name": "Not this", "language": "python"}')
    (base / "tmp").mkdir()
    return {**os.environ, "JUPYTER_PATH": str(base / "jupyter"), "TMPDIR": str(base / "tmp"), "COLUMNS": "200"}


def grade(course: Course, folder: Path, env: dict[str, str]) -> Run:
    before = contents(folder)
    command = [str(COURSE), "grade", "--json", "--jobs", "2", str(folder)]
    done = subprocess.run(command, cwd=course.root, env=env, capture_output=True, text=True, check=False)
    return Run(course, folder, before, done.returncode, done.stdout, done.stderr)


def write_submissions(course: Course, folder: Path) -> None:
    """Hand in what learners hand in."""
    for student, code in {
        "right": RIGHT,
        "Zoë O'Neil": FILES,
        "wrong": WRONG,
        "half": HALF_RIGHT,
        "loop": LOOP,
        "stubborn": STUBBORN,
        "loud": LOUD,
        "broken": BROKEN,
        "dying": "import os\nos._exit(1)",
    }.items():
        submit(folder, student, answered(course, code))
    submit(folder, "untouched", untouched(course))
    for term in ("fall", "spring"):
        submit(folder / term, "both", answered(course, RIGHT))
    submit(folder, "corrupt", '{"cells": [')
    changed = {name: answered(course, WRONG) for name in ("deleted", "edited", "skipping")}
    changed |= {name: answered(course, RIGHT) for name in ("deleted all", "doubled", "copied", "lost", "markdown")}
    changed["deleted"]["cells"].remove(cell(changed["deleted"], "test_double"))
    changed["doubled"]["cells"].append(cell(changed["doubled"], "test_double"))
    changed["copied"]["cells"].append(cell(changed["copied"], "double"))
    changed["lost"]["cells"].remove(cell(changed["lost"], "double"))
    for test in TESTS:
        changed["deleted all"]["cells"].remove(cell(changed["deleted all"], test))
        cell(changed["edited"], test)["source"] = "pass"
        cell(changed["skipping"], test)["metadata"]["tags"] = ["skip-execution", "demo"]
    as_text = cell(changed["markdown"], "test_double")
    as_text["cell_type"] = "markdown"
    del as_text["outputs"], as_text["execution_count"]
    for student, notebook in changed.items():
        submit(folder, student, notebook)
    bare = answered(course, RIGHT)
    del bare["metadata"], bare["cells"][0]["metadata"]
    for part in bare["cells"]:
        del part["id"]
    submit(folder, "bare", bare)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Every kind of submission, graded once, in folders with a space."""
    base = tmp_path_factory.mktemp("to grade")
    course = make_course(base / "my course", timeout=2)
    write_submissions(course, base / "handed in")
    return grade(course, base / "handed in", environment(base))


@pytest.fixture(scope="module")
def again(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Some of them, graded a second time into the same gradebook."""
    base = tmp_path_factory.mktemp("again")
    for student in ("right", "half", "wrong"):
        submit(base / "in", student, (run.submitted / student / UNIT / f"{UNIT}.ipynb").read_bytes())
    return grade(run.course, base / "in", environment(base))


def test_each_submission_gets_its_points(run: Run) -> None:
    assert {student: found["points"] for student, found in run.grades.items()} == POINTS
    assert {found["max_points"] for found in run.grades.values()} == {3}


def test_errors_are_words_and_stop_nothing_else(run: Run) -> None:
    errors = {student: found["error"] for student, found in run.grades.items() if found["error"]}
    assert errors.keys() == ERRORS.keys()
    assert all(words in errors[student] for student, words in ERRORS.items())
    assert run.code == 1


def test_of_two_notebooks_of_one_student_neither_is_graded(run: Run) -> None:
    lines = [found["error"] for found in json.loads(run.output) if found["student"] == "both"]
    assert [Path(line).relative_to(run.submitted).parts[0] for line in (s.split(" is ")[1] for s in lines)] == [
        "fall",
        "spring",
    ]
    assert not run.page("both").exists()


def test_a_line_for_each_submission_and_nothing_else_is_said(run: Run) -> None:
    lines = run.errors.splitlines()
    assert [line.partition(" ")[0] for line in lines] == [f"{n}/{len(lines)}" for n in range(1, len(lines) + 1)]
    assert {line.partition(" ")[2].partition(",")[0] for line in lines} == set(run.grades)


def test_exercises_and_messages(run: Run) -> None:
    exercise = {"name": "double", "points": 3, "points_from_tests": 3, "max_points": 3, "message": ""}
    assert run.grades["right"]["exercises"] == [exercise]
    messages = {
        student: found["exercises"][0]["message"] for student, found in run.grades.items() if found["exercises"]
    }
    assert messages["wrong"].startswith("double(2)\n  expected:     4\n  got:          6")
    assert messages["half"] == "AssertionError: a negative number stays negative"
    assert messages["untouched"] == not_written("double")
    assert messages["lost"].startswith("the cell of double is missing from your notebook")
    assert messages["loop"] == "TimeoutError: stopped after 2 s; an endless loop?"
    assert messages["dying"].startswith("KernelDied: the kernel died in cell 3")
    assert run.grades["corrupt"]["exercises"] == [{**exercise, "points": 0, "points_from_tests": 0}]


def test_the_first_cause_is_told_everywhere(run: Run) -> None:
    cause = [
        "the cell of double has a syntax error, so nothing in it ran: SyntaxError: expected ':'",
        "line 1: def double(x)",
    ]
    with (run.course.classroom / "exercises.csv").open(encoding="utf-8", newline="") as table:
        (row,) = [row for row in csv.DictReader(table) if row["student"] == "broken"]
    for message in (run.grades["broken"]["exercises"][0]["message"], row["message"]):
        assert [line.strip() for line in message.splitlines()] == cause
    assert all(line in run.words("broken") for line in cause)


def test_what_was_mended_is_said(run: Run) -> None:
    changes = {student: " ".join(found["changes"]) for student, found in run.grades.items() if found["changes"]}
    assert changes.keys() == CHANGES.keys()
    for student, words in CHANGES.items():
        assert words in changes[student]


def test_what_an_instructor_may_want_to_look_at_is_noted(run: Run) -> None:
    assert {student for student, found in run.grades.items() if found["audit_flags"]} == NOTED
    assert run.grades["edited"]["audit_flags"][0] == "cell 4 changes the test 'test_double'"


def test_every_result_was_isolated(run: Run) -> None:
    assert all(found["isolated"] for found in run.grades.values())


def test_gradebook_holds_the_same_points(run: Run) -> None:
    with Gradebook(f"sqlite:///{run.course.classroom / 'gradebook.db'}") as gradebook:
        recorded = {s.student.id: s.score for s in gradebook.assignment_submissions(UNIT)}
    assert recorded == {student: points for student, points in POINTS.items() if student != "both"}


def test_the_table_for_spreadsheets_holds_the_same_points(run: Run) -> None:
    with (run.course.classroom / "grades.csv").open(encoding="utf-8", newline="") as table:
        rows = {row["student"]: row for row in csv.DictReader(table)}
    assert {student: float(row["points"]) for student, row in rows.items()} == POINTS
    assert {student for student, row in rows.items() if row["status"] != "graded"} == ERRORS.keys()


def test_each_submission_has_a_log(run: Run) -> None:
    logs = {path.parent.name: path.read_text() for path in run.course.classroom.glob(f"logs/*/{UNIT}.log")}
    assert logs.keys() == POINTS.keys()
    assert "cell 4 (test_double): " in logs["right"]
    assert "secret_number" not in "".join(logs.values())


def test_feedback_names_the_points(run: Run) -> None:
    graded = set(POINTS) - {"both"}
    assert {page.parent.parent.name for page in run.course.classroom.glob("feedback/*/*/*.html")} == graded
    for student in graded:
        assert f"Score: {POINTS[student]} / 3" in run.words(student)
    assert "a negative number stays negative" in run.words("half")


def test_feedback_never_shows_a_hidden_test(run: Run) -> None:
    hidden = [line.strip() for line in tiny_course.TEXT.partition("BEGIN HIDDEN")[2].splitlines() if "secret" in line]
    assert len(hidden) == 3
    for page in run.course.classroom.glob("feedback/*/*/*.html"):
        words = Words(page.read_text(encoding="utf-8")).text
        assert not [line for line in [*hidden, "secret_number"] if line in words]


def test_submissions_stay_as_they_are(run: Run) -> None:
    assert contents(run.submitted) == run.before


def test_nothing_is_left_behind(run: Run) -> None:
    assert not list((run.submitted.parent / "tmp").iterdir())
    assert not list(run.course.root.rglob("left.txt"))
    kernels = [p.info["cmdline"] for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"]]
    assert not [line for line in kernels if str(run.submitted.parent) in " ".join(line)]


def test_long_output_is_cut(run: Run) -> None:
    assert run.page("loud").stat().st_size < 5_000_000


def test_grading_twice_gives_the_same_grades(run: Run, again: Run) -> None:
    assert again.grades == {student: run.grades[student] for student in ("half", "right", "wrong")}
    assert again.code == 0
    test_gradebook_holds_the_same_points(run)
