"""What a learner reads on the pages of `course check` and `course progress`."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

from course_lib.course import Course
from course_lib.grading.scores import ANSWERED, UNANSWERED, ExerciseScore
from course_lib.learner_pages.pages import write_checks, write_progress
from course_lib.schedule import Schedule
from course_lib.workspace import Progress, count
from tests.support.axe import violations
from tests.support.keyboard import keyboard_barriers
from tests.support.tiny_course import QUESTION, TEXT, UNIT, Words, make_course

pytestmark = pytest.mark.slow

HINT = "<details><summary>Hint 1</summary>\n\nAdd $x$ to **itself**.\n\n</details>"
OTHER, LAST = "02_again", "07_sparse_hypercolumns"
WRONG = ExerciseScore("double", 0, 1, "double(2)\n  expected: <4>\n  got:      6")
RIGHT = replace(WRONG, points=1.0, message="")
OPEN = ExerciseScore("question_sign", 0, 0, UNANSWERED, question=True)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course of three units, each with an exercise that has a hint, and a question."""
    text = TEXT.replace("# Doubling\n", f"# Doubling\n\n## Exercise 1 · `double`\n\n{HINT}\n")
    return make_course(tmp_path_factory.mktemp("pages") / "course", units=(UNIT, OTHER, LAST), text=text + QUESTION)


def checked(course: Course, *exercises: ExerciseScore, unit: str = UNIT) -> Progress:
    return count(course, unit, exercises)


def untouched(course: Course, unit: str) -> Progress:
    return count(course, unit, [replace(WRONG, message=""), OPEN], begun=False)


def text_of(path: Path) -> str:
    """The words of a page, without its title and style."""
    return " ".join(Words(path.read_text(encoding="utf-8").partition("<main>")[2]).text.split())


def states(path: Path) -> list[str]:
    return re.findall(r'<tr role="row" class="(\w+)">', path.read_text(encoding="utf-8"))


def test_a_failed_check_says_why_and_offers_its_hints(course: Course) -> None:
    path = write_checks(course, UNIT, checked(course, WRONG, OPEN))
    assert path == course.work / "checks" / f"{UNIT}.html"
    words = text_of(path)
    assert words.startswith(f"{UNIT}: your checks 0 of 1 points from visible checks; up to 2 more when")
    assert "Exercise 1 · double 0/1 +2 ✗ not yet double(2) expected: <4> got: 6 Hint 1 Add " in words
    assert "not answered" in words
    assert states(path) == ["failed", "question"]
    page = path.read_text(encoding="utf-8")
    assert "expected: &lt;4&gt;\n" in page
    assert re.search('Add <math [^>]*alttext="x">.*<mi>x</mi>.*</math> to <strong>itself</strong>', page)


def test_what_is_passed_shows_neither_message_nor_hint(course: Course) -> None:
    path = write_checks(course, UNIT, checked(course, RIGHT, replace(OPEN, message=ANSWERED)))
    assert states(path) == ["passed", "question"]
    words = text_of(path)
    assert words.startswith(f"{UNIT}: your checks 1 of 1 points")
    assert "Hint" not in words
    assert "not answered" not in words
    assert "answered" in words


@pytest.mark.parametrize(
    ("exercise", "state", "says"),
    [
        (replace(WRONG, points=0.5), "partly", "0.5/1 +2 partly right double(2)"),
        (replace(WRONG, graded=False, message="no compiler"), "ungraded", "–/1 +2 not graded no compiler"),
        (replace(WRONG, message=""), "failed", "0/1 +2 ✗ not yet not run"),
        (replace(WRONG, message="a\x1b[31m\udc80"), "failed", "✗ not yet a\N{REPLACEMENT CHARACTER}[31m? Hint"),
    ],
)
def test_other_verdicts(course: Course, exercise: ExerciseScore, state: str, says: str) -> None:
    path = write_checks(course, UNIT, checked(course, exercise))
    assert states(path) == [state]
    assert says in text_of(path)


