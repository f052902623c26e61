"""A decision is what nbgrader's formgrader would have written: its own handlers are the judge."""

import inspect
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader.apihandlers import CommentHandler, GradeHandler

from course_lib.course import Course
from course_lib.review.answers import Exercise
from course_lib.review.decisions import Entry, Points, change_entries, decided, read_entries, restored
from tests.support.graded_class import LOST_SIGN, grade, make_class
from tests.support.tiny_course import UNIT

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
DOUBLE, QUESTION = Exercise(UNIT, "double", question=False), Exercise(UNIT, "question_sign", question=True)
TESTS = ("test_double", "test_double_hidden")  # worth 1 and 2; the answer of everybody earns the first
WORDS = "It is so."


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    students = ("ours", "theirs")
    root = tmp_path_factory.mktemp("decisions") / "course"
    return make_class(root, dict.fromkeys(students, LOST_SIGN), dict.fromkeys(students, WORDS))


def book_of(course: Course) -> Gradebook:
    return Gradebook(course.nbgrader_config().CourseDirectory.db_url, "pixelwise")


def formgrader(course: Course, scores: dict[str, float | None], about: str, comment: str | None) -> None:
    """Do what formgrader does when a person enters scores and leaves a comment, for the student "theirs"."""

    def put(handler: Any, entry: str, **data: Any) -> None:
        fake = SimpleNamespace(gradebook=book, get_json_body=lambda: data, write=str)
        inspect.unwrap(handler.put)(fake, entry)

    with book_of(course) as book:
        for name, score in scores.items():
            there = book.find_grade(name, UNIT, UNIT, "theirs")
            put(GradeHandler, there.id, manual_score=score, extra_credit=there.extra_credit)
        if comment is not None:
            put(CommentHandler, book.find_comment(about, UNIT, UNIT, "theirs").id, manual_comment=comment)


def written(course: Course, student: str) -> list[dict[str, Any]]:
    """Everything that the gradebook holds of a student's work, without what tells the students apart."""
    with book_of(course) as book:
        submitted = book.find_submission_notebook(UNIT, UNIT, student)
        rows = [each.to_dict() for each in [*submitted.grades, *submitted.comments]]
        rows.append({"name": "", **submitted.to_dict()})
    return sorted(
        ({key: value for key, value in row.items() if key not in ("id", "student", "last_name")} for row in rows),
        key=lambda row: (row["name"], "manual_score" in row),
    )


@pytest.mark.parametrize(
    ("points", "comment", "scores"),
    [
        (None, "", [None, None]),
        (1.0, "Nearly.", [1, 0]),
        (3.0, "Nearly.", [1, 2]),
        (2.5, "", [1, 1.5]),
        (0.5, "Too far.", [0.5, 0]),
        (0.0, "", [0, 0]),
        (None, "Only words.", [None, None]),
    ],
)
def test_a_decision_on_code_is_what_formgrader_writes(
    course: Course, points: float | None, comment: str, scores: list[float | None]
) -> None:
    before = read_entries(course.nbgrader_config(), DOUBLE)["ours"]
    change_entries(course.nbgrader_config(), DOUBLE, ["ours"], lambda _, entry: decided(entry, points, comment))
    said = comment if comment or before.comment is not None else None
    formgrader(course, dict(zip(TESTS, scores, strict=True)), "double", said)
    assert written(course, "ours") == written(course, "theirs")
    assert read_entries(course.nbgrader_config(), DOUBLE)["ours"].points == (1 if points is None else points)


@pytest.mark.parametrize("points", [1.5, None, 0.0])
def test_a_decision_on_a_question_is_what_formgrader_writes(course: Course, points: float | None) -> None:
    change_entries(course.nbgrader_config(), QUESTION, ["ours"], lambda _, entry: decided(entry, points, "Hm."))
    formgrader(course, {"question_sign": points}, "question_sign", "Hm.")
    assert written(course, "ours") == written(course, "theirs")
    assert read_entries(course.nbgrader_config(), QUESTION)["ours"].waiting == (points is None)


