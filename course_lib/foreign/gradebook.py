"""Entering notebooks into the gradebook of any nbgrader course, as ``nbgrader autograde`` does, in one transaction."""

from collections.abc import Collection, Iterator
from datetime import datetime

from nbgrader.api import Comment, Grade, Gradebook, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy.orm import Session
from traitlets.config import Config

from course_lib.grading.gradebook.entries import FAILED, GIVEN, LOCK_TIMEOUT_S, WAITING, GradebookEntry, in_transaction
from course_lib.grading.gradebook.penalties import penalize
from course_lib.grading.models import GradingResult
from course_lib.schedule import NO_SCHEDULE


def enter(
    config: Config,
    result: GradingResult,
    timestamp: datetime | None,
    there: Collection[str],
    again: bool = False,
) -> GradebookEntry:
    """Enter the result of a notebook, with the current late penalty.

    What people gave is kept: manual scores, extra credit, comments. A cell with a manual score is marked for review, as
    by nbgrader. A notebook of the assignment that was not handed in has no points. One that could not be graded has
    none either, is marked for review, and a comment says why.

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
    again : bool
        Whether this result was entered before: cells that people have reviewed since then are not marked again.

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
        return _enter(book, config, result, timestamp, there, again)

    return in_transaction(config, work, LOCK_TIMEOUT_S)


def _enter(
    book: Gradebook,
    config: Config,
    result: GradingResult,
    timestamp: datetime | None,
    there: Collection[str],
    again: bool,
) -> GradebookEntry:
    db: Session = book.db
    assignment, notebook = result.unit.split("/")
    submission = _submission(book, assignment, result.student)
    submission.timestamp = timestamp
    submitted = next(each for each in submission.notebooks if each.name == notebook)
    _grade(submitted, result, again)
    for each in submission.notebooks:
        if each.name not in there:
            for grade in each.grades:
                grade.auto_score, grade.needs_manual_grade = 0.0, False
    db.flush()
    db.expire_all()
    penalize(config, submission, NO_SCHEDULE)
    db.flush()
    db.expire_all()
    return read(submitted)


def _submission(book: Gradebook, assignment: str, name: str) -> SubmittedAssignment:
    """Find the submission, or make it, with an entry for each graded cell of each notebook."""
    db: Session = book.db
    wanted = book.find_assignment(assignment)
    student = db.get(Student, name)
    if student is None:
        student = Student(id=name)
        db.add(student)
    found = db.query(SubmittedAssignment).filter_by(assignment_id=wanted.id, student_id=student.id).one_or_none()
    if found is None:
        found = SubmittedAssignment(assignment=wanted, student=student)
        db.add(found)
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


def _grade(submitted: SubmittedNotebook, result: GradingResult, again: bool) -> None:
    """Enter points and automatic comments."""
    points = {name: earned for exercise in result.exercises for name, earned in exercise.tests.items()}
    released = {cell.name: cell.checksum for cell in submitted.notebook.source_cells}
    tasks = {cell.id for cell in submitted.notebook.task_cells}
    for grade in submitted.grades:
        before = grade.auto_score
        if grade.cell_id not in tasks:
            grade.auto_score = points.get(grade.name) if result.notebook else 0.0
            if not again or before != grade.auto_score:
                undecided = grade.auto_score is None or (not result.notebook and grade.max_score > 0)
                grade.needs_manual_grade = undecided or grade.manual_score is not None
    for comment in submitted.comments:
        if not result.notebook:
            comment.auto_comment = f"Not graded. {result.status}"
        elif comment.cell_id not in tasks and result.answers.get(comment.name) == released.get(comment.name):
            comment.auto_comment = "No response."
        else:
            comment.auto_comment = None


def read(submitted: SubmittedNotebook) -> GradebookEntry:
    """Read the gradebook's entry for a submitted notebook."""
    exercises = {grade.name: (float(grade.score), float(grade.max_score)) for grade in submitted.grades}
    review = {
        grade.name: GIVEN if grade.manual_score is not None else WAITING if grade.auto_score is None else FAILED
        for grade in submitted.grades
        if grade.needs_manual_grade
    }
    late = submitted.late_submission_penalty or 0.0
    earned, possible = (sum(pair[side] for pair in exercises.values()) for side in (0, 1))
    student = submitted.student
    return GradebookEntry(
        student.id,
        f"{submitted.assignment.name}/{submitted.name}",
        max(0.0, earned - late),
        possible,
        exercises,
        late,
        {each.name: each.manual_comment for each in submitted.comments if each.manual_comment},
        review,
        last_name=student.last_name or "",
        first_name=student.first_name or "",
        email=student.email or "",
    )


def recorded(config: Config) -> list[GradebookEntry]:
    """Read every submitted notebook in the gradebook, by notebook and student."""

    def work(book: Gradebook) -> list[GradebookEntry]:
        return [read(each) for each in book.db.query(SubmittedNotebook)]

    return sorted(in_transaction(config, work, LOCK_TIMEOUT_S), key=lambda entry: (entry.unit, entry.student))
