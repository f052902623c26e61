import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from traitlets.config import Config

from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.gradebook import writer
from course_lib.grading.gradebook.entries import FAILED, GIVEN, WAITING, GradebookEntry, GradebookLockedError, recorded
from course_lib.grading.gradebook.lateness import Timing
from course_lib.grading.gradebook.writer import enter
from course_lib.grading.models import GradingResult
from course_lib.grading.scores import answer_checksums, score
from course_lib.release import build_source, generate
from tests.support.tiny_course import UNIT, make_course

# nbgrader uses SQLAlchemy in a way that warns.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")]
MONDAY, TUESDAY = datetime(2030, 4, 1, 12), datetime(2030, 4, 2, 12)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course whose gradebook knows the unit, and no submission."""
    course = make_course(tmp_path_factory.mktemp("books") / "course")
    course.classroom.mkdir()
    build_source(course, UNIT)
    generate(course, UNIT, database=True)
    return course


@pytest.fixture
def config(made: Course, tmp_path: Path) -> Config:
    """The same course with a gradebook of this test's own."""
    config = made.nbgrader_config()
    book = tmp_path / "gradebook.db"
    book.write_bytes((made.classroom / "gradebook.db").read_bytes())
    config.CourseDirectory.db_url = f"sqlite:///{book}"
    return config


def result(course: Course, *shown: float | str, answer: str | None = None, student: str = "ada") -> GradingResult:
    """A graded submission whose tests show these numbers."""
    notebook = nbformat.read(course.source / UNIT / f"{UNIT}.ipynb", as_version=4)
    numbers = iter(shown)
    for cell in notebook.cells:
        if "points" in cell.metadata.get("nbgrader", {}):
            data = {"text/plain": str(next(numbers))}
            cell.outputs, cell.execution_count = [new_output("execute_result", data, execution_count=1)], 1
        elif "nbgrader" in cell.metadata and answer is not None:
            cell.source = answer
    return GradingResult(student, UNIT, None, score(notebook), answer_checksums(notebook), nbformat.writes(notebook))


def failed(reason: str) -> GradingResult:
    return GradingResult("ada", UNIT, reason, [])


@contextmanager
def book(config: Config) -> Iterator[Gradebook]:
    with Gradebook(config.CourseDirectory.db_url) as opened:
        yield opened


def by_cell(config: Config) -> dict[str, tuple[float | None, float, bool]]:
    """What nbgrader says of each test: automatic score, score, and whether somebody must look."""
    with book(config) as opened:
        (notebook,) = opened.find_submission(UNIT, "ada").notebooks
        return {grade.name: (grade.auto_score, grade.score, grade.needs_manual_grade) for grade in notebook.grades}


def comment(config: Config) -> str | None:
    with book(config) as opened:
        return opened.find_comment("double", UNIT, UNIT, "ada").comment


def by_hand(config: Config, score: float, extra: float, words: str) -> None:
    """Grade the hidden test in formgrader, and leave a comment."""
    with book(config) as opened:
        grade = opened.find_grade("test_double_hidden", UNIT, UNIT, "ada")
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = score, extra, False
        opened.find_comment("double", UNIT, UNIT, "ada").manual_comment = words
        opened.db.commit()


def test_points_of_each_test(made: Course, config: Config) -> None:
    enter(config, result(made, 1, 0.5), None)
    assert by_cell(config) == {"test_double": (1, 1, False), "test_double_hidden": (0.5, 0.5, False)}
    assert recorded(config) == [GradebookEntry("ada", UNIT, 1.5, 3, {"double": (1.5, 3)})]


def test_only_the_units_that_are_asked_for(made: Course, config: Config) -> None:
    enter(config, result(made, 1, 0.5), None)
    assert recorded(config, units=[UNIT, "02_other"]) == recorded(config)
    assert recorded(config, units=["02_other"]) == []


