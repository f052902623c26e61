"""Feedback pages to hand back, in the zip file that a system takes them from."""

from collections.abc import Mapping
from pathlib import Path

from course_lib.classroom.export.files import Export
from course_lib.classroom.export.grades import Grade, named
from course_lib.course import Course


def pages(course: Course, grades: Mapping[str, Grade], unit: str) -> dict[str, Path]:
    """Name the feedback page of each student: for a group, that of the member who handed in.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    grades : mapping of str to Grade
        By student.
    unit : str
        The unit.

    Returns
    -------
    dict of str to Path
        By student; a page need not exist.
    """
    folder = course.classroom / "feedback"
    return {student: folder / grade.entry.student / unit / f"{unit}.html" for student, grade in grades.items()}


def hand_back(
    export: Export, unit: str, there: Mapping[str, Path], names: Mapping[str, str], missing_name: str
) -> None:
    """Put the feedback of a unit into a zip file, and say whose is not in it.

    Parameters
    ----------
    export : Export
        Receives the zip file, unless it would be empty.
    unit : str
        The unit.
    there : mapping of str to Path
        Pages by student; see `pages`.
    names : mapping of str to str
        By student, the name in the zip file.
    missing_name : str
        What it means that a student has no such name, and what to do.
    """
    written = {student: page for student, page in there.items() if page.is_file()}
    if absent := [student for student in there if student not in written]:
        export.lines.append(f"{unit}: no feedback page: {named(absent)}; `course grade` writes it")
    if files := {names[student]: page for student, page in written.items() if student in names}:
        export.archives[f"{unit}_feedback.zip"] = files
    if nameless := [student for student in written if student not in names]:
        (export.lines if files else export.notes).append(
            f"{unit}: feedback {missing_name}: {'everybody' if not files else named(nameless)}"
        )
