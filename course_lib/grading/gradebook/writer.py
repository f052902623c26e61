"""Entering submissions into nbgrader's gradebook: everything about one submission in one transaction, or nothing."""

from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy.orm import Session
from traitlets.config import Config

from course_lib.cells import exercise_of
from course_lib.grading.gradebook.class_plan import ClassPlan
from course_lib.grading.gradebook.entries import (
    LOCK_TIMEOUT_S,
    GradebookEntry,
    commented,
    in_transaction,
    name_for_formgrader,
    read,
    was_given,
)
from course_lib.grading.gradebook.penalties import penalize
from course_lib.grading.models import GradingResult

NO_PLAN = ClassPlan()


def enter(
    config: Config,
    result: GradingResult,
    timestamp: datetime | None,
    again: bool = False,
    same_work: bool = False,
    patience: float = LOCK_TIMEOUT_S,
    plan: ClassPlan = NO_PLAN,
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
    same_work : bool
        Whether the gradebook has a result of the same submission, perhaps with other tests: then only exercises to
        which the tests now give other points are marked again.
    patience : float
        Seconds to wait while another program is writing.
    plan : ClassPlan
        The extensions, and the rule for late work.

    Returns
    -------
    GradebookEntry
        The gradebook's current entry.

    Raises
    ------
    GradebookLockedError
        If another program is still writing. Then nothing is entered.
    """
    work = partial(
        _enter, config=config, result=result, timestamp=timestamp, again=again, same_work=same_work, plan=plan
    )
    return in_transaction(config, work, patience)


def _enter(
    gradebook: Gradebook,
    config: Config,
    result: GradingResult,
    timestamp: datetime | None,
    again: bool,
    same_work: bool,
    plan: ClassPlan,
) -> GradebookEntry:
    db: Session = gradebook.db
    notebook = gradebook.find_notebook(result.unit, result.unit)
    submission = submission_of(db, notebook.assignment, result.student)
    name_for_formgrader(submission.student)
    submission.timestamp = timestamp
    plan.extend(submission)
    submitted = next((found for found in submission.notebooks if found.notebook is notebook), None)
    if submitted is None:
        submitted = SubmittedNotebook(notebook=notebook, assignment=submission)
        db.add(submitted)
    db.add_all(_grade(notebook, submitted, result, _reviewed(notebook, submitted, result, again, same_work)))
    penalize(db, config, submission, plan.schedule)
    return read(submission, plan.schedule)


def submission_of(db: Session, assignment: Assignment, student: str) -> SubmittedAssignment:
    """Find a student's submission of an assignment, or make it."""
    found = db.query(SubmittedAssignment).filter_by(assignment_id=assignment.id, student_id=student).one_or_none()
    if found is None:
        found = SubmittedAssignment(assignment=assignment, student=db.get(Student, student) or Student(id=student))
        db.add(found)
    return found


def auto_score(result: GradingResult, cell: str) -> float | None:
    """Return the points of a cell: 0 if the notebook could not be graded, None if a person has to decide."""
    points = {name: earned for exercise in result.exercises for name, earned in exercise.tests.items()}
    return points.get(cell) if result.notebook else 0.0


def auto_comment(result: GradingResult, cell: str, released: str | None) -> str | None:
    """Say why the notebook could not be graded, or that an answer has the checksum that the release has."""
    if not result.notebook:
        return f"Not graded. {result.status}"
    return "No response." if cell in result.answers and result.answers[cell] == released else None


def _reviewed(
    notebook: Notebook, submitted: SubmittedNotebook, result: GradingResult, again: bool, same_work: bool
) -> set[str]:
    """Return the exercises that people need not review again; for the same work, those without other points."""
    reviewed, changed = set[str](), set[str]()
    for cell in [*notebook.grade_cells, *notebook.task_cells] if again or same_work else []:
        there = _of_cell(submitted.grades, cell)
        same = again or (there is not None and there.auto_score == auto_score(result, cell.name))
        (reviewed if same else changed).add(exercise_of(cell.name))
    return reviewed - changed


def _grade(
    notebook: Notebook, submitted: SubmittedNotebook, result: GradingResult, reviewed: Collection[str]
) -> Iterator[Grade | Comment]:
    """Yield the new points and automatic comments of each cell; `reviewed` exercises are not marked again."""
    released = {cell.name: cell.checksum for cell in notebook.source_cells}
    discussed = commented(submitted)
    for cell in [*notebook.grade_cells, *notebook.task_cells]:
        worth = cell.max_score  # read before a grade is added to the session: otherwise SQLAlchemy warns
        there = _of_cell(submitted.grades, cell)
        grade = there or Grade(cell_id=cell.id, notebook=submitted)
        grade.auto_score = auto_score(result, cell.name)
        if not (there and exercise_of(cell.name) in reviewed):
            given = was_given(there) or exercise_of(cell.name) in discussed
            unknown = worth > 0 and (not result.notebook or grade.auto_score is None)
            grade.needs_manual_grade = unknown or given
        yield grade
    for cell in [*notebook.solution_cells, *notebook.task_cells]:
        comment = _of_cell(submitted.comments, cell) or Comment(cell_id=cell.id, notebook=submitted)
        comment.auto_comment = auto_comment(result, cell.name, released.get(cell.name))
        yield comment


def _of_cell(entries: list[Grade] | list[Comment], cell: BaseCell) -> Grade | Comment | None:
    return next((entry for entry in entries if entry.cell_id == cell.id), None)
