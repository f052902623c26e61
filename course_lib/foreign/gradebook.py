"""Entering notebooks into the gradebook of any nbgrader course, as ``nbgrader autograde`` does, in one transaction."""

from collections.abc import Collection, Iterator
from datetime import datetime

from nbgrader.api import Comment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook
from sqlalchemy.orm import Session
from traitlets.config import Config

from course_lib.grading.gradebook.entries import (
    FAILED,
    GIVEN,
    LOCK_TIMEOUT_S,
    WAITING,
    GradebookEntry,
    entry_of,
    in_transaction,
)
from course_lib.grading.gradebook.penalties import penalize
from course_lib.grading.gradebook.writer import auto_comment, auto_score, submission_of
from course_lib.grading.models import GradingResult
from course_lib.schedule import NO_SCHEDULE


def enter(
    config: Config,
    result: GradingResult,
    timestamp: datetime | None,
    there: Collection[str],
    same_work: bool = False,
) -> GradebookEntry:
    """Enter the result of a notebook, with the current late penalty.

    What people gave is kept: manual scores, extra credit, comments. A cell with a manual score is marked for review, as
    by nbgrader, but not again for the same work. A notebook of the assignment that was not handed in has no points. One
    that could not be graded has none either, is marked for review, and a comment says why.

    Parameters
    ----------
    config : Config
        nbgrader's.
    result : GradingResult
        The result; its unit is ``<assignment>/<notebook>``.
    timestamp : datetime or None
        When it was handed in, UTC.
    there : collection of str
        The notebooks of the assignment that were handed in.
    same_work : bool
        Whether the gradebook has a result of the same submission, with the same tests: then only cells to which the
        tests now give other points are marked again.

    Returns
    -------
    GradebookEntry
        The gradebook's current entry for this notebook.

    Raises
    ------
    GradebookLockedError
        If another program is still writing. Then nothing is entered.
    """

    def work(book: Gradebook) -> GradebookEntry:
        return _enter(book, config, result, timestamp, there, same_work)

    return in_transaction(config, work, LOCK_TIMEOUT_S)


def _enter(
    book: Gradebook,
    config: Config,
    result: GradingResult,
    timestamp: datetime | None,
    there: Collection[str],
    same_work: bool,
) -> GradebookEntry:
    assignment, notebook = result.unit.split("/")
    submission = _submission(book, assignment, result.student)
    submission.timestamp = timestamp
    submitted = next(each for each in submission.notebooks if each.name == notebook)
    _grade(submitted, result, same_work)
    for each in submission.notebooks:
        if each.name not in there:
            for grade in each.grades:
                grade.auto_score, grade.needs_manual_grade = 0.0, False
    penalize(book.db, config, submission, NO_SCHEDULE)
    return read(submitted)


def _submission(book: Gradebook, assignment: str, name: str) -> SubmittedAssignment:
    """Find the submission, or make it, with an entry for each graded cell of each notebook."""
    db: Session = book.db
    wanted = book.find_assignment(assignment)
    found = submission_of(db, wanted, name)
    known = {each.notebook_id for each in found.notebooks}
    for notebook in wanted.notebooks:
        if notebook.id not in known:
            made = SubmittedNotebook(notebook=notebook, assignment=found)
            db.add_all(_entries(made))
    db.flush()
    return found


def _entries(submitted: SubmittedNotebook) -> Iterator[Grade | Comment]:
    """Make what nbgrader expects for each cell."""
    notebook = submitted.notebook
    for cell in (*notebook.grade_cells, *notebook.task_cells):
        yield Grade(cell_id=cell.id, notebook=submitted)
    for cell in (*notebook.solution_cells, *notebook.task_cells):
        yield Comment(cell_id=cell.id, notebook=submitted)


def _grade(submitted: SubmittedNotebook, result: GradingResult, same_work: bool) -> None:
    """Enter points and automatic comments; for the same work, only cells with other points are marked for review."""
    released = {cell.name: cell.checksum for cell in submitted.notebook.source_cells}
    tasks = {cell.id for cell in submitted.notebook.task_cells}
    for grade in submitted.grades:
        before = grade.auto_score
        if grade.cell_id not in tasks:
            grade.auto_score = auto_score(result, grade.name)
            if not same_work or before != grade.auto_score:
                undecided = grade.auto_score is None or (not result.notebook and grade.max_score > 0)
                grade.needs_manual_grade = undecided or grade.manual_score is not None
    for comment in submitted.comments:
        comment.auto_comment = auto_comment(result, comment.name, released.get(comment.name))


def read(submitted: SubmittedNotebook) -> GradebookEntry:
    """Read the gradebook's entry for a submitted notebook."""
    exercises = {grade.name: (float(grade.score), float(grade.max_score)) for grade in submitted.grades}
    review = {
        grade.name: GIVEN if grade.manual_score is not None else WAITING if grade.auto_score is None else FAILED
        for grade in submitted.grades
        if grade.needs_manual_grade
    }
    unit = f"{submitted.assignment.name}/{submitted.name}"
    comments = {each.name: each.manual_comment for each in submitted.comments if each.manual_comment}
    return entry_of(submitted.student, unit, exercises, submitted.late_submission_penalty, comments, review)


def recorded(config: Config) -> list[GradebookEntry]:
    """Read every submitted notebook in the gradebook, by notebook and student."""

    def work(book: Gradebook) -> list[GradebookEntry]:
        return [read(each) for each in book.db.query(SubmittedNotebook)]

    return sorted(in_transaction(config, work, LOCK_TIMEOUT_S), key=lambda entry: (entry.unit, entry.student))
