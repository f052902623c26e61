"""The learners who handed in a unit, with the points that count, and what the tests said."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import nbformat

from course_lib.course import Course
from course_lib.grading.gradebook.entries import FAILED, WAITING, GradebookEntry
from course_lib.grading.gradebook.recorded_results import RecordedResults
from course_lib.grading.models import GradingResult, printable
from course_lib.grading.scores import ExerciseScore, answer_checksums
from course_lib.release import released


@dataclass(frozen=True)
class Learner:
    """One learner's work on a unit.

    Attributes
    ----------
    student : str
        Who; never shown.
    points : dict of str to (float, float)
        Earned and possible, by exercise, before a late penalty: those that are decided, and worth points.
    messages : dict of str to str
        By exercise that lost points or failed, what its first failed test said; empty if it said nothing.
    untouched : frozenset of str
        Exercises and questions whose answers are those of the release.
    """

    student: str
    points: dict[str, tuple[float, float]]
    messages: dict[str, str]
    untouched: frozenset[str]

    @property
    def earned(self) -> float:
        """All points."""
        return sum(earned for earned, _ in self.points.values())


@dataclass(frozen=True)
class ClassResults:
    """The results of a class in one unit.

    Attributes
    ----------
    unit : str
        Full name.
    learners : tuple of Learner
        Those whose work could be graded, in the order of the gradebook.
    not_graded : int
        The number of submissions that could not be graded, which nothing else counts.
    exercises : dict of str to bool
        The exercises and questions in the order of the unit, and which are questions.
    """

    unit: str
    learners: tuple[Learner, ...]
    not_graded: int
    exercises: dict[str, bool]


def class_results(
    course: Course,
    unit: str,
    results: Sequence[GradingResult],
    entries: Sequence[GradebookEntry],
    withdrawn: Collection[str] = (),
) -> ClassResults:
    """Join the recorded results of a unit with the gradebook.

    Parameters
    ----------
    course : Course
        The course with the release.
    unit : str
        Full name.
    results : sequence of GradingResult
        Of any units; see `RecordedResults.results`.
    entries : sequence of GradebookEntry
        Of any units. Students who are not in the gradebook any more are left out.
    withdrawn : collection of str
        Students who have left the class; they are left out as well.
    """
    here = (entry for entry in entries if entry.unit == unit and entry.student not in withdrawn)
    there = {entry.student: entry for entry in here if entry.handed_in}
    own = [result for result in results if result.unit == unit and result.student in there]
    graded = [result for result in own if result.answers]  # without answers, the notebook could not even be read
    names = {exercise.name: exercise.question for result in graded for exercise in result.exercises}
    checksums = answer_checksums(nbformat.read(released(course, unit), as_version=4)) if graded else {}
    learners = tuple(_learner(result, there[result.student], checksums) for result in graded)
    return ClassResults(unit, learners, len(own) - len(graded), names)


def recorded_results(course: Course) -> list[GradingResult]:
    """Read the last recorded result of every unit and student, without notebooks and logs."""
    return list(RecordedResults(course.results).results())


def _learner(result: GradingResult, entry: GradebookEntry, released_answers: dict[str, str]) -> Learner:
    points, messages = {}, {}
    for exercise in result.exercises:
        earned, possible = entry.exercises.get(exercise.name, (exercise.points, exercise.max_points))
        decided = not exercise.undecided and entry.review.get(exercise.name) not in (WAITING, FAILED)
        if decided and possible > 0:
            points[exercise.name] = (earned, possible)
        if decided and not exercise.question and _failed(exercise, earned, possible):
            messages[exercise.name] = printable(exercise.message)
    untouched = (name for name, checksum in result.answers.items() if released_answers.get(name) == checksum)
    return Learner(result.student, points, messages, frozenset(untouched))


def _failed(exercise: ExerciseScore, earned: float, possible: float) -> bool:
    """Tell whether an exercise failed; full marks that a person gave count as well."""
    return earned < possible if possible > 0 else bool(exercise.message)
