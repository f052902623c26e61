"""One review: the answers in their order, and every decision in the gradebook as soon as it is made."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.review.answers import Answer, Exercise, gather, version_of
from course_lib.review.comments import MAX_COMMENT_CHARS, joined, keep_comment
from course_lib.review.decisions import Entry, change_entries, decided, read_entries, restored
from course_lib.review.order import Group, ordered


@dataclass(frozen=True)
class Decision:
    """What a person chose on the page of an answer.

    Attributes
    ----------
    points : str
        As it was typed; empty for the points from tests.
    reused : sequence of str
        Kept comments.
    comment : str
        Markdown, in addition.
    keep : bool
        Whether to keep this comment for other answers.
    whole_group : bool
        Whether the decision is about all answers with the same text and result.
    """

    points: str
    reused: Sequence[str] = ()
    comment: str = ""
    keep: bool = False
    whole_group: bool = True


class Review:
    """The review of one exercise by one person.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    exercise : Exercise
        The exercise or the question.

    Attributes
    ----------
    answers : list of Answer
        In their order; an answer's number is its place, from 1.
    entries : dict of str to Entry
        The gradebook's entries when they were last read, by student.
    saved : int
        How many answers were decided on.

    Raises
    ------
    CourseError
        If there are no answers.
    """

    def __init__(self, course: Course, exercise: Exercise) -> None:
        self.course, self.exercise = course, exercise
        self._config = course.nbgrader_config()
        self._groups = ordered(gather(course, exercise), exercise)
        self.answers = [answer for group in self._groups for answer in group.answers]
        if not self.answers:
            raise CourseError(f"expected graded notebooks in {course.classroom / 'autograded'}, found none")
        self.entries = read_entries(self._config, exercise)
        self.saved = 0
        self._undo: list[tuple[int, dict[str, tuple[Entry, Entry]]]] = []
        self._looked_at: set[str] = set()

    def refresh(self) -> None:
        """Read the gradebook again: others may have written it."""
        self.entries = read_entries(self._config, self.exercise)

    def alike(self, number: int) -> range:
        """Return the numbers of the answers in the group of an answer."""
        return next(numbers for _, numbers in self.groups() if number in numbers)

    def groups(self) -> list[tuple[Group, range]]:
        """List the groups with the numbers of their answers."""
        found, first = [], 1
        for group in self._groups:
            found.append((group, range(first, first + len(group.answers))))
            first += len(group.answers)
        return found

    def entry(self, number: int) -> Entry | None:
        """Return the gradebook's entry for an answer; None if it was removed."""
        return self.entries.get(self.answers[number - 1].student)

    def is_open(self, number: int) -> bool:
        """Tell whether nobody has decided on an answer: neither in the gradebook nor in this review."""
        entry, student = self.entry(number), self.answers[number - 1].student
        if entry is None or (student in self._looked_at and not entry.waiting):
            return False
        return entry.waiting or (entry.manual is None and not entry.comment)

    def next_open(self, after: int = 0) -> int | None:
        """Find the next answer that is open, from the start again after the last; None if all are decided."""
        numbers = range(1, len(self.answers) + 1)
        return next(filter(self.is_open, [*numbers[after:], *numbers[:after]]), None)

    def save(self, number: int, decision: Decision) -> tuple[str, int]:
        """Write a decision into the gradebook.

        Returns
        -------
        str
            What was saved, for people.
        int
            The number of the next answer; after the last, one more than there are.

        Raises
        ------
        GradebookLockedError
            If another program is writing. Nothing is saved then.
        CourseError
            If the points or the comment cannot be saved, or the answer has been graded again since it was read.
        """
        chosen = list(self.alike(number)) if decision.whole_group else [number]
        answers = {each.student: each for each in (self.answers[place - 1] for place in chosen)}
        comment = joined([*decision.reused, decision.comment])
        if len(comment) > MAX_COMMENT_CHARS:
            raise CourseError(f"expected a comment of at most {MAX_COMMENT_CHARS} characters, got {len(comment)}")
        change = self._change(answers, decision.points, comment)
        changes = change_entries(self._config, self.exercise, answers, change)
        self._undo.append((number, changes))
        self._looked_at.update(answers)
        self.saved += len(answers)
        self.entries |= {student: after for student, (_, after) in changes.items()}
        if decision.keep and decision.comment.strip():
            keep_comment(self.course, self.exercise.name, decision.comment.strip())
        _, after = next(iter(changes.values()))
        return _saved(after, chosen), chosen[-1] + 1

    def _change(self, answers: Mapping[str, Answer], points: str, comment: str) -> Callable[[str, Entry], Entry]:
        """Make the change of one entry, which refuses an answer that is not the one that was shown."""

        def change(student: str, entry: Entry) -> Entry:
            if version_of(self.course, self.exercise, student) != answers[student].version:
                raise CourseError(
                    "expected the answer as it was when the review began, found it graded again; "
                    "nothing is saved: start `course review` again"
                )
            return decided(entry, points_in(points, entry.maximum), comment)

        return change

    @property
    def can_undo(self) -> bool:
        """Tell whether there is a decision to undo."""
        return bool(self._undo)

    def undo(self) -> tuple[str, int]:
        """Undo the last decision that was not undone; return what was done, and the number of its answer.

        Raises
        ------
        CourseError
            If there is nothing to undo, or another person has changed the entries since then.
        """
        if not self._undo:
            raise CourseError("nothing is left to undo")
        number, changes = self._undo[-1]
        change_entries(self._config, self.exercise, changes, restored(changes))
        self._undo.pop()
        self._looked_at.difference_update(changes)
        self.saved -= len(changes)
        return f"Undone for {_numbered(len(changes))}.", number


def points_in(text: str, maximum: float) -> float | None:
    """Read points as a person types them; None for an empty text.

    Raises
    ------
    CourseError
        If it is not a number from 0 to the maximum.
    """
    if not text.strip():
        return None
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        points = math.nan
    if not 0 <= points <= maximum:
        raise CourseError(f"expected points from 0 to {maximum:g}, such as 1.5, or nothing; got {text.strip()[:40]!r}")
    return points


def _saved(entry: Entry, numbers: Sequence[int]) -> str:
    what = "The points from the tests" if entry.manual is None else f"{entry.points:g} of {entry.maximum:g} points"
    if entry.waiting:
        what = "No points yet"
    comment = " and a comment" if entry.comment else ""
    which = f"answer {numbers[0]}" if len(numbers) == 1 else f"answers {numbers[0]} to {numbers[-1]}"
    return f"{what}{comment} saved for {which}."


def _numbered(number: int) -> str:
    return "1 answer" if number == 1 else f"{number} answers"
