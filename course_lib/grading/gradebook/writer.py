"""Entering submissions into nbgrader's gradebook: everything about one submission in one transaction, or nothing."""

import logging
from collections.abc import Iterator
from datetime import datetime

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
from sqlalchemy.orm import Session
from traitlets import TraitError
from traitlets.config import Config

from course_lib.cells import exercise_of
from course_lib.errors import CourseError
from course_lib.grading.gradebook.entries import (
    LOCK_TIMEOUT_S,
    GradebookEntry,
    commented,
    in_transaction,
    name_for_formgrader,
    read,
    was_given,
)
from course_lib.grading.models import GradingResult

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())
log.propagate = False


def enter(
    config: Config,
    result: GradingResult,
    timestamp: datetime | None,
    again: bool = False,
    patience: float = LOCK_TIMEOUT_S,
) -> GradebookEntry:
    """Enter a result into the gradebook, with the current late penalty.

    Manual scores, extra credit and comments by people are kept. They were given for an earlier submission, so their
    tests are marked for review: nbgrader does so only for manual scores. A submission that could not be graded has no
    points from tests, is marked for review, and a comment says why, so that the points of an earlier one do not count.

    Parameters
    ----------
    config : Config
        nbgrader's.
    result : GradingResult
        The result, of a unit in the gradebook.
    timestamp : datetime or None
        When it was handed in, UTC.
    again : bool
        Whether this result was entered before: tests that people have reviewed since then are not marked again.
    patience : float
        Seconds to wait while another program is writing.

    Returns
    -------
    GradebookEntry
        The gradebook's current entry.

    Raises
    ------
    GradebookLockedError
        If another program is still writing. Then nothing is entered.
    """
    return in_transaction(config, lambda gradebook: _enter(gradebook, config, result, timestamp, again), patience)


def _enter(
    gradebook: Gradebook, config: Config, result: GradingResult, timestamp: datetime | None, again: bool
) -> GradebookEntry:
    db: Session = gradebook.db
    notebook = gradebook.find_notebook(result.unit, result.unit)
    student = db.get(Student, result.student) or Student(id=result.student)
    name_for_formgrader(student)
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
    db.add_all(_grade(notebook, submitted, result, again))
    db.flush()
    db.expire(submitted)
    penalize(config, submission, submitted)
    db.flush()
    db.expire_all()
    return read(submission)


def _grade(
    notebook: Notebook, submitted: SubmittedNotebook, result: GradingResult, again: bool
) -> Iterator[Grade | Comment]:
    """Yield the new points and automatic comments of each cell."""
    points = {name: earned for exercise in result.exercises for name, earned in exercise.tests.items()}
    released = {cell.name: cell.checksum for cell in notebook.source_cells}
    discussed = commented(submitted)
    for cell in [*notebook.grade_cells, *notebook.task_cells]:
        worth = cell.max_score  # read before a grade is added to the session: otherwise SQLAlchemy warns
        there = _of_cell(submitted.grades, cell)
        grade = there or Grade(cell_id=cell.id, notebook=submitted)
        grade.auto_score = points.get(cell.name) if result.notebook else 0.0
        if not (again and there):
            given = was_given(there) or exercise_of(cell.name) in discussed
            unknown = worth > 0 and (not result.notebook or grade.auto_score is None)
            grade.needs_manual_grade = unknown or given
        yield grade
    for cell in [*notebook.solution_cells, *notebook.task_cells]:
        comment = _of_cell(submitted.comments, cell) or Comment(cell_id=cell.id, notebook=submitted)
        if not result.notebook:
            comment.auto_comment = f"Not graded. {result.status}"
        elif result.answers.get(cell.name) == released.get(cell.name):
            comment.auto_comment = "No response."
        else:
            comment.auto_comment = None
        yield comment


def _of_cell(entries: list[Grade] | list[Comment], cell: BaseCell) -> Grade | Comment | None:
    return next((entry for entry in entries if entry.cell_id == cell.id), None)


def late_penalties(config: Config) -> AssignLatePenalties:
    """Make nbgrader's step for late penalties; raise `CourseError` if its settings are wrong."""
    try:
        step = AssignLatePenalties(config=config, log=log)
        step.init_plugin()
    except TraitError as error:
        raise CourseError(f"expected settings of late penalties that nbgrader knows: {error}") from error
    for kind in (AssignLatePenalties, type(step.plugin_inst)):
        known = sorted(kind.class_trait_names(config=True))
        for name in config[kind.__name__]:
            if name not in known:
                raise CourseError(f"expected c.{kind.__name__} to set some of {', '.join(known)}; got {name}")
    return step


def penalize(config: Config, submission: SubmittedAssignment, submitted: SubmittedNotebook) -> None:
    """Enter the late penalty of nbgrader's plugin."""
    step = late_penalties(config)
    submitted.late_submission_penalty = None
    if submission.total_seconds_late > 0:
        penalty = step.plugin_inst.late_submission_penalty(
            submission.student.id, submitted.score, submission.total_seconds_late
        )
        if penalty is not None:
            submitted.late_submission_penalty = min(max(penalty, 0), submitted.score)
