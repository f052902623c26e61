"""Exercises in C++ from release to grade, feedback and what a learner sees, with and without a compiler."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook

from course_lib.cells import is_test
from course_lib.checks.errors import not_written
from course_lib.course import Course
from course_lib.grading.sandbox import bubblewrap, compiler
from course_lib.release import released
from tests.support.paths import ROOT
from tests.support.tiny_course import UNIT, Words, answered, cell, submit, untouched
from tests.support.tiny_cpp import BROKEN, PYTHON, RIGHT, STUB, WRONG, make_course

pytestmark = [pytest.mark.sandbox, pytest.mark.compiler, pytest.mark.slow]
COURSE = str(Path(sys.executable).with_name("course"))
NO_COMPILER = "not graded: no C++ compiler on this machine; apt install g++"
# What each learner makes of the answer's cell, what it earns, and what is said.
CLASS = {
    "right": (RIGHT, 3, ""),
    "wrong": (WRONG, 0, "likely cause: every value is 2 times"),
    "broken": (BROKEN, 0, "your C++: does not compile, line 5: expected ';'"),
    "no first line": (RIGHT.partition("\n")[2], 0, "holds C++: its first line must be `%%cpp sample`"),
    "another name": (RIGHT.replace("%%cpp sample", "%%cpp sampler"), 0, "expected %%cpp sample or %%cpp row_sums"),
    "in Python": (PYTHON, 0, "sample is not written in C++"),
}
CHANGES = {"deleted": "'sample'", "lost": "recognized by the function that it defines"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("cpp") / "course")


def submissions(course: Course) -> dict[str, dict[str, Any]]:
    """Hand in each answer, and notebooks whose cells were moved about."""
    made = {student: answered(course, code, "sample") for student, (code, _, _) in CLASS.items()}
    made["untouched"] = untouched(course)
    made["deleted"] = untouched(course)
    made["deleted"]["cells"].remove(cell(made["deleted"], "sample"))
    made["second cell"] = answered(course, WRONG, "sample")
    made["Python later"] = answered(course, RIGHT, "sample")
    made["lost"] = untouched(course)
    for student, code in {"second cell": RIGHT, "Python later": PYTHON, "lost": RIGHT}.items():
        cells = made[student]["cells"]
        place = cells.index(cell(made[student], "sample"))
        cells.insert(place + 1, {"cell_type": "code", "metadata": {}, "source": code})
        if student == "lost":
            del cells[place]
    return made


@dataclass
class Run:
    """A finished run."""

    course: Course
    grades: dict[str, dict[str, Any]]
    code: int

    def said(self, student: str) -> str:
        return str(self.grades[student]["exercises"][0]["message"])

    def page(self, student: str) -> str:
        return (self.course.classroom / "feedback" / student / UNIT / f"{UNIT}.html").read_text(encoding="utf-8")

    def needs_person(self, student: str) -> list[tuple[float | None, bool]]:
        with Gradebook(f"sqlite:///{self.course.classroom / 'gradebook.db'}") as gradebook:
            grades = gradebook.find_submission_notebook(UNIT, UNIT, student).grades
            return [(grade.auto_score, grade.needs_manual_grade) for grade in grades]


def run(course: Course, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "COLUMNS": "200", **environment}
    return subprocess.run(arguments, cwd=course.root, env=env, capture_output=True, text=True, check=False)


def grade(course: Course, folder: Path, *options: str, **environment: str) -> Run:
    done = run(course, COURSE, "grade", "--json", "--jobs", "2", *options, str(folder), **environment)
    assert done.stdout, done.stderr
    return Run(course, {grade["student"]: grade for grade in json.loads(done.stdout)}, done.returncode)


@pytest.fixture(scope="module")
def graded(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Every kind of submission, graded in the sandbox."""
    folder = tmp_path_factory.mktemp("in")
    for student, notebook in submissions(course).items():
        submit(folder, student, notebook)
    return grade(course, folder)


def test_a_learner_gets_a_stub_that_does_not_compile(course: Course) -> None:
    source = "".join(cell(untouched(course), "sample")["source"])
    assert source.startswith("%%cpp sample\nvoid sample(")
    assert source.endswith(f"\n{STUB}\n}}")


@pytest.mark.parametrize("student", CLASS)
def test_each_earns_what_it_deserves_and_is_told_why(graded: Run, student: str) -> None:
    _, points, words = CLASS[student]
    assert (graded.grades[student]["points"], graded.grades[student]["error"]) == (points, None)
    assert words in graded.said(student)
    assert bool(words) == bool(graded.said(student))
    assert graded.grades[student]["audit_flags"] == []


def test_cells_that_were_moved_about_are_found(graded: Run) -> None:
    points = {student: graded.grades[student]["points"] for student in ("second cell", "Python later", "lost")}
    assert points == {"second cell": 3, "Python later": 0, "lost": 3}
    assert "sample is not written in C++" in graded.said("Python later")
    for student, words in CHANGES.items():
        assert words in "; ".join(graded.grades[student]["changes"])


