"""What the class list and the schedule mean for the gradebook."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from nbgrader.api import Assignment, Gradebook, Student, SubmittedAssignment
from traitlets.config import Config

from course_lib.classroom import roster as class_list
from course_lib.classroom.roster import Roster
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.gradebook.entries import LOCK_TIMEOUT_S, in_transaction, name_for_formgrader
from course_lib.schedule import Schedule, own_due, read_schedule


@dataclass(frozen=True)
class ClassPlan:
    """The class list and the schedule of a course; both may be empty."""

    roster: Roster = field(default_factory=Roster)
    schedule: Schedule = field(default_factory=Schedule)

    @classmethod
    def of(cls, course: Course) -> "ClassPlan":
        """Read them; raise `CourseError` if one has faults, or if an extension is not one."""
        plan = cls(class_list.read_roster(course), read_schedule(course))
        if faults := [*plan._faults()]:
            path = class_list.roster_path(course)
            raise CourseError("\n".join(f"{path}: {fault}" for fault in faults))
        return plan

    def _faults(self) -> Iterator[str]:
        for student in self.roster.students:
            for unit, extension in student.extensions.items():
                due = self.schedule.due.get(unit)
                if due and own_due(due, extension) <= due:
                    got = f"expected an extension of {unit} beyond its due date {due}, got {extension}"
                    yield f"{student.id}: {got}"

    def extend(self, submission: SubmittedAssignment) -> None:
        """Give a submission the extension of the class list; those of students who are not in it stay."""
        student, due = submission.student.id, submission.assignment.duedate
        submission.extension = self.extension(submission.name, student, due, submission.extension)

    def extension(self, unit: str, student: str, due: datetime | None, entered: timedelta | None) -> timedelta | None:
        """Return the extension of a student: of the class list, otherwise the one that is entered in the gradebook."""
        listed = self.roster.by_id(student)
        if due is None:
            return None  # nbgrader fails on an extension of nothing
        if listed is None:
            return entered
        due = self.schedule.due.get(unit) or due.replace(tzinfo=UTC)
        extension = own_due(due, listed.extensions.get(unit)) - due
        return extension if extension > timedelta(0) else None


def enroll(config: Config, plan: ClassPlan) -> None:
    """Enter the class list, due dates and extensions into the gradebook; if it has them already, nothing is written.

    What the class list leaves empty is not changed. Students who have withdrawn are not added.

    Parameters
    ----------
    config : Config
        nbgrader's.
    plan : ClassPlan
        What to enter. A unit without a due date keeps the one that was set in formgrader.

    Raises
    ------
    GradebookLockedError
        If another program is still writing the gradebook.
    """
    in_transaction(config, lambda gradebook: _enroll(gradebook, plan), LOCK_TIMEOUT_S)


def _enroll(gradebook: Gradebook, plan: ClassPlan) -> None:
    db = gradebook.db
    there = {student.id: student for student in db.query(Student)}
    for listed in plan.roster.students:
        student = there.get(listed.id)
        if student is None:
            if listed.withdrawn:
                continue
            student = Student(id=listed.id)
            db.add(student)
        if listed.last_name or listed.first_name:
            student.last_name, student.first_name = listed.last_name, listed.first_name
        student.email = listed.email or student.email
        student.lms_user_id = listed.canvas or listed.moodle or student.lms_user_id
        name_for_formgrader(student)
    for assignment in db.query(Assignment):
        if due := plan.schedule.due.get(assignment.name):
            assignment.duedate = due.astimezone(UTC).replace(tzinfo=None)
        for submission in assignment.submissions:
            plan.extend(submission)
