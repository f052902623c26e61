"""What a person decides about an answer, as formgrader would write it into the gradebook."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from nbgrader.api import Comment, Grade, Gradebook, MissingEntry, SubmittedNotebook
from traitlets.config import Config

from course_lib.cells import exercise_of
from course_lib.errors import CourseError
from course_lib.grading.gradebook.entries import in_transaction
from course_lib.review.answers import Exercise

PATIENCE_S = 1  # a locked gradebook is tried again for so long; the page then tries again by itself


@dataclass(frozen=True)
class Points:
    """The gradebook's entry for one graded cell; see nbgrader's `Grade`."""

    cell: str
    maximum: float
    automatic: float | None
    manual: float | None
    waiting: bool
    extra: float = 0.0

    @property
    def counting(self) -> float:
        """Return the points that count, without extra credit."""
        return self.manual if self.manual is not None else self.automatic or 0.0


@dataclass(frozen=True)
class Entry:
    """The gradebook's entries for one answer.

    Attributes
    ----------
    cells : tuple of Points
        Of the tests of an exercise, in the order of the notebook; of the answer itself for a question.
    comment : str or None
        By a person; None if nobody has written one yet.
    """

    cells: tuple[Points, ...]
    comment: str | None

    @property
    def maximum(self) -> float:
        """Return the points that can be given."""
        return sum(cell.maximum for cell in self.cells)

    @property
    def points(self) -> float:
        """Return the points that count, without extra credit."""
        return sum(cell.counting for cell in self.cells)

    @property
    def extra(self) -> float:
        """Return the extra credit."""
        return sum(cell.extra for cell in self.cells)

    @property
    def automatic(self) -> float | None:
        """Return the points from tests; None if a person has to decide."""
        known = [cell.automatic for cell in self.cells if cell.automatic is not None]
        return sum(known) if len(known) == len(self.cells) else None

    @property
    def manual(self) -> float | None:
        """Return the points that a person gave; None if nobody did."""
        return self.points if any(cell.manual is not None for cell in self.cells) else None

    @property
    def waiting(self) -> bool:
        """Tell whether the gradebook marks it for a person."""
        return any(cell.waiting for cell in self.cells)


def decided(entry: Entry, points: float | None, comment: str) -> Entry:
    """Apply a decision to an entry.

    Parameters
    ----------
    entry : Entry
        The present one.
    points : float or None
        For the whole exercise, from 0 to `Entry.maximum`; None for the points from tests.
    comment : str
        Markdown; may be empty.

    Returns
    -------
    Entry
        The points are distributed so that as little as possible differs from what the tests gave: points that are
        added fill up the first tests first, and points that are taken off come from the last ones. A cell that has no
        points at all still waits for a person. Extra credit stays.
    """
    shares = _shares(entry, points) if points is not None else [None] * len(entry.cells)
    cells = tuple(
        replace(cell, manual=share, waiting=share is None and cell.automatic is None)
        for cell, share in zip(entry.cells, shares, strict=True)
    )
    return Entry(cells, comment if comment or entry.comment is not None else None)


def _shares(entry: Entry, points: float) -> list[float]:
    """Distribute points on the cells."""
    shares = [cell.automatic or 0.0 for cell in entry.cells]
    change = points - sum(shares)
    order = range(len(shares)) if change > 0 else reversed(range(len(shares)))
    for place in order:
        room = entry.cells[place].maximum - shares[place] if change > 0 else -shares[place]
        step = min(change, room) if change > 0 else max(change, room)
        shares[place] += step
        change -= step
    return shares


def read_entries(config: Config, exercise: Exercise) -> dict[str, Entry]:
    """Read the entries of everybody who handed in, by student.

    Raises
    ------
    GradebookLockedError
        If another program is writing.
    """
    return in_transaction(config, lambda book: _entries(book, exercise), PATIENCE_S)


def _entries(book: Gradebook, exercise: Exercise) -> dict[str, Entry]:
    found = book.notebook_submissions(exercise.unit, exercise.unit)
    return {submitted.student.id: _entry(submitted, exercise) for submitted in found}


def _entry(submitted: SubmittedNotebook, exercise: Exercise) -> Entry:
    comment = _comment(submitted, exercise)
    cells = tuple(
        Points(
            grade.name,
            grade.cell.max_score,
            grade.auto_score,
            grade.manual_score,
            grade.needs_manual_grade,
            grade.extra_credit or 0.0,
        )
        for grade in _grades(submitted, exercise)
    )
    return Entry(cells, comment.manual_comment if comment else None)


def _grades(submitted: SubmittedNotebook, exercise: Exercise) -> list[Grade]:
    """List the entries of the exercise's tests: the visible check before the hidden test, which has a longer name."""
    return sorted(
        (grade for grade in submitted.grades if exercise_of(grade.name) == exercise.name), key=lambda grade: grade.name
    )


def _comment(submitted: SubmittedNotebook, exercise: Exercise) -> Comment | None:
    return next((comment for comment in submitted.comments if comment.name == exercise.name), None)


def change_entries(
    config: Config,
    exercise: Exercise,
    students: Iterable[str],
    change: Callable[[str, Entry], Entry],
) -> dict[str, tuple[Entry, Entry]]:
    """Change the entries of several students in one transaction: all of them, or none.

    Parameters
    ----------
    config : Config
        nbgrader's.
    exercise : Exercise
        What was answered.
    students : iterable of str
        Whose answers they are.
    change : callable
        Makes the new entry of a student from the present one; if it raises `CourseError`, nothing is changed.

    Returns
    -------
    dict of str to (Entry, Entry)
        The entries before and after, by student.

    Raises
    ------
    GradebookLockedError
        If another program is writing. Nothing is changed then.
    CourseError
        If a submission is no longer in the gradebook, or the gradebook cannot be written.
    """
    wanted = list(students)
    return in_transaction(config, lambda book: _changed(book, exercise, wanted, change), PATIENCE_S)


def _changed(
    book: Gradebook, exercise: Exercise, students: list[str], change: Callable[[str, Entry], Entry]
) -> dict[str, tuple[Entry, Entry]]:
    changes: dict[str, tuple[Entry, Entry]] = {}
    for student in students:
        try:
            submitted = book.find_submission_notebook(exercise.unit, exercise.unit, student)
        except MissingEntry:
            raise CourseError(
                "expected the submission in the gradebook, found it removed; start `course review` again"
            ) from None
        before = _entry(submitted, exercise)
        changes[student] = (before, change(student, before))
        _write(submitted, exercise, changes[student][1])
    return changes


def _write(submitted: SubmittedNotebook, exercise: Exercise, entry: Entry) -> None:
    """Write an entry; the points from tests and extra credit are not touched."""
    for grade, cell in zip(_grades(submitted, exercise), entry.cells, strict=True):
        grade.manual_score, grade.needs_manual_grade = cell.manual, cell.waiting
    comment = _comment(submitted, exercise)
    if comment:
        comment.manual_comment = entry.comment


def restored(changes: Mapping[str, tuple[Entry, Entry]]) -> Callable[[str, Entry], Entry]:
    """Make the change that undoes others, as long as nobody has changed the entries since then."""

    def restore(student: str, present: Entry) -> Entry:
        before, after = changes[student]
        if present != after:
            raise CourseError("expected the points and the comment as you saved them, found others; nothing is undone")
        return before

    return restore
