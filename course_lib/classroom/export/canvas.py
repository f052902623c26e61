"""Files for Canvas: its gradebook, and feedback.

What Canvas reads is in its sources, in ``lib/gradebook_importer.rb`` and, for feedback,
``app/models/abstract_assignment.rb`` (``infer_comment_context_from_filename``).
"""

import re
from collections.abc import Mapping, Sequence

from course_lib.classroom.export.files import Export
from course_lib.classroom.export.fill import check_maximum, fill, report_strangers
from course_lib.classroom.export.grades import ClassGrades, Grade
from course_lib.classroom.export.match import Key, ids, match
from course_lib.classroom.export.template import Template, TemplateError

GRADEBOOK = "a gradebook of Canvas"
NAME = "gradebook.csv"
_EXPORT = "export it in Canvas under Gradebook, Export"
_ASSIGNMENT = re.compile(r"(.+) \((\d+)\)")
_TEST_STUDENT = "Student, Test"  # whom Canvas adds to a course that a teacher looks at as a student
# The name of a student, or a code for it, the numbers of the student and of the file, and the file's own name.
_DOWNLOADED = re.compile(r"(?:anon_[^_]+|[^_]+(?:_LATE)?_(?P<user>\d+))(?:_LATE)?_\d+_.+")


def gradebook(template: Template, of_class: ClassGrades, users: Mapping[str, str]) -> Export:
    """Fill in the gradebook that Canvas exported.

    Parameters
    ----------
    template : Template
        The gradebook.
    of_class : ClassGrades
        The points; each unit needs an assignment in Canvas.
    users : mapping of str to str
        Canvas's numbers of students, as far as they are known; see `users`.

    Returns
    -------
    Export
        A gradebook with the columns up to Section and those of the units, and with the students who have points. What
        is not in the file, Canvas leaves alone; for an empty cell it would remove points.

    Raises
    ------
    TemplateError
        If it is not such a gradebook, or an assignment or its points do not match.
    """
    *_, section = template.require(("ID", "Section"), GRADEBOOK, _EXPORT)
    if template.header[0].strip() != "LastName":
        template.require(("Student",), GRADEBOOK, _EXPORT)
    columns = _assignments(template, list(of_class.grades))
    special = {row for row, cells in enumerate(template.rows) if _is_special(cells, section)}
    _check_points(template, columns, of_class)
    found = match(template, _keys(users), (*of_class.students, *of_class.withdrawn))
    export = Export()
    filled = template
    for unit, column in columns.items():
        filled = fill(export, filled, column, template.header[column].strip(), found, of_class.grades[unit])
    report_strangers(export, template, found, special)
    graded = {student for grades in of_class.grades.values() for student in grades}
    kept = [row for row in range(len(filled.rows)) if row in special or (row in found and found[row].id in graded)]
    rows = [filled.rows[row] for row in kept if filled.rows[row][0] != _TEST_STUDENT]
    export.texts[NAME] = filled.with_rows(rows).with_columns([*range(section + 1), *columns.values()]).text()
    return export


def _keys(users: Mapping[str, str]) -> tuple[Key, ...]:
    return (
        Key("ID", lambda student: (users.get(student.id, ""), *ids(student.canvas))),
        Key("SIS User ID", lambda student: (*ids(student.canvas), student.id)),
        Key("SIS Login ID", lambda student: (*ids(student.canvas), student.id, student.email)),
    )


def _check_points(template: Template, columns: Mapping[str, int], of_class: ClassGrades) -> None:
    """Check what each assignment is worth; see `check_maximum`."""
    for unit, column in columns.items():
        where = f"points possible of {template.header[column].strip()}:"
        possible = {cells[column].strip() for cells in template.rows if "Points Possible" in cells[0]}
        check_maximum(template, where, possible, unit, of_class.max_points[unit])


def _is_special(cells: Sequence[str], section: int) -> bool:
    """Tell whether a row is not about a student of the class."""
    return "Points Possible" in cells[0] or cells[0] == _TEST_STUDENT or not any(cells[: section + 1])


def _assignments(template: Template, units: Sequence[str]) -> dict[str, int]:
    """Find the column of each unit's assignment."""
    titles = {
        column: found[1]
        for column, name in enumerate(template.header)
        if (found := _ASSIGNMENT.fullmatch(name.strip()))
    }
    columns, faults = {}, []
    for unit in units:
        matching = [column for column, title in titles.items() if _is_about(title, unit)]
        if len(matching) == 1:
            columns[unit] = matching[0]
        elif matching:
            names = " and ".join(template.header[column] for column in matching)
            faults.append(
                f"{template.path}: expected one assignment for {unit}, got {names}; rename one of them in Canvas, and "
                "export the gradebook again"
            )
        else:
            there = ", ".join(titles.values()) or "no assignment"
            faults.append(
                f"{template.path}: expected an assignment with {unit} in its name, got {there}; rename it in Canvas "
                "and export the gradebook again, or name the units to export"
            )
    if faults:
        raise TemplateError("\n".join(faults))
    return columns


def _is_about(title: str, unit: str) -> bool:
    """Tell whether an assignment's title names a unit: ``03_upsampling``, ``Unit 03: Upsampling`` or ``Upsampling``."""
    words, wanted = _words(title), _words(unit)
    inside = any(words[start : start + len(wanted)] == wanted for start in range(len(words)))
    return inside or words == wanted[1:]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.casefold())


def users(downloaded: Mapping[str, str]) -> dict[str, str]:
    """Find Canvas's numbers of students in the names of downloaded files, by student."""
    found = {student: _DOWNLOADED.fullmatch(name) for student, name in downloaded.items()}
    return {student: match["user"] for student, match in found.items() if match and match["user"]}


def recipients(grades: Mapping[str, Grade], downloaded: Mapping[str, str]) -> dict[str, Grade]:
    """Leave out students for whom another member of the group handed in: Canvas shows a page to the whole group."""
    groups = {grade.student.group for student, grade in grades.items() if student in downloaded} - {""}
    return {
        student: grade
        for student, grade in grades.items()
        if student in downloaded or grade.student.group not in groups
    }


def feedback_names(downloaded: Mapping[str, str]) -> dict[str, str]:
    """Name feedback pages as Canvas expects them in a zip file: as the downloaded files, but for the ending.

    Canvas reads the numbers of student and file in the name, and shows the page under the name of that file.
    """
    return {
        student: f"{name.rpartition('.')[0] or name}.html"
        for student, name in downloaded.items()
        if _DOWNLOADED.fullmatch(name)
    }
