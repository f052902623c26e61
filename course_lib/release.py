"""From the one text that people edit to the notebook that a learner gets."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory

from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.files import TextError, read_text, write_aside
from course_lib.release_steps import give_points
from course_lib.rules import problems

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())
log.propagate = False  # nbgrader raises its errors; its other messages are of no interest


class ReleaseError(CourseError):
    """A unit breaks a rule; each line of the message names file, cell and rule."""


def read_unit(text: Path) -> NotebookNode:
    """Convert the text of a unit to a notebook.

    Parameters
    ----------
    text : Path
        MyST Markdown, ``solutions/NN_unit/NN_unit.md``.

    Returns
    -------
    NotebookNode
        Format 4.5, without outputs. The same text gives the same notebook: cell ids are derived
        from the cells, and jupytext's own metadata, which could pair a release with its answers
        again, is dropped.

    Raises
    ------
    TextError
        If the text is not UTF-8, or contains characters that may or may not end a line.
    """
    notebook = jupytext.reads(read_text(text), fmt="md:myst")
    notebook.metadata = NotebookNode(kernelspec=NotebookNode(KERNEL), language_info=NotebookNode(name="python"))
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    taken: set[str] = set()
    for cell in notebook.cells:
        cell.id = _cell_id(cell, taken)
        taken.add(cell.id)
    return notebook


def _cell_id(cell: NotebookNode, taken: set[str]) -> str:
    """Derive an id from the cell's grade_id or content, so that changes of other cells do not affect it."""
    mark = cell.metadata.get("nbgrader")
    grade_id = mark.get("grade_id") if isinstance(mark, dict) else None
    content = grade_id or f"{cell.cell_type}:{cell.source}"
    for repeat in range(len(taken) + 1):
        cell_id = hashlib.sha256(f"{repeat}:{content}".encode()).hexdigest()[:12]
        if cell_id not in taken:
            break
    return cell_id


def build_source(course: Course, unit: str) -> Path:
    """Write the instructor notebook of a unit below ``build/source``.

    Parameters
    ----------
    course : Course
        The course of the unit.
    unit : str
        Its full name.

    Returns
    -------
    Path
        The notebook.

    Raises
    ------
    ReleaseError
        If the unit breaks a rule. Then nothing is written.
    CourseError
        If a setting in ``nbgrader_config.py`` is wrong.
    """
    path = course.source / unit / f"{unit}.ipynb"
    write_aside(path, _instructor(course, unit))
    return path


def _instructor(course: Course, unit: str) -> str:
    """Convert a unit that follows the rules to its instructor notebook, as JSON."""
    text = _text(course, unit)
    name = _named(course, text)
    try:
        notebook = read_unit(text)
    except TextError as error:
        raise ReleaseError("\n".join(_named(course, line) for line in str(error).split("\n"))) from None
    except Exception as error:  # the errors of jupytext, YAML and the file itself have no common base class
        raise ReleaseError(f"{name}: expected MyST Markdown: {_line(error)}") from error
    broken = problems(notebook, text)
    if broken:
        raise ReleaseError("\n".join(_named(course, line) for line in broken))
    give_points(notebook, course.nbgrader_config())
    return nbformat.writes(notebook) + "\n"


def _text(course: Course, unit: str) -> Path:
    return course.solutions / unit / f"{unit}.md"


def _named(course: Course, text: object) -> str:
    """Name a file at the start of a line, relative to the course's root."""
    return str(text).removeprefix(f"{course.root}{os.sep}")


def _line(error: BaseException) -> str:
    """Write an error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def release(course: Course, units: Iterable[str], check: bool = False) -> list[str]:
    """Write the learner's notebooks of some units, and their instructor notebooks: all of them, or none at all.

    Parameters
    ----------
    course : Course
        The course of the units.
    units : iterable of str
        Their full names.
    check : bool
        Only compare, write nothing.

    Returns
    -------
    list of str
        The units whose release was not up to date.

    Raises
    ------
    ReleaseError
        If a unit breaks a rule; all problems of all units are named.
    """
    broken, made = [], {}
    for unit in units:
        try:
            made[unit] = generate(course, unit)
        except ReleaseError as error:
            broken.append(str(error))
    if broken:
        raise ReleaseError("\n".join(broken))
    changed = [unit for unit, content in made.items() if _read(released(course, unit)) != content]
    if not check:
        for unit in made:
            build_source(course, unit)
        for unit in changed:
            write_aside(released(course, unit), made[unit])
    return changed


def released(course: Course, unit: str) -> Path:
    """Path of the learner's notebook of a unit."""
    return course.notebooks / unit / f"{unit}.ipynb"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


class _Generate(GenerateAssignment):
    """nbgrader's own converter, which keeps the reason why a notebook could not be converted."""

    reason: Exception | None = None

    def convert_single_notebook(self, notebook_filename: str) -> None:
        try:
            super().convert_single_notebook(notebook_filename)
        except Exception as error:
            self.reason = error
            raise


def generate(course: Course, unit: str, database: bool = False) -> str:
    """Turn a unit into a learner's notebook with nbgrader's own ``generate_assignment``.

    Parameters
    ----------
    course : Course
        The course of the unit. Nothing is written there, except to the gradebook if `database` is set.
    unit : str
        Its full name.
    database : bool
        Also enter the unit's tests and points into the gradebook.

    Returns
    -------
    str
        The learner's notebook, as JSON.

    Raises
    ------
    ReleaseError
        If the unit breaks a rule, or nbgrader refuses the notebook.
    """
    config = course.nbgrader_config()
    with tempfile.TemporaryDirectory() as folder:
        write_aside(Path(folder, "source", ".", unit, f"{unit}.ipynb"), _instructor(course, unit))
        config.CourseDirectory.source_directory = str(Path(folder, "source"))
        config.CourseDirectory.release_directory = str(Path(folder, "release"))
        config.CourseDirectory.assignment_id = unit
        config.GenerateAssignment.no_database = not database
        config.SaveCells.enabled = database
        converter = _Generate(coursedir=CourseDirectory(config=config), config=config, log=log)
        try:
            converter.start()
        except (NbGraderException, RuntimeError) as error:
            name = _named(course, _text(course, unit))
            raise ReleaseError(f"{name}: nbgrader refuses it: {_line(converter.reason or error)}") from error
        return Path(folder, "release", unit, f"{unit}.ipynb").read_text(encoding="utf-8")
