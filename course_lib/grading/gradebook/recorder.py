"""Writing the records of this course's graded submissions, by the class list and the schedule."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.grading.collect.find import Submission
from course_lib.grading.gradebook import writer
from course_lib.grading.gradebook.attempts import BestAttempt
from course_lib.grading.gradebook.base_recorder import BaseRecorder
from course_lib.grading.gradebook.class_plan import ClassPlan, enroll
from course_lib.grading.gradebook.entries import GradebookEntry, recorded, students
from course_lib.grading.gradebook.penalties import late_penalties, penalize_all
from course_lib.grading.gradebook.recorded_feedback import recorded_feedback
from course_lib.grading.gradebook.tables import exercises_csv, grades_csv
from course_lib.grading.models import GradingResult
from course_lib.grading.sandbox.limits import Limits
from course_lib.release import build_source, generate

RETURNED = "was removed from the gradebook and is back in it, because this is still there:"
LEFT_OVER = "{student} is not in the gradebook: remove {folder} if it must not be handed back"
NOT_SHARED = (
    "still has the points of {other}'s work, but the class list has them in one group no longer: grade work of their "
    "own, or remove the student from the gradebook with `nbgrader db student remove {student} --force`"
)


@dataclass(frozen=True)
class Unit:
    """The current version of a unit: the instructor's notebook and the learner's, as JSON."""

    source: str
    released: str


def check_settings(course: Course) -> None:
    """Raise `CourseError` if the settings, the schedule or the class list that grading needs cannot be used."""
    config = course.nbgrader_config()
    Limits.configured(config)
    late_penalties(config)
    ClassPlan.of(course)
    students(config)


def register(course: Course, name: str) -> Unit:
    """Enter a unit's current tests and points into the gradebook."""
    course.classroom.mkdir(exist_ok=True)
    source = build_source(course, name).read_text(encoding="utf-8")
    return Unit(source, generate(course, name, database=True))


class Recorder(BaseRecorder):
    """The only writer of the gradebook while submissions of this course are graded; see `BaseRecorder`.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    units : dict of str to Unit
        The units that are graded, by name.

    Attributes
    ----------
    returned : list of str
        A line for each student who was removed from the gradebook, but whose work was recorded again.
    best : BestAttempt
        What chooses among several attempts.
    """

    def __init__(self, course: Course, units: dict[str, Unit]) -> None:
        super().__init__(course.classroom, course.results, units)
        self.course = course
        self.config = course.nbgrader_config()
        self.plan = ClassPlan.of(course)
        self.returned: list[str] = []
        self._students = students(self.config)
        enroll(self.config, self.plan)
        self.best = BestAttempt(course, self.plan)

    def finish(self, results: Sequence[GradingResult]) -> list[GradebookEntry]:
        """See `BaseRecorder`."""
        self._record_postponed()
        penalize_all(self.config, self.plan.schedule)
        withdrawn = {student.id for student in self.plan.roster.students if student.withdrawn}
        entries = [
            entry
            for entry in recorded(self.config, self.plan.schedule)
            if entry.handed_in or entry.student not in withdrawn
        ]
        self._refresh(entries)
        rows = self._rows(entries, results)
        sections = {student.id: student.section for student in self.plan.roster.students}
        write_aside(self.course.classroom / "grades.csv", grades_csv(entries, rows, sections))
        write_aside(self.course.classroom / "exercises.csv", exercises_csv(entries, rows))
        return entries

    def left_over(self) -> list[str]:
        """List what stays of students who were removed from the gradebook or from their group, a line for each."""
        known = students(self.config)
        roster = self.plan.roster
        gone = sorted({result.student for result in self._records.results()} - known)
        folders = [self.course.classroom / name / student for student in gone for name in ("autograded", "feedback")]
        lines = [LEFT_OVER.format(student=folder.name, folder=folder) for folder in folders if folder.is_dir()]
        for result in self._records.results():
            student, other, listed = result.student, result.handed_in_by, roster.by_id(result.student)
            shared = not other or student in (member.id for member in roster.group_of(other))
            if not shared and student in known and not (listed and listed.withdrawn):
                lines.append(f"{student}, {result.unit}: {NOT_SHARED.format(student=student, other=other)}")
        return lines

    def _record(self, submission: Submission, key: str, result: GradingResult) -> None:
        if self._students and result.student not in self._students and self._records.has(result):
            self.returned.append(f"{result.student}, {result.unit}: {RETURNED} {submission.path}")
        super()._record(submission, key, result)

    def _enter(
        self, result: GradingResult, submission: Submission, time: datetime | None, again: bool, same_work: bool
    ) -> GradebookEntry:
        return writer.enter(self.config, result, time, again=again, same_work=same_work, plan=self.plan)

    def _files(self, about: GradingResult | GradebookEntry) -> tuple[Path, Path]:
        graded, feedback = (self.classroom / name / about.student / about.unit for name in ("autograded", "feedback"))
        return graded / f"{about.unit}.ipynb", feedback / f"{about.unit}.html"

    def _refresh(self, entries: list[GradebookEntry]) -> None:
        """Write the feedback again where an entry has changed since it was recorded, as by grace days."""
        for entry in filter(self._records.is_outdated, entries):
            notebook, page = self._files(entry)
            if notebook.is_file():
                write_aside(page, recorded_feedback(self.course, notebook))
            self._records.update(entry)
