"""The messages if bad input is not refused, or not as the statement says."""

import numpy as np
import pytest

from course_lib.checks import raises
from tests.support.learner import learner, message_of

REFUSES = "def f(x):\n    if x < 1:\n        raise ValueError(f'expected 1 or more, got {x}')\n    return x"
LET_THROUGH = (
    "no error was raised: does the check let this input through (`and` for `or`, `all` for `any`, `<` for `<=`, "
    "one end of a range left out)?"
)


def cause(code: str, *args: object, name: str = "f") -> str:
    """The likely cause of what does not raise ValueError."""
    return message_of(lambda: raises(ValueError, learner(code, name, np=np), *args)).partition("likely cause: ")[2]


def test_a_bad_input_must_be_refused() -> None:
    refuses = learner(REFUSES)
    raises(ValueError, refuses, 0)
    raises(Exception, refuses, x=0)
    assert message_of(lambda: raises(ValueError, refuses, x=2)).splitlines() == [
        "f(x=2)",
        "  expected:     ValueError",
        "  got:          no error, but 2",
        f"  likely cause: {LET_THROUGH}",
    ]


def test_an_error_without_words_is_not_enough() -> None:
    silent = learner("def f(x):\n    raise ValueError")
    assert message_of(lambda: raises(ValueError, silent, 0)).splitlines()[1:] == [
        "  expected:     ValueError with a message that says what is wrong",
        "  got:          no message",
    ]


def test_an_error_of_another_class() -> None:
    assert message_of(lambda: raises(TypeError, learner(REFUSES), 0)).splitlines() == [
        "f(0)",
        "  expected:     TypeError",
        "  got:          ValueError: expected 1 or more, got 0",
        "                in line 3 of its cell: raise ValueError(f'expected 1 or more, got {x}')",
        "  likely cause: nothing in your code raises TypeError; it must do so for this input",
    ]
    both = "def f(x):\n    if x < 0:\n        raise ValueError('too small')\n    return 1 / x"
    assert cause(both, 0) == (
        "an error is raised, but it is not a ValueError: does the check let this input through "
        "(`and` for `or`, `all` for `any`, `<` for `<=`, one end of a range left out), or come too late?"
    )
    own = "def f(x):\n    if x < 0:\n        raise ValueError('too small')\n    raise TypeError('no number')"
    assert cause(own, 0) == "an error is raised, but it is not a ValueError"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def f(x):\n    return x", "nothing in your code raises ValueError"),
        ("def f(x):\n    return np.zeros(2)[x]", "nothing in your code raises ValueError"),
        ("def f(x):\n    import sys\n    sys.exit('no')", "nothing in your code raises V"),
        ("def f(x):\n    return ValueError('too large')", "the error was returned, not raised: write `raise`, not"),
        ("def f(x):\n    return ValueError", "the error was returned, not raised: write `raise`, not `return`"),
        ("def f(x):\n    assert x < 5, 'too large'", "`assert` raises AssertionError: write `raise ValueError(...)`"),
        (
            "def f(x):\n    return np.clip(x, 0, 5)",
            "nothing in your code raises ValueError: does `clip` make the input",
        ),
        ("def f(x):\n    if x < 5 and x > 5:\n        raise ValueError('no')\n    return x", LET_THROUGH),
        (
            "def check(x):\n    if x < 0:\n        raise ValueError('no')\n\ndef f(x):\n    check(x)\n    return x",
            LET_THROUGH,
        ),
        (
            "def f(x):\n    if x > 5:\n        raise ValueError('too large')\n    yield x",
            "with `yield` in a function, nothing in it runs before its first item is asked for, the check included",
        ),
    ],
)
def test_why_it_is_not_refused(code: str, words: str) -> None:
    assert cause(code, 9).startswith(words)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (
            "if rule.lower() not in ('sum', 'mean'):\n        raise ValueError('no')",
            "does `lower` make another string of",
        ),
        ("if rule not in 'SUM mean':\n        raise ValueError('no')", "`in` with one long string"),
        (
            "{'sum': 0, 'mean': 1}[rule]",
            "a dictionary raises KeyError for a key that it lacks: check for it, and raise",
        ),
    ],
)
def test_a_string_that_must_be_refused(check: str, words: str) -> None:
    assert words in cause(f"def f(rule):\n    {check}\n    return rule", "SUM")


def test_a_class_must_refuse_when_its_object_is_made() -> None:
    code = (
        "class Node:\n    def __init__(self, size):\n        self.size = size\n\n    def __iter__(self):\n"
        "        if self.size < 1:\n            raise ValueError('too small')\n        yield 1"
    )
    words = "ValueError must come when the object is made: is the check in `__init__`, and does it cover this input?"
    assert cause(code, 0, name="Node") == words


def test_a_method_may_leave_the_refusal_to_another() -> None:
    code = (
        "class Layer:\n    def check(self, count):\n        if count > 5:\n            raise ValueError('too many')\n\n"
        "    def setup(self, count):\n        self.check(count)\n        return count"
    )
    setup = learner(code, name="Layer")().setup
    raises(ValueError, setup, 9)
    assert LET_THROUGH in message_of(lambda: raises(ValueError, setup, 4))
    silent = learner("class Layer:\n    def setup(self, count):\n        return count", name="Layer")().setup
    assert "nothing in your code raises ValueError" in message_of(lambda: raises(ValueError, silent, 4))
