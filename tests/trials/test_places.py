"""A bank's answers fare in a kernel of their own, tested from here, as they do in one process."""

from dataclasses import replace
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.answers import Answer
from course_lib.errors import CourseError
from course_lib.trials.apart import apart
from course_lib.trials.here import Here
from course_lib.trials.trial import try_answers
from course_lib.trials.unit import try_unit
from tests.ci.test_check_answers import DOUBLE, HIDDEN, ODD_BANK, TEST, answer, cell, notebook
from tests.support.units import HIDDEN as HIDDEN_TEST
from tests.support.units import graded, make_course, unit, write

pytestmark = pytest.mark.slow


def test_verdicts_and_words_are_the_same(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    hidden = HIDDEN_TEST.replace("\nfor", "\nfrom course_lib.checks import call, passed\n\nfor")
    text = unit(hidden=graded("test_double_hidden", hidden, "solution: false, grade: true, points: 2"))
    write(course, "00_tiny", text, ODD_BANK)
    assert try_unit(course, "00_tiny", trusted=True) == try_unit(course, "00_tiny")


ANSWERS: list[Answer] = [
    answer(DOUBLE.source),
    answer("1 / 0"),
    answer("def double(x):\n    return 2 * x if x == 3 else 0"),
    answer("def double(x):\n    raise NotImplementedError"),
    answer("def double(x):\n    y = 1\n    return y.upside(x)"),
    answer("helper = 5\nbase = 100\ndef double(x):\n    global mark\n    mark = 1\n    return 2 * x"),
    answer("def double(x):\n    found = {'helper', 'mark'} & set(globals())\n    return 2 * x + len(found) + base"),
    answer("def double(x):\n    return x"),
]


def test_no_answer_leaves_anything_to_the_next() -> None:
    cells = notebook(cell("base = 0"), cell("raise RuntimeError", tags=("demo",)), DOUBLE, TEST, HIDDEN)
    with apart() as place:
        assert try_answers(cells, ANSWERS, place) == try_answers(cells, ANSWERS, Here())


def test_an_endless_answer_is_stopped() -> None:
    endless = answer("def double(x):\n    while True:\n        pass")
    with apart(limit=1) as place:
        stopped, after = try_answers(notebook(DOUBLE, TEST), [endless, ANSWERS[0]], place)
    assert (stopped.passed, stopped.feedback) == (0, "TimeoutError: stopped after 1 s; an endless loop?")
    assert after.accepted


def test_a_notebook_that_fails_by_itself_is_told() -> None:
    broken = new_notebook(cells=[new_code_cell("1 / 0", id="broken"), DOUBLE, TEST])
    with apart() as kernel:
        for place in (Here(), kernel):
            with pytest.raises(CourseError, match="cell broken: ZeroDivisionError: division by zero"):
                try_answers(broken, ANSWERS, place)


PLAIN = {
    "numbers": ("2 * x", True),
    "an array": ("__import__('numpy').full((2, 3), 2 * x)", True),
    "words in a dict": ("{'two': [2 * x, None]}", True),
    "an error": ("x.upside", True),
    "nothing yet": ("exec('raise NotImplementedError')", True),
    "an iterator": ("iter([2 * x])", False),
    "an object": ("type('Twice', (), {})()", False),
    "too late": ("next(number for number in __import__('itertools').count() if number < 0)", False),
}


@pytest.mark.parametrize(("value", "plain"), PLAIN.values(), ids=PLAIN)
def test_what_can_differ_in_a_notebook(value: str, plain: bool) -> None:
    test = cell("from course_lib.checks import call\ncall(double, 3).equals(6)", "test_double")
    with apart(limit=1) as place:
        (trial,) = try_answers(notebook(DOUBLE, test), [answer(f"def double(x):\n    return {value}")], place)
    assert trial.plain is plain


def test_one_object_is_enough_to_differ() -> None:
    later = cell("double(5)", "test_double_hidden")
    code = "def double(x):\n    return 2 * x if x == 3 else iter([x])"
    with apart() as place:
        (trial,) = try_answers(notebook(DOUBLE, TEST, later), [answer(code)], place)
    assert trial.accepted
    assert not trial.plain


def test_an_answer_that_is_told_is_not_tried(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course", **{"00_tiny": unit()})
    first = try_unit(course, "00_tiny")
    told = [replace(trial, feedback="told") for trial in first[1:]]
    assert try_unit(course, "00_tiny", told=told) == [first[0], *told]


BANNED = cell("from course_lib.checks import forbid_names\nforbid_names(double, 'tile')", "test_double_hidden")
FORBIDDING = {
    "in the function": ("def double(x):\n    return tile(x)", True),
    "in the text alone": ("def double(x):\n    return 2 * x\nif not double:\n    def double(x): return tile(x)", False),
}


@pytest.mark.parametrize(("code", "plain"), FORBIDDING.values(), ids=FORBIDDING)
def test_a_name_that_only_a_grade_finds(code: str, plain: bool) -> None:
    with apart() as place:
        (trial,) = try_answers(notebook(DOUBLE, BANNED), [answer(code)], place)
    assert "uses `tile`, which the statement does not allow" in trial.feedback
    assert trial.plain is plain
