"""The entries of nbgrader's gradebook, and access to it while others write."""

import logging
import time
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    MissingEntry,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from traitlets.config import Config

from course_lib.cells import exercise_of
from course_lib.errors import CourseError
from course_lib.grading.gradebook.lateness import Timing, timings
from course_lib.schedule import NO_SCHEDULE, Schedule

# nbgrader 0.9.6 uses SQLAlchemy in a way that warns; the grades are right.
warnings.filterwarnings("ignore", module="nbgrader")

# Why a person should look at an exercise.
GIVEN = "points or a comment were given for an earlier submission"
WAITING = "no test gives its points"
FAILED = "it could not be graded"
LOCK_TIMEOUT_S = 60  # seconds to wait for a gradebook that another program is writing
Result = TypeVar("Result")

log = logging.getLogger(__name__)


class GradebookLockedError(CourseError):
    """Another program has locked the gradebook."""


@dataclass(frozen=True)
class GradebookEntry:
    """The gradebook's entry for one student's work on a unit, including changes that people made.

    Attributes
    ----------
    student, unit : str
        The student and the unit.
    points, max_points : float
        Manual scores and extra credit count, a late penalty is taken off; never less than 0.
    exercises : dict of str to (points, maximum)
        By exercise, before a late penalty.
    late : float
        The late penalty, in points.
    comments : dict of str to str
        Comments by people, by the name of the cell that they are about.
    review : dict of str to str
        By exercise, why a person should look at it; see `GIVEN`, `WAITING` and `FAILED`.
    handed_in : bool
        False for a student of the class list who has handed in nothing.
    last_name, first_name, email : str
        Empty if the gradebook does not have them.
    timing : Timing
        When it was handed in and was due.
    """

    student: str
    unit: str
    points: float
    max_points: float
    exercises: dict[str, tuple[float, float]]
    late: float = 0.0
    comments: dict[str, str] = field(default_factory=dict)
    review: dict[str, str] = field(default_factory=dict)
    handed_in: bool = True
    last_name: str = ""
    first_name: str = ""
    email: str = ""
    timing: Timing = field(default_factory=Timing)


def has_gradebook(config: Config) -> bool:
    """Tell whether there is a gradebook; to look into it would make one."""
    try:
        url = make_url(config.CourseDirectory.db_url)
    except ArgumentError as error:
        raise CourseError(f"expected the address of a gradebook in c.CourseDirectory.db_url: {error}") from None
    return url.get_backend_name() != "sqlite" or bool(url.database and Path(url.database).is_file())


def in_transaction(config: Config, work: Callable[[Gradebook], Result], patience: float) -> Result:
    """Run `work` on the gradebook and commit once; retry while another program is writing.

    Raises
    ------
    GradebookLockedError
        If it is still writing after `patience` seconds.
    CourseError
        If there cannot be a gradebook at ``c.CourseDirectory.db_url``.
    """
    url, start = config.CourseDirectory.db_url, time.monotonic()
    while True:
        try:
            with _gradebook(url, config.CourseDirectory.course_id) as gradebook:
                result = work(gradebook)
                gradebook.db.commit()
                return result
        except ArgumentError as error:
            raise CourseError(f"expected the address of a gradebook in c.CourseDirectory.db_url: {error}") from None
        except OperationalError as error:
            if "locked" not in str(error.orig):
                raise CourseError(f"expected a gradebook at {url}: {error.orig}") from None
            if time.monotonic() - start > patience:
                raise GradebookLockedError(
                    f"the gradebook {url} is locked: another program has been writing it"
                ) from None
        log.info("the gradebook %s is locked; waiting", url)
        time.sleep(0.2)


def _gradebook(url: str, course_id: str) -> Gradebook:
    """Return a gradebook to use and close; one that is closed connects again, and need not compile its queries again.

    The first use of a file makes missing tables.
    """
    if database := make_url(url).database:
        with suppress(OSError):
            there = Path(database).stat()
            return _of_file(url, course_id, there.st_dev, there.st_ino)
    return Gradebook(url, course_id)


@lru_cache(maxsize=8)
def _of_file(url: str, course_id: str, _device: int, _inode: int) -> Gradebook:
    return Gradebook(url, course_id)


