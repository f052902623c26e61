from collections.abc import Sequence

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_lib.grading.needed_cells import Plan, plan
from tests.support.cells import graded_cell

SET_UP = "import numpy as np\nSEED = 0"
A = "def double(x):\n    return 2 * x"
B = "def triple(x):\n    return 3 * x"


def notebook(a: str = A, b: str = B, between: Sequence[str] = ()) -> list[NotebookNode]:
    """Set-up, exercise double with its test, cells in between, exercise triple with its test, and a cell after it."""
    return [
        new_code_cell(SET_UP),
        graded_cell(a, "double"),
        graded_cell("assert double(1) == 2", "test_double"),
        *(new_code_cell(cell) for cell in between),
        graded_cell(b, "triple"),
        graded_cell("assert triple(1) == 3", "test_triple"),
        new_code_cell("print('later')"),
    ]


def ran(cells: Sequence[NotebookNode], planned: Plan) -> list[str]:
    """Return the texts of the cells that run, in order."""
    return [cells[place].source for place in sorted(planned.cells)]


def test_only_set_up_answer_and_test_run() -> None:
    cells = notebook(between=["def helper(): ...", "many = [double(n) for n in range(9)]"])
    assert plan(cells, "triple") == Plan(frozenset({0, 5, 6}))
    assert ran(cells, plan(cells, "double")) == [SET_UP, A, "assert double(1) == 2"]


@pytest.mark.parametrize(
    ("b", "between", "left_out"),
    [
        (f"{A}\n{B}", [], 0),  # it defines the same name: which one counts, depends on the order
        ("def triple(x):\n    return double(x) + x", [], 0),
        (
            "def triple(x):\n    return helper(x)",
            ["def helper(x):\n    return factor * x", "factor = 3", "other = 1"],
            2,
        ),
        ("def triple(x):\n    return FACTORS[1] * x", ["FACTORS = [2, 2]", "FACTORS[1] = 3"], 1),
        ("def triple(x):\n    return sum(items) * x", ["items = [1]", "also = items", "also.append(2)", "print(1)"], 2),
        (B, ["triple.factor = 3"], 1),
        (B, ["np.clip = None"], 1),
        (B, ["np.random.seed(1)"], 1),
        (B, ["def patch():\n    np.clip = None", "patch()"], 1),
        (B, ["import math", "pi = math.pi"], 2),
        (B, ["np = None"], 1),
        ("def triple(x):\n    return np.sum([x, x, x])", ["mean = np.mean([1, 2])"], 2),
    ],
)
def test_cells_that_may_matter_run_too(b: str, between: list[str], left_out: int) -> None:
    cells = notebook(b=b, between=between)
    planned = plan(cells, "triple")
    assert planned.whole == planned.reason == ""
    before = [place for place in range(len(cells) - 2) if place != 2]  # without the test of the other exercise
    assert len(before) - len(planned.cells - {len(cells) - 2}) == left_out


@pytest.mark.parametrize(
    "cell", ["from numpy import *", "exec('triple = double')", "%run more.py", "setattr(np, 'a', 1)"]
)
def test_where_the_text_does_not_tell_all_cells_before_run(cell: str) -> None:
    cells = notebook(between=["free = 1", cell])
    planned = plan(cells, "triple")
    assert planned.cells == {0, 1, 3, 4, 5, 6}
    assert planned.reason.startswith("cell 5 may change anything: it ")
    assert planned.whole == ""


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("def double(x):\n    np.clip = None\n    return 2 * x", B),
        ("def double(x):\n    np.random.seed(0)\n    return 2 * x", B),
        ("def double(x):\n    exec('x = 1')\n    return 2 * x", B),
        ("def double(x):\n    global SEED\n    SEED = 1\n    return 2 * x", B),
        ("def double(x):\n    double.calls = 1\n    return 2 * x", "def triple(x):\n    return double(x) + x"),
        (
            "seen = []\ndef double(x):\n    seen.append(x)\n    return 2 * x",
            "def triple(x):\n    return 3 * x + len(seen)",
        ),
        ("double = Doubler()", "def triple(x):\n    return double(x) + x"),
    ],
)
def test_what_a_test_of_another_exercise_may_change_needs_the_whole_notebook(a: str, b: str) -> None:
    cells = notebook(a=a, b=b)
    assert "cell 2" in plan(cells, "triple").whole
    assert plan(cells, "double").whole == ""  # no test runs before its own


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("seen = []\ndef double(x):\n    seen.append(x)\n    return 2 * x", B),  # nothing that triple uses
        ("def double(x):\n    global calls\n    calls = 1\n    return 2 * x", B),
        ("def double(x):\n    x = np.array(x)\n    x[0] = 1\n    return x", "def triple(x):\n    return double(x) + x"),
    ],
)
def test_what_it_cannot_change_does_not(a: str, b: str) -> None:
    assert plan(notebook(a=a, b=b), "triple").whole == ""


def test_a_given_function_is_known_to_do_no_harm() -> None:
    given = "def given():\n    np.random.seed(0)"
    cells = notebook(a="def double(x):\n    given()\n    return 2 * x")
    cells.insert(1, new_code_cell(given))
    assert "cell 2" in plan(cells, "triple").whole
    assert plan(cells, "triple", given=[given]).whole == ""


def test_demonstrations_never_run() -> None:
    cells = notebook()
    cells.insert(1, new_code_cell("triple = None", metadata={"tags": ["demo"]}))
    assert 1 not in plan(cells, "triple").cells
