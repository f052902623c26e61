"""One exercise of a class graded again: who gains and loses, what is recorded, and what stays."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner, Result

from course_lib import cli
from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.grading import base_grading
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.gains import Change, counts, in_order, table
from course_lib.grading.grade import Run, grade_class
from course_lib.grading.gradebook import writer
from course_lib.grading.gradebook.entries import GIVEN, recorded_one
from course_lib.grading.regrade import Regrade, RegradeOptions, prepare_regrade
from course_lib.schedule import NO_SCHEDULE
from tests.support.courses import write_unit
from tests.support.tiny_course import (
    HALF_RIGHT,
    RIGHT,
    TEXT,
    UNIT,
    WRONG,
    Words,
    answered,
    make_course,
    submit,
    write_bank,
)

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]

SECRET = "call(double, [1.0, secret_number]).equals([2.0, 2.0 * secret_number])"
MISTAKEN = TEXT.replace(SECRET, "call(double, 1.0).equals(3.0)")  # by the hidden test, WRONG is right


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class that was graded with a mistaken test: ada is right, bob is wrong, and cid has half."""
    course = make_course(tmp_path_factory.mktemp("class") / "course", text=MISTAKEN)
    submitted = course.classroom / "submitted"
    for student, code in {"ada": RIGHT, "bob": WRONG, "cid": HALF_RIGHT}.items():
        submit(submitted, student, answered(course, code))
    grade_class(course, find_submissions(course, [submitted]), GradeOptions(jobs=2), lambda _: None)
    return course


