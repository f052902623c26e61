"""nbgrader's gradebook: everything about a submission is entered in one transaction, or nothing is."""

import logging
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import nbformat
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import compute_checksum, is_grade, is_solution
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from traitlets import TraitError
from traitlets.config import Config

from course_lib.grading.outcome import Outcome
from course_lib.grading.scores import cell_points, exercise_of

# nbgrader 0.9.6 uses SQLAlchemy in a way that warns; the grades are right.
warnings.filterwarnings("ignore", module="nbgrader")
log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())
log.propagate = False

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


def _in_transaction(config: Config, work: Callable[[Gradebook], Result], patience: float) -> Result:
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


def enter(
    config: Config, outcome: Outcome, timestamp: datetime | None, again: bool = False, patience: float = PATIENCE
) -> Recorded:
    """Enter an outcome into the gradebook, with the late penalty as it is now.

    Manual scores, extra credit and comments of people stay; a cell with a manual score is marked for review, as
    nbgrader does. A submission that could not be graded has no points from tests, is marked for review, and a comment
    says why, so that the points of an earlier one do not stand.

    Parameters
    ----------
    config : Config
        nbgrader's.
    outcome : Outcome
        Of a unit that the gradebook knows.
    timestamp : datetime or None
        When it was handed in, UTC.
    again : bool
        Whether this outcome was entered before: what people have reviewed since is not marked again.
    patience : float
        Seconds to wait while another program is writing.

    Returns
    -------
    Recorded
        What the gradebook holds of it now.

    Raises
    ------
    GradebookLocked
        If it writes still. Nothing is entered then.
    """
    return _in_transaction(config, lambda gradebook: _enter(gradebook, config, outcome, timestamp, again), patience)


def _enter(gradebook: Gradebook, config: Config, outcome: Outcome, timestamp: datetime | None, again: bool) -> Recorded:
    db: Session = gradebook.db
    notebook = gradebook.find_notebook(outcome.unit, outcome.unit)
    student = db.get(Student, outcome.student) or Student(id=outcome.student)
    submission = (
        db.query(SubmittedAssignment)
        .filter_by(assignment_id=notebook.assignment_id, student_id=student.id)
        .one_or_none()
    )
    if submission is None:
        submission = SubmittedAssignment(assignment=notebook.assignment, student=student)
        db.add(submission)
    submission.timestamp = timestamp
    submitted = next((found for found in submission.notebooks if found.notebook is notebook), None)
    if submitted is None:
        submitted = SubmittedNotebook(notebook=notebook, assignment=submission)
        db.add(submitted)
    db.add_all(_grade(notebook, submitted, outcome, again))
    db.flush()
    db.expire(submitted)
    _penalize(config, submission, submitted)
    db.flush()
    db.expire_all()
    return _read(submission)


def _grade(
    notebook: Notebook, submitted: SubmittedNotebook, outcome: Outcome, again: bool
) -> Iterator[Grade | Comment]:
    """Yield the points and automatic comments of each cell, as they are to be."""
    cells = nbformat.reads(outcome.notebook, as_version=4).cells if outcome.notebook else []
    points = {cell.metadata.nbgrader["grade_id"]: cell_points(cell) for cell in cells if is_grade(cell)}
    written = {cell.metadata.nbgrader["grade_id"]: compute_checksum(cell) for cell in cells if is_solution(cell)}
    released = {cell.name: cell.checksum for cell in notebook.source_cells}
    for cell in [*notebook.grade_cells, *notebook.task_cells]:
        there = _of_cell(submitted.grades, cell)
        grade = there or Grade(cell_id=cell.id, notebook=submitted)
        grade.auto_score = points.get(cell.name) if cells else 0.0
        if not (again and there):
            grade.needs_manual_grade = not cells or grade.manual_score is not None or grade.auto_score is None
        yield grade
    for cell in [*notebook.solution_cells, *notebook.task_cells]:
        comment = _of_cell(submitted.comments, cell) or Comment(cell_id=cell.id, notebook=submitted)
        if not cells:
            comment.auto_comment = f"Not graded. {outcome.status}"
        elif written.get(cell.name) == released.get(cell.name):
            comment.auto_comment = "No response."
        else:
            comment.auto_comment = None
        yield comment


def _of_cell(entries: list[Grade] | list[Comment], cell: BaseCell) -> Grade | Comment | None:
    return next((entry for entry in entries if entry.cell_id == cell.id), None)


def late_penalties(config: Config) -> AssignLatePenalties:
    """Make nbgrader's step that knows the late penalties; raise `ValueError` if its settings are wrong."""
    step = AssignLatePenalties(config=config, log=log)
    try:
        step.init_plugin()
    except TraitError as error:
        raise ValueError(f"expected settings of late penalties that nbgrader knows: {error}") from error
    return step


def _penalize(config: Config, submission: SubmittedAssignment, submitted: SubmittedNotebook) -> None:
    """Enter the late penalty that nbgrader's plugin asks for."""
    step = late_penalties(config)
    submitted.late_submission_penalty = None
    if submission.total_seconds_late > 0:
        penalty = step.plugin_inst.late_submission_penalty(
            submission.student.id, submitted.score, submission.total_seconds_late
        )
        if penalty is not None:
            submitted.late_submission_penalty = min(max(penalty, 0), submitted.score)


def recorded(config: Config) -> list[Recorded]:
    """Read every submission in the gradebook.

    Returns
    -------
    list of Recorded
        By unit and student.
    """
    return sorted(
        _in_transaction(config, lambda book: [*map(_read, book.db.query(SubmittedAssignment))], PATIENCE),
        key=lambda entry: (entry.unit, entry.student),
    )


def _read(submission: SubmittedAssignment) -> Recorded:
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
