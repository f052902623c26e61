"""Writing the records of a graded notebook in any course: gradebook, executed notebook, feedback and log."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

import nbformat
from nbformat.v4 import new_markdown_cell
from nbgrader.utils import parse_utc

from course_lib.files import write_aside
from course_lib.grading.collect.find import Submission
from course_lib.grading.collect.timestamp import STAMP
from course_lib.grading.gradebook.entries import GradebookEntry, GradebookLockedError
from course_lib.grading.gradebook.recorded_feedback import feedback_page
from course_lib.grading.gradebook.recorded_results import RecordedResults, as_json
from course_lib.grading.gradebook.tables import Rows
from course_lib.grading.models import GradingResult

SECRET, SECRET_CHARS = "submission_secret.txt", 1000  # with it, a learner fetches feedback from nbgrader's exchange


class Released(Protocol):
    """What was released, of which learners hand in their versions."""

    @property
    def released(self) -> str:
        """The released notebook, as JSON."""


class BaseRecorder(ABC):
    """The only writer of a gradebook while submissions are graded.

    A file that is written last says what was recorded, so that the next run completes a run that was killed.

    Parameters
    ----------
    classroom : Path
        The folder of logs and tables.
    results : Path
        The folder of results; see `RecordedResults`.
    units : mapping of str to Released
        The notebooks that are graded, by name.
    """

    def __init__(self, classroom: Path, results: Path, units: Mapping[str, Released]) -> None:
        self.classroom, self.units = classroom, units
        self._records = RecordedResults(results)
        self._postponed: list[tuple[Submission, str, GradingResult]] = []

    @abstractmethod
    def finish(self, results: Sequence[GradingResult]) -> list[GradebookEntry]:
        """Record the results that had to wait, and write the tables of the whole course.

        Parameters
        ----------
        results : sequence of GradingResult
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

    @abstractmethod
    def _enter(
        self, result: GradingResult, submission: Submission, time: datetime | None, again: bool, same_work: bool
    ) -> GradebookEntry:
        """Enter a result into the gradebook; see `writer.enter`."""

    @abstractmethod
    def _files(self, about: GradingResult | GradebookEntry) -> tuple[Path, Path]:
        """Return the places of the executed notebook and of the feedback."""

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
        write_aside(self.classroom / "logs" / result.student / f"{result.unit}.log", result.log)
        if not result.final:
            self._records.keep_failure(result, submission.path.parent)
            return
        if not self._postponed:
            with suppress(GradebookLockedError):
                self._record(submission, key, result)
                return
        self._postponed.append((submission, key, result))

    def _record_postponed(self) -> None:
        for waiting in self._postponed:
            self._record(*waiting)

    def _rows(self, entries: Sequence[GradebookEntry], results: Sequence[GradingResult]) -> Rows:
        """Find the last result of every unit and student: of this run, or of an earlier one."""
        there = {(entry.unit, entry.student) for entry in entries if entry.handed_in}
        remembered = [result for result in self._records.results() if (result.unit, result.student) in there]
        found = [*remembered, *self._records.failures(), *results]
        return {(result.unit, result.student): result for result in found}

    def _record(self, submission: Submission, key: str, result: GradingResult) -> None:
        written = submission.timestamp
        before = self._records.entry(key, result)
        self._records.forget_failure(result)
        last = self._records.key(result.unit, result.student)
        same_work = bool(last) and last in (key, result.replaces)
        if not before:  # its content is out of date
            self._records.forget(result, keep_key=same_work)
        time = parse_utc(written) if written else None
        entry = self._enter(result, submission, time, again=bool(before), same_work=same_work)
        notebook, page = self._files(result)
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

    def _stand_in(self, result: GradingResult) -> str:
        """Make a notebook for formgrader if there is no executed one: the release, after a cell that says why."""
        notebook = nbformat.reads(self.units[result.unit].released, as_version=4)
        notebook.cells.insert(0, new_markdown_cell(f"**Not graded.** {result.status}"))
        return str(nbformat.writes(notebook))


def secret_of(submission: Submission) -> str:
    """Read the secret that nbgrader's exchange stored beside a submission; empty if there is no secret."""
    file = submission.path.with_name(SECRET)
    if file.is_symlink() or not file.is_file():
        return ""
    with file.open(encoding="utf-8", errors="replace") as opened:
        return opened.read(SECRET_CHARS)
