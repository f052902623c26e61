"""What the learners of a class answered to one exercise, from their graded notebooks."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Gradebook

from course_lib.cells import exercise_of
from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.grading.gradebook.entries import LOCK_TIMEOUT_S, in_transaction
from course_lib.grading.gradebook.recorded_results import RecordedResults
from course_lib.grading.models import GradingResult

MAX_SOURCE_CHARS = 20_000  # of an answer that are compared with others


@dataclass(frozen=True)
class Exercise:
    """An exercise of a unit, or a question to answer in words."""

    unit: str
    name: str
    question: bool


@dataclass(frozen=True)
class Answer:
    """What one learner answered.

    Attributes
    ----------
    student : str
        Whose it is; no page shows it.
    source : str
        The text of the cell, without spaces at the ends of lines; at most `MAX_SOURCE_CHARS` characters.
    digest : str
        A hash of the whole text.
    tests : tuple of (str, float or None)
        Points by test, as the grader decided them.
    message : str
        What the tests say; empty if they are content.
    version : str
        Of the graded notebook; see `version_of`.
    """

    student: str
    source: str
    digest: str
    tests: tuple[tuple[str, float | None], ...]
    message: str
    version: str


def find_exercise(course: Course, words: str) -> Exercise:
    """Find an exercise with submissions in the gradebook.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    words : str
        Its name; ``03/name`` if several units have an exercise of this name.

    Raises
    ------
    ArgumentError
        If no unit with submissions, or more than one, has this exercise.
    """
    unit, _, name = words.rpartition("/")
    known = in_transaction(course.nbgrader_config(), _graded, LOCK_TIMEOUT_S)
    if not known:
        raise ArgumentError("expected graded submissions in the gradebook, found none; run `course grade` first")
    wanted = course.unit_with_solutions(unit) if unit else ""
    found = [each for each in known if each.name == name and wanted in ("", each.unit)]
    if not found:
        names = ", ".join(each.name for each in known if wanted in ("", each.unit))
        raise ArgumentError(f"expected an exercise or a question that was graded, one of {names}; got {words!r}")
    if len(found) > 1:
        forms = ", ".join(f"{each.unit}/{each.name}" for each in found)
        raise ArgumentError(f"expected an exercise of one unit, one of {forms}; got {words!r}")
    return found[0]


def _graded(book: Gradebook) -> list[Exercise]:
    """List the exercises with submissions, by unit and in the order of the notebook."""
    found: dict[Exercise, None] = {}
    for assignment in book.db.query(Assignment).order_by(Assignment.name):
        for notebook in assignment.notebooks if assignment.submissions else ():
            for cell in notebook.grade_cells:
                name = exercise_of(cell.name)
                found[Exercise(assignment.name, name, question=cell.name == name)] = None
    return list(found)


def gather(course: Course, exercise: Exercise) -> list[Answer]:
    """Read the answers of everybody whose graded notebook is there.

    Raises
    ------
    CourseError
        If a notebook cannot be read.
    """
    results = {each.student: each for each in RecordedResults(course.results).results() if each.unit == exercise.unit}
    students = in_transaction(course.nbgrader_config(), lambda book: _handed_in(book, exercise), LOCK_TIMEOUT_S)
    paths = {student: graded_notebook(course, exercise, student) for student in sorted(students)}
    return [
        _answer(course, exercise, student, path, results.get(student))
        for student, path in paths.items()
        if path.is_file()
    ]


def _handed_in(book: Gradebook, exercise: Exercise) -> list[str]:
    return [submission.student.id for submission in book.assignment_submissions(exercise.unit)]


def graded_notebook(course: Course, exercise: Exercise, student: str) -> Path:
    """Return the path of a graded notebook."""
    return course.classroom / "autograded" / student / exercise.unit / f"{exercise.unit}.ipynb"


def version_of(course: Course, exercise: Exercise, student: str) -> str:
    """Identify what was graded: another submission has another key, and its notebook is written at another time.

    The grader first forgets the key, then changes the gradebook and the notebook, and then stores the new key.
    """
    written = 0
    with suppress(OSError):
        written = graded_notebook(course, exercise, student).stat().st_mtime_ns
    return f"{RecordedResults(course.results).key(exercise.unit, student)} {written}"


def _answer(course: Course, exercise: Exercise, student: str, path: Path, result: GradingResult | None) -> Answer:
    version = version_of(course, exercise, student)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        source = next((_source(cell) for cell in notebook["cells"] if _is_answer(cell, exercise.name)), "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(f"expected a graded notebook in {path}, found something else: {error}") from None
    score = next((each for each in result.exercises if each.name == exercise.name), None) if result else None
    message = (score.message if score else "") or (result.status if result and result.error is not None else "")
    digest = hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()
    tests = tuple(score.tests.items()) if score else ()
    return Answer(student, source[:MAX_SOURCE_CHARS], digest, tests, message, version)


def _is_answer(cell: Mapping[str, Any], name: str) -> bool:
    mark = cell["metadata"].get("nbgrader", {})
    return mark.get("grade_id") == name and mark.get("solution") is True


def _source(cell: Mapping[str, Any]) -> str:
    """Return the text of a cell without the spaces that nobody sees."""
    text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
