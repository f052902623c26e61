"""Writing the records of a graded notebook at nbgrader's places."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from course_lib.files import write_aside
from course_lib.foreign.course import ForeignCourse
from course_lib.foreign.gradebook import enter, recorded
from course_lib.foreign.units import ForeignUnit
from course_lib.grading.collect.find import Submission
from course_lib.grading.gradebook.base_recorder import BaseRecorder
from course_lib.grading.gradebook.entries import GradebookEntry
from course_lib.grading.gradebook.tables import exercises_csv
from course_lib.grading.models import GradingResult


class ForeignRecorder(BaseRecorder):
    """The only writer of the gradebook while submissions are graded; see `BaseRecorder`."""

    def __init__(self, course: ForeignCourse, units: Mapping[str, ForeignUnit]) -> None:
        super().__init__(course.classroom, course.results, units)
        self.course, self.beside = course, {name: unit.files for name, unit in units.items()}

    def finish(self, results: Sequence[GradingResult]) -> list[GradebookEntry]:
        """See `BaseRecorder`; there is one table, of all cells."""
        self._record_postponed()
        entries = recorded(self.course.config)
        write_aside(self.classroom / "cells.csv", exercises_csv(entries, self._rows(entries, results)))
        return entries

    def _enter(
        self, result: GradingResult, submission: Submission, time: datetime | None, again: bool, same_work: bool
    ) -> GradebookEntry:
        there = {path.stem for path in submission.path.parent.glob("*.ipynb")}
        entry = enter(self.course.config, result, time, there, same_work)
        folder = self._files(result)[0].parent
        for name, content in self.beside[result.unit].items():  # formgrader shows the pictures among them
            if not (folder / name).is_file():
                write_aside(folder / name, content)
        return entry

    def _files(self, about: GradingResult | GradebookEntry) -> tuple[Path, Path]:
        assignment, notebook = about.unit.split("/")
        graded, feedback = (self.course.folder(step, about.student, assignment) for step in ("autograded", "feedback"))
        return graded / f"{notebook}.ipynb", feedback / f"{notebook}.html"
