"""Every answer of a bank is tried in the place of the solution, and fares as the bank says."""

import re
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner, Result

from ci import check_answers
from course_lib.answers import Answer
from course_lib.course import Course
from course_lib.release import ReleaseError
from course_lib.trials.here import Here
from course_lib.trials.report import disagreeing, explain, table, unexpected, unstable
from course_lib.trials.trial import LIMIT_S, Trial, try_answers
from course_lib.trials.unit import try_unit
from tests.support.cells import graded_cell
from tests.support.units import BANK, RIGHT, TITLE, WRONG, make_course, unit, write

pytestmark = pytest.mark.slow

# Five answers that do not fare as they are said to, each at the end of the bank.
ODD_BANK = "\n".join(
    [
        BANK,
        RIGHT.format("wrong after all", "x"),
        WRONG.format("told something else", "the weather", "x / 2"),
        WRONG.format("accepted", "anything", "x + x"),
        WRONG.format("told one of two", "x / 2\nSays: got", "x / 2"),
    ]
)


def cell(source: str, grade_id: str = "", tags: tuple[str, ...] = ()) -> NotebookNode:
    made = graded_cell(source, grade_id) if grade_id else new_code_cell(source)
    made.metadata.tags = list(tags)
    return made


def tried(cells: NotebookNode, answers: list[Answer], limit: int = LIMIT_S) -> list[Trial]:
    return try_answers(cells, answers, Here(limit))


def answer(code: str, exercise: str = "double", right: bool = True, *says: str) -> Answer:
    return Answer(exercise, "an answer", right, says, code, 1)


def notebook(*cells: NotebookNode) -> NotebookNode:
    return new_notebook(cells=list(cells))


TITLES = ["sum", "product", "half", "sign", "nothing", "square", "one more", "a list"]
DOUBLE = cell("def double(x):\n    return 2 * x", "double")
TEST = cell("from course_lib.checks import call\ncall(double, 3).equals(6)", "test_double")
HIDDEN = cell("assert double(4) == 8, 'no eight'", "test_double_hidden")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> list[Trial]:
    course = make_course(tmp_path_factory.mktemp("odd") / "course")
    write(course, "00_tiny", unit(), ODD_BANK)
    return try_unit(course, "00_tiny")


def test_answers_that_fare_as_the_bank_says(odd: list[Trial]) -> None:
    found = {t.answer.title: (t.passed, t.tests, t.as_expected) for t in odd[:9]}
    assert found == {
        "untouched": (0, 2, True),
        "sum": (2, 2, True),
        "product": (2, 2, True),
        "half": (0, 2, True),
        "sign": (0, 2, True),
        "nothing": (0, 2, True),
        "square": (0, 2, True),
        "one more": (0, 2, True),
        "a list": (0, 2, True),
    }


def test_answers_that_fare_otherwise_are_reported_with_file_and_line(odd: list[Trial]) -> None:
    reports = [explain(trial, "00_tiny").splitlines() for trial in unexpected(odd)]
    titles = ["wrong after all", "told something else", "accepted", "told one of two"]
    lines = [ODD_BANK[: ODD_BANK.index(f": {title}")].count("\n") + 1 for title in titles]
    kinds = ["right", "wrong", "wrong", "wrong"]
    assert [report[0] for report in reports] == [
        f"00_tiny/answers/double.md:{line}: {kind}: {title}"
        for line, kind, title in zip(lines, kinds, titles, strict=True)
    ]
    assert [report[1:3] for report in reports] == [
        ["  expected: every test passed", "  got:     0 of 2 tests passed"],
        ["  expected: a failed test that says 'the weather'", "  got:     0 of 2 tests passed"],
        ["  expected: a failed test that says 'anything'", "  got:     2 of 2 tests passed"],
        ["  expected: a failed test that says 'x / 2' and 'got'", "  got:     0 of 2 tests passed"],
    ]
    assert "  got:          3" in reports[0]


def test_the_table_counts(odd: list[Trial]) -> None:
    columns = {str(column.header): list(column.cells) for column in table(odd, "00_tiny").columns}
    assert columns == {
        "exercise": ["double"],
        "right accepted": ["2/3"],
        "wrong rejected": ["8/9"],
        "wrong diagnosed": ["6/9"],
        "untouched passes": ["0/2"],
    }


def test_an_untouched_exercise_may_pass_no_test() -> None:
    untouched = Answer("double", "untouched", False, ("NotImplementedError",), "", 0)
    half = Trial(untouched, passed=1, tests=2, feedback="NotImplementedError: ")
    assert half.as_expected
    assert unexpected([half]) == [half]


