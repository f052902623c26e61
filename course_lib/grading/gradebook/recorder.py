"""What is left of a graded submission: gradebook, executed notebook, feedback and log, by one writer."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell
from nbgrader.utils import parse_utc

from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.grading.cache import ResultCache
from course_lib.grading.collect.find import Submission
from course_lib.grading.collect.timestamp import STAMP
from course_lib.grading.gradebook import writer
from course_lib.grading.gradebook.entries import GradebookEntry, GradebookLockedError, recorded, recorded_one, students
from course_lib.grading.gradebook.feedback import feedback_html
from course_lib.grading.gradebook.recorded_results import RecordedResults, as_json
from course_lib.grading.gradebook.tables import exercises_csv, grades_csv
from course_lib.grading.models import GradingResult
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.scores import ANSWERED, UNREAD, score
from course_lib.release import build_source, generate

RETURNED = "was removed from the gradebook and is back in it, because this is still there:"
LEFT_OVER = "{student} is not in the gradebook: remove {folder} if it must not be handed back"
SECRET, SECRET_CHARS = "submission_secret.txt", 1000  # with it, a learner fetches feedback from nbgrader's exchange


@dataclass(frozen=True)
class Unit:
    """A unit as it is now: the instructor's notebook and the learner's, as JSON."""

    source: str
    released: str


def check_settings(course: Course) -> None:
    """Raise `ValueError` if the settings in ``nbgrader_config.py`` that grading needs cannot be used."""
    config = course.nbgrader_config()
    Limits.configured(config)
    writer.late_penalties(config)
    students(config)


def register(course: Course, name: str) -> Unit:
    """Enter a unit's tests and points into the gradebook, as they are now."""
    course.classroom.mkdir(exist_ok=True)
    source = build_source(course, name).read_text(encoding="utf-8")
    return Unit(source, generate(course, name, database=True))


class Recorder:
    """The only writer of the gradebook while submissions are graded.

    What was recorded is remembered in a file that is written last, so that a run that was killed is made up for.

    Parameters
    ----------
    course : Course
        Whose classroom.
    units : dict of str to Unit
        Those that are graded, by name.

    Attributes
    ----------
    returned : list of str
        A line for each student who was taken out of the gradebook, and whose work was recorded again.
    """

    def __init__(self, course: Course, units: dict[str, Unit]) -> None:
        self.course = course
        self.units = units
        self.config = course.nbgrader_config()
        self.returned: list[str] = []
        self._records = RecordedResults(course.results)
        self._students = students(self.config)
        self._postponed: list[tuple[Submission, str, GradingResult]] = []

    def record(self, submission: Submission, key: str, outcome: GradingResult) -> None:
        """Record an outcome; later, if another program keeps the gradebook.

        Of what is recorded already, the late penalty is reckoned anew, and the feedback is written again if that or
        people have changed the points or comments.

        Parameters
        ----------
        submission : Submission
            What was graded.
        key : str
            Of the job; see `models.GradingJob`.
        outcome : GradingResult
            Where it is not final, an earlier grade stays; what is wrong stays in the tables until it is graded.
        """
        write_aside(self._file("logs", outcome, ".log"), outcome.log)
        if not outcome.final:
            self._records.keep_failure(outcome, submission.path.parent)
            return
        if not self._postponed:
            with suppress(GradebookLockedError):
                self._record(submission, key, outcome)
                return
        self._postponed.append((submission, key, outcome))

    def finish(self, outcomes: list[GradingResult]) -> list[GradebookEntry]:
        """Record what had to wait, and write the tables of the whole classroom.

        Parameters
        ----------
        outcomes : list of GradingResult
            Of this run.

        Returns
        -------
        list of GradebookEntry
            What the gradebook holds.

        Raises
        ------
        GradebookLockedError
            If another program keeps the gradebook still.
        """
        for waiting in self._postponed:
            self._record(*waiting)
        entries = recorded(self.config)
        there = {(entry.unit, entry.student) for entry in entries if entry.handed_in}
        remembered = [outcome for outcome in self._records.results() if (outcome.unit, outcome.student) in there]
        found = [*remembered, *self._records.failures(), *outcomes]
        rows = {(outcome.unit, outcome.student): outcome for outcome in found}
        write_aside(self.course.classroom / "grades.csv", grades_csv(entries, rows))
        write_aside(self.course.classroom / "exercises.csv", exercises_csv(entries, rows))
        return entries

    def left_over(self) -> list[str]:
        """Say what lies in the classroom of students that the gradebook does not know: they were taken out of it."""
        known = students(self.config)
        gone = sorted({outcome.student for outcome in self._records.results()} - known)
        folders = [self.course.classroom / name / student for student in gone for name in ("autograded", "feedback")]
        return [LEFT_OVER.format(student=folder.name, folder=folder) for folder in folders if folder.is_dir()]

    def _record(self, submission: Submission, key: str, outcome: GradingResult) -> None:
        written = submission.timestamp
        time: datetime | None = parse_utc(written) if written else None
        before = self._records.entry(key, outcome)
        self._records.forget_failure(outcome)
        if self._students and outcome.student not in self._students and self._records.has(outcome):
            self.returned.append(f"{outcome.student}, {outcome.unit}: {RETURNED} {submission.path}")
        if not before:
            self._records.forget(outcome)  # what it says is no longer so
        entry = writer.enter(self.config, outcome, time, again=bool(before))
        notebook = self._file("autograded", outcome, ".ipynb", outcome.unit)
        page = self._file("feedback", outcome, ".html", outcome.unit)
        for name, text in ((STAMP, written), (SECRET, _secret(submission))):
            for folder in (notebook.parent, page.parent):
                if text:
                    write_aside(folder / name, text)
                else:
                    (folder / name).unlink(missing_ok=True)
        if not before or not notebook.is_file():
            write_aside(notebook, outcome.notebook or self._stand_in(outcome))
        if before != as_json(entry) or not page.is_file():
            write_aside(page, _feedback(outcome, entry))
            self._records.keep(key, outcome, entry)

    def _stand_in(self, outcome: GradingResult) -> str:
        """Make a notebook to look at in formgrader where there is none: the release, under a cell that says why."""
        notebook = nbformat.reads(self.units[outcome.unit].released, as_version=4)
        notebook.cells.insert(0, new_markdown_cell(f"**Not graded.** {outcome.status}"))
        return str(nbformat.writes(notebook))

    def _file(self, folder: str, outcome: GradingResult, suffix: str, *inside: str) -> Path:
        return self.course.classroom.joinpath(folder, outcome.student, *inside, f"{outcome.unit}{suffix}")


