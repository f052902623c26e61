"""The example course of ``nbgrader quickstart``, with one more assignment, and students who hand in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

from tests.support.nbgrader_batch import run_all

PROGRAMS = Path(sys.executable).parent
DUE, ON_TIME, LATE = "2026-03-02 12:00:00 UTC", "2026-03-02 11:59:00 UTC", "2026-03-02 14:30:00 UTC"
EXAMPLES = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
SETTINGS = """
c = get_config()
c.CourseDirectory.course_id = "course101"

from nbgrader.plugins import LateSubmissionPlugin

class HalfAPoint(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 0.5

c.AssignLatePenalties.plugin_class = HalfAPoint
c.Execute.timeout = 20
c.Autograde.exclude_overwriting = {"extra": ["yours.py"]}
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # yours"}
"""
HELPERS = "def check_mean(function, path):\n    assert function(path) == 2\n"
ANSWERS = {
    "mean_of": "def mean_of(path):\n    values = [float(line) for line in open(path)]\n"
    "    return sum(values) / len(values)",
    "account": "class Account:\n    def __init__(self, balance):\n        self.balance = balance\n\n"
    "    def deposit(self, amount):\n        self.balance += amount",
    "half": "from fractions import Fraction\n\ndef half():\n    return Fraction(1, 2)",
    "double": "def double(x):\n    return 2 * x",
    "draw": "def draw():\n    return np.random.rand()",
    "greet": "def greet(name):\n    print(f'Hello, {name}')",
    "why": "Because.",
    "by_hand": "double(21)",
    "yours.py": "def seven():\n    return 7\n",  # a file beside the notebook
}
PRINTS = """import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as out:
    greet('Ada')
assert out.getvalue() == 'Hello, Ada\\n'"""
TESTS = {
    "mean_of": [
        ("mean", 1, "assert abs(mean_of('numbers.csv') - 2) < TOLERANCE"),
        ("mean_helper", 1, "helpers.check_mean(mean_of, 'numbers.csv')"),
        ("mean_hidden", 2, "### BEGIN HIDDEN TESTS\nassert mean_of('numbers.csv') == 2.0\n### END HIDDEN TESTS"),
        ("mean_shared", 1, "value = mean_of('numbers.csv')\nassert value == 2"),
        ("mean_again", 1, "assert value == mean_of('numbers.csv')"),
    ],
    "account": [
        ("deposits", 2, "account = Account(5)\naccount.deposit(3)\nassert account.balance == 8"),
        ("is_account", 1, "assert isinstance(Account(1), Account)"),
    ],
    "half": [("halves", 1, "assert half() == 0.5")],
    "double": [
        ("doubles", 1, "assert double(3) == 6\nassert np.allclose(double(np.ones((2, 2))), 2)"),
        ("partly", 2, "right = sum(double(x) == 2 * x for x in (0, 1, 2, 3))\nright / 2"),
        ("edited", 1, "import yours\nassert yours.seven() == 7"),
        ("free", 0, "assert double('a') == 'aa'"),
    ],
    "draw": [("seeded", 1, "np.random.seed(0)\nassert abs(draw() - 0.5488135) < TOLERANCE")],
    "greet": [
        ("prints", 1, PRINTS),
        ("magic", 1, "get_ipython().run_line_magic('precision', '3')\nassert greet('Ben') is None"),
    ],
}
# Where each of them runs: what the text of a test, or a run with the answers above, says.
IN_PROCESS = {
    "sum_of_squares_uses_squares": "gives another meaning to what the notebook's functions use (squares)",
    "mean_shared": "makes what a later cell uses (value)",
    "mean_again": "uses value, which the test mean_shared makes",
    "is_account": "asks for a class of the notebook (Account)",
    "halves": "an object of the class Fraction cannot be copied to another process",
    "edited": "fails apart, with the instructor's own answer: ModuleNotFoundError: No module named 'yours'",
    "seeded": "sets the seed of random numbers (numpy.random.seed)",
    "prints": "captures what is printed, or gives input (contextlib.redirect_stdout)",
    "magic": "uses IPython (get_ipython().run_line_magic)",
}
QUICKSTART = {
    "squares": "def squares(n):\n    if n < 1:\n        raise ValueError('expected 1 or more')\n"
    "    return [i * i for i in range(1, n + 1)]",
    "sum_of_squares": "def sum_of_squares(n):\n    return sum(squares(n))",
    "sum_of_squares_equation": r"$\sum_{i=1}^n i^2$",
    "sum_of_squares_application": "print(sum_of_squares(3), 'balls in a pyramid')",
    "part-a": "Fibonacci's numbers.",
    "part-b": "For numbers below 0: it never ends.",
}
ALL = ANSWERS | QUICKSTART


def run(root: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a course."""
    environment = os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    command = [str(PROGRAMS / program), *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def _marked(name: str, **mark: Any) -> dict[str, Any]:
    whole = {"schema_version": 3, "grade_id": name, "grade": False, "solution": False, "locked": False, "task": False}
    return {"nbgrader": whole | mark}


def extra_notebook() -> NotebookNode:
    """Make the source of the additional assignment."""
    setup = "import numpy as np\nimport helpers\n\nTOLERANCE = 1e-6"
    cells = [new_code_cell(setup, metadata=_marked("setup", locked=True))]
    for name, tests in TESTS.items():
        answer = f"### BEGIN SOLUTION\n{ANSWERS[name]}\n### END SOLUTION"
        cells += [new_markdown_cell(f"## {name}"), new_code_cell(answer, metadata=_marked(name, solution=True))]
        for test, points, source in tests:
            cells.append(new_code_cell(source, metadata=_marked(test, grade=True, locked=True, points=points)))
    by_hand = _marked("by_hand", grade=True, solution=True, points=2)
    cells += [
        new_markdown_cell("Why?", metadata=_marked("why", grade=True, solution=True, points=3)),
        new_code_cell("### BEGIN SOLUTION\ndouble(21)\n### END SOLUTION", metadata=by_hand),
        new_markdown_cell("Show it to me.", metadata=_marked("show", task=True, locked=True, points=4)),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def make_course(root: Path) -> Path:
    """Make the course, with both assignments released, and a date on which they are due."""
    course = root / "course101"
    shutil.copytree(EXAMPLES / "source" / "ps1", course / "source" / "ps1", ignore=shutil.ignore_patterns("*.html"))
    (course / "nbgrader_config.py").write_text(SETTINGS, encoding="utf-8")
    extra = course / "source" / "extra"
    extra.mkdir()
    nbformat.write(extra_notebook(), extra / "values.ipynb")
    (extra / "numbers.csv").write_text("1\n2\n3\n", encoding="utf-8")
    (extra / "helpers.py").write_text(HELPERS, encoding="utf-8")
    (extra / "yours.py").write_text(ANSWERS["yours.py"], encoding="utf-8")
    with new_gradebook(f"sqlite:///{course}/gradebook.db") as book:
        for assignment in ("ps1", "extra"):
            book.add_assignment(assignment, duedate=DUE)
    nbgrader_does(course, "generate_assignment ps1", "generate_assignment extra")
    return course


def new_gradebook(url: str) -> Gradebook:
    """Make a gradebook; nbgrader finds the program ``alembic`` by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(PROGRAMS), prepend=os.pathsep)
        return Gradebook(url, "course101")


def nbgrader_does(course: Path, *commands: str) -> None:
    """Run commands of nbgrader in a course, in one process."""
    for command, (code, said) in run_all(course, *commands).items():
        assert code == 0, f"{command}: {said}"


def submit(
    course: Path, student: str, answers: Mapping[str, str], stamp: str = ON_TIME, only: str = "*/*.ipynb"
) -> Path:
    """Hand in both assignments, or only some of their notebooks, with some answers; return the student's folder."""
    folder = course / "submitted" / student
    for released in sorted((course / "release").glob(only)):
        notebook = nbformat.read(released, as_version=4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(name, cell.source)
        target = folder / released.parent.name / released.name
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)
        (target.parent / "timestamp.txt").write_text(stamp, encoding="utf-8")
    if (folder / "extra").is_dir():
        (folder / "extra" / "yours.py").write_text(answers.get("yours.py", ""), encoding="utf-8")
    return folder


def records(course: Path) -> dict[tuple[str, ...], object]:
    """Read what the gradebook holds of every submission: grades, comments and late penalties."""
    found: dict[tuple[str, ...], object] = {}
    with Gradebook(f"sqlite:///{course}/gradebook.db") as book:
        for submission in (each for assignment in book.assignments for each in assignment.submissions):
            found[submission.name, submission.student.id] = submission.timestamp
            for notebook in submission.notebooks:
                where = (submission.name, submission.student.id, notebook.name)
                found[*where, "late"] = notebook.late_submission_penalty
                for grade in notebook.grades:
                    found[*where, grade.name] = (grade.auto_score, grade.needs_manual_grade, grade.max_score)
                found |= {(*where, each.name, "comment"): each.auto_comment for each in notebook.comments}
    return found
