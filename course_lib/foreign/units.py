"""A notebook of an assignment: its cells as nbgrader keeps them, from its source and from the gradebook."""

import hashlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, InstantiateTests, SaveCells
from nbgrader.utils import find_all_files, is_grade, is_locked
from traitlets import TraitError

from course_lib.errors import CourseError
from course_lib.foreign.course import ROOT, ForeignCourse
from course_lib.grading.gradebook.entries import LOCK_TIMEOUT_S, has_gradebook, in_transaction

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())
log.propagate = False  # nbgrader's own messages; its errors are raised
PYTHON = ("", "python", "ipython")
AUTOTEST = "AUTOTEST"  # in the source of a test that nbgrader writes


@dataclass(frozen=True)
class ForeignUnit:
    """One notebook of an assignment.

    Attributes
    ----------
    assignment, notebook : str
        Its names in the gradebook.
    released : str
        The notebook without answers, but with hidden tests, as JSON.
    answered : str
        The same with the instructor's answers, as JSON.
    files : dict of str to bytes
        The course's own files beside it, by relative path.
    editable : frozenset of str
        Those that learners may change and hand in.
    changed : list of str
        The locked cells in the source that differ from those in the gradebook, which count.
    """

    assignment: str
    notebook: str
    released: str = field(repr=False)
    answered: str = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False, default_factory=dict)
    editable: frozenset[str] = frozenset()
    changed: list[str] = field(default_factory=list)

    @property
    def fixed_files(self) -> dict[str, bytes]:
        """The files that nobody may change, so that a test can rely on them."""
        return {name: content for name, content in self.files.items() if name not in self.editable}

    @property
    def name(self) -> str:
        """Name it in one word: ``ps1/problem1``."""
        return f"{self.assignment}/{self.notebook}"

    @cached_property
    def cells(self) -> list[NotebookNode]:
        """The cells with the instructor's answers."""
        return list(nbformat.reads(self.answered, as_version=4).cells)


@dataclass(frozen=True)
class _Recorded:
    """A cell in the gradebook: its checksum, its text if it is locked, and its points if it has any."""

    checksum: str | None
    source: str | None
    points: float | None


def read_unit(course: ForeignCourse, assignment: str, notebook: str) -> ForeignUnit:
    """Read a notebook of an assignment.

    As in nbgrader, the tests are those in the gradebook: what ``nbgrader generate_assignment`` found when it ran last.

    Raises
    ------
    CourseError
        If nbgrader refuses the notebook, it is not in Python, or the gradebook does not have it or has other cells.
    """
    path = course.folder("source", ROOT, assignment) / f"{notebook}.ipynb"
    name = f"{assignment}/{notebook}"
    released, answered = (convert(course, path, with_answers=each) for each in (False, True))
    recorded = _recorded(course, assignment, notebook)
    found = {str(cell.metadata.nbgrader.grade_id) for cell in released.cells if _is_graded(cell)}
    if found != recorded.keys():
        differ = ", ".join(sorted(found ^ recorded.keys()))
        raise CourseError(
            f"{name}: expected the graded cells of the gradebook in {path}, found others ({differ}): "
            f"run `nbgrader generate_assignment {assignment}`"
        )
    changed = [
        str(cell.metadata.nbgrader.grade_id)
        for cell in released.cells
        if _is_graded(cell)
        and AUTOTEST not in cell.source
        and recorded[cell.metadata.nbgrader.grade_id].source not in (None, cell.source)
    ]
    for each in (released, answered):
        _as_recorded(each, recorded)
    texts = (nbformat.writes(released), nbformat.writes(answered))
    editable = frozenset(course.config.Autograde.get("exclude_overwriting", {}).get(assignment, []))
    return ForeignUnit(assignment, notebook, *texts, read_files(course, assignment), editable, changed)


