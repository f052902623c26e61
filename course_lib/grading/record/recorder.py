"""What is left of a graded submission: gradebook, executed notebook, feedback and log, by one writer."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell
from nbgrader.utils import parse_utc

from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.grading.outcome import GRADED, Outcome
from course_lib.grading.record import gradebook
from course_lib.grading.record.feedback import feedback_html
from course_lib.grading.record.gradebook import GradebookLocked, Recorded
from course_lib.grading.report import exercises_csv, grades_csv
from course_lib.grading.scores import ExerciseScore
from course_lib.grading.submission.find import Submission
from course_lib.release import build_source, generate

STAMP = 100  # characters of a time


@dataclass(frozen=True)
class Unit:
    """A unit as it is now: the instructor's notebook and the learner's, as JSON."""

    source: str
    released: str


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
    """

    def __init__(self, course: Course, units: dict[str, Unit]) -> None:
        self.course = course
        self.units = units
        self.config = course.nbgrader_config()
        self._there = {(entry.unit, entry.student): entry for entry in gradebook.recorded(self.config)}
        self._postponed: list[tuple[Submission, str, Outcome]] = []

    def record(self, submission: Submission, key: str, outcome: Outcome) -> None:
        """Record an outcome, unless it is recorded already; later, if another program keeps the gradebook.

        The feedback on what is recorded already is written anew if people have changed points or comments.

        Parameters
        ----------
        submission : Submission
            What was graded.
        key : str
            Of the outcome; see `results.key_of`.
        outcome : Outcome
            Only its log is written where it is not final: an earlier grade stays.
        """
        write_aside(self._file("logs", outcome, ".log"), outcome.log)
        if not outcome.final or self._is_up_to_date(outcome, key):
            return
        if not self._postponed:
            with suppress(GradebookLocked):
                self._record(submission, key, outcome)
                return
        self._postponed.append((submission, key, outcome))

    def finish(self, outcomes: list[Outcome]) -> None:
        """Record what had to wait, and write the tables of the whole classroom.

        Parameters
        ----------
        outcomes : list of Outcome
            Of this run.

        Raises
        ------
        GradebookLocked
            If another program keeps the gradebook still.
        """
        for waiting in self._postponed:
            self._record(*waiting)
        rows = {(outcome.unit, outcome.student): outcome for outcome in [*self._remembered(), *outcomes]}
        entries = gradebook.recorded(self.config)
        write_aside(self.course.classroom / "grades.csv", grades_csv(entries, rows))
        write_aside(self.course.classroom / "exercises.csv", exercises_csv(entries, rows))

    def _record(self, submission: Submission, key: str, outcome: Outcome) -> None:
        stamp = submission.path.with_name("timestamp.txt")
        written = _written(stamp)
        time: datetime | None = parse_utc(written) if written else None
        entry = gradebook.enter(self.config, outcome, time)
        notebook = self._file("autograded", outcome, ".ipynb", outcome.unit)
        write_aside(notebook, outcome.notebook or self._stand_in(outcome))
        if written:
            write_aside(notebook.with_name(stamp.name), written)
        else:
            notebook.with_name(stamp.name).unlink(missing_ok=True)
        self._hand_back(key, outcome, entry)

    def _hand_back(self, key: str, outcome: Outcome, entry: Recorded) -> None:
        """Write the feedback, with what people changed, and remember that."""
        exercises = [
            replace(exercise, points=entry.exercises.get(exercise.name, (exercise.points,))[0])
            for exercise in outcome.exercises
        ]
        notebook = nbformat.reads(outcome.notebook, as_version=4) if outcome.notebook else None
        status = outcome.status if outcome.status != GRADED else ""
        page = feedback_html(notebook, exercises, outcome.student, outcome.unit, entry.comments, status)
        write_aside(self._file("feedback", outcome, ".html", outcome.unit), page)
        row = asdict(replace(outcome, notebook="", log=""))
        write_aside(self._memory(outcome), json.dumps({"key": key, "entry": asdict(entry), "outcome": row}))

    def _is_up_to_date(self, outcome: Outcome, key: str) -> bool:
        entry = self._there.get((outcome.unit, outcome.student))
        if entry is None or not self._file("autograded", outcome, ".ipynb", outcome.unit).is_file():
            return False
        with suppress(OSError, ValueError, KeyError):
            remembered = json.loads(self._memory(outcome).read_text(encoding="utf-8"))
            if remembered["key"] == key:
                if remembered["entry"] != json.loads(json.dumps(asdict(entry))):
                    self._hand_back(key, outcome, entry)
                return True
        return False

    def _remembered(self) -> Iterator[Outcome]:
        """Read the outcomes that were recorded last, of every unit and student."""
        for path in sorted(self._results.glob("recorded/*/*.json")):
            with suppress(OSError, ValueError, TypeError, KeyError):
                row = json.loads(path.read_text(encoding="utf-8"))["outcome"]
                yield Outcome(exercises=[ExerciseScore(**exercise) for exercise in row.pop("exercises")], **row)

    def _stand_in(self, outcome: Outcome) -> str:
        """Make a notebook to look at in formgrader where there is none: the release, under a cell that says why."""
        notebook = nbformat.reads(self.units[outcome.unit].released, as_version=4)
        notebook.cells.insert(0, new_markdown_cell(f"**Not graded.** {outcome.status}"))
        return str(nbformat.writes(notebook))

    @property
    def _results(self) -> Path:
        return self.course.classroom / ".results"

    def _memory(self, outcome: Outcome) -> Path:
        return self._results / "recorded" / outcome.unit / f"{outcome.student}.json"

    def _file(self, folder: str, outcome: Outcome, suffix: str, *inside: str) -> Path:
        return self.course.classroom.joinpath(folder, outcome.student, *inside, f"{outcome.unit}{suffix}")


def _written(stamp: Path) -> str:
    """Read the time that nbgrader writes beside a submission; the empty string if there is none."""
    if stamp.is_symlink() or not stamp.is_file():
        return ""
    with stamp.open(encoding="utf-8", errors="replace") as file:
        line = file.read(STAMP).strip()
    with suppress(ValueError, OverflowError):
        parse_utc(line)
        return line
    return ""