def test_a_unit_without_exercises_has_no_trials(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    write(course, "00_plain", "# Plain\n", None)
    assert try_unit(course, "00_plain") == []


def test_a_unit_that_breaks_a_rule_is_not_tried(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course")
    write(course, "00_tiny", unit(), "# Empty\n")
    with pytest.raises(ReleaseError, match="an answer bank holds at least 2 right and 6 wrong"):
        try_unit(course, "00_tiny")


def test_an_endless_answer_is_stopped() -> None:
    endless = "def double(x):\n    while True:\n        pass"
    trial, after = tried(notebook(DOUBLE, TEST), [answer(endless, right=False), answer(DOUBLE.source)], limit=1)
    assert (trial.passed, trial.tests) == (0, 1)
    assert "still running after 1 s" in trial.feedback
    assert after.accepted
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_an_endless_cell_of_an_answer_is_stopped() -> None:
    (trial,) = tried(notebook(DOUBLE, TEST, HIDDEN), [answer("while True:\n    pass")], limit=1)
    assert (trial.passed, trial.tests, trial.feedback) == (0, 2, "TimeoutError: still running after 1 s")


@pytest.mark.parametrize(
    ("code", "passed", "feedback"),
    [
        ("def double(x)", 0, r"SyntaxError: expected ':' .*"),
        ("1 / 0", 0, "ZeroDivisionError: division by zero"),
        ("exit(3)", 0, "SystemExit: 3"),
        ("def double(x):\n    exit(3)", 0, r"(?s)double\(3\)\n  your function raised SystemExit: 3\n.*\nSystemExit: 3"),
        ("def double(x):\n    return 2 * x if x == 3 else 0", 1, "AssertionError: no eight"),
        ("def double(x):\n    raise NotImplementedError", 0, "NotImplementedError: \nNotImplementedError: "),
        ("def double(x):\n    return y", 0, r"(?s)double\(3\)\n  your function raised NameError.*\nNameError: .*"),
    ],
)
def test_whatever_an_answer_does_the_others_are_tried(code: str, passed: int, feedback: str) -> None:
    bad, good = tried(notebook(DOUBLE, TEST, HIDDEN), [answer(code), answer(DOUBLE.source)])
    assert (bad.passed, bad.tests) == (passed, 2)
    assert re.fullmatch(feedback, bad.feedback)
    assert good.accepted


def test_the_line_of_an_answer_is_shown() -> None:
    (trial,) = tried(notebook(DOUBLE, TEST), [answer("def double(x):\n    y = 1\n    return y.upside(x)")])
    assert "in line 3 of its cell: return y.upside(x)" in trial.feedback


def test_no_name_leaks_from_answer_to_answer() -> None:
    leaking = answer("helper = 5\nbase = 100\ndef double(x):\n    global mark\n    mark = 1\n    return 2 * x")
    probe = "def double(x):\n    found = {'helper', 'mark'} & set(globals())\n    return 2 * x + len(found) + base"
    cells = (cell("base = 0"), DOUBLE, TEST)
    trials = tried(notebook(*cells), [leaking, answer(probe)])
    assert [trial.accepted for trial in trials] == [True, True]


def test_later_exercises_build_on_the_right_solution() -> None:
    later = cell("def again(x):\n    return double(double(x))", "again")
    check = cell("assert again(1) == 4", "test_again")
    trials = tried(
        notebook(DOUBLE, TEST, later, check),
        [answer("def double(x):\n    return x"), answer("def again(x):\n    return double(double(x))", "again")],
    )
    assert [(trial.answer.exercise, trial.accepted) for trial in trials] == [("double", False), ("again", True)]


def test_an_earlier_function_uses_what_an_answer_redefines() -> None:
    """As in a notebook, where all functions share their global names."""
    later = cell("def again(x):\n    return double(x) + helper(x)", "again")
    cells = (cell("def helper(x):\n    return base * x\nbase = 1"), DOUBLE, TEST, later, cell("again(2)", "test_again"))
    redefines = "base = 2\ndef again(x):\n    return helper(x)"
    test = cell("assert again(2) == 4", "test_again")
    (trial,) = tried(notebook(*cells[:-1], test), [answer(redefines, "again")])
    assert trial.accepted


def test_demo_and_test_cells_do_not_run_by_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    demo = cell("raise RuntimeError('a long training')", tags=("demo",))
    loud = cell("import sys\nprint('words of a cell')")
    failing = cell("assert False", "test_other")
    (trial,) = tried(notebook(loud, demo, failing, DOUBLE, TEST), [answer(DOUBLE.source)])
    assert trial.accepted
    assert capsys.readouterr().out == ""


def test_an_answer_that_does_not_fare_the_same_each_time_is_reported() -> None:
    turns = cell("import itertools\nturns = itertools.count()")
    second = cell("assert next(turns) != 1, 'not a second time'", "test_double")
    trials = try_answers(notebook(turns, DOUBLE, second), [answer(DOUBLE.source)], Here(), repeat=3)
    assert [trial.accepted for trial in trials] == [True, False, True]
    (said,) = unstable(trials, "00_tiny")
    assert said == (
        "00_tiny/answers/double.md:1: right: an answer\n"
        "  expected: the same verdict and feedback each time\n"
        "  got, 2 times: 1 of 1 tests passed\n"
        "  got, 1 times: 0 of 1 tests passed\n"
        "AssertionError: not a second time"
    )
    assert list(unstable([trials[0], trials[2]], "00_tiny")) == []


def test_an_answer_that_fares_otherwise_in_a_grade_is_reported() -> None:
    good, bad = answer("2 * x"), answer("3 * x")
    both = [Trial(good, 2, 2, ""), Trial(bad, 1, 2, "in the notebook")]
    assert list(disagreeing(both, [both[0], Trial(bad, 1, 2, "in the grade")], "00_tiny")) == []
    assert list(disagreeing(both, [Trial(bad, 0, 2, "in the grade"), both[0]], "00_tiny")) == [
        (
            "00_tiny/answers/double.md:1: right: an answer\n"
            "  expected: the same verdict in the notebook and in the grade\n"
            "  got, notebook: 1 of 2 tests passed\n"
            "in the notebook\n"
            "  got, grade: 0 of 2 tests passed\n"
            "in the grade"
        )
    ]


def invoke(course: Course, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """Run the command in a course."""
    monkeypatch.chdir(course.root)
    return CliRunner().invoke(check_answers.app, list(arguments))


def test_exit_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = make_course(tmp_path / "course", **{"00_tiny": unit()})
    write(course, "02_odd", unit(), ODD_BANK)
    write(course, "03_bad", unit(), "# Empty\n")

    bad = invoke(course, monkeypatch, "02", "bad")
    assert bad.exit_code == 1
    assert re.search(r"^5 unexpected, \d+ s$", bad.output, re.M)
    assert len(re.findall(r"^02_odd/answers/double\.md:\d+: (?:right|wrong): ", bad.output, re.M)) == 4
    assert "\n03_bad: solutions/03_bad/answers/double.md: an answer bank holds" in bad.output

    good = invoke(course, monkeypatch, "--both", "--repeat", "2", "tiny")
    assert good.exit_code == 0
    assert re.search(r"^0 unexpected, \d+ s$", good.output, re.M)
    assert "double" in good.output
    assert re.findall("^00_tiny, as in a .*?(?= *$)", good.output, re.M) == [
        "00_tiny, as in a notebook",
        "00_tiny, as in a grade",
    ]

    unknown = invoke(course, monkeypatch, "04")
    assert (unknown.exit_code, len(unknown.output.splitlines())) == (2, 1)


class AtOnce(Executor):
    """A pool that runs everything in this process."""

    def __init__(self, *options: object, **more: object) -> None:
        pass

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(function(*arguments, **named))
        return done


def test_the_verdicts_of_an_earlier_run_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_answers, "ProcessPoolExecutor", AtOnce)
    monkeypatch.delenv("CI", raising=False)
    course = make_course(tmp_path / "course", **{"00_tiny": unit()})
    assert invoke(course, monkeypatch, "tiny").exit_code == 0
    (kept,) = course.root.glob("build/verdicts/**/*.json")
    kept.write_text(kept.read_text().replace("the sign is wrong", "the sign is wrong, says an earlier run"))
    assert "says an earlier run" in invoke(course, monkeypatch, "--verbose", "tiny").output
    assert "says an earlier run" not in invoke(course, monkeypatch, "--verbose", "--no-cache", "tiny").output
    monkeypatch.setenv("CI", "true")
    assert "says an earlier run" not in invoke(course, monkeypatch, "--verbose", "tiny").output


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("double: a list", "def double(x):\n    return 2 * [x]\n"),
        ("LIST double", "def double(x):\n    return 2 * [x]\n"),
        ("double: product", "def double(x):\n    return 2 * x\n"),
    ],
)
def test_the_source_of_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, expected: str) -> None:
    course = make_course(tmp_path / "course", **{"00_tiny": unit(), "01_plain": TITLE})
    assert invoke(course, monkeypatch, "--show", name).output == expected


@pytest.mark.parametrize(
    ("name", "count", "expected"),
    [
        ("s", 4, ["sign", "square", "sum", "a list"]),
        ("list of numbers", 0, ["a list"]),
        ("quotient", 0, TITLES),
        ("", 8, TITLES),
    ],
)
def test_a_name_of_no_single_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, count: int, expected: list[str]
) -> None:
    course = make_course(tmp_path / "course", **{"00_tiny": unit()})
    result = invoke(course, monkeypatch, "--show", name)
    first, *others = result.output.splitlines()
    assert (result.exit_code, first) == (2, f"expected a name of one answer, found {count} for {name!r}; there are")
    assert sorted(others) == sorted(f"double: {title}" for title in expected)