def test_one_transaction_for_a_submission(made: Course, config: Config) -> None:
    path = Path(config.CourseDirectory.db_url.removeprefix("sqlite:///"))

    def transactions() -> int:
        """Read how often the file was changed: SQLite counts in bytes 24 to 27."""
        return int.from_bytes(path.read_bytes()[24:28], "big")

    before = transactions()
    enter(config, result(made, 1, 0.5), MONDAY)
    assert transactions() == before + 1
    enter(config, result(made, 0, 0.5), MONDAY)
    assert transactions() == before + 2


def test_what_fails_half_way_leaves_nothing(made: Course, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "penalize", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        enter(config, result(made, 1, 2), None)
    assert recorded(config) == []
    with book(config) as opened:
        assert opened.students == []


def test_a_later_submission_takes_the_place(made: Course, config: Config) -> None:
    enter(config, result(made, 1, 2), MONDAY)
    enter(config, result(made, 1, 0), TUESDAY)
    assert [(entry.student, entry.points) for entry in recorded(config)] == [("ada", 1)]
    with book(config) as opened:
        assert opened.find_submission(UNIT, "ada").timestamp == TUESDAY


def test_what_people_gave_is_kept(made: Course, config: Config) -> None:
    enter(config, result(made, 1, 0), None)
    by_hand(config, 1.5, 0.25, "well argued")
    assert recorded(config)[0].points == 2.75
    enter(config, result(made, 0, 2), None)
    assert by_cell(config) == {"test_double": (0, 0, True), "test_double_hidden": (2, 1.75, True)}
    assert comment(config) == "well argued"
    assert recorded(config)[0].review == {"double": GIVEN}


def test_what_people_have_reviewed_is_not_marked_again(made: Course, config: Config) -> None:
    enter(config, result(made, 1, 0), None)
    by_hand(config, 1.5, 0.25, "well argued")
    enter(config, result(made, 1, 0), None, again=True)
    assert by_cell(config)["test_double_hidden"] == (0, 1.75, False)


def test_a_comment_on_an_earlier_submission_is_to_be_looked_at(made: Course, config: Config) -> None:
    enter(config, result(made, 0, 0), None)
    with book(config) as opened:
        opened.find_comment("double", UNIT, UNIT, "ada").manual_comment = "Mind the sign."
        opened.db.commit()
    assert enter(config, result(made, 0, 0), None, again=True).review == {}
    assert enter(config, result(made, 1, 2), None).review == {"double": GIVEN}


def test_why_a_person_should_look(made: Course, config: Config) -> None:
    assert enter(config, result(made, 1, 2), None).review == {}
    assert enter(config, result(made, 1, "nan"), None).review == {"double": WAITING}
    assert enter(config, failed("no notebook"), None).review == {"double": FAILED}


def test_the_class_list_tells_names_and_who_is_absent(made: Course, config: Config) -> None:
    with book(config) as opened:
        opened.update_or_create_student("ada", last_name="Byron", first_name="Ada", email="ada@example.org")
        opened.update_or_create_student("eve", last_name="Moneypenny")
    assert recorded(config) == []  # nothing was handed in yet
    enter(config, result(made, 1, 2), None)
    ada, eve = recorded(config)
    assert (ada.last_name, ada.first_name, ada.email, ada.handed_in) == ("Byron", "Ada", "ada@example.org", True)
    assert eve == GradebookEntry("eve", UNIT, 0, 3, {}, handed_in=False, last_name="Moneypenny")


def test_points_that_another_program_entered_do_not_stay(made: Course, config: Config) -> None:
    enter(config, result(made, 1, 0), None)
    with book(config) as opened:
        opened.find_grade("test_double_hidden", UNIT, UNIT, "ada").auto_score = 2
        opened.db.commit()
    assert enter(config, result(made, 1, 0), None, again=True).points == 1


def test_a_late_penalty_follows_what_people_give(made: Course, config: Config) -> None:
    with book(config) as opened:
        opened.find_assignment(UNIT).duedate = MONDAY
        opened.db.commit()
    config.LateSubmissionPlugin.penalty_method = "zero"
    enter(config, result(made, 1, 0), TUESDAY)
    by_hand(config, 2, 0, "")
    assert enter(config, result(made, 1, 0), TUESDAY, again=True).points == 0


def test_no_earlier_points_stand_for_a_submission_that_failed(made: Course, config: Config) -> None:
    enter(config, result(made, 1, 2), None)
    enter(config, failed("no notebook"), None)
    assert by_cell(config) == {"test_double": (0, 0, True), "test_double_hidden": (0, 0, True)}
    assert comment(config) == "Not graded. error: no notebook"
    enter(config, result(made, 1, 2, answer="x"), None)
    assert recorded(config)[0].points == 3
    assert comment(config) is None


def test_a_faulty_test_waits_for_a_person(made: Course, config: Config) -> None:
    enter(config, result(made, 1, "nan"), None)
    assert by_cell(config) == {"test_double": (1, 1, False), "test_double_hidden": (None, 0, True)}


def test_an_untouched_answer_is_no_response(made: Course, config: Config) -> None:
    (stub,) = [
        cell.source
        for cell in nbformat.read(made.notebooks / UNIT / f"{UNIT}.ipynb", as_version=4).cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    ]
    enter(config, result(made, 0, 0, answer=stub), None)
    assert comment(config) == "No response."
    enter(config, result(made, 0, 0, answer=f"{stub}\n"), None)
    assert comment(config) is None


def test_late_work_is_penalized_as_nbgrader_does(made: Course, config: Config) -> None:
    with book(config) as opened:
        opened.find_assignment(UNIT).duedate = MONDAY
        opened.db.commit()
    config.LateSubmissionPlugin.penalty_method = "zero"
    enter(config, result(made, 1, 2), MONDAY)
    assert recorded(config)[0].points == 3
    enter(config, result(made, 1, 2), TUESDAY)
    timing = Timing("2030-04-02T12:00:00+00:00", "2030-04-01T12:00:00+00:00", days_late=1)
    assert recorded(config)[0] == GradebookEntry("ada", UNIT, 0, 3, {"double": (3, 3)}, late=3, timing=timing)
    enter(config, result(made, 1, 2), MONDAY)
    assert recorded(config)[0].points == 3


def test_a_locked_gradebook_is_waited_for(made: Course, config: Config) -> None:
    path = config.CourseDirectory.db_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin exclusive")
        with pytest.raises(GradebookLockedError, match=rf"the gradebook .*{re.escape(path)} is locked"):
            enter(config, result(made, 1, 2), None, patience=0)
        other.execute("commit")
    enter(config, result(made, 1, 2), None)
    assert recorded(config)[0].points == 3


def test_other_trouble_is_no_lock(made: Course, config: Config, tmp_path: Path) -> None:
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path}/missing/gradebook.db"
    with pytest.raises(CourseError, match=r"expected a gradebook at .*unable to open database file") as caught:
        enter(config, result(made, 1, 2), None)
    assert not isinstance(caught.value, GradebookLockedError)


def test_in_formgrader_the_id_stands_in_for_a_name_that_is_not_known(made: Course, config: Config) -> None:
    with Gradebook(config.CourseDirectory.db_url) as opened:
        opened.update_or_create_student("eve", last_name="Adams")
    entered = [enter(config, result(made, 1, 1, student=student), None) for student in ("ada", "eve")]
    assert [entry.last_name for entry in entered] == ["", "Adams"]
    with Gradebook(config.CourseDirectory.db_url) as opened:
        names = {student.id: (student.last_name, student.first_name) for student in opened.students}
    assert names == {"ada": ("ada", ""), "eve": ("Adams", None)}


def test_names_of_students_are_any_text(made: Course, config: Config) -> None:
    names = ["Zoë O'Neil", "a.b", "*", "x; drop table grade", "ada"]
    for name in names:
        enter(config, replace(result(made, 1, 1), student=name), None)
    assert [entry.student for entry in recorded(config)] == sorted(names)
