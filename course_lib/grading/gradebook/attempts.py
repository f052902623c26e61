"""Which of several attempts counts: the one with the most points from tests after the late penalty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import nbformat
from nbgrader.api import Assignment, Gradebook, SubmittedAssignment
from nbgrader.utils import parse_utc

from course_lib.cells import is_question
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.collect.find import Submission
from course_lib.grading.gradebook.class_plan import ClassPlan
from course_lib.grading.gradebook.entries import LOCK_TIMEOUT_S, in_transaction
from course_lib.grading.gradebook.lateness import days_begun
from course_lib.grading.gradebook.penalties import late_penalties, of_plugin
from course_lib.grading.models import GradingResult
from course_lib.schedule import BEST, LATEST

DIGITS = 9  # of points that are compared: the last ones of a float mean nothing


@dataclass(frozen=True)
class Attempt:
    """One attempt with its result, and the key of its job."""

    submission: Submission
    key: str
    result: GradingResult


def check_tests_decide(sources: Mapping[str, str]) -> None:
    """Raise `CourseError` if a person gives points in one of these units (JSON, by name): no test can rank attempts."""
    for unit, source in sources.items():
        asked = [cell.metadata.nbgrader for cell in filter(is_question, nbformat.reads(source, as_version=4).cells)]
        if names := [cell.grade_id for cell in asked if cell.points]:
            raise CourseError(
                f'{unit}: expected attempts = "{LATEST}" in course.toml, because a person gives the points of '
                f'{", ".join(names)}, and tests alone cannot tell which attempt is the best; got "{BEST}"'
            )


class BestAttempt:
    """Chooses among attempts, by the due dates and extensions that the gradebook had at the beginning.

    Points that people give are left out: they are for the work that counted when they were given, and must not make
    other work count.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    plan : ClassPlan
        The extensions, and the rule for late work.
    """

    def __init__(self, course: Course, plan: ClassPlan) -> None:
        config = course.nbgrader_config()
        self._classroom, self._plan = course.classroom.resolve(), plan
        self._plugin = late_penalties(config)
        self._due, self._extensions = in_transaction(config, _due, LOCK_TIMEOUT_S)

    def of(self, student: str, attempts: Sequence[Attempt]) -> Attempt:
        """Choose the attempt that counts for a student.

        Parameters
        ----------
        student : str
            Who handed them in, or is in the group of who did.
        attempts : sequence of Attempt
            The latest first.

        Returns
        -------
        Attempt
            The best; of several that are as good, the latest. If there are several, its changes tell what each has
            earned. If one was not graded because the machine was at fault, that one: nothing is recorded then.
        """
        if len(attempts) == 1:
            return attempts[0]
        for attempt in attempts:
            if not attempt.result.final:
                error = f"{self._named(attempt)}: {attempt.result.error}"
                return replace(attempt, result=replace(attempt.result, error=error))
        late = [self._penalty(student, attempt) for attempt in attempts]
        ranked = sorted(
            zip(attempts, late, strict=True), key=lambda pair: -round(pair[0].result.points - pair[1], DIGITS)
        )
        earned = (f"{self._named(each)}: {_earned(each.result.points, penalty)}" for each, penalty in ranked)
        line = f"{len(attempts)} attempts, of which the best counts: {'; '.join(earned)}"
        (best, _), *_ = ranked
        return replace(best, submission=replace(best.submission, changes=(line, *best.submission.changes)))

    def _named(self, attempt: Attempt) -> str:
        folder = attempt.submission.path.parent
        return (folder.relative_to(self._classroom) if folder.is_relative_to(self._classroom) else folder).as_posix()

    def _penalty(self, student: str, attempt: Attempt) -> float:
        points, rule = attempt.result.points, self._plan.schedule.late
        seconds = self._seconds_late(student, attempt.submission)
        if rule:
            return points * rule.percent(days_begun(seconds)) / 100
        return of_plugin(self._plugin, student, points, seconds) or 0.0

    def _seconds_late(self, student: str, submission: Submission) -> float:
        unit = submission.unit
        due = self._due.get(unit)
        if due is None or not submission.timestamp:
            return 0.0
        extension = self._plan.extension(unit, student, due, self._extensions.get((unit, student)))
        return max(0.0, (parse_utc(submission.timestamp) - due - (extension or timedelta(0))).total_seconds())


def _due(gradebook: Gradebook) -> tuple[dict[str, datetime | None], dict[tuple[str, str], timedelta | None]]:
    """Read all due dates, UTC, and all extensions."""
    due = {unit.name: unit.duedate for unit in gradebook.db.query(Assignment)}
    submitted = gradebook.db.query(SubmittedAssignment)
    return due, {(each.name, each.student_id): each.extension for each in submitted}


def _earned(points: float, late: float) -> str:
    noun = "point" if points - late == 1 else "points"
    return f"{points - late:g} {noun}" + (f" ({points:g}, late −{late:g})" if late else "")
