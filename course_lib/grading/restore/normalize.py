"""Turning a submission into a notebook that can be graded."""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from nbformat import NotebookNode

from course_lib.cells import exercise_of
from course_lib.errors import CourseError
from course_lib.grading.restore.audit_flags import find_audit_flags
from course_lib.grading.restore.changes import describe_changes
from course_lib.grading.restore.match import POINTER, Found, claims, recognize, untouched
from course_lib.grading.restore.reading import Cell, read_cells
from course_lib.grading.restore.template import Template

_CELL_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_TITLE = re.compile(r"^# +(.+)", re.MULTILINE)


@dataclass(frozen=True)
class Normalized:
    """A submission that can be graded.

    Attributes
    ----------
    notebook : NotebookNode
        The notebook, in format 4.5, without outputs.
    changes : list of str
        What was changed and is restored, a short line each; empty for an ordinary submission.
    audit_flags : list of str
        What an instructor may want to look at; see `find_audit_flags`.
    missing : frozenset of str
        Exercises whose cells were missing.
    """

    notebook: NotebookNode
    changes: list[str]
    audit_flags: list[str]
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Entry:
    """A cell of the result: its place in the submission, and in the template, if any."""

    number: int
    index: int | None
    node: NotebookNode


def normalize(submitted: bytes, source: NotebookNode) -> Normalized:
    """Restore what a learner must not change, but may have changed.

    All of the learner's cells keep their order. Tests come from the source, in the source's order,
    each after the answer that it tests: at the learner's place, if that is between this answer and the next cell of the
    release. A missing answer is restored untouched. Tags and metadata are always those of the release.

    Parameters
    ----------
    submitted : bytes
        A file.
    source : NotebookNode
        The instructor's notebook of the unit, with hidden tests. Its answers never reach the result.

    Returns
    -------
    Normalized
        The same for the same input; normalizing the result again changes nothing.

    Raises
    ------
    CourseError
        If it is not a notebook, or not of this unit; the message is for the instructor.
    """
    return restore(submitted, Template.of(source))


def restore(submitted: bytes, template: Template) -> Normalized:
    """Restore a submission by the template of its unit; see `normalize`."""
    cells, changes = read_cells(submitted)
    found = recognize(cells, template)
    _check_unit(cells, template, found)
    entries = _learners(cells, template, found)
    for index in template.solutions:
        if index not in found.solutions:
            _put_back(entries, index, template, found)
    places, moved = _places(entries, template, found)
    result = NotebookNode(nbformat=4, nbformat_minor=5, metadata=deepcopy(template.metadata), cells=[])
    for place in range(len(entries) + 1):
        result.cells += [deepcopy(template.cells[index]) for index in template.fixed if places[index] == place]
        result.cells += [entry.node for entry in entries[place : place + 1]]
    missing = {template.name(index) for index in {*template.solutions} - found.solutions.keys() - found.shared.keys()}
    changes += describe_changes(cells, template, found, moved)
    return Normalized(result, changes, find_audit_flags(cells, template), frozenset(missing))


def _check_unit(cells: Sequence[Cell], template: Template, found: Found) -> None:
    """Refuse the notebook of another unit."""
    names = [template.name(index) for index in template.solutions]
    foreign = [cell.grade_id for cell in cells if cell.grade_id and cell.grade_id not in template.by_name]
    graded = {*template.solutions, *template.fixed}
    if not names or any(claims(cell, template) & graded for cell in cells):
        return
    if foreign and len(found.solutions) <= len(names) / 2:
        titles = [title for cell in cells if cell.kind == "markdown" for title in _TITLE.findall(cell.source)]
        raise CourseError(
            f"expected the unit with the exercises {_list(names)}, found another one: "
            f"{titles[0][:80] if titles else 'untitled'} ({_list(foreign)})"
        )
    if not (found.solutions or found.others):
        raise CourseError(f"expected the unit with the exercises {_list(names)}, found none of its cells")


def _list(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:40]) for name in names[:3]) + ", …" * (len(names) > 3)


def _learners(cells: Sequence[Cell], template: Template, found: Found) -> list[_Entry]:
    """Rebuild the learner's cells, in their order, without tests and without needless copies of stubs."""
    answers = {cell.number: index for index, cell in found.solutions.items()}
    others = {cell.number: index for index, cell in found.others.items()}
    left_out = {
        cell.number
        for index, copies in found.copies.items()
        for cell in copies
        if index in template.fixed or untouched(cell, index, template)
    }
    taken = {cell.id for cell in template.cells}
    entries = []
    for cell in cells:
        index = answers.get(cell.number, others.get(cell.number))
        if cell.number in answers:
            node = deepcopy(template.cells[answers[cell.number]])
            node.source = cell.source
        elif cell.number in left_out:
            continue
        else:
            node = _own(cell, taken)
            if index is not None:  # a cell of the release, which the learner may have edited
                node.id, node.metadata = template.cells[index].id, deepcopy(template.cells[index].metadata)
                if cell.source != template.cells[index].source:
                    node.metadata.pop("tags", None)  # a demonstration that was changed may be needed
        entries.append(_Entry(cell.number, index, node))
    return entries


def _own(cell: Cell, taken: set[str]) -> NotebookNode:
    """Rebuild a learner's cell, with only its text, its pictures and a unique id."""
    node = NotebookNode(cell_type=cell.kind, id=cell.cell_id, metadata=NotebookNode(), source=cell.source)
    repeat = 0
    while node.id in taken or not _CELL_ID.fullmatch(node.id):
        node.id = hashlib.sha256(f"{repeat}:{cell.number}:{cell.source}".encode()).hexdigest()[:12]
        repeat += 1
    taken.add(node.id)
    if cell.kind == "code":
        node |= {"outputs": [], "execution_count": None}
    elif cell.attachments:
        node.attachments = cell.attachments
    return node


def _put_back(entries: list[_Entry], index: int, template: Template, found: Found) -> None:
    """Add a cell for an exercise without one: a pointer to the cell that answers it, or the stub."""
    node = deepcopy(template.cells[index])
    if index in found.shared:
        place = next(place for place, entry in enumerate(entries, 1) if entry.number == found.shared[index].number)
        node.source = f"{POINTER} {entries[place - 1].node.metadata.nbgrader.grade_id}."
    else:
        before = [(entry.index, place) for place, entry in enumerate(entries, 1) if entry.index is not None]
        place = max((pair for pair in before if pair[0] < index), default=(0, 0))[1]
    entries.insert(place, _Entry(entries[place - 1].number if place else 0, index, node))


def _places(entries: Sequence[_Entry], template: Template, found: Found) -> tuple[dict[int, int], set[int]]:
    """Return, for each test, how many of the learner's cells come before it, and which tests had to be moved."""
    where = {entry.index: place for place, entry in enumerate(entries) if entry.index is not None}
    places: dict[int, int] = {}
    moved = set()
    lowest = 0
    for index in template.fixed:
        answer = template.by_name.get(exercise_of(template.name(index)), index)
        lowest = max(lowest, where.get(answer, -1) + 1)
        later = (where[other] for other in range(index + 1, len(template.cells)) if where.get(other, -1) >= lowest)
        highest = next(later, len(entries))
        submitted_place = highest
        if index in found.copies:
            submitted_place = bisect_left(entries, found.copies[index][0].number, key=lambda entry: entry.number)
        lowest = places[index] = min(max(submitted_place, lowest), highest)
        if places[index] != submitted_place:
            moved.add(index)
    return places, moved
