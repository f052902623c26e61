"""Filling points into a column of a file that a system exported."""

from collections.abc import Mapping
from math import isclose

from course_lib.classroom.export.files import Export
from course_lib.classroom.export.grades import Grade, named
from course_lib.classroom.export.template import Template, TemplateError
from course_lib.classroom.roster import Student

_NO_GRADE = ("", "-")
_SHOWN = 80  # characters of a line


def fill(
    export: Export,
    template: Template,
    column: int,
    title: str,
    found: Mapping[int, Student],
    grades: Mapping[str, Grade],
) -> Template:
    """Fill in the points of the students of a class.

    Parameters
    ----------
    export : Export
        Receives a line for everything that a person should look at.
    template : Template
        The file.
    column : int
        The column to fill in. Cells of students without points, and cells with words, stay as they are.
    title : str
        What the column is about, for the lines.
    found : mapping of int to Student
        Whose row it is; see `match`.
    grades : mapping of str to Grade
        By student.

    Returns
    -------
    Template
        The filled file.
    """
    rows = [list(row) for row in template.rows]
    kept = []
    for number, student in found.items():
        before = rows[number][column].strip()
        if (grade := grades.get(student.id)) is None:
            continue
        if before not in _NO_GRADE and number_in(before) is None:
            kept.append(f"{student.id} ({before})")
            continue
        if (had := number_in(before)) is not None and not isclose(had, grade.entry.points, abs_tol=0.005):
            export.notes.append(f"{title}: {student.id} had {before}, now has {grade.points}")
        rows[number][column] = grade.points
    if kept:
        export.lines.append(f"{title}: words instead of points stay as they are: {named(kept)}")
    there = {student.id for student in found.values()}
    if absent := [student for student in grades if student not in there]:
        export.lines.append(
            f"{title}: graded, but without a line in {template.path}: {named(absent)}; export it for the whole class, "
            "or correct the ids in classroom/roster.csv"
        )
    return template.with_rows(rows)


def report_strangers(export: Export, template: Template, found: Mapping[int, Student], ignored: set[int]) -> None:
    """Add a line about rows that belong to nobody of the class, but for those that are ignored."""
    strangers = [
        f"line {template.lines[number]} ({', '.join(filter(None, row[:2]))[:_SHOWN]})"
        for number, row in enumerate(template.rows)
        if any(row) and number not in found and number not in ignored
    ]
    if strangers:
        export.lines.append(
            f"{template.path}: nobody of the class, not filled in: {named(strangers)}; if somebody of these is graded, "
            "write an id or the e-mail address from that line into classroom/roster.csv"
        )


def check_maximum(template: Template, where: str, cells: set[str], unit: str, maximum: float) -> None:
    """Check that a system has the unit's maximum; raise `TemplateError` if points would mean something else there."""
    for cell in sorted(cells):
        if (there := number_in(cell)) is None or not isclose(there, maximum, abs_tol=0.005):
            raise TemplateError(
                f"{template.path}: expected {where} {maximum:g}, what {unit} is worth, got {cell or 'nothing'}; "
                "set it there, and export the file again"
            )


def number_in(cell: str) -> float | None:
    """Read a number with a decimal point or comma; None if it is something else."""
    try:
        return float(cell.strip().replace(",", "."))
    except ValueError:
        return None
