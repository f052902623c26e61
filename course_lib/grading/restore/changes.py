"""What was changed in a submission, in words."""

from collections.abc import Collection, Iterator, Sequence

from course_lib.cells import is_question
from course_lib.grading.restore.match import Found
from course_lib.grading.restore.reading import Cell
from course_lib.grading.restore.template import Template

_MARKS = ("grade", "solution", "locked", "task", "points", "schema_version")


def describe_changes(cells: Sequence[Cell], template: Template, found: Found, moved: Collection[int]) -> list[str]:
    """Describe what was changed, with a line for each kind of damage that lists the affected cells.

    Parameters
    ----------
    cells : sequence of Cell
        The submitted cells.
    template : Template
        The original cells.
    found : Found
        Which cell is which.
    moved : collection of int
        Tests that are now in another place, by their place in the template.

    Returns
    -------
    list of str
        ``damage, remedy: cells``.
    """
    said: dict[str, list[str]] = {}
    for index in sorted((*template.solutions, *template.fixed)):
        damages = _answer(index, template, found) if index in template.solutions else _test(index, template, found)
        for damage, more in damages:
            said.setdefault(damage, []).append(f"'{template.name(index)}'{more}")
        if index in moved:
            said.setdefault("moved, put back in its place", []).append(f"'{template.name(index)}'")
    for cell, tags in _tags(cells, template, found):
        said.setdefault("tagged, tags taken away", []).append(f"cell {cell.number} ({', '.join(tags)})")
    return [f"{damage}: {', '.join(names)}" for damage, names in said.items()]


def _answer(index: int, template: Template, found: Found) -> Iterator[tuple[str, str]]:
    """Yield what happened to the cell of an exercise, and words to put after its name."""
    if index in found.shared:
        yield "deleted, but answered in another cell", f" (cell {found.shared[index].number})"
    elif index not in found.solutions:
        yield "deleted, put back untouched", ""
    else:
        cell = found.solutions[index]
        copies = len(found.copies.get(index, []))
        if copies > 1:
            yield "copied, the last one that was worked on counts", f" ({copies} times; cell {cell.number})"
        if index in found.recognized_by:
            yield f"grade_id lost or changed, recognized by {found.recognized_by[index]}", f" (cell {cell.number})"
        else:
            yield from _marks(cell, index, template)
        yield from _kind(cell, index, template)


def _test(index: int, template: Template, found: Found) -> Iterator[tuple[str, str]]:
    """Yield what happened to a test, and words to put after its name."""
    copies = found.copies.get(index, [])
    if not copies:
        yield "deleted, put back", ""
        return
    if len(copies) > 1:
        yield "copied, once is enough", f" ({len(copies)} times)"
    if any(cell.source.strip() not in template.texts[index] for cell in copies):
        yield "changed, restored", ""
    if template.by_name.get(copies[0].grade_id) != index:
        yield "grade_id lost or changed, recognized by its text or cell id", ""
    else:
        yield from _marks(copies[0], index, template)
    yield from _kind(copies[0], index, template)


def _kind(cell: Cell, index: int, template: Template) -> Iterator[tuple[str, str]]:
    kind = template.cells[index].cell_type
    if cell.kind != kind:
        yield f"made a {cell.kind} cell, {kind} again", ""


def _marks(cell: Cell, index: int, template: Template) -> Iterator[tuple[str, str]]:
    """Yield a change of the cell's nbgrader metadata."""
    mark = template.cells[index].metadata.nbgrader
    keys = [key for key in _MARKS if key != "points" or not is_question(template.cells[index])]  # these may change
    changed = [key for key in keys if key in mark and cell.nbgrader.get(key) != mark[key]]
    if changed:
        yield "metadata changed, restored", f" ({', '.join(changed)})"


def _tags(cells: Sequence[Cell], template: Template, found: Found) -> Iterator[tuple[Cell, list[str]]]:
    """Yield the cells with tags that the release does not have."""
    theirs = {number: index for index, number in found.numbers().items()}
    for cell in cells:
        own = template.cells[theirs[cell.number]].metadata.get("tags", []) if cell.number in theirs else []
        tags = [repr(tag[:40]) for tag in cell.tags[:3] if tag not in own]
        if tags:
            yield cell, tags
