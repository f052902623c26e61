"""The slip is read from real messages of checks, and other messages are told apart."""

import numpy as np
import pytest

from course_lib.checks import call
from course_lib.checks.failure import CheckFailed
from course_lib.checks.results import require
from course_lib.insight.messages import LONGEST, read_failure
from tests.support.learner import learner, message_of

ROWS = np.arange(6.0).reshape(2, 3)


def said(code: str, *given: object, expected: object = 4.0, because: str = "") -> str:
    """What a check says of a learner's function."""
    return message_of(lambda: call(learner(code), *given).equals(expected, because=because))  # type: ignore[arg-type]


def f(expression: str) -> str:
    return f"def f(x):\n    return {expression}\n"


RAISED = "f(2)\n  your function raised {}\n  in line 2 of its cell: return h(x)"


@pytest.mark.parametrize(
    ("message", "slip"),
    [
        (said(f("-2 * x"), 2.0), "the sign is wrong"),
        (said(f("x + 255 * x"), ROWS, expected=ROWS), "every value is 256 times what it should be"),
        (
            said(f("x.T"), np.eye(3) + np.arange(3), expected=np.eye(3) + np.arange(3)),
            "rows and columns are transposed",
        ),
        (said(f("x.foo"), 2.0), "`float` has no `foo`: is it misspelled, never set in `__init__`, or is this not"),
        (
            message_of(lambda: require(False, "f(2)", "a file", "no file", "one cause:\nin two lines")),
            "one cause: in two",
        ),
        ("f(2)\n  expected: 3\n  likely cause: a general one\n  likely cause: the check's own", "the check's own"),
    ],
)
def test_a_named_slip(message: str, slip: str) -> None:
    found = read_failure(message)
    assert found.slip.startswith(slip)
    assert found.title == found.slip


@pytest.mark.parametrize(
    ("message", "title"),
    [
        (said(f("3 * x"), 2.0), "f(2) expected: 4 got: 6"),
        (said(f("3 * x"), 2.0, because="twice\nthe number"), "twice the number"),
        (RAISED.format("ValueError: too small: 2"), "your function raised ValueError: too small: 2"),
        ("AssertionError: a negative number stays negative", "AssertionError: a negative number stays negative"),
        ("", "points were lost without a message"),
        (
            "f uses `resize`, which the statement does not allow\n  expected: your own code",
            "f uses `resize`, which the",
        ),
        # The real cause comes first; what the test says is its consequence.
        (
            "the cell of f raised KeyError: 'a'\nits test says: f(2)\n  likely cause: no",
            "the cell of f raised KeyError: 'a'",
        ),
        ("y" * 999, "y" * (LONGEST - 1) + "…"),
    ],
)
def test_without_a_slip_the_title_says_the_most(message: str, title: str) -> None:
    found = read_failure(message)
    assert found.slip == ""
    assert found.title.startswith(title)
    assert len(found.title) <= LONGEST


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (said(f("3 * x"), 2.0), said(f("5 * x"), 2.0)),
        (said(f("3 * x"), 2.0), said(f("5 * x"), 7.0, expected=14.0)),
        (said(f("x.foo"), 2.0), said(f("x.bar"), 2.0)),
        (said(f("x @ x"), ROWS, expected=ROWS), said(f("x.T @ x.T"), ROWS, expected=ROWS)),
        (RAISED.format("ValueError: no 2"), RAISED.format("ValueError: no -31.5e3")),
        (said(f("5 * x"), 2.0, because="twice 2"), said(f("3 * x"), 3.0, because="twice 3")),
        ("f uses `resize`, which the statement does not allow", "f uses `keras`, which the statement does not allow"),
        ("cell 7 (x = 1) defines f, but runs later", "cell 12 (x = [1, (2)]) defines f, but runs later"),
    ],
)
def test_alike(one: str, other: str) -> None:
    assert one != other
    assert read_failure(one).key == read_failure(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (said(f("-2 * x"), 2.0), said(f("None"), 2.0)),
        (said(f("3 * x"), 2.0), said(f("'3'"), 2.0)),
        # Numbers in the words of a check say which slip it is; those of an exception are the learner's.
        ("f(2)\n  likely cause: multiplied by 100, not 110", "f(2)\n  likely cause: multiplied by 128, not 110"),
        (RAISED.format("ValueError: no"), RAISED.format("TypeError: no")),
        (RAISED.format("ValueError: one"), RAISED.format("ValueError: other")),
        # A slip, and a failure with the same words.
        ("f(2)\n  likely cause: a", "f(2)\n  why: a"),
    ],
)
def test_not_alike(one: str, other: str) -> None:
    assert read_failure(one).key != read_failure(other).key


def test_a_failure_that_may_follow_from_another_one() -> None:
    alone = CheckFailed("g(2)\n  expected: 3\n  likely cause: it is one too small").message
    both = (
        f"{alone}\ng uses f, whose own test failed: correct f first\ng uses e, whose own test failed: correct e first"
    )
    assert read_failure(both).follows == ("f", "e")
    assert read_failure(alone).follows == ()
    assert read_failure(both).message == alone
    assert read_failure(both).key == read_failure(alone).key
