"""Messages name the first cause; the errors are those of a real kernel."""

from collections.abc import Callable, Iterator

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.grading.sandbox.kernel_client import KernelClient
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.scores import score
from tests.support.cells import graded_cell

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

TEST = "assert one(2) == 2, 'two'"
Said = Callable[..., str]


def solution(source: str, name: str = "one") -> NotebookNode:
    return graded_cell(source, name)


def check(source: str = TEST) -> NotebookNode:
    return graded_cell(source, "test_one")


@pytest.fixture(scope="module")
def kernel() -> Iterator[KernelClient]:
    with KernelClient(Limits(cell_s=1)) as started:
        yield started


@pytest.fixture
def said(kernel: KernelClient) -> Said:
    """Run cells, a plain one for each text, but no demonstrations; give the message of the exercise."""

    def run(*cells: NotebookNode | str, missing: tuple[str, ...] = ()) -> str:
        kernel.run_cell("%reset -f")
        notebook = new_notebook(cells=[new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells])
        for number, cell in enumerate(notebook.cells, 1):
            if "tags" not in cell.metadata:
                cell.outputs, cell.execution_count = kernel.run_cell(cell.source), number
        (exercise,) = score(notebook, missing)
        return exercise.message

    return run


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "def one(x):\n    return x +\n",
            (
                "the cell of one has a syntax error, so nothing in it ran: SyntaxError: invalid syntax\n"
                "  line 2: return x +"
            ),
        ),
        (
            "\n\ndef one(x):\nreturn x",
            (
                "the cell of one has a syntax error, so nothing in it ran: IndentationError: "
                "expected an indented block after function definition on line 1\n  line 4: return x"
            ),
        ),
        (
            "%matplotlib inline\ndef one(x)\n    return x",
            (
                "the cell of one has a syntax error, so nothing in it ran: SyntaxError: expected ':'\n"
                "  line 2: def one(x)"
            ),
        ),
        (
            "def one(x: List[int]):\n    return x",
            ("the cell of one raised NameError: name 'List' is not defined\n  line 1: def one(x: List[int]):"),
        ),
        (
            "import numppy\n\ndef one(x):\n    return x",
            ("the cell of one raised ModuleNotFoundError: No module named 'numppy'\n  line 1: import numppy"),
        ),
        (
            "def helper():\n    return 1 / 0\n\nstart = helper()\n\ndef one(x):\n    return x",
            "the cell of one raised ZeroDivisionError: division by zero\n  line 2: return 1 / 0",
        ),
        (
            "while True:\n    pass\ndef one(x):\n    return x",
            "the cell of one was stopped after 1 s; an endless loop?",
        ),
        (
            "%nosuch\ndef one(x):\n    return x",
            "the cell of one raised UsageError: Line magic function `%nosuch` not found.",
        ),
        (
            "%%writefile mine.py\ndef one(x):\n    return x",
            ("the cell of one begins with %%writefile, so what it defines is not there: take that line out"),
        ),
        (
            "\n%%timeit -n 1 -r 1\ndef one(x):\n    return x",
            "the cell of one begins with %%timeit, so what it defines is not there: take that line out",
        ),
        ("def ones(x):\n    return x", "the cell of one defines ones, not one"),
        ("def One(x):\n    return x", "the cell of one defines One, not one"),
        ("def solve(x):\n    return x", "the cell of one does not define one, only solve"),
        ("# def one(x):\n#     return x\n", "the cell of one holds no code"),
        ("", "the cell of one holds no code"),
        (
            "def outer():\n    def one(x):\n        return x",
            ("the cell of one defines one inside another function or block: begin its line at the left margin"),
        ),
        (
            "def one(x):\n    return 3\n\none('a test of my own') + 'x'",
            (
                "the cell of one raised TypeError: unsupported operand type(s) for +: 'int' and 'str'\n"
                "  line 4: one('a test of my own') + 'x'\nits test says: AssertionError: two"
            ),
        ),
        ("def one(x):\n    return 3", "AssertionError: two"),
        ("%%time\ndef one(x):\n    return 3", "AssertionError: two"),
        ("def one(x):\n    return two", "NameError: name 'two' is not defined"),
    ],
)
def test_what_is_wrong_with_the_cell_of_an_exercise(said: Said, source: str, message: str) -> None:
    assert said(solution(source), check()) == message


STUB = "def one(x):\n    raise NotImplementedError"
UNWRITTEN = "{} is not written yet: replace the line `raise NotImplementedError` with your code"
CALLED = "from course_lib.checks import call\ncall(one, 2).equals(2)"


@pytest.mark.parametrize("test", [TEST, CALLED])
def test_an_untouched_exercise_is_told_in_the_same_words_everywhere(said: Said, test: str) -> None:
    assert said(solution(STUB), check(test)) == UNWRITTEN.format("one")
    other = solution(STUB.replace("one", "other"), "other")
    assert said(other, solution("def one(x):\n    return other(x)"), check(test)) == UNWRITTEN.format("other")


