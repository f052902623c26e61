"""A learner's cell becomes an answer of a bank."""

import ast
import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nbformat import NotebookNode

from course_lib.answers import Answer, bank_of, read_bank, write_entry
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.files import read_text, write_aside
from course_lib.grading.restore.reading import read_bytes, read_cells
from course_lib.release import read_unit
from course_lib.rules import exercises
from course_lib.trials.apart import apart
from course_lib.trials.trial import Trial, try_answers

# Where the feedback may name the cause, the best place first.
_WORDS = [
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^ *likely cause: +([^;\n]+)",
        r"^ *why: +([^;\n]+)",
        r"(your \w+ raised \w+)",
        r"^ *your C\+\+: (.+)",
        r"^ *(expected: +.+)",
        r"^(.+)",
    )
]


def learners_code(path: Path, exercise: str) -> str:
    r"""Read a learner's answer.

    Parameters
    ----------
    path : Path
        A ``.py`` or ``.cpp`` file with the content of the solution cell, or a notebook with that cell.
    exercise : str
        The cell's `grade_id`.

    Returns
    -------
    str
        The code, with ``\n`` at its end.

    Raises
    ------
    CourseError
        If there is no such file, the notebook does not have exactly one such cell, or the code is empty.
    """
    if path.suffix not in (".py", ".cpp", ".ipynb") or not path.is_file():
        raise CourseError(f"expected a .py, .cpp or .ipynb file, found none at {path}")
    if path.suffix != ".ipynb":
        code = read_text(path)
    else:
        cells = [cell for cell in read_cells(read_bytes(path))[0] if cell.grade_id == exercise]
        if len(cells) != 1:
            raise CourseError(f"expected one cell with grade_id {exercise!r} in {path}, found {len(cells)}")
        code = cells[0].source
    lines = [line.rstrip() for line in code.strip("\n").rstrip().split("\n")]
    if lines == [""]:
        raise CourseError(f"expected an answer in {path}, found no code")
    return "".join(f"{line}\n" for line in lines)


def require_new(bank: Sequence[Answer], code: str, title: str = "") -> None:
    """Raise CourseError if a bank has an answer with this title, or the same code apart from comments and layout."""
    if same := find_same(bank, code):
        raise CourseError(f"expected a new answer, got the code of {same.title!r} (line {same.line} of the bank)")
    for answer in bank:
        if answer.title == title:
            raise CourseError(f"expected a new title, got that of line {answer.line} of the bank: {title!r}")


def find_same(bank: Sequence[Answer], code: str) -> Answer | None:
    """Find the answer with the same code, apart from comments and layout."""
    meaning = _meaning(code)
    return next((answer for answer in bank if _meaning(answer.code) == meaning), None)


def _meaning(code: str) -> str:
    try:
        return ast.dump(ast.parse(code))
    except (SyntaxError, ValueError):
        return code


def notebook_with(course: Course, unit: str, exercise: str) -> NotebookNode:
    """Read the instructor's notebook of a unit; raise CourseError if it has no such exercise."""
    notebook = read_unit(course.solutions / unit / f"{unit}.md")
    names = exercises(notebook)
    if exercise not in names:
        raise CourseError(f"expected an exercise of {unit}, one of {', '.join(names) or 'none'}; got {exercise!r}")
    return notebook


def try_code(notebook: NotebookNode, exercise: str, code: str) -> Trial:
    """Run the tests of an exercise on a learner's answer, in the sandbox.

    Parameters
    ----------
    notebook : NotebookNode
        The instructor's.
    exercise : str
        The name of an exercise in it.
    code : str
        The solution cell.

    Returns
    -------
    Trial
        Its answer has no title; it is right if it earned every point, otherwise its words are the cause in the
        feedback.

    Raises
    ------
    KernelStartError, KernelDiedError
        If the sandbox does not start, or the answer kills it.
    """
    with apart(isolated=True) as place:
        (trial,) = try_answers(notebook, [Answer(exercise, "", True, (), code, 0)], place)
    if trial.accepted:
        return trial
    return replace(trial, answer=replace(trial.answer, right=False, says=(_words(trial.feedback),)))


def _words(feedback: str) -> str:
    """Choose the words that name the cause in a feedback."""
    return next((found[1].strip() for pattern in _WORDS if (found := pattern.search(feedback))), "")


def append(course: Course, unit: str, answer: Answer) -> str:
    """Write an answer to the end of its bank.

    Parameters
    ----------
    course : Course
        The course of the unit.
    unit : str
        Its full name.
    answer : Answer
        A wrong one is written as a change to the nearest right one, if that is clearly shorter.

    Returns
    -------
    str
        The text that was added.

    Raises
    ------
    CourseError
        If the bank is broken, already has this answer or this title, or could not be read back with this answer.
        Then nothing is written.
    """
    path = bank_of(course.solutions / unit, answer.exercise)
    bank = read_bank(path) if path.exists() else []
    require_new(bank, answer.code, answer.title)
    before = read_text(path).rstrip("\n") if path.exists() else f"# Answers to {answer.exercise}"
    entry = write_entry(answer, [other for other in bank if other.right])
    text = f"{before}\n\n{entry}"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, path.name)
        write_aside(copy, text)
        added = read_bank(copy)[len(bank) :]
    if [replace(other, line=answer.line) for other in added] != [answer]:
        raise CourseError(f"expected a title and words that are plain text in one line, got {answer.title!r}")
    write_aside(path, text)
    return entry
