"""What ``course doctor --course`` says about the source of a course."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.errors import CourseError
from course_lib.foreign.course import ForeignCourse, open_course
from course_lib.foreign.diagnosis import Diagnosis, diagnose_course

PYTHON = {"name": "python3", "display_name": "Python 3", "language": "python"}


def mark(name: str, **more: Any) -> dict[str, Any]:
    """Mark a cell for nbgrader."""
    whole = {"schema_version": 3, "grade_id": name, "grade": False, "solution": False, "locked": False, "task": False}
    return {"nbgrader": whole | more}


def a_test(source: str, name: str = "t", points: float = 1) -> NotebookNode:
    """Make a test."""
    return new_code_cell(source, metadata=mark(name, grade=True, locked=True, points=points))


def answer(source: str, name: str) -> NotebookNode:
    """Make the cell of an answer."""
    text = f"### BEGIN SOLUTION\n{source}\n### END SOLUTION"
    return new_code_cell(text, metadata=mark(name, solution=True))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the folder of a course."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n", encoding="utf-8")
    (tmp_path / "source").mkdir()
    return tmp_path


def look(root: Path, *cells: NotebookNode, kernel: dict[str, str] | None = None) -> Diagnosis:
    """Diagnose a course of one notebook, which is not in the gradebook."""
    (root / "source" / "ps1").mkdir()
    notebook = new_notebook(cells=list(cells), metadata={"kernelspec": kernel or PYTHON})
    nbformat.write(notebook, root / "source" / "ps1" / "a.ipynb")
    course = open_course(root)
    assert isinstance(course, ForeignCourse)
    (found,) = diagnose_course(course)
    assert not (root / "gradebook.db").exists()
    return found


def test_a_notebook_that_was_not_released_yet(root: Path) -> None:
    found = look(root, answer("def f():\n    return 1", "f"), a_test("assert f() == 1"), a_test("%time f()", "m"))
    assert found.name == "ps1/a"
    assert found.tests == {"t": "", "m": "is not plain Python: a magic, a shell command or a top-level await"}
    assert found.notes == []
    (problem,) = found.problems
    assert problem.endswith("found it only in the source: run `nbgrader generate_assignment ps1`")


def test_what_is_unusual(root: Path) -> None:
    task = new_markdown_cell("Show it.", metadata=mark("show", task=True, locked=True, points=2))
    text = new_markdown_cell("Read it.", metadata=mark("text", grade=True, locked=True, points=2))
    found = look(root, a_test("import no_such_module", "free", 0), a_test("'words'", "nothing"), task, text)
    assert found.notes == [
        "free: tests with 0 points",
        "text: marked as tests, but no code; a person has to give the points",
        "nothing: tests that test nothing, so everybody gets the points",
        "show: a person gives the points",
        "not installed beside this program, so cells that import them fail: no_such_module",
    ]


def test_a_name_that_occurs_twice(root: Path) -> None:
    found = look(root, a_test("assert 1"), a_test("assert 2"))
    assert found.notes == ["t: the same grade_id in several cells"]
    assert len(found.problems) == 1


def test_a_cell_that_nbgrader_refuses(root: Path) -> None:
    found = look(root, new_code_cell("### BEGIN SOLUTION\n1\n### END SOLUTION"), a_test("assert 1"))
    assert found.problems[0].startswith("nbgrader refuses it: RuntimeError: Solution region detected")


def test_another_language(root: Path) -> None:
    found = look(root, a_test("stopifnot(TRUE)"), kernel={"name": "ir", "display_name": "R", "language": "R"})
    assert "expected a kernel of Python, got r" in found.problems[0]


def test_a_broken_source(root: Path) -> None:
    (root / "source" / "ps2").mkdir()
    (root / "source" / "ps2" / "b.ipynb").write_text("{", encoding="utf-8")
    course = open_course(root)
    assert isinstance(course, ForeignCourse)
    (found,) = diagnose_course(course)
    assert found.problems
    assert found.tests == {}


def test_a_course_without_assignments(root: Path) -> None:
    course = open_course(root)
    assert isinstance(course, ForeignCourse)
    with pytest.raises(CourseError, match="expected notebooks of assignments in"):
        diagnose_course(course)
