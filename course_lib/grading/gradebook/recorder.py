"""Writing the records of a graded submission: gradebook, executed notebook, feedback and log."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell
from nbgrader.utils import parse_utc

from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.grading.collect.find import Submission
from course_lib.grading.collect.timestamp import STAMP
from course_lib.grading.gradebook import writer
from course_lib.grading.gradebook.attempts import BestAttempt
from course_lib.grading.gradebook.class_plan import ClassPlan, enroll
from course_lib.grading.gradebook.entries import GradebookEntry, GradebookLockedError, recorded, students
from course_lib.grading.gradebook.penalties import late_penalties, penalize_all
from course_lib.grading.gradebook.recorded_feedback import feedback_page, recorded_feedback
from course_lib.grading.gradebook.recorded_results import RecordedResults, as_json
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
SECRET, SECRET_CHARS = "submission_secret.txt", 1000  # with it, a learner fetches feedback from nbgrader's exchange


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


class Recorder:
    """The only writer of the gradebook while submissions are graded.

    A file that is written last says what was recorded, so that the next run completes a run that was killed.

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
        self.course = course
        self.units = units
        self.config = course.nbgrader_config()
        self.plan = ClassPlan.of(course)
        self.returned: list[str] = []
        self._records = RecordedResults(course.results)
        self._students = students(self.config)
        enroll(self.config, self.plan)
        self.best = BestAttempt(course, self.plan)
        self._postponed: list[tuple[Submission, str, GradingResult]] = []

    def record(self, submission: Submission, key: str, result: GradingResult) -> None:
        """Record a result; if another program has locked the gradebook, do so later.

        If it is recorded already, the late penalty is computed again, and the feedback is written again if the penalty
        or people have changed the points or comments.

        Parameters
        ----------
        submission : Submission
            The submission that was graded.
        key : str
            Of the job; see `models.GradingJob`.
        result : GradingResult
            If it is not final, an earlier grade is kept; the error stays in the tables until the submission is graded.
        """
        write_aside(self._file("logs", result, ".log"), result.log)
        if not result.final:
            self._records.keep_failure(result, submission.path.parent)
            return
        if not self._postponed:
            with suppress(GradebookLockedError):
                self._record(submission, key, result)
                return
        self._postponed.append((submission, key, result))

    def finish(self, results: list[GradingResult]) -> list[GradebookEntry]:
        """Record the results that had to wait, and write the tables of the whole classroom.

        Parameters
        ----------
        results : list of GradingResult
            Of this run.

        Returns
        -------
        list of GradebookEntry
            The entries of the gradebook.

        Raises
        ------
        GradebookLockedError
            If another program still has locked the gradebook.
        """
        for waiting in self._postponed:
            self._record(*waiting)
        penalize_all(self.config, self.plan.schedule)
        withdrawn = {student.id for student in self.plan.roster.students if student.withdrawn}
        entries = [
            entry
            for entry in recorded(self.config, self.plan.schedule)
            if entry.handed_in or entry.student not in withdrawn
        ]
        self._refresh(entries)
        there = {(entry.unit, entry.student) for entry in entries if entry.handed_in}
        remembered = [result for result in self._records.results() if (result.unit, result.student) in there]
        found = [*remembered, *self._records.failures(), *results]
        rows = {(result.unit, result.student): result for result in found}
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
        written = submission.timestamp
        time: datetime | None = parse_utc(written) if written else None
        before = self._records.entry(key, result)
        self._records.forget_failure(result)
        if self._students and result.student not in self._students and self._records.has(result):
            self.returned.append(f"{result.student}, {result.unit}: {RETURNED} {submission.path}")
        last = self._records.key(result.unit, result.student)
        same_work = bool(last) and last in (key, result.replaces)
        if not before:  # its content is out of date
            self._records.forget(result, keep_key=same_work)
        entry = writer.enter(self.config, result, time, again=bool(before), same_work=same_work, plan=self.plan)
        notebook = self._file("autograded", result, ".ipynb", result.unit)
        page = self._file("feedback", result, ".html", result.unit)
        secret = "" if result.handed_in_by else secret_of(submission)
        for name, text in ((STAMP, written), (SECRET, secret)):
            for folder in (notebook.parent, page.parent):
                if text:
                    write_aside(folder / name, text)
                else:
                    (folder / name).unlink(missing_ok=True)
        if not before or not notebook.is_file():
            write_aside(notebook, result.notebook or self._stand_in(result))
        if before != as_json(entry) or not page.is_file():
            write_aside(page, feedback_page(result, entry))
            self._records.keep(key, result, entry)

    def _refresh(self, entries: list[GradebookEntry]) -> None:
        """Write the feedback again where an entry has changed since it was recorded, as by grace days."""
        for entry in filter(self._records.is_outdated, entries):
            notebook = self._file("autograded", entry, ".ipynb", entry.unit)
            if notebook.is_file():
                write_aside(
                    self._file("feedback", entry, ".html", entry.unit), recorded_feedback(self.course, notebook)
                )
            self._records.update(entry)

    def _stand_in(self, result: GradingResult) -> str:
        """Make a notebook for formgrader if there is no executed one: the release, after a cell that says why."""
        notebook = nbformat.reads(self.units[result.unit].released, as_version=4)
        notebook.cells.insert(0, new_markdown_cell(f"**Not graded.** {result.status}"))
        return str(nbformat.writes(notebook))

    def _file(self, folder: str, about: GradingResult | GradebookEntry, suffix: str, *inside: str) -> Path:
        return self.course.classroom.joinpath(folder, about.student, *inside, f"{about.unit}{suffix}")


def secret_of(submission: Submission) -> str:
    """Read the secret that nbgrader's exchange stored beside a submission; empty if there is no secret."""
    file = submission.path.with_name(SECRET)
    if file.is_symlink() or not file.is_file():
        return ""
    with file.open(encoding="utf-8", errors="replace") as opened:
        return opened.read(SECRET_CHARS)
