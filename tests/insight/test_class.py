"""What a class got wrong: a class is made of known answers, and exactly these must be found."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from course_lib.answers import bank_of, read_bank
from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.grading.gradebook.entries import recorded
from course_lib.grading.gradebook.recorded_results import RecordedResults
from course_lib.grading.gradebook.writer import enter
from course_lib.grading.models import GradingResult
from course_lib.insight.class_results import recorded_results
from course_lib.insight.pages import write_insight
from course_lib.insight.unit import ExerciseInsight, Kind, UnitInsight, unit_insight
from tests.support.insight_class import GradedClass, graded_class
from tests.support.tiny_course import QUESTION, TEXT, UNIT, make_course, write_bank
from tests.support.units import BANK

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]

# Its hidden test calls the function with a number as well: the right answers of the bank know no lists.
DOUBLE = TEXT.replace("[1.0, secret_number]", "3.0").replace("[2.0, 2.0 * secret_number]", "6.0")
# A second exercise, which may use the first.
TRIPLE = DOUBLE.partition("import numpy as np\n```\n")[2].replace("double", "triple").replace("Twice", "Three times")
TRIPLE = (
    TRIPLE.replace("return 2 *", "return 3 *")
    .replace("equals(6.0)", "equals(9.0)")
    .replace("equals(4.0)", "equals(6.0)")
)
RIGHT = {
    "double": "def double(x):\n    return 2 * np.asarray(x)",
    "triple": "def triple(x):\n    return 3 * np.asarray(x)",
}
# How many learners give each answer of the bank.
GIVEN = {"sum": 1, "product": 2, "half": 2, "sign": 5, "nothing": 4, "square": 3, "one more": 1, "a list": 2}


def write_banks(unit: Path) -> None:
    write_bank(unit, "triple")
    write_aside(bank_of(unit, "double"), BANK)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> GradedClass:
    course = make_course(
        tmp_path_factory.mktemp("insight") / "course", text=DOUBLE + TRIPLE + QUESTION, bank=write_banks
    )
    return graded_class(course, UNIT)


@pytest.fixture
def graded(made: GradedClass, tmp_path: Path) -> GradedClass:
    """A copy of the course, in which nobody has handed in anything."""
    shutil.copytree(made.course.root, tmp_path / "course")
    return replace(made, course=Course(tmp_path / "course"))


def found_in(graded: GradedClass) -> UnitInsight:
    course = graded.course
    return unit_insight(course, UNIT, recorded_results(course), recorded(course.nbgrader_config()))


def exercise(found: UnitInsight, name: str) -> ExerciseInsight:
    return next(each for each in found.exercises if each.name == name)


def counts(kinds: list[Kind]) -> dict[str, int]:
    return {kind.title: kind.learners for kind in kinds}


def double(expression: str) -> dict[str, str]:
    return RIGHT | {"double": f"def double(x):\n    return {expression}"}


def test_the_slips_of_a_bank_are_counted(graded: GradedClass) -> None:
    bank = {answer.title: answer for answer in read_bank(bank_of(graded.course.solutions / UNIT, "double"))}
    assert bank.keys() == GIVEN.keys()
    titles = [title for title, count in GIVEN.items() for _ in range(count)]
    graded.hand_in({f"s{n:02}": RIGHT | {"double": bank[title].code} for n, title in enumerate(titles)})
    graded.hand_in({"lazy": {"triple": RIGHT["triple"]}})
    found = exercise(found_in(graded), "double")
    assert [(kind.title, kind.learners) for kind in found.slips] == [
        ("the sign is wrong", 5),
        ("a `return` is missing: there is nothing yet that makes a result", 4),
        ("it is a list of 2 results instead of one", 2),
    ]
    assert [(kind.title, kind.learners, kind.same) for kind in found.groups] == [
        ("AssertionError: a negative number stays negative", 3, 3),
        ("double(2) expected: 4 got: 1", 3, 2),
    ]
    assert [kind.example.known_as for kind in found.groups] == ["square", "half"]
    assert [kind.example.code for kind in found.slips] == [bank[title].code for title in ("sign", "nothing", "a list")]
    numbers = found.statistics
    assert (numbers.learners, numbers.full, numbers.untouched) == (21, 3 / 21, 1 / 21)
    assert numbers.difficulty == pytest.approx((3 * 3 + 3 * 1) / (21 * 3))  # who squares passes the visible check


def test_a_failure_that_follows_from_another_one(graded: GradedClass) -> None:
    wrong = double("-2 * x") | {"triple": "def triple(x):\n    return double(x)"}
    graded.hand_in({"ada": wrong, "bob": wrong | {"double": RIGHT["double"]}})
    found = found_in(graded)
    (kind,) = exercise(found, "triple").groups
    assert (kind.title, kind.learners, kind.same) == ("triple(2) expected: 6 got: 4", 2, 2)
    assert kind.follows == {"double": 1}
    assert "double" not in kind.message
    assert counts(exercise(found, "double").slips) == {"the sign is wrong": 1}


def test_untouched_answers_have_no_slip(graded: GradedClass) -> None:
    graded.hand_in({"ada": {}, "bob": {"triple": RIGHT["triple"]}})
    found = found_in(graded)
    assert [(each.slips, each.groups) for each in found.exercises] == [([], [])] * 3
    assert [each.statistics.untouched for each in found.exercises] == [1, 0.5, 1]
    assert [each.question for each in found.exercises] == [False, False, True]


def test_begun_but_not_written(graded: GradedClass) -> None:
    graded.hand_in({"ada": RIGHT | {"double": "def double(x):\n    y = x\n    raise NotImplementedError"}})
    (kind,) = exercise(found_in(graded), "double").groups
    assert kind.title.startswith("double is not written yet")


def test_points_by_hand_count(graded: GradedClass) -> None:
    graded.hand_in({name: double("-2 * x") for name in ("ada", "bob", "cyd")})
    with Gradebook(graded.course.nbgrader_config().CourseDirectory.db_url) as book:
        for test, score in (("test_double", 1), ("test_double_hidden", 2)):
            book.find_grade(test, UNIT, UNIT, "ada").manual_score = score
        book.find_grade("test_double", UNIT, UNIT, "bob").manual_score = 1
        book.db.commit()
    found = found_in(graded)
    assert exercise(found, "double").statistics.difficulty == pytest.approx((3 + 1) / 9)
    assert exercise(found, "double").statistics.full == pytest.approx(1 / 3)
    assert counts(exercise(found, "double").slips) == {"the sign is wrong": 2}
    assert (found.max_points, found.histogram) == (6, [0, 0, 0, 0, 0, 1, 1, 0, 0, 1])


def test_what_could_not_be_graded_and_who_is_gone(graded: GradedClass) -> None:
    graded.hand_in({"ada": RIGHT, "gone": RIGHT})
    config = graded.course.nbgrader_config()
    unread = GradingResult("bob", UNIT, "expected a notebook, found broken JSON", [])
    RecordedResults(graded.course.results).keep("key", unread, enter(config, unread, None))
    with Gradebook(config.CourseDirectory.db_url) as book:
        book.remove_student("gone")
    found = found_in(graded)
    assert (found.learners, found.not_graded) == (1, 1)
    assert exercise(found, "double").statistics.difficulty == 1


SIGNED = '''# Ada Lovelace, al1815
def double(x):
    """Of Lovelace."""
    by = "al1815"
    return [][int(x) + 9]  # by Ada
'''


def test_no_learner_is_named(graded: GradedClass) -> None:
    with Gradebook(graded.course.nbgrader_config().CourseDirectory.db_url) as book:
        book.update_or_create_student("al1815", first_name="Ada", last_name="Lovelace", email="ada@example.org")
    asserted = double("x").pop("double").replace("    return x", "    assert x < 0, 'Ada thinks so'\n    return x")
    graded.hand_in({"al1815": RIGHT | {"double": SIGNED}, "mn1802": RIGHT | {"double": asserted}})
    found = found_in(graded)
    page = write_insight(graded.course, found)
    written = [path for path in (graded.course.classroom / "insight").rglob("*") if path.is_file()]
    assert page in written
    for path in written:
        text = path.read_text(encoding="utf-8").casefold()
        assert not any(word in text for word in ("al1815", "mn1802", "lovelace", "ada ", "ada@"))
    codes = [kind.example.code for kind in (*exercise(found, "double").slips, *exercise(found, "double").groups)]
    assert 'def double(x):\n    """Of someone."""\n    by = "someone"\n    return [][int(x) + 9]\n' in codes


def test_examples_that_are_out_of_date_are_removed(graded: GradedClass) -> None:
    graded.hand_in({"ada": double("x + 3"), "bob": RIGHT | {"triple": "def triple(x):\n    return x + 5  # Bob's"}})
    folder = graded.course.classroom / "insight" / UNIT
    for _ in range(2):
        found_in(graded)
        assert sorted(path.name for path in folder.iterdir()) == ["double-1.py", "triple-1.py"]
    assert (folder / "triple-1.py").read_text() == "def triple(x):\n    return x + 5\n"
    graded.hand_in({"ada": RIGHT})
    found_in(graded)
    assert [path.name for path in folder.iterdir()] == ["triple-1.py"]


def test_an_answer_that_is_gone_or_empty(graded: GradedClass) -> None:
    graded.hand_in({"ada": double("x + 3"), "bob": RIGHT | {"triple": "# nothing yet"}})
    for path in graded.course.results.glob("*-ada.json"):
        path.unlink()
    found = found_in(graded)
    for name in ("double", "triple"):
        (kind,) = exercise(found, name).groups
        assert (kind.example.code, kind.example.command) == ("", "")
