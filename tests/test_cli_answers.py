"""A learner's cell becomes an answer of a bank."""

from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner, Result

from course_lib.answers import bank_of, read_bank
from course_lib.cli import app
from course_lib.course import Course
from course_lib.release import generate
from tests.support.units import BANK, make_course, unit

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

NAME = "00_tiny"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    course = make_course(tmp_path / "course", **{NAME: unit()})
    monkeypatch.chdir(course.root)
    return course


def bank(course: Course) -> Path:
    return bank_of(course.solutions / NAME, "double")


def add(course: Course, code: str, *options: str, answered: str = "", exercise: str = "double") -> Result:
    """Add the code of a file; without a title, that question gets an answer."""
    (course.root / "answer.py").write_text(code, encoding="utf-8")
    return CliRunner().invoke(app, ["answers", "add", "tiny", exercise, "answer.py", *options], input=answered)


def test_a_wrong_answer_becomes_a_change_to_the_nearest_right_one(course: Course) -> None:
    long = "\n".join(f"    y{n} = x" for n in range(9))
    right = f"def double(x):\n{long}\n    return y1 + y2\n"
    assert add(course, right, "--title", "nine names").output.startswith("2 of 2 tests passed; right\n")
    result = add(course, right.replace("y1 + y2", "-y1 - y2") + "\n\n", answered="the sign of both\n")
    entry = (
        "### wrong: the sign of both\n\n"
        "From: nine names\n"
        "Says: the sign is wrong\n\n"
        "```diff\n-    return y1 + y2\n+    return -y1 - y2\n```\n"
    )
    assert result.exit_code == 0, result.output
    assert result.output.endswith(f"added to {bank(course)}:\n\n{entry}\n")
    assert bank(course).read_text() == f"{BANK}\n### right: nine names\n\n```python\n{right}```\n\n{entry}"
    assert [(a.title, a.right, a.code) for a in read_bank(bank(course))[-2:]] == [
        ("nine names", True, right),
        ("the sign of both", False, right.replace("y1 + y2", "-y1 - y2")),
    ]


def test_a_cell_of_a_learners_notebook(course: Course) -> None:
    notebook = nbformat.reads(generate(course, NAME), as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "double":
            cell.source = "def double(x):\n    return len(x)"
    nbformat.write(notebook, "mine.ipynb")
    result = CliRunner().invoke(app, ["answers", "add", "00", "double", "mine.ipynb", "--title", "a length"])
    assert result.exit_code == 0, result.output
    answer = read_bank(bank(course))[-1]
    assert (answer.code, answer.right) == ("def double(x):\n    return len(x)\n", False)
    assert answer.says == (
        "objects of type `int` have no length: is `__len__` missing, or not indented inside the class?",
    )


def test_the_first_answer_to_a_new_exercise(course: Course) -> None:
    bank(course).unlink()
    assert add(course, "def double(x):\n    return 2 * x\n", "--title", "product").exit_code == 0
    assert bank(course).read_text() == (
        "# Answers to double\n\n### right: product\n\n```python\ndef double(x):\n    return 2 * x\n```\n"
    )


@pytest.mark.parametrize(
    ("code", "options", "message"),
    [
        (
            "def double(x):  # twice\n    return (x + x)",
            {},
            "expected a new answer, got the code of 'sum' (line 3 of the bank)",
        ),
        ("x = 1", {"title": "half"}, "expected a new title, got that of line 17 of the bank: 'half'"),
        (
            "x = 1",
            {"title": "two\nlines"},
            "expected a title and words that are plain text in one line, got 'two\\nlines'",
        ),
        ("x = 1", {"title": "closed #"}, "expected a title and words that are plain text in one line, got 'closed #'"),
        ("\n \n", {}, "expected an answer in answer.py, found no code"),
        ("x = '\x0c'", {}, "answer.py:1: expected no U+000C (FORM FEED)"),
        ("x = 1", {"exercise": "triple"}, "expected an exercise of 00_tiny, one of double; got 'triple'"),
    ],
)
def test_what_is_refused(course: Course, code: str, options: dict[str, str], message: str) -> None:
    title = options.get("title", "a new one")
    result = add(course, code, "--title", title, exercise=options.get("exercise", "double"))
    assert result.exit_code == 1
    assert result.stderr.startswith(message)
    assert bank(course).read_text() == BANK


def test_a_notebook_without_the_cell(course: Course) -> None:
    notebook = nbformat.reads(generate(course, NAME), as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "nbgrader" not in cell.metadata]
    nbformat.write(notebook, "mine.ipynb")
    for name, message in {
        "mine.ipynb": "expected one cell with grade_id 'double' in mine.ipynb, found 0",
        "none.ipynb": "expected a .py, .cpp or .ipynb file, found none at none.ipynb",
        "solutions": "expected a .py, .cpp or .ipynb file, found none at solutions",
    }.items():
        result = CliRunner().invoke(app, ["answers", "add", "00", "double", name, "--title", "t"])
        assert (result.exit_code, result.stderr) == (1, f"{message}\n")


def test_no_title_leaves_the_bank_alone(course: Course) -> None:
    assert add(course, "x = 1").exit_code == 1
    assert bank(course).read_text() == BANK


def test_a_learners_copy_has_no_banks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_course(tmp_path / "course")
    monkeypatch.chdir(course.root)
    result = add(course, "x = 1", "--title", "t")
    assert result.exit_code == 2
    assert "has no solutions: release, grade and add answers in a clone of its repository" in result.stderr