def convert(course: ForeignCourse, path: Path, *, with_answers: bool) -> NotebookNode:
    """Take a source through the steps of ``nbgrader generate_assignment`` up to its entry in the gradebook.

    Parameters
    ----------
    course : ForeignCourse
        The course, whose settings may change the steps.
    path : Path
        The source.
    with_answers : bool
        Whether the instructor's answers stay.

    Raises
    ------
    CourseError
        If it cannot be read, is not in Python, or a step refuses it.
    """
    name = f"{path.parent.name}/{path.stem}"
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises many kinds
        raise CourseError(f"{name}: expected a notebook in {path}: {_line(error)}") from None
    about = notebook.metadata
    named = about.get("kernelspec", {}).get("language") or about.get("language_info", {}).get("name", "")
    if (language := str(named).lower()) not in PYTHON:
        raise CourseError(f"{name}: expected a kernel of Python, got {language}: this grader runs no other")
    resources = {
        "nbgrader": {
            "assignment": path.parent.name,
            "notebook": path.stem,
            "student": ROOT,
            "db_url": course.config.CourseDirectory.db_url,
        },
        "metadata": {"path": str(path.parent), "name": path.stem},
    }
    try:
        steps = GenerateAssignment(coursedir=course.directory, config=course.config).preprocessors
        for step in steps:
            if issubclass(step, SaveCells):
                break
            skipped = InstantiateTests if not with_answers else (InstantiateTests, ClearSolutions)
            if not issubclass(step, skipped):
                notebook, resources = step(config=course.config, log=log).preprocess(notebook, resources)
    except TraitError as error:
        raise CourseError(f"expected settings that nbgrader knows: {error}") from None
    except Exception as error:  # what nbgrader's steps raise, and those of the course
        raise CourseError(f"{name}: nbgrader refuses it: {_line(error)}") from None
    _give_ids(notebook)
    return notebook


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _give_ids(notebook: NotebookNode) -> None:
    """Give each cell an id that stays the same; a source in an old format has no ids."""
    taken: set[str] = set()
    for number, cell in enumerate(notebook.cells):
        wanted = cell.get("id") or hashlib.sha256(f"{number}:{cell.source}".encode()).hexdigest()[:12]
        cell.id = wanted if wanted not in taken else f"{wanted[:50]}-{number}"
        taken.add(cell.id)


def _is_graded(cell: NotebookNode) -> bool:
    """Tell whether the gradebook has an entry for a cell."""
    mark = cell.metadata.get("nbgrader", {})
    return bool(mark.get("grade") or mark.get("solution") or mark.get("task") or is_locked(cell))


def _as_recorded(notebook: NotebookNode, recorded: Mapping[str, _Recorded]) -> None:
    """Use the texts and points of the gradebook, in place, and leave out outputs."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell |= {"outputs": [], "execution_count": None}
    for cell in filter(_is_graded, notebook.cells):
        known = recorded[cell.metadata.nbgrader.grade_id]
        cell.metadata.nbgrader.checksum = known.checksum
        if known.source is not None:
            cell.source = known.source
        if known.points is not None and (is_grade(cell) or cell.metadata.nbgrader.get("task")):
            cell.metadata.nbgrader.points = known.points


def _recorded(course: ForeignCourse, assignment: str, notebook: str) -> dict[str, _Recorded]:
    """Read the cells of a notebook in the gradebook."""

    def read(book: Gradebook) -> dict[str, _Recorded]:
        there = book.find_notebook(notebook, assignment)
        points = {cell.name: cell.max_score for cell in (*there.grade_cells, *there.task_cells)}
        return {
            cell.name: _Recorded(cell.checksum, cell.source if cell.locked else None, points.get(cell.name))
            for cell in there.source_cells
        }

    missing = CourseError(
        f"{assignment}/{notebook}: expected it in the gradebook, found it only in the source: "
        f"run `nbgrader generate_assignment {assignment}`"
    )
    if not has_gradebook(course.config):
        raise missing
    try:
        return in_transaction(course.config, read, LOCK_TIMEOUT_S)
    except MissingEntry:
        raise missing from None


def read_files(course: ForeignCourse, assignment: str) -> dict[str, bytes]:
    """Read the files beside the source of an assignment, without those that nbgrader ignores."""
    folder = course.folder("source", ROOT, assignment)
    paths = sorted(Path(found) for found in find_all_files(str(folder), [*course.directory.ignore, "*.ipynb"]))
    return {os.path.relpath(path, folder): path.read_bytes() for path in paths}
