"""One answer for each kind of failure, in a file that `course answers add` takes."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import nbformat

from course_lib.answers import Answer
from course_lib.cells import is_cpp
from course_lib.course import Course
from course_lib.files import remove_leftovers, write_aside
from course_lib.grading.cache import ResultCache
from course_lib.grading.gradebook.recorded_results import RecordedResults
from course_lib.grading.models import printable
from course_lib.insight.anonymous import without_comments
from course_lib.insight.findings import Finding
from course_lib.trials.add import find_same

REMEMBERED = 64  # notebooks


@dataclass(frozen=True)
class Example:
    """A learner's answer, without comments and names.

    Attributes
    ----------
    code : str
        The solution cell; empty if it is not known any more, or held nothing but comments.
    command : str
        What writes it into the answer bank, typed in the course's folder; empty if it has no code, or is in the bank.
    known_as : str
        The title of the answer in the bank with the same code; empty if there is no such answer.
    """

    code: str = ""
    command: str = ""
    known_as: str = ""


class Examples:
    """Writes the examples of one unit to ``classroom/insight/UNIT``.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    unit : str
        Full name.
    anonymous : callable
        Removes names from a text.
    """

    def __init__(self, course: Course, unit: str, anonymous: Callable[[str], str]) -> None:
        self._course, self._unit, self._anonymous = course, unit, anonymous
        self._folder = course.classroom / "insight" / unit
        self._written: set[str] = set()
        self._answers = lru_cache(REMEMBERED)(self._read)

    def example(self, exercise: str, finding: Finding, bank: Sequence[Answer]) -> Example:
        """Take the answer of the first learner of a finding; write that of an unnamed kind to a file.

        Parameters
        ----------
        exercise : str
            Its name.
        finding : Finding
            A kind of failure in it.
        bank : sequence of Answer
            The answers that the course has already.
        """
        cell = self._answers(finding.learners[0].student).get(exercise, "")
        code = printable(self._anonymous(without_comments(cell)))
        if finding.named or not code:
            return Example(code)
        if same := find_same(bank, code):
            return Example(code, known_as=same.title)
        number = sum(name.startswith(f"{exercise}-") for name in self._written) + 1
        path = self._folder / f"{exercise}-{number}.{'cpp' if is_cpp(code) else 'py'}"
        write_aside(path, code)
        self._written.add(path.name)
        file = path.relative_to(self._course.root).as_posix()
        return Example(code, shlex.join(["course", "answers", "add", self._unit, exercise, file]))

    def finish(self) -> None:
        """Remove the examples of an earlier run that are out of date."""
        for path in self._folder.glob("*"):
            if path.name not in self._written and path.suffix in (".py", ".cpp"):
                path.unlink()
        remove_leftovers(self._folder, "*")

    def _read(self, student: str) -> dict[str, str]:
        """Read the cells of a learner's executed notebook that have a grade_id."""
        key = RecordedResults(self._course.results).key(self._unit, student)
        result = ResultCache(self._course.results).load(key) if key else None
        path = self._course.classroom / "autograded" / student / self._unit / f"{self._unit}.ipynb"
        if result and result.notebook:
            text = result.notebook
        elif path.is_file():  # a result that this machine could not decide is not kept
            text = path.read_text(encoding="utf-8")
        else:
            return {}
        cells = nbformat.reads(text, as_version=4).cells
        return {cell.metadata.nbgrader.grade_id: cell.source for cell in cells if "nbgrader" in cell.metadata}
