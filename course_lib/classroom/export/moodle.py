"""Files for Moodle: the grading worksheet of an assignment, or a file for the gradebook, and feedback.

What Moodle reads is in its sources, in ``mod/assign/feedback/offline/importgradeslib.php`` (worksheet),
``mod/assign/feedback/file/importziplib.php`` (feedback) and ``grade/import/csv/classes/load_data.php`` (gradebook).
"""

import re
from collections.abc import Mapping

from course_lib.classroom.export.files import Export
from course_lib.classroom.export.fill import check_maximum, fill, report_strangers
from course_lib.classroom.export.grades import ClassGrades, Grade, named
from course_lib.classroom.export.match import Key, ids, match
from course_lib.classroom.export.template import Template, TemplateError, csv_text
from course_lib.classroom.roster import Student

WORKSHEET = "a grading worksheet of Moodle"
_ENGLISH = "download it in Moodle with English as your language, from the assignment that it is for"
_PARTICIPANT = re.compile(r"(\d+)\s*$")
_DOWNLOADED = re.compile(r"_(\d+)_assign(?:submission|feedback)_")
ID_NUMBER, EMAIL = "ID number", "Email address"


def participants(downloaded: Mapping[str, str]) -> dict[str, str]:
    """Find the participant numbers in names that Moodle gave to downloaded submissions, by student."""
    found = {student: _DOWNLOADED.search(name) for student, name in downloaded.items()}
    return {student: number[1] for student, number in found.items() if number}


def worksheet(
    template: Template, of_class: ClassGrades, unit: str, numbers: Mapping[str, str]
) -> tuple[Export, dict[str, str]]:
    """Fill in a grading worksheet.

    Parameters
    ----------
    template : Template
        The worksheet of the unit's assignment.
    of_class : ClassGrades
        The points.
    unit : str
        The unit.
    numbers : mapping of str to str
        Participant numbers that are known, by student; see `participants`.

    Returns
    -------
    Export
        The worksheet, in which only grades have changed.
    dict of str to str
        Participant numbers in the worksheet, by student.

    Raises
    ------
    TemplateError
        If it is not such a worksheet, or the assignment's maximum is not that of the unit.
    """
    needed = ("Identifier", "Grade", "Last modified (grade)")
    identifier, column, _ = template.require(needed, WORKSHEET, _ENGLISH)
    if template.columns("Scale"):
        raise TemplateError(
            f"{template.path}: expected points, got an assignment with a scale; set the type of its grade to Point"
        )
    for index in template.columns("Maximum grade"):
        cells = {row[index].strip() for row in template.rows if any(row)}
        check_maximum(template, "the maximum grade", cells, unit, of_class.max_points[unit])

    students = (*of_class.students, *of_class.withdrawn)
    names = template.columns("Full name")
    found = match(
        template, _keys(numbers), students, lambda row, student: all(_has_name(row[at], student) for at in names)
    )
    export = Export()
    filled = fill(export, template, column, unit, found, of_class.grades[unit])
    report_strangers(export, template, found, set())
    _report_refused(export, template, found, of_class, unit)
    export.texts[f"{unit}_worksheet.csv"] = filled.text()
    return export, {student.id: _number(template.rows[row][identifier]) for row, student in found.items()}


def _keys(numbers: Mapping[str, str]) -> tuple[Key, ...]:
    return (
        Key("Identifier", lambda student: (numbers.get(student.id, ""),), _number),
        Key(ID_NUMBER, lambda student: (*ids(student.moodle), student.id)),
        Key("Username", lambda student: (*ids(student.moodle), student.id)),
        Key(EMAIL, lambda student: (student.email,)),
        Key("Identifier", lambda student: ids(student.moodle), _number, unique=False),  # or it is somebody's ID number
        Key("Full name", lambda student: (_full_name(student), student.id), unique=False),
    )


def _has_name(cell: str, student: Student) -> bool:
    """Tell whether a full name may be a student's: one may have fewer of the words. Unknown names may be anybody's."""
    there, known = (set(re.findall(r"\w+", name.casefold())) for name in (cell, _full_name(student)))
    return there <= known or known <= there


def _number(identifier: str) -> str:
    """Read the number at the end of an identifier such as ``Participant 123``."""
    found = _PARTICIPANT.search(identifier)
    return found[1] if found else ""


def _report_refused(
    export: Export, template: Template, found: Mapping[int, Student], of_class: ClassGrades, unit: str
) -> None:
    """Add lines about grades that Moodle will skip without a word."""
    grades = of_class.grades[unit]
    if high := [name for name, grade in grades.items() if grade.entry.points > of_class.max_points[unit]]:
        export.lines.append(f"{unit}: more than the maximum grade, which Moodle skips: {named(high)}; enter them there")
    for index in template.columns("Grade can be changed"):
        locked = [
            found[row].id for row in found if template.rows[row][index].strip() == "No" and found[row].id in grades
        ]
        if locked:
            export.lines.append(f"{unit}: Moodle has locked the grade and skips the new one: {named(locked)}")


def gradebook(of_class: ClassGrades, unit: str) -> Export:
    """Write a file for Moodle's gradebook import: a column that says who it is, and the points.

    A student without points has no line, because Moodle takes an empty field for "no grade" and removes what was
    there. All lines use the same id: Moodle books a line without it for the student of the line before.
    """
    grades = list(of_class.grades[unit].values())
    texts = {EMAIL: {grade.student.id: grade.student.email for grade in grades if grade.student.email}}
    texts[ID_NUMBER] = {
        grade.student.id: grade.student.moodle for grade in grades if re.fullmatch(r"\S+", grade.student.moodle)
    }
    column, known = max(texts.items(), key=lambda item: len(item[1]))
    rows = [[known[grade.student.id], grade.points] for grade in grades if grade.student.id in known]
    export = Export({f"{unit}_gradebook.csv": csv_text([[column, unit], *rows])})
    if missing := [grade.student.id for grade in grades if grade.student.id not in known]:
        export.lines.append(f"{unit}: left out, no {column} in classroom/roster.csv: {named(missing)}")
    return export


def feedback_names(grades: Mapping[str, Grade], numbers: Mapping[str, str], unit: str) -> dict[str, str]:
    """Name feedback pages as Moodle expects them in a zip file.

    Parameters
    ----------
    grades : mapping of str to Grade
        By student.
    numbers : mapping of str to str
        Participant numbers, by student.
    unit : str
        The unit.

    Returns
    -------
    dict of str to str
        By student: a folder with a page. Of the folder's name Moodle reads what is after the first underscore, the
        participant number, and the two words after that.
    """
    return {
        student: f"{_folder_name(grade.student)}_{numbers[student]}_assignfeedback_file_/{unit}.html"
        for student, grade in grades.items()
        if student in numbers
    }


def _folder_name(student: Student) -> str:
    name = _full_name(student) or student.id
    return re.sub(r"[_/\\\x00-\x1f]+", " ", name).strip(" .~") or "Participant"


def _full_name(student: Student) -> str:
    return f"{student.first_name} {student.last_name}".strip()