def test_an_opened_answer_is_noted(course: Course) -> None:
    progress = checked(course, WRONG)._replace(opened=("double",))
    assert "You have opened the worked answer." in text_of(write_checks(course, UNIT, progress))


def test_nothing_but_the_page_is_left(course: Course) -> None:
    for _ in range(2):
        path = write_checks(course, UNIT, checked(course, WRONG))
    assert list(path.parent.iterdir()) == [path]


def test_progress_adds_up(course: Course) -> None:
    units = {UNIT: checked(course, RIGHT, OPEN), OTHER: untouched(course, OTHER), LAST: untouched(course, LAST)}
    path = write_progress(course, units)
    assert path == course.work / "progress.html"
    words = text_of(path)
    assert words.startswith("Your progress 1 of 3 points from visible checks; up to 6 more when your work is graded.")
    assert f"{UNIT} 1/1 +2 1 of 1 {OTHER} 0/1 +2 not begun {LAST} 0/1 +2 not begun {UNIT} exercise" in words


def test_progress_says_when_units_are_due(course: Course) -> None:
    units = {UNIT: checked(course, RIGHT, OPEN), OTHER: untouched(course, OTHER)}
    time = datetime(2030, 5, 4, 18)
    words = text_of(write_progress(course, units, Schedule({OTHER: time.astimezone()})))
    assert f"graded later passed {UNIT} 1/1 +2 1 of 1 {OTHER}due 2030-05-04 18:00 0/1 +2" in words


@pytest.mark.parametrize(
    ("begun", "following"),
    [
        ({UNIT: WRONG, OTHER: WRONG}, UNIT),
        ({UNIT: RIGHT}, f"{OTHER}, which you have not begun"),
        ({LAST: WRONG}, LAST),  # it comes before units that were left out
        ({LAST: RIGHT}, f"{UNIT}, which you have not begun"),
    ],
)
def test_what_is_next(course: Course, begun: dict[str, ExerciseScore], following: str) -> None:
    units = {
        unit: checked(course, begun[unit], unit=unit) if unit in begun else untouched(course, unit)
        for unit in course.units()
    }
    (next_up,) = re.findall("What is next (.*) Your points", text_of(write_progress(course, units)))
    assert next_up.startswith(f"Exercise 1 · double in {following} ")
    assert next_up.endswith("Hint 1 Add x to itself.")
    assert ("got: 6" in next_up) == (not following.endswith("begun"))


def test_nothing_is_next_at_the_end(course: Course) -> None:
    units = {unit: checked(course, RIGHT, unit=unit) for unit in course.units()}
    assert "What is next Every visible check passes." in text_of(write_progress(course, units))


def test_a_notebook_that_cannot_be_run_says_why(course: Course) -> None:
    units = {UNIT: count(course, UNIT, [WRONG], "expected a notebook, found <broken> JSON")}
    words = text_of(write_progress(course, units))
    assert words.partition(" passed 01_")[2].count("Exercise 1") == 0
    assert "expected a notebook, found <broken> JSON" in words


@pytest.mark.parametrize("width", [1280, 390])
def test_everyone_can_read_the_pages(course: Course, page: Page, width: int) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_viewport_size({"width": width, "height": 900})
    units = {
        UNIT: checked(course, replace(WRONG, points=0.5, message="x" * 500), OPEN),
        OTHER: checked(course, RIGHT, unit=OTHER)._replace(opened=("double",)),
        LAST: count(course, LAST, [WRONG], "no notebook"),
    }
    schedule = Schedule({UNIT: datetime(2030, 5, 4, 18, tzinfo=UTC)})
    for path in (write_progress(course, units, schedule), *(write_checks(course, unit, units[unit]) for unit in units)):
        page.goto(path.as_uri())
        assert [*keyboard_barriers(page), *violations(page)] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
    assert all(url.startswith("file:") for url in asked)
    assert len(asked) == 4