def test_an_error_of_the_compiler_is_shown_with_its_line_and_advice(graded: Run) -> None:
    _, said, line, advice = graded.said("broken").splitlines()
    assert said.startswith("  your C++: ")
    assert line.strip() == "5 |         out[i] = scale * map[i % channels]"
    assert "semicolon" in advice


def test_an_untouched_exercise_earns_nothing(graded: Run) -> None:
    assert graded.grades["untouched"]["points"] == graded.grades["deleted"]["points"] == 0
    assert graded.said("untouched") == not_written("sample", cpp=True)
    assert "replace the line that begins with `#error`" in graded.said("untouched")
    assert "missing from your notebook" in graded.said("deleted")


def test_feedback_shows_cpp_in_color_and_no_hidden_line(graded: Run) -> None:
    page = graded.page("wrong")
    assert '<span class="kt">float</span>' in page
    assert "likely cause" in Words(page).text
    assert "secret_map" not in Words(page).text


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder of programs without a compiler."""
    return str(tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="module")
def ungraded(course: Course, graded: Run, bare: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two of them once more, on a machine without a compiler."""
    folder = tmp_path_factory.mktemp("bare")
    for student in ("right", "wrong"):
        submit(folder, student, submissions(course)[student])
    return grade(course, folder, "--no-sandbox", PATH=bare)


def test_without_a_compiler_nothing_is_decided(ungraded: Run) -> None:
    for student, found in ungraded.grades.items():
        assert found["exercises"][0]["message"].startswith(NO_COMPILER)
        assert found["error"].startswith(f"sample: {NO_COMPILER}")
        assert (found["points"], found["max_points"]) == (0, 3)
        assert ungraded.needs_person(student) == [(None, True), (None, True)]
        words = Words(ungraded.page(student)).text
        assert "– / 3" in words
        assert NO_COMPILER in words
    assert ungraded.code == 1
    rows = csv.DictReader((ungraded.course.classroom / "grades.csv").open(encoding="utf-8"))
    assert [NO_COMPILER in row["status"] for row in rows if row["student"] in ungraded.grades] == [True, True]


def test_the_next_run_with_a_compiler_decides(ungraded: Run, tmp_path: Path) -> None:
    submit(tmp_path, "right", submissions(ungraded.course)["right"])
    again = grade(ungraded.course, tmp_path, "--no-sandbox")
    assert (again.grades["right"]["points"], again.grades["right"]["error"]) == (3, None)
    assert again.needs_person("right") == [(1, False), (2, False)]


def test_what_the_sandbox_lacks_is_found_out_in_a_sandbox_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compiler.none_in_grade(isolated=True) == ""
    monkeypatch.setitem(bubblewrap.ENVIRONMENT, "PATH", "/nowhere")
    bubblewrap._failure.cache_clear()
    assert compiler.none_in_grade(isolated=True).startswith("no C++ compiler on this machine; apt install g++")
    bubblewrap._failure.cache_clear()


def test_a_learner_is_told_what_is_not_graded(course: Course, bare: str) -> None:
    path = course.work / UNIT / f"{UNIT}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(answered(course, RIGHT, "sample")), encoding="utf-8")
    told = run(course, COURSE, "check", UNIT, PATH=bare)
    assert "–/1" in told.stdout
    assert "not graded: no C++ compiler" in " ".join(told.stdout.replace("│", " ").split())
    assert told.returncode == 0
    assert not (course.work / ".checked").exists()  # the next time, there may be a compiler


def test_a_notebook_without_a_compiler_runs_to_its_end(course: Course, bare: str) -> None:
    done = run(course, sys.executable, str(ROOT / "ci" / "run_notebooks.py"), PATH=bare)
    assert done.returncode == 0, done.stdout
    assert NO_COMPILER in done.stdout
    cells = nbformat.read(course.report / f"{UNIT}.ipynb", as_version=4).cells
    assert cells[-1].execution_count == len([each for each in cells if each.cell_type == "code"])


def test_an_instructor_may_leave_them_out_of_the_points(bare: str, tmp_path: Path) -> None:
    course = make_course(tmp_path / "course", "c.CppExercises.count = False")
    notebook = nbformat.read(released(course, UNIT), as_version=4)
    assert [cell.metadata.nbgrader.points for cell in filter(is_test, notebook.cells)] == [0, 0]
    assert 'passed("sample", points=0)' in "".join(cell.source for cell in notebook.cells)
    submit(tmp_path / "in", "right", answered(course, RIGHT, "sample"))
    right = grade(course, tmp_path / "in", "--no-sandbox", PATH=bare)
    assert (right.grades["right"]["error"], right.grades["right"]["max_points"], right.code) == (None, 0, 0)
    assert right.said("right").startswith(NO_COMPILER)
    assert right.needs_person("right") == [(None, False), (None, False)]
