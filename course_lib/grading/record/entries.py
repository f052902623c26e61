"""What nbgrader's gradebook holds of submissions, and how to get at it while others write."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from sqlalchemy.exc import OperationalError
from traitlets.config import Config

from course_lib.grading.scores import exercise_of

# nbgrader 0.9.6 uses SQLAlchemy in a way that warns; the grades are right.
warnings.filterwarnings("ignore", module="nbgrader")

PATIENCE = 60  # seconds to wait for a gradebook that another program is writing
Result = TypeVar("Result")


class GradebookLocked(ValueError):
    """Another program keeps the gradebook for itself."""


@dataclass(frozen=True)
class Recorded:
    """What the gradebook holds of one submission, with what people changed in it.

    Attributes
    ----------
    student, unit : str
        Whose, and of what.
    points, max_points : float
        Manual scores and extra credit count, a late penalty is taken off; never less than 0.
    exercises : dict of str to (points, maximum)
        By exercise, before a late penalty.
    late : float
        The late penalty, in points.
    comments : dict of str to str
        What people wrote, by the name of the cell that it is about.
    """

    student: str
    unit: str
    points: float
    max_points: float
    exercises: dict[str, tuple[float, float]]
    late: float = 0.0
    comments: dict[str, str] = field(default_factory=dict)


def in_transaction(config: Config, work: Callable[[Gradebook], Result], patience: float) -> Result:
    """Do something with the gradebook and commit once; start again while another program is writing."""
    url, start = config.CourseDirectory.db_url, time.monotonic()
    while True:
        try:
            with Gradebook(url, config.CourseDirectory.course_id) as gradebook:
                result = work(gradebook)
                gradebook.db.commit()
                return result
        except OperationalError as error:
            if "locked" not in str(error.orig):
                raise ValueError(f"expected a gradebook at {url}: {error.orig}") from None
            if time.monotonic() - start > patience:
                raise GradebookLocked(f"the gradebook {url} is locked: another program has been writing it") from None
        time.sleep(0.2)


def recorded(config: Config) -> list[Recorded]:
    """Read every submission in the gradebook.

    Returns
    -------
    list of Recorded
        By unit and student.
    """
    return sorted(
        in_transaction(config, lambda book: [*map(read, book.db.query(SubmittedAssignment))], PATIENCE),
        key=lambda entry: (entry.unit, entry.student),
    )


def recorded_one(config: Config, unit: str, student: str) -> Recorded:
    """Read one submission in the gradebook; raise `ValueError` if it is not there."""
    try:
        return in_transaction(config, lambda book: read(book.find_submission(unit, student)), PATIENCE)
    except MissingEntry:
        raise ValueError(f"expected {student}, {unit} in the gradebook, found no such submission") from None


def read(submission: SubmittedAssignment) -> Recorded:
    """Read what the gradebook holds of a submission."""
    exercises: dict[str, tuple[float, float]] = {}
    comments: dict[str, str] = {}
    for submitted in submission.notebooks:
        grades = {grade.cell_id: grade.score for grade in submitted.grades}
        for cell in [*submitted.notebook.grade_cells, *submitted.notebook.task_cells]:
            name = exercise_of(cell.name)
            points, maximum = exercises.get(name, (0.0, 0.0))
            exercises[name] = (points + grades.get(cell.id, 0.0), maximum + cell.max_score)
        comments |= {comment.name: comment.manual_comment for comment in submitted.comments if comment.manual_comment}
    late = submission.late_submission_penalty or 0.0
    earned, possible = (sum(pair[side] for pair in exercises.values()) for side in (0, 1))
    points = max(0.0, earned - late)
    return Recorded(submission.student.id, submission.name, points, possible, exercises, late, comments)