@pytest.fixture
def course(graded: Course, tmp_path: Path) -> Course:
    """A copy of that class, in which the test is corrected."""
    shutil.copytree(graded.root, tmp_path / "course")
    course = Course(tmp_path / "course")
    write_unit(course, UNIT, TEXT)
    return course


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grade in this process, one after the other."""
    monkeypatch.setattr(base_grading, "grade_all", lambda grader, jobs, *_: ((job, grader(job)) for job in jobs))


@contextmanager
def prepared(course: Course, dry_run: bool = False, exercise: str = "double") -> Iterator[tuple[Regrade, list[Change]]]:
    submissions = find_submissions(course, [course.classroom / "submitted"])
    with prepare_regrade(course, submissions, RegradeOptions(exercise=exercise, dry_run=dry_run)) as run:
        yield run, run.compare(lambda _: None)


def grade_whole(course: Course) -> Run:
    submissions = find_submissions(course, [course.classroom / "submitted"])
    return grade_class(course, submissions, GradeOptions(), lambda _: None)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def points(course: Course) -> dict[str, float]:
    return {
        student: recorded_one(course.nbgrader_config(), UNIT, student, NO_SCHEDULE).points
        for student in ("ada", "bob", "cid")
    }


def by_hand(course: Course, student: str, test: str, score: float) -> None:
    """Give points in formgrader."""
    config = course.nbgrader_config()
    with Gradebook(config.CourseDirectory.db_url) as book:
        grade = book.find_grade(test, UNIT, UNIT, student)
        grade.manual_score, grade.needs_manual_grade = score, False
        book.db.commit()


def test_a_dry_run_changes_nothing_in_the_classroom(course: Course) -> None:
    before = contents(course.classroom)
    with prepared(course, dry_run=True) as (_, changes):
        told = [(each.student, each.before, each.after, each.unit_before, each.unit_after) for each in changes]
    assert told == [("ada", 1, 3, 1, 3), ("bob", 2, 0, 2, 0), ("cid", 1, 1, 1, 1)]
    assert counts(changes) == "1 gain, 1 lose, 1 same"
    assert contents(course.classroom) == before


def test_what_is_recorded_is_not_graded_again_and_the_page_says_what_counted(course: Course) -> None:
    with prepared(course) as (run, _):
        assert points(course) == {"ada": 1, "bob": 2, "cid": 1}
        run.record()
    assert points(course) == {"ada": 3, "bob": 0, "cid": 1}
    assert "ada" in (course.classroom / "grades.csv").read_text(encoding="utf-8")
    page = Words((course.classroom / "feedback" / "ada" / UNIT / f"{UNIT}.html").read_text(encoding="utf-8")).text
    assert "with a corrected test" in page
    assert "Tests: version " in page
    before = contents(course.classroom / "feedback")
    assert grade_whole(course).before == 3
    assert contents(course.classroom / "feedback") == before
    with prepared(course) as (run, changes):  # the same table, and nothing to do
        assert (run.before, counts(changes)) == (3, "1 gain, 1 lose, 1 same")


def test_what_people_gave_stays_and_is_marked_only_where_the_tests_changed_their_mind(course: Course) -> None:
    by_hand(course, "ada", "test_double_hidden", 1.5)
    by_hand(course, "cid", "test_double_hidden", 1.25)
    with prepared(course) as (run, changes):
        by_student = {change.student: change for change in changes}
        assert [by_student[name].gain for name in ("ada", "cid")] == [0, 0]
        assert [by_student[name].by_hand for name in ("ada", "bob", "cid")] == [True, False, True]
        run.record()
    config = course.nbgrader_config()
    ada, cid = (recorded_one(config, UNIT, student, NO_SCHEDULE) for student in ("ada", "cid"))
    assert (ada.points, ada.review) == (2.5, {"double": GIVEN})  # from 0 to 2 by the hidden test
    assert (cid.points, cid.review) == (2.25, {})


def test_an_interrupted_run_is_completed_by_the_next(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    by_hand(course, "cid", "test_double_hidden", 1.25)
    entering, entered = writer.enter, list[str]()

    def killed(config: object, result: object, *more: object, **how: object) -> object:
        entered.append("")
        entry = entering(config, result, *more, **how)  # type: ignore[arg-type]
        if len(entered) == 2:
            raise KeyboardInterrupt  # after the gradebook, before the page
        return entry

    with monkeypatch.context() as patch:
        patch.setattr(writer, "enter", killed)
        with pytest.raises(KeyboardInterrupt), prepared(course) as (run, _):
            run.record()
    with monkeypatch.context() as patch:
        patch.setattr(base_grading, "grade_all", lambda *_: pytest.fail("nothing is left to run"))
        with prepared(course) as (run, changes):
            assert counts(changes) == "1 gain, 1 lose, 1 same"
            run.record()
    assert points(course) == {"ada": 3, "bob": 0, "cid": 2.25}
    assert recorded_one(course.nbgrader_config(), UNIT, "cid", NO_SCHEDULE).review == {}
    for student in ("ada", "bob", "cid"):
        page = course.classroom / "feedback" / student / UNIT / f"{UNIT}.html"
        assert "with a corrected test" in page.read_text(encoding="utf-8")


def test_an_exercise_that_no_unit_has(course: Course) -> None:
    words = r"expected an exercise of 01_doubling \(double\), got triple"
    with pytest.raises(ArgumentError, match=words), prepared(course, exercise="triple"):
        pytest.fail("there is no such exercise")


def test_a_changed_test_of_another_exercise_needs_a_whole_grading(course: Course) -> None:
    another = TEXT[TEXT.index("```{code-cell} ipython3\n---") :].replace("double", "twice")
    write_unit(course, UNIT, TEXT + another)
    write_bank(course.solutions / UNIT, "twice")
    words = "only the tests of double to have changed since ada was graded, got test_twice, test_twice_hidden, too"
    with pytest.raises(CourseError, match=words), prepared(course):
        pytest.fail("more has changed")


def command(course: Course, *options: str) -> Result:
    return CliRunner().invoke(cli.app, ["grade", "--exercise", "double", *options], env={"COLUMNS": "200"})


def test_losses_are_recorded_only_with_yes(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course.root)
    tried = command(course, "--dry-run")
    assert tried.exit_code == 0
    assert "1 gain, 1 lose, 1 same" in tried.output
    assert "nothing is recorded: --dry-run" in tried.output
    refused = command(course)
    assert refused.exit_code == 1
    assert "1 gain, 1 lose, 1 same" in refused.output
    assert "nothing is recorded, because 1 lose points; --yes records it" in refused.output
    assert points(course) == {"ada": 1, "bob": 2, "cid": 1}
    told = command(course, "--json", "--yes")
    assert told.exit_code == 0
    assert points(course) == {"ada": 3, "bob": 0, "cid": 1}
    (first, *_) = json.loads(told.stdout)
    assert (first["student"], first["before"], first["after"], first["recorded"]) == ("ada", 1, 3, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dry-run"], "expected --exercise NAME with --dry-run and --yes, got none"),
        (["--exercise", "double", "--force"], "expected --exercise or --force, got both"),
        ([], "expected notebooks or folders"),
    ],
)
def test_options_that_do_not_fit(
    course: Course, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(course.root)
    result = CliRunner().invoke(cli.app, ["grade", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert words in result.output


def test_gains_come_first_then_losses() -> None:
    changes = [
        Change(str(after), UNIT, before, after, before, after, 9, 9)
        for before, after in [(1.0, 1.0), (3.0, 1.5), (0.0, 2.0), (None, 4.0), (0.0, 5.0)]
    ]
    assert [change.after for change in in_order(changes)] == [5, 2, 1.5, 1, 4]
    assert counts(changes) == "2 gain, 1 lose, 1 same, 1 not graded before"
    assert table("double", changes).row_count == 5