def recorded(
    config: Config, schedule: Schedule = NO_SCHEDULE, units: Collection[str] | None = None
) -> list[GradebookEntry]:
    """Read the gradebook.

    Parameters
    ----------
    config : Config
        nbgrader's.
    schedule : Schedule
        For the timing of the entries.
    units : collection of str, optional
        Only these; every unit by default.

    Returns
    -------
    list of GradebookEntry
        By unit and student: every submission and, for units with submissions, the students of the class list who have
        handed in nothing.
    """

    def found(book: Gradebook) -> list[GradebookEntry]:
        wanted = [unit for unit in book.db.query(Assignment) if units is None or unit.name in units]
        return [entry for unit in wanted for entry in (*_submitted(unit, schedule), *_absent(book, unit))]

    return sorted(in_transaction(config, found, LOCK_TIMEOUT_S), key=lambda entry: (entry.unit, entry.student))


def students(config: Config) -> set[str]:
    """List the students that the gradebook knows."""
    return in_transaction(config, lambda book: {student.id for student in book.db.query(Student)}, LOCK_TIMEOUT_S)


def _submitted(unit: Assignment, schedule: Schedule) -> Iterator[GradebookEntry]:
    return (read(submission, schedule) for submission in unit.submissions)


def _absent(book: Gradebook, unit: Assignment) -> Iterator[GradebookEntry]:
    there = {submission.student_id for submission in unit.submissions}
    for student in book.db.query(Student) if there else ():
        if student.id not in there:
            maximum = float(unit.max_score)
            yield _about(GradebookEntry(student.id, unit.name, 0.0, maximum, {}, handed_in=False), student)


def recorded_one(config: Config, unit: str, student: str, schedule: Schedule) -> GradebookEntry:
    """Read one submission in the gradebook; raise `CourseError` if it does not exist."""
    try:
        return in_transaction(config, lambda book: read(book.find_submission(unit, student), schedule), LOCK_TIMEOUT_S)
    except MissingEntry:
        raise CourseError(f"expected {student}, {unit} in the gradebook, found no such submission") from None


def read(submission: SubmittedAssignment, schedule: Schedule) -> GradebookEntry:
    """Read the gradebook's entry for a submission."""
    exercises: dict[str, tuple[float, float]] = {}
    comments: dict[str, str] = {}
    review: dict[str, str] = {}
    for submitted in submission.notebooks:
        grades = {grade.cell_id: grade for grade in submitted.grades}
        comments |= {comment.name: comment.manual_comment for comment in submitted.comments if comment.manual_comment}
        for cell in [*submitted.notebook.grade_cells, *submitted.notebook.task_cells]:
            name, grade = exercise_of(cell.name), grades.get(cell.id)
            points, maximum = exercises.get(name, (0.0, 0.0))
            exercises[name] = (points + (grade.score if grade else 0.0), maximum + cell.max_score)
            if grade and grade.needs_manual_grade:
                given = was_given(grade) or name in commented(submitted)
                review.setdefault(name, GIVEN if given else WAITING if grade.auto_score is None else FAILED)
    timing = timings(submission.student.submissions, schedule)[submission.name]
    late = submission.late_submission_penalty
    return replace(entry_of(submission.student, submission.name, exercises, late, comments, review), timing=timing)


def entry_of(
    student: Student,
    unit: str,
    exercises: dict[str, tuple[float, float]],
    late: float | None,
    comments: dict[str, str],
    review: dict[str, str],
) -> GradebookEntry:
    """Add up the points, and add the gradebook's data about the student."""
    earned, possible = (sum(pair[side] for pair in exercises.values()) for side in (0, 1))
    points = max(0.0, earned - (late or 0.0))
    return _about(GradebookEntry(student.id, unit, points, possible, exercises, late or 0.0, comments, review), student)


def commented(submitted: SubmittedNotebook) -> set[str]:
    """Return the exercises of a notebook on which a person commented."""
    return {exercise_of(comment.name) for comment in submitted.comments if comment.manual_comment}


def was_given(grade: Grade | None) -> bool:
    """Tell whether a person gave points for a test."""
    return grade is not None and (grade.manual_score is not None or bool(grade.extra_credit))


def name_for_formgrader(student: Student) -> None:
    """Use the id in place of an unknown name: formgrader would call everybody "None, None"."""
    if student.first_name is None and student.last_name is None:
        student.first_name, student.last_name = "", student.id


def _about(entry: GradebookEntry, student: Student) -> GradebookEntry:
    """Add the gradebook's data about a student; see `name_for_formgrader`."""
    stands_in = (student.last_name, student.first_name) == (student.id, "")
    return replace(
        entry,
        last_name="" if stands_in else student.last_name or "",
        first_name=student.first_name or "",
        email=student.email or "",
    )