def test_an_untouched_exercise_is_told_before_another_one_that_its_test_uses(said: Said) -> None:
    untouched = STUB.replace("    raise", "    # Your code here.\n    raise")
    other = solution(untouched.replace("one", "other"), "other")
    test = check(f"from course_lib.checks import call\ncall(other, 2)\n{CALLED}")
    assert said(other, solution(untouched), test) == UNWRITTEN.format("one")
    assert said(other, solution("def one(x):\n    return x"), test) == UNWRITTEN.format("other")


def test_a_cell_that_failed_is_told_where_another_exercise_needs_it(said: Said) -> None:
    stopped = solution("while True:\n    pass", "other")
    message = said(stopped, solution("def one(x):\n    return other(x)"), check())
    assert message.startswith("the cell of other was stopped after 1 s; an endless loop?\nits test says: ")


def test_words_of_one_s_own_stay(said: Said) -> None:
    source = "def one(x):\n    raise NotImplementedError('even numbers')"
    assert said(solution(source), check()) == f"{UNWRITTEN.format('one')}\n  NotImplementedError: even numbers"


def test_a_cell_that_was_deleted(said: Said) -> None:
    words = "the cell of one is missing from your notebook, so it was checked as if it were untouched"
    assert said(solution(STUB), check(), missing=("one",)) == words


USES_NUMPY = "def one(x):\n    return np.abs(x)"


@pytest.mark.parametrize("test", [TEST, CALLED])
def test_an_earlier_cell_that_failed(said: Said, test: str) -> None:
    message = said("import numppy as np", solution(USES_NUMPY), check(test))
    words = "cell 1 (import numppy as np) raised ModuleNotFoundError: No module named 'numppy'\n"
    assert message.startswith(f"{words}  line 1: import numppy as np\nits test says: ")
    assert "NameError: name 'np' is not defined" in message
    message = said("import numpy as np\n)", solution("def one(x=np.zeros(2)):\n    return x"), check(test))
    assert message.splitlines()[:4] == [
        "cell 1 (import numpy as np) has a syntax error, so nothing in it ran: SyntaxError: unmatched ')'",
        "  line 2: )",
        "the cell of one raised NameError: name 'np' is not defined",
        "  line 1: def one(x=np.zeros(2)):",
    ]


def test_a_demonstration_that_defines_what_is_used(said: Said) -> None:
    demo = new_code_cell("photo = 1", metadata={"tags": ["demo"]})
    message = said(demo, solution("def one(x):\n    return photo"), check())
    words = "cell 1 (photo = 1) defines photo, but is a demonstration, and those are not run for points"
    assert message == f"{words}\nits test says: NameError: name 'photo' is not defined"


def test_a_helper_that_comes_too_late(said: Said) -> None:
    message = said(solution("def one(x):\n    return helper(x)"), check(), "def helper(x):\n    return x")
    words = "cell 3 (def helper(x):) defines helper, but runs later: move it up"
    assert message == f"{words}\nits test says: NameError: name 'helper' is not defined"


@pytest.mark.parametrize("test", [TEST, CALLED])
@pytest.mark.parametrize("other", ["one = one(2)", "for one in range(3):\n    pass", "first, one = 1, 2"])
def test_a_name_that_is_given_to_something_else(said: Said, test: str, other: str) -> None:
    message = said(solution("def one(x):\n    return x"), other, check(test))
    first = other.splitlines()[0]
    assert message.startswith(f"cell 2 ({first}) gives the name one to something else than your function\nits test")


@pytest.mark.parametrize(("factor", "told"), [(2, False), (3, True)])
def test_an_exercise_that_another_one_uses_is_named_if_it_failed(kernel: KernelClient, factor: int, told: bool) -> None:
    kernel.run_cell("%reset -f")
    cells = [
        solution(f"def one(x):\n    return {factor} * x"),
        check("assert one(2) == 4, 'four'"),
        solution("def two(x):\n    return 1 + one(x)", "two"),
        graded_cell("assert two(2) == 4, 'four'", "test_two"),
    ]
    for number, cell in enumerate(cells, 1):
        cell.outputs, cell.execution_count = kernel.run_cell(cell.source), number
    *_, second = score(new_notebook(cells=cells))
    words = "\ntwo uses one, whose own test failed: correct one first"
    assert second.message == "AssertionError: four" + words * told


def test_a_second_function_of_an_exercise_that_is_left_out(said: Said) -> None:
    """It is not taken for a slip in the name of the first, which its tests call as well."""
    test = check("assert one(2) == 2\nassert twone(2) == 2")
    assert said(solution("def one(x):\n    return x"), test) == "the cell of one does not define twone, only one"
    slip = "the cell of one defines twonne, not twone"
    assert said(solution("def one(x):\n    return x\ndef twonne(x):\n    return x"), test) == slip


def test_an_exercise_that_passes_has_no_message(said: Said) -> None:
    assert said("1 / 0", solution("def one(x):\n    return x\n1 / 0"), check()) == ""
