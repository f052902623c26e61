"""A verdict is kept until something changes that it depends on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from course_lib.answers import Answer
from course_lib.course import Course
from course_lib.release import read_unit
from course_lib.trials import library
from course_lib.trials.here import Here
from course_lib.trials.library import files_reached
from course_lib.trials.trial import Trial
from course_lib.trials.verdicts import Verdicts, in_use
from tests.support.units import code, unit

RIGHT = Answer("double", "sum", True, (), "def double(x):\n    return x + x\n", 3)
WRONG = Answer("double", "half", False, ("1.5",), "def double(x):\n    return x / 2\n", 9)
TRIALS = [Trial(RIGHT, 2, 2, ""), Trial(WRONG, 0, 2, "got 1.5")]
BEFORE = code("base = 0\n")
DEMO = code("1 / 0\n", "tags: [demo]")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    course = Course(tmp_path)
    (tmp_path / "requirements.lock").write_text("numpy==2\n")
    verdicts(course, unit()).write(TRIALS)
    return course


def verdicts(course: Course, text: str) -> Verdicts:
    path = course.root / "unit.md"
    path.write_text(text, encoding="utf-8")
    return Verdicts(course, "00_tiny", Here, read_unit(path))


def test_what_is_written_is_read(course: Course) -> None:
    assert verdicts(course, unit()).read([RIGHT, WRONG]) == TRIALS


SAME = {
    "words": unit().replace("Double a number.", "Double any number."),
    "a cell behind": unit(BEFORE),
    "a demonstration before": f"{DEMO}\n{unit()}",
    "the solution": unit().replace("x * secret", "secret * x"),
}
OTHER = {
    "a cell before": f"{BEFORE}\n{unit()}",
    "the visible check": unit().replace("equals(6)", "equals(6.0)"),
    "the hidden test": unit().replace("-2, 0.5", "-2, 0.25"),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_what_a_verdict_does_not_depend_on(course: Course, text: str) -> None:
    assert text != unit()
    assert verdicts(course, text).read([RIGHT, WRONG]) == TRIALS


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_what_a_verdict_depends_on(course: Course, text: str) -> None:
    assert text != unit()
    assert verdicts(course, text).read([RIGHT, WRONG]) == []


def test_another_answer(course: Course) -> None:
    other = Answer("double", "sum", True, (), "def double(x):\n    return 2 * x\n", 3)
    moved = Answer("double", "another title", True, (), RIGHT.code, 99)
    assert verdicts(course, unit()).read([other]) == []
    assert verdicts(course, unit()).read([moved]) == [Trial(moved, 2, 2, "")]


def test_other_packages(course: Course) -> None:
    (course.root / "requirements.lock").write_text("numpy==3\n")
    assert verdicts(course, unit()).read([RIGHT]) == []


def test_what_is_not_as_the_bank_says_is_not_kept(course: Course) -> None:
    """It may be a matter of chance; and the words of a bank may change, which a verdict does not depend on."""
    says = Answer("double", "half", False, ("a quarter",), WRONG.code, 9)
    known = verdicts(course, unit())
    assert known.read([says]) == []
    known.write([Trial(RIGHT, 1, 2, "failed"), Trial(says, 0, 2, "got 1.5")])
    assert known.read([RIGHT, WRONG, says]) == []


@pytest.mark.parametrize("content", ["", "{", "[1]", "3", '{"x": 1}', "\ud800"])
def test_a_damaged_file_is_a_miss(course: Course, content: str) -> None:
    (path,) = course.root.glob("build/verdicts/**/*.json")
    keys = list(json.loads(path.read_text()))
    path.write_bytes(content.encode(errors="surrogatepass"))
    assert verdicts(course, unit()).read([RIGHT, WRONG]) == []
    for damaged in (None, [2, 2], [2, 2, None], {"passed": 2}, ["2", 2, ""]):
        path.write_text(json.dumps(dict.fromkeys(keys, damaged)))
        assert verdicts(course, unit()).read([RIGHT, WRONG]) == []


def test_ci_tries_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert in_use()
    monkeypatch.setenv("CI", "true")
    assert not in_use()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A library of a few files."""
    root = tmp_path / "course_lib"
    files = {
        "__init__": "",
        "color/__init__": "from course_lib.color.lab import WHITE",
        "color/lab": '"""See `course_lib.plots`."""\nfrom course_lib import integers as whole\n',
        "integers": "def f():\n    import course_lib.kernel.start\n",
        "kernel/__init__": "",
        "kernel/start": "COMMAND = ['-m', 'course_lib.agent']",
        "agent": "import numpy",
        "plots": "",
    }
    for name, text in files.items():
        path = root / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(library, "_ROOT", root)
    library._named.cache_clear()
    yield root
    library._named.cache_clear()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import numpy\n'course_library.plots'", ""),
        ("import course_lib", "__init__"),
        ("from course_lib import plots", "__init__ plots"),
        ("from course_lib.plots import draw", "__init__ plots"),
        ("from course_lib.agent import *", "__init__ agent"),
        ("import course_lib.kernel", "__init__ kernel/__init__"),
        ("__import__('course_lib.agent', fromlist=['serve']).serve()", "__init__ agent"),
        ("if late:\n    from course_lib.kernel.start import COMMAND", "__init__ agent kernel/__init__ kernel/start"),
        (
            "from course_lib.color import WHITE",
            "__init__ agent color/__init__ color/lab integers kernel/__init__ kernel/start",
        ),
        (
            "%matplotlib inline",
            "__init__ agent color/__init__ color/lab integers kernel/__init__ kernel/start plots",
        ),
    ],
)
def test_the_files_that_a_text_reaches(small: Path, text: str, expected: str) -> None:
    found = {path.relative_to(small).with_suffix("").as_posix() for path in files_reached([text])}
    assert found == set(expected.split())
