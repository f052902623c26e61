"""What a failed check looks like: plain text anywhere, and a message without a traceback in a notebook."""

import contextlib
import io
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from ipykernel.zmqshell import ZMQInteractiveShell
from numpy.typing import NDArray

from course_lib.checks import CheckFailed, Result, call, passed
from tests.support.learner import message_of

COLUMNS = np.arange(12.0).reshape(3, 4)
ESCAPE = "\x1b"


def test_a_small_table_is_written_out() -> None:
    wrong = COLUMNS.copy()
    wrong[1, 2] = 99
    assert message_of(lambda: Result(wrong, "f(3)").equals(COLUMNS, because="it counts up")).splitlines() == [
        "f(3)",
        "  expected:     array 3×4",
        "                [[ 0.  1.  2.  3.]",
        "                 [ 4.  5.  6.  7.]",
        "                 [ 8.  9. 10. 11.]]",
        "  got:          array 3×4 float64",
        "                [[ 0.  1.  2.  3.]",
        "                 [ 4.  5. 99.  7.]",
        "                 [ 8.  9. 10. 11.]]",
        "                largest difference at [1, 2]: expected 6, got 99; 1 of 12 values differs",
        "  why:          it counts up",
    ]


def test_a_large_array_is_summed_up() -> None:
    expected = np.arange(600).reshape(20, 30)
    got = expected.astype(np.float32)
    got[5, 7] = 7e6
    assert message_of(lambda: Result(got, "f(x)").equals(expected)).splitlines() == [
        "f(x)",
        "  expected:     array 20×30 int64, from 0 to 599",
        "  got:          array 20×30 float32, from 0 to 7e+06",
        "                largest difference at [5, 7]: expected 157, got 7e+06; 1 of 600 values differs",
    ]


@pytest.mark.parametrize(
    ("got", "expected", "lines"),
    [
        (1.0, 0.64, ["  expected:     0.64", "  got:          1"]),
        (16_384_000_001, 16_000_000_000, ["  expected:     16000000000", "  got:          16384000001"]),
        (0.123456789, 0.123456788, ["  expected:     0.123456788", "  got:          0.123456789"]),
        (False, True, ["  expected:     True", "  got:          False"]),
        (1j, 2, ["  expected:     2", "  got:          0+1j"]),
    ],
)
def test_a_single_number_is_written_with_the_digits_that_tell(got: object, expected: float, lines: list[str]) -> None:
    assert message_of(lambda: Result(got, "f(x)").equals(expected, tolerance=1e-12)).splitlines()[1:3] == lines


def test_the_type_of_what_is_expected_does_not_mislead() -> None:
    """Where either type of floats will do, only that of the result is named; what is expected is never converted."""
    text = message_of(lambda: Result(np.array([1, 2], np.float32), "f(x)").equals([1.0, 5.0]))
    assert "expected:     array 2 [1. 5.]" in text
    text = message_of(lambda: Result(np.array([1, 2]), "f(x)").equals([1.5, 5.0]))
    assert "expected:     array 2 float64 [1.5 5. ]\n  got:          array 2 int64 [1 2]" in text


def test_a_half_that_looks_equal_is_told_apart() -> None:
    expected = np.array([0.1, 0.2, 0.3])
    text = message_of(lambda: Result(expected.astype(np.float16), "f(x)").equals(expected))
    assert text.splitlines()[1:] == [
        "  expected:     array 3 float64 [0.1 0.2 0.3]",
        "  got:          array 3 float16 [0.1 0.2 0.3]",
        "                largest difference at [1]: expected 0.2, got 0.199951",
        "  likely cause: float16 keeps about three digits: use float32",
    ]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((1, slice(None)), "4 of 12 values differ, all in [1, :]"),
        ((slice(None), 3), "3 of 12 values differ, all in [:, 3]"),
        ((slice(2), slice(2)), "4 of 12 values differ"),
        ((slice(None), slice(None)), ""),
    ],
)
def test_where_the_differences_are(place: tuple[int | slice, ...], words: str) -> None:
    wrong = COLUMNS.copy()
    wrong[place] = wrong[place] ** 2 + 100
    lines = message_of(lambda: Result(wrong, "f(x)").equals(COLUMNS)).splitlines()
    (line,) = (line for line in lines if "largest difference" in line)
    assert line.partition("; ")[2] == words


def test_the_place_of_a_missing_number_is_the_worst() -> None:
    text = message_of(lambda: Result([1.0, 2.0, 3.0], "f(x)").equals([1.0, np.nan, 30.0]))
    assert "largest difference at [1]: expected nan, got 2" in text


def test_values_of_truth_are_compared() -> None:
    text = message_of(lambda: Result([True, False, True, True], "f(x)").equals([True, True, True, True]))
    assert "largest difference at [1]: expected True, got False" in text


def test_a_shape_is_given_with_a_reason() -> None:
    text = message_of(lambda: Result(np.zeros((2, 9)), "f(x)").has_shape(2, 4, because="4 is twice 2"))
    assert text.splitlines()[1:] == [
        "  expected:     shape (2, 4)",
        "  got:          shape (2, 9)",
        "  why:          4 is twice 2",
    ]
    text = message_of(lambda: Result(np.zeros(2), "f(x)").has_shape())
    assert text.splitlines()[1] == "  expected:     a single number"


