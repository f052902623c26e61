"""The command `course insight`: what it prints and writes, and that a line of its page can be pasted."""

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from course_lib.answers import bank_of, read_bank
from course_lib.classroom.roster import roster_path
from course_lib.cli import app
from course_lib.course import Course
from tests.support.insight_class import graded_class
from tests.support.tiny_course import UNIT, make_course

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

OTHER = "02_again"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    made = make_course(tmp_path / "course", units=(UNIT, OTHER))
    monkeypatch.chdir(made.root)
    return made


def insight(*units: str) -> Result:
    return CliRunner().invoke(app, ["insight", *units])


def hand_in(course: Course, **answers: str) -> None:
    code = "def double(x):\n    return {}"
    graded_class(course, UNIT).hand_in({name: {"double": code.format(text)} for name, text in answers.items()})


def test_every_unit_with_results(course: Course) -> None:
    hand_in(course, ada="2 * np.asarray(x)", bob="-2 * x", cyd="-2 * x")
    result = insight()
    assert result.exit_code == 0, result.output
    words = " ".join(result.stdout.split())
    assert f"{UNIT}, 3 learners" in words
    assert "2 × the sign is" in words
    assert str(course.classroom / "insight" / f"{UNIT}.html") in result.stdout
    assert sorted(path.name for path in (course.classroom / "insight").iterdir()) == [f"{UNIT}.html", f"{UNIT}.json"]
    assert insight("doubling").stdout == result.stdout


def test_who_has_withdrawn_is_not_counted(course: Course) -> None:
    hand_in(course, ada="2 * np.asarray(x)", bob="-2 * x", cyd="-2 * x")
    roster_path(course).write_text("id,withdrawn\nada,\nbob,\ncyd,yes\neve,yes\n", encoding="utf-8")
    result = insight()
    assert result.exit_code == 0, result.output
    assert f"{UNIT}, 2 learners" in " ".join(result.stdout.split())
    assert "withdrawn, and not counted: cyd\n" in result.stdout
    found = json.loads((course.classroom / "insight" / f"{UNIT}.json").read_text(encoding="utf-8"))
    (exercise,) = found["exercises"]
    assert (found["learners"], exercise["statistics"]["learners"], sum(found["histogram"])) == (2, 2, 2)
    assert [slip["learners"] for slip in exercise["slips"]] == [1]


def test_no_results(course: Course) -> None:
    for units, missing in {(): "any unit", ("02",): OTHER, ("01", "again"): f"{UNIT}, {OTHER}"}.items():
        result = insight(*units)
        wanted = f"expected results of {missing} in {course.results}, found none; run `course grade` first\n"
        assert (result.exit_code, result.stderr) == (1, wanted)
    assert not course.classroom.exists()
    result = insight("09")
    assert (result.exit_code, result.stderr) == (2, f"expected a unit, one of {UNIT}, {OTHER}; got '09'\n")


@pytest.mark.sandbox
def test_a_line_of_the_page_adds_the_answer_to_the_bank(course: Course) -> None:
    hand_in(course, ada="x + 7  # by Ada")
    assert insight().exit_code == 0
    found = json.loads((course.classroom / "insight" / f"{UNIT}.json").read_text(encoding="utf-8"))
    command = found["exercises"][0]["groups"][0]["example"]["command"]
    program, *arguments = shlex.split(command)
    result = CliRunner().invoke(app, arguments, input="seven more\n")
    assert (program, result.exit_code) == ("course", 0), result.output
    answer = read_bank(bank_of(course.solutions / UNIT, "double"))[-1]
    assert (answer.title, answer.right, answer.code) == ("seven more", False, "def double(x):\n    return x + 7\n")
    assert insight().exit_code == 0
    found = json.loads((course.classroom / "insight" / f"{UNIT}.json").read_text(encoding="utf-8"))
    assert found["exercises"][0]["groups"][0]["example"]["known_as"] == "seven more"
