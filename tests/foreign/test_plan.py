"""Where the tests of a notebook run, by their text."""

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_lib.foreign.plan import TestPlan, plan_tests
from course_lib.foreign.uses import uses_of

SQUARE = "def square(x):\n    return x * x"
CALLS = "def fourth(x):\n    return square(square(x))"


def answer(source: str, name: str = "square") -> NotebookNode:
    """Make the cell of an answer."""
    return new_code_cell(source, metadata={"nbgrader": {"grade_id": name, "solution": True, "grade": False}})


def a_test(source: str, name: str = "t") -> NotebookNode:
    """Make a test."""
    mark = {"grade_id": name, "solution": False, "grade": True, "points": 1}
    return new_code_cell(source, metadata={"nbgrader": mark})


def plan_of(*cells: NotebookNode) -> TestPlan:
    """Plan the test called ``t``."""
    return plan_tests(cells)["t"]


@pytest.mark.parametrize(
    ("before", "source", "names"),
    [
        ([answer(SQUARE)], "assert square(3) == 9", ("square",)),
        ([answer(SQUARE)], "for x in range(3):\n    assert square(x) == x ** 2", ("square",)),
        ([answer(SQUARE)], "try:\n    square('a')\nexcept TypeError:\n    pass\nelse:\n    assert False", ("square",)),
        ([answer(SQUARE)], "assert isinstance(square(3), int)", ("square",)),
        ([answer(SQUARE)], "import numpy as np\nassert np.allclose(square(np.ones(2)), 1)", ("square",)),
        ([answer(SQUARE), answer(CALLS, "fourth")], "x = fourth(2)\nassert x == 16", ("fourth",)),
    ],
)
def test_a_test_that_only_calls_answers_runs_apart(
    before: list[NotebookNode], source: str, names: tuple[str, ...]
) -> None:
    assert plan_of(*before, a_test(source)) == TestPlan("", "", names)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("%timeit square(3)", "is not plain Python"),
        ("await square(3)", "is not plain Python"),
        ("ip = get_ipython()\nip.run_cell('square(3)')", "uses IPython (get_ipython"),
        ("import inspect\nassert 'for' not in inspect.getsource(square)", "looks at source code (inspect"),
        ("import numpy as np\nnp.random.seed(0)\nassert square(np.random.rand()) > 0", "sets the seed"),
        ("import random\nrandom.seed(1)\nassert square(2) == 4", "sets the seed of random numbers (random.seed)"),
        ("from unittest.mock import patch\nassert square(2) == 4", "replaces parts of a program"),
        ("assert isinstance(square, Shape)", "asks for a class of the notebook (Shape)"),
        ("try:\n    square(1)\nexcept Shape:\n    pass", "catches an error of the notebook's (Shape)"),
        ("square.calls = 0\nassert square(2) == 4", "changes an attribute (square.calls)"),
        ("assert square.__doc__", "looks into an object (square.__doc__)"),
        ("with open('x.txt') as file:\n    assert file.read()", "reads or writes files (open)"),
        ("assert 'square' in globals()", "looks at the notebook's names (globals)"),
        ("assert eval('square(2)') == 4", "runs text as code (eval)"),
        ("import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n    square(1)", "captures what is"),
        ("import matplotlib.pyplot as plt\nassert plt.gcf().axes", "looks at figures"),
        (
            "old = square\ndel square\nassert fourth",
            "gives another meaning to what the notebook's functions use (square)",
        ),
        ("def square(x):\n    return 7\nassert fourth(2) == 7", "gives another meaning to"),
        ("assert cube(2) == 8", "uses cube, which no cell before it obviously makes"),
    ],
)
def test_a_test_that_needs_the_process_says_why(source: str, why: str) -> None:
    shape = answer("class Shape(Exception):\n    pass", "shape")
    plan = plan_of(answer(SQUARE), answer(CALLS, "fourth"), shape, a_test(source))
    assert plan.why.startswith(why)
    assert plan.prelude == ""
    assert plan.names == ()


def test_imports_constants_and_functions_come_from_the_instructor() -> None:
    setup = new_code_cell("import numpy as np\nLIMIT = 1e-6\nDATA = np.arange(3)\n\ndef close(a, b):\n"
                          "    return np.max(np.abs(np.asarray(a) - b)) < LIMIT")  # fmt: skip
    plan = plan_of(setup, answer(SQUARE), a_test("assert close(square(DATA), [0, 1, 4])"))
    assert plan.why == ""
    assert plan.names == ("DATA", "square")  # DATA is made by a call, which may do anything
    assert plan.prelude.split("\n")[:2] == ["import numpy as np", "LIMIT = 1e-06"]
    assert "def close(a, b):" in plan.prelude
    assert "DATA" not in plan.prelude


def test_a_helper_may_call_an_answer() -> None:
    helper = new_code_cell("def check(x):\n    assert square(x) == x * x")
    plan = plan_of(helper, answer(SQUARE), a_test("check(3)"))
    assert plan == TestPlan("", helper.source, ("square",))


def test_a_helper_of_an_earlier_test_is_copied() -> None:
    first = a_test("from math import isclose\nassert isclose(square(2), 4)", "first")
    plans = plan_tests([answer(SQUARE), first, a_test("assert isclose(square(3), 9)")])
    assert plans["first"] == TestPlan("", "", ("square",))
    assert plans["t"] == TestPlan("", "from math import isclose", ("square",))


def test_tests_that_share_a_value_share_the_process() -> None:
    first = a_test("value = square(2)\nassert value == 4", "first")
    plans = plan_tests([answer(SQUARE), first, a_test("assert value == square(-2)")])
    assert plans["t"].why == "uses value, which the test first makes"
    assert plans["first"].why == "makes what a later cell uses (value)"


def test_an_import_in_an_answer_is_the_learners() -> None:
    plan = plan_of(answer(f"import numpy as np\n{SQUARE}"), a_test("assert np.all(square(np.ones(2)) == 1)"))
    assert plan.why == "uses np, which an answer imports"


def test_an_import_of_the_instructor_wins_over_that_in_an_answer() -> None:
    cells = [new_code_cell("import numpy as np"), answer(f"import numpy as np\n{SQUARE}")]
    assert plan_of(*cells, a_test("assert np.all(square(np.ones(2)) == 1)")).prelude == "import numpy as np"


def test_an_answer_in_place_of_pythons_own_function() -> None:
    plan = plan_of(answer("def sum(values):\n    return 0", "sum"), a_test("assert sum([1, 2]) == 3"))
    assert plan.why == "uses what the notebook defines in place of Python's own (sum)"


def test_an_import_with_a_star_is_copied_unless_it_is_the_learners() -> None:
    star = new_code_cell("from math import *")
    assert plan_of(star, answer(SQUARE), a_test("assert square(pi) > 9")).prelude == "from math import *"
    learners = answer(f"from math import *\n{SQUARE}")
    assert plan_of(learners, a_test("assert square(3) > 8")).why == "uses names that an answer imports with a star"


def test_words_of_a_cell() -> None:
    uses = uses_of("import math as m\ntotal = 0\ndef f(x):\n    return g(x) + sum(x) + total\nprint(f(h))\ndel total")
    assert uses.wanted == {"g", "h"}
    assert uses.own == {"sum", "print"}
    assert uses.made == {"m", "total", "f"}
    assert uses.imports == {"m"}
    assert uses.within == {"g", "sum", "total"}
