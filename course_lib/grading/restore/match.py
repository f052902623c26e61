"""Recognizing the cells of a release in a submission, even if their marks were changed or lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from course_lib.cells import CODE_STUBS, is_question
from course_lib.code_names.definitions import defined_at_margin
from course_lib.grading.restore.reading import Cell
from course_lib.grading.restore.template import Template

POINTER = "# Answered in the cell of"
ALIKE = 0.5  # the fraction of an untouched cell's lines that makes another cell its copy
_STUB_LINES = {line for stub in CODE_STUBS.values() for line in stub.splitlines()}


class _Candidate(NamedTuple):
    """A cell that may answer an exercise; of two, the greater is the likelier answer."""

    worked_on: bool
    defines: bool
    is_code: bool
    claims: bool
    number: int
    cell: Cell


@dataclass
class Found:
    """Which cell of a submission is which cell of its template.

    Attributes
    ----------
    solutions : dict of int to Cell
        The one cell that answers an exercise, by the exercise's place in the template.
    shared : dict of int to Cell
        For an exercise without its own cell, the cell of another exercise that answers it too.
    recognized_by : dict of int to str
        How an answer was recognized, if its grade_id is lost.
    copies : dict of int to list of Cell
        All cells that were, or were copied from, a solution cell or a test.
    others : dict of int to Cell
        Cells of the release that are not graded.
    """

    solutions: dict[int, Cell] = field(default_factory=dict)
    shared: dict[int, Cell] = field(default_factory=dict)
    recognized_by: dict[int, str] = field(default_factory=dict)
    copies: dict[int, list[Cell]] = field(default_factory=dict)
    others: dict[int, Cell] = field(default_factory=dict)

    def numbers(self) -> dict[int, int]:
        """Return the number of each cell that was found, by its place in the template."""
        first = {index: copies[0] for index, copies in self.copies.items()}
        return {index: cell.number for index, cell in (first | self.others | self.solutions).items()}


def recognize(cells: Sequence[Cell], template: Template) -> Found:
    """Find the cells of a template.

    A test is recognized by its text or its marks; an answer by its marks (grade_id, cell id), otherwise by the function
    that it defines, its similarity to the untouched cell, or its place.

    Parameters
    ----------
    cells : sequence of Cell
        The submitted cells.
    template : Template
        The template of the unit.

    Returns
    -------
    Found
        Of several answers to an exercise, the last one that was worked on; an untouched one only if there is no other.
    """
    found = Found()
    for cell in cells:
        _assign(cell, template, found)
    _choose(cells, template, found)
    for index in template.solutions:
        if index not in found.solutions and index not in found.shared:
            _guess(index, cells, template, found)
    return found


def untouched(cell: Cell, index: int, template: Template) -> bool:
    """Tell whether nobody has worked on the cell of an exercise."""
    text = cell.source.split()
    return text in ([], template.cells[index].source.split()) or cell.source.startswith(POINTER)


def claims(cell: Cell, template: Template) -> set[int]:
    """Find the places in the template to which a cell's marks refer."""
    places = {template.by_name.get(cell.grade_id), template.by_id.get(cell.cell_id)}
    return {index for index in places if index is not None}


def _assign(cell: Cell, template: Template, found: Found) -> None:
    """Assign a cell to the cells of the template with its text or, if there are no such cells, its marks."""
    claimed = claims(cell, template)
    text = cell.source.strip()
    tests = [index for index in template.fixed if text and text in template.texts[index]]
    if tests:
        free = [index for index in tests if index not in found.copies]
        index = [*claimed.intersection(tests), *free, *tests][0]
        found.copies.setdefault(index, []).append(cell)
        return
    graded = [*claimed.intersection(template.solutions)] or [*claimed.intersection(template.fixed)][:1]
    others = template.others.get((cell.kind, cell.source), [])
    if not graded or others:
        candidates = [*claimed.intersection(others), *others, *(claimed - {*template.by_name.values()})]
        if free := [index for index in candidates if index not in found.others]:
            found.others[free[0]] = cell
            return
    for index in graded:
        found.copies.setdefault(index, []).append(cell)


def _choose(cells: Sequence[Cell], template: Template, found: Found) -> None:
    """Choose an answer to each exercise among the cells that have its marks or define its function."""
    names = {cell.number: _names(cell, template, found) for cell in cells}
    best: dict[int, _Candidate] = {}
    for index in template.solutions:
        wanted = defined_at_margin(template.cells[index].source)
        claiming = {cell.number for cell in found.copies.get(index, [])}
        rivals = [
            _Candidate(not untouched(cell, index, template), defines, cell.kind == "code", claimed, cell.number, cell)
            for cell in cells
            if (defines := bool(wanted) and wanted <= names[cell.number]) | (claimed := cell.number in claiming)
        ]
        if rivals:
            best[index] = max(rivals, key=lambda rival: rival[:-1])
    for index, chosen in best.items():
        wanting = [other for other in best if best[other].number == chosen.number]
        if index == max(wanting, key=lambda other: (best[other].defines, best[other].claims)):
            found.solutions[index] = chosen.cell
            if template.by_name.get(chosen.cell.grade_id) != index:
                found.recognized_by[index] = "its cell id" if chosen.claims else "the function that it defines"
        elif chosen.defines:
            found.shared[index] = chosen.cell


def _names(cell: Cell, template: Template, found: Found) -> set[str]:
    """Return the names that a learner has defined in a cell, without those that the release defines there."""
    if any(cell.source.strip() in template.texts[index] for index in template.fixed):
        return set()
    if any(is_question(template.cells[index]) for index in claims(cell, template)):
        return set()  # text, which may quote code
    theirs = (template.cells[index].source for index, other in found.others.items() if other is cell)
    return defined_at_margin(cell.source).difference(*map(defined_at_margin, theirs))


def _guess(index: int, cells: Sequence[Cell], template: Template, found: Found) -> None:
    """Look for an answer without marks and function: one that resembles the stub, or is in its place."""
    known = [*found.others.values(), *found.solutions.values(), *chain.from_iterable(found.copies.values())]
    taken = {cell.number for cell in known}
    own = [cell for cell in cells if cell.number not in taken and cell.source.strip()]
    lines = _lines(template.cells[index].source)
    likeness = {cell.number: len(lines & _lines(cell.source)) / max(len(lines), 1) for cell in own}
    alike = max(own, key=lambda cell: likeness[cell.number], default=None)
    if alike and likeness[alike.number] >= ALIKE:
        found.solutions[index], found.recognized_by[index] = alike, "its likeness to the untouched cell"
        return
    numbers = found.numbers()
    before = max((place for place in numbers if place < index), default=None)
    after = min((place for place in numbers if place > index), default=None)
    if before is not None and after is not None:
        between = [cell for cell in own if numbers[before] < cell.number < numbers[after]]
        if (
            len(between) == 1
            and between[0].kind == template.cells[index].cell_type
            and not defined_at_margin(between[0].source)
        ):
            found.solutions[index], found.recognized_by[index] = between[0], "its place"


def _lines(text: str) -> set[str]:
    """Return the characteristic lines of a text: long ones that are not in the stub."""
    return {line.strip() for line in text.splitlines() if len(line.strip()) > 15} - _STUB_LINES