def test_numbers_are_written_alike_however_a_learner_has_set_numpy() -> None:
    values = np.array([[1.23456, np.nan, 1e-9], [-1.0, np.inf, 0.5]])
    check = partial(message_of, lambda: call(lambda x: values, values[0]).equals(values + 1))
    settings: dict[str, Any] = {
        "precision": 1,
        "threshold": 2,
        "nanstr": "?",
        "sign": "+",
        "formatter": {"all": lambda number: "?"},
    }
    usual = check()
    assert "[[ 1.2346     nan  0.    ]" in usual
    with np.printoptions(**settings):
        assert check() == usual


@pytest.mark.parametrize("got", [5e-324, 1e308, np.inf, np.nan, 65504.0])
@pytest.mark.parametrize("expected", [1e308, -1e308, 1e-300, np.nan])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_numpy_s_errors_are_no_errors_of_a_check(got: float, expected: float, dtype: str) -> None:
    """A learner may have turned into errors what NumPy would only warn of."""
    with np.errstate(all="ignore"):
        value = np.array([got, 0.0], dtype)
        usual = verdict(value, [expected, 0.0])
    with np.errstate(all="raise"):
        assert verdict(value, [expected, 0.0]) == usual


def verdict(value: NDArray[Any], expected: list[float]) -> str:
    """What a check says; nothing if it passes."""
    try:
        call(lambda: value).equals(expected)
    except CheckFailed as failed:
        return failed.message
    return ""


def test_checks_can_be_chained_to_the_end() -> None:
    got = call(lambda: np.array([[1, 2]], np.float32))
    assert got.has_shape(1, 2).has_dtype("float32").equals([[1, 2]]) is got


@pytest.mark.parametrize(
    ("points", "line"), [(1, "✓ f: 1 point\n"), (2, "✓ f: 2 points\n"), (0.5, "✓ f: 0.5 points\n")]
)
def test_passed(capsys: pytest.CaptureFixture[str], points: float, line: str) -> None:
    passed("f", points=points)
    assert capsys.readouterr().out == line


@pytest.mark.parametrize(
    "check",
    [
        lambda: Result(COLUMNS, "f(x)").equals(-COLUMNS),
        lambda: Result(COLUMNS, "f(x)").has_shape(4, 3),
        lambda: call(lambda x: None, 3),
        lambda: call(lambda: 1, 3),
    ],
)
def test_plain_text_has_no_color(check: Callable[[], object]) -> None:
    assert ESCAPE not in message_of(check)


def test_a_failure_survives_the_way_to_another_process() -> None:
    failed = pickle.loads(pickle.dumps(CheckFailed("f(3)\n  got: 4")))
    assert (failed.message, str(failed), failed.args) == ("f(3)\n  got: 4", "f(3)\n  got: 4", ("f(3)\n  got: 4",))
    assert isinstance(failed, AssertionError)


class Shell(ZMQInteractiveShell):
    """A notebook's shell, which keeps what it would send to the browser as an error."""

    errors: list[tuple[str, str, list[str]]]

    def init_environment(self) -> None:
        """Leave the environment of the other tests alone."""

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        self.errors.append((etype.__name__, str(evalue), list(stb)))


@pytest.fixture(scope="module")
def shell() -> Shell:
    shell = Shell()
    shell.errors = []
    shell.history_manager.enabled = False  # type: ignore[union-attr]
    with contextlib.redirect_stdout(io.StringIO()):
        shell.run_cell("from course_lib.checks import call, forbid_names, passed, raises")
    return shell


def shown(shell: Shell, *cells: str) -> tuple[str, str, list[str]]:
    """Run cells, of which the last fails; the error as the browser gets it."""
    shell.errors.clear()
    for cell in cells:
        shell.run_cell(cell)
    assert len(shell.errors) == 1
    return shell.errors[0]


WRONG = "def double(x):\n    return -2 * x"


def test_a_notebook_shows_the_message_alone(shell: Shell) -> None:
    name, value, lines = shown(shell, WRONG, "def test():\n    call(double, 3).equals(6)\n\ntest()")
    assert name == "CheckFailed"
    assert value.splitlines() == [
        "double(3)",
        "  expected:     6",
        "  got:          -6",
        "  likely cause: the sign is wrong",
    ]
    assert lines == [f"{ESCAPE}[1;31m✗ double(3){ESCAPE}[0m", *value.splitlines()[1:]]


def test_a_notebook_says_which_function_is_not_written_yet(shell: Shell) -> None:
    helper = (
        "def double(x):\n    return twice(x)\n\ndef twice(x):\n    # Your code here.\n    raise NotImplementedError"
    )
    for check in ("call(double, 3)", "raises(ValueError, double, 3)"):
        name, value, lines = shown(shell, helper, check)
        assert (name, value) == ("NotImplementedError", "")
        words = "✗ twice is not written yet: replace the line `raise NotImplementedError` with your code"
        assert lines == [f"{ESCAPE}[1;31m{words}{ESCAPE}[0m"]


def test_the_line_in_a_cell_is_the_learners(shell: Shell) -> None:
    _, value, lines = shown(shell, "def double(x):\n    y = 0\n    return x / y", "call(double, 3)")
    assert lines[1:] == [
        "  your function raised ZeroDivisionError: division by zero",
        "  in line 3 of its cell: return x / y",
        "  with x: 3; y: 0",
        "  likely cause: something is divided by 0: is this case handled?",
    ]
    assert ESCAPE not in value


def test_own_work_in_a_notebook(shell: Shell) -> None:
    cells = ("import numpy as np\nfrom numpy import outer as up", "def double(x):\n    return up(x, 2)")
    _, value, _ = shown(shell, *cells, "forbid_names(double, 'outer')")
    assert value.startswith("double uses `up` (`outer`)")