def recorded_feedback(course: Course, notebook: Path) -> str:
    """Write the feedback on a submission that is in the gradebook, with what people changed there since.

    Parameters
    ----------
    course : Course
        Whose classroom.
    notebook : Path
        ``autograded/<student>/<unit>/<unit>.ipynb`` in the classroom.

    Returns
    -------
    str
        An HTML page.
    """
    unit, student = notebook.stem, notebook.parent.parent.name
    entry = recorded_one(course.nbgrader_config(), unit, student)
    key = RecordedResults(course.results).key(unit, student)
    if key and (outcome := ResultCache(course.results).load(key)):
        return _feedback(outcome, entry)
    executed = nbformat.read(notebook, as_version=4)
    outcome = GradingResult(student, unit, None, score(executed), notebook=nbformat.writes(executed))
    return _feedback(outcome, entry)


def _feedback(outcome: GradingResult, entry: GradebookEntry) -> str:
    """Write the feedback, with what people changed."""
    exercises = [
        replace(
            exercise,
            points=entry.exercises.get(exercise.name, (exercise.points,))[0],
            message=UNREAD if exercise.message == ANSWERED and exercise.name in entry.review else exercise.message,
        )
        for exercise in outcome.exercises
    ]
    notebook = nbformat.reads(outcome.notebook, as_version=4) if outcome.notebook else None
    status = "" if outcome.error is None else outcome.status
    about = (outcome.student, outcome.unit, entry.comments, status, entry.late)
    return feedback_html(notebook, exercises, *about)


def _secret(submission: Submission) -> str:
    """Read the secret that nbgrader's exchange put beside a submission; empty if there is none."""
    file = submission.path.with_name(SECRET)
    if file.is_symlink() or not file.is_file():
        return ""
    with file.open(encoding="utf-8", errors="replace") as opened:
        return opened.read(SECRET_CHARS)