def test_extra_credit_stays(course: Course) -> None:
    with book_of(course) as book:
        for student in ("ours", "theirs"):
            book.find_grade("test_double", UNIT, UNIT, student).extra_credit = 0.25
        book.db.commit()
    change_entries(course.nbgrader_config(), DOUBLE, ["ours"], lambda _, entry: decided(entry, 2.0, ""))
    formgrader(course, dict(zip(TESTS, (1, 1), strict=True)), "double", "")
    assert written(course, "ours") == written(course, "theirs")
    entry = read_entries(course.nbgrader_config(), DOUBLE)["ours"]
    assert (entry.points, entry.extra) == (2, 0.25)


def test_what_was_decided_is_undone_unless_somebody_changed_it(course: Course) -> None:
    before = written(course, "ours")
    config = course.nbgrader_config()
    changes = change_entries(config, DOUBLE, ["ours"], lambda _, entry: decided(entry, 0.75, "Undo this."))
    assert written(course, "ours") != before
    change_entries(config, DOUBLE, changes, restored(changes))
    assert written(course, "ours") == before
    with pytest.raises(Exception, match="found others; nothing is undone"):
        change_entries(config, DOUBLE, changes, restored(changes))
    assert written(course, "ours") == before


def test_a_group_is_changed_as_a_whole_or_not_at_all(course: Course) -> None:
    before = {student: written(course, student) for student in ("ours", "theirs")}

    def fail_second(student: str, entry: Entry) -> Entry:
        if student == "theirs":
            raise ValueError("stop")
        return decided(entry, 0.1, "Never.")

    with pytest.raises(ValueError, match="stop"):
        change_entries(course.nbgrader_config(), DOUBLE, ["ours", "theirs"], fail_second)
    assert {student: written(course, student) for student in before} == before


def test_course_grade_keeps_decisions_and_shows_them(tmp_path: Path) -> None:
    course = make_class(tmp_path / "course", {"ada": LOST_SIGN}, {"ada": WORDS})
    config = course.nbgrader_config()
    decide: Callable[[float, str], Callable[[str, Entry], Entry]]
    decide = lambda points, comment: lambda _, entry: decided(entry, points, comment)  # noqa: E731
    change_entries(config, DOUBLE, ["ada"], decide(2.5, "Half a **sign**."))
    change_entries(config, QUESTION, ["ada"], decide(1.5, "And zero?"))
    (entry,) = grade(course).entries
    assert (entry.points, entry.review) == (4, {})
    assert entry.exercises == {"double": (2.5, 3), "question_sign": (1.5, 2)}
    page = (course.classroom / "feedback" / "ada" / UNIT / f"{UNIT}.html").read_text(encoding="utf-8")
    for part in ("Score: 4 / 5", "Half a <strong>sign</strong>.", "And zero?", "2.5 / 3"):
        assert part in page


def entry(maxima: list[float], automatic: list[float | None]) -> Entry:
    cells = (
        Points(str(i), most, auto, None, False) for i, (most, auto) in enumerate(zip(maxima, automatic, strict=True))
    )
    return Entry(tuple(cells), None)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=5), st.integers(0, 8))
def test_points_are_distributed_without_loss(tests: list[tuple[int, int]], eighths: int) -> None:
    maxima, automatic = [float(max(pair)) for pair in tests], [float(min(pair)) for pair in tests]
    points = sum(maxima) * eighths / 8
    found = decided(entry(maxima, [*automatic]), points, "")
    shares = [cell.counting for cell in found.cells]
    assert sum(shares) == points
    assert all(0 <= share <= most for share, most in zip(shares, maxima, strict=True))
    # As little as possible is changed: no test gains while another one loses.
    assert sum(abs(share - auto) for share, auto in zip(shares, automatic, strict=True)) == abs(points - sum(automatic))


def test_points_of_tests_that_nobody_knows_count_as_none() -> None:
    found = decided(entry([1, 2], [None, 2.0]), 2.0, "")
    assert [cell.manual for cell in found.cells] == [0, 2]
    assert not found.waiting
    assert decided(entry([1, 2], [None, 2.0]), None, "").waiting
