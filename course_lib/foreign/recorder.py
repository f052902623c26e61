"""Writing the records of a graded notebook at nbgrader's places: gradebook, executed notebook, feedback; and a log."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell
from nbgrader.utils import parse_utc

from course_lib.files import write_aside
from course_lib.foreign.course import ForeignCourse
from course_lib.foreign.gradebook import enter, recorded
from course_lib.foreign.units import ForeignUnit
from course_lib.grading.collect.find import Submission
from course_lib.grading.collect.timestamp import STAMP
from course_lib.grading.gradebook.entries import GradebookEntry, GradebookLockedError
from course_lib.grading.gradebook.recorded_feedback import feedback_page
from course_lib.grading.gradebook.recorded_results import RecordedResults, as_json
from course_lib.grading.gradebook.recorder import SECRET, secret_of
from course_lib.grading.gradebook.tables import exercises_csv
from course_lib.grading.models import GradingResult


class ForeignRecorder:
    """The only writer of the gradebook while submissions are graded; see `course_lib.grading.gradebook.recorder`.

    Parameters
    ----------
    course : ForeignCourse
        The course.
    units : mapping of str to ForeignUnit
        The notebooks that are graded, by name.
    """

    def __init__(self, course: ForeignCourse, units: Mapping[str, ForeignUnit]) -> None:
        self.course, self.units = course, units
        self._records = RecordedResults(course.results)
        self._postponed: list[tuple[Submission, str, GradingResult]] = []

    def record(self, submission: Submission, key: str, result: GradingResult) -> None:
        """Record a result; if another program has locked the gradebook, do so later."""
        write_aside(self.course.classroom / "logs" / result.student / f"{result.unit}.log", result.log)
        if not result.final:
            return
        if not self._postponed:
            with suppress(GradebookLockedError):
                self._record(submission, key, result)
                return
        self._postponed.append((submission, key, result))

    def finish(self, results: Sequence[GradingResult]) -> list[GradebookEntry]:
        """Record the results that had to wait, write the table of all cells, and return the gradebook's entries."""
        for waiting in self._postponed:
            self._record(*waiting)
        entries = recorded(self.course.config)
        rows = {(result.unit, result.student): result for result in results}
        write_aside(self.course.classroom / "cells.csv", exercises_csv(entries, rows))
        return entries

    def _record(self, submission: Submission, key: str, result: GradingResult) -> None:
        unit, config = self.units[result.unit], self.course.config
        before = self._records.entry(key, result)
        if not before:
            self._records.forget(result)  # its content is out of date
        stamp = parse_utc(submission.timestamp) if submission.timestamp else None
        there = {path.stem for path in submission.path.parent.glob("*.ipynb")}
        entry = enter(config, result, stamp, there, again=bool(before))
        graded, feedback = (
            self.course.folder(step, result.student, unit.assignment) for step in ("autograded", "feedback")
        )
        notebook, page = graded / f"{unit.notebook}.ipynb", feedback / f"{unit.notebook}.html"
        for name, text in ((STAMP, submission.timestamp), (SECRET, secret_of(submission))):
            for folder in (graded, feedback):
                if text:
                    _write(folder / name, text)
                else:
                    (folder / name).unlink(missing_ok=True)
        for name, content in unit.files.items():  # formgrader shows the pictures among them
            if not (graded / name).is_file():
                write_aside(graded / name, content)
        if not before or not notebook.is_file():
            write_aside(notebook, result.notebook or self._stand_in(result))
        if before != as_json(entry) or not page.is_file():
            write_aside(page, feedback_page(result, entry))
            self._records.keep(key, result, entry)

    def _stand_in(self, result: GradingResult) -> str:
        """Make a notebook for formgrader if there is no executed one: the release, after a cell that says why."""
        notebook = nbformat.reads(self.units[result.unit].released, as_version=4)
        notebook.cells.insert(0, new_markdown_cell(f"**Not graded.** {result.status}"))
        return str(nbformat.writes(notebook))


def _write(path: Path, text: str) -> None:
    """Write a file unless it has this text; several notebooks of an assignment share it."""
    if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
        write_aside(path, text)
