"""Whose a submission is, and what the student is called."""

import hashlib
import os
import unicodedata
from pathlib import Path

from course_lib.course import Course

_BYTES = 128  # what nbgrader's gradebook holds; leaves room for the names of files made from it
_MARKUP = '<>"'  # formgrader would take them for HTML
_UNSHOWN = ("Cc", "Cs", "Zl", "Zp")  # Unicode's categories: control, half of a pair or no UTF-8, line ends


def submitted(course: Course) -> Path:
    """Path of the classroom's folder of submissions."""
    return course.classroom.resolve() / "submitted"


def owner(course: Course, path: Path) -> Path | None:
    """Find the folder of the student whose file this is.

    Parameters
    ----------
    course : Course
        In its ``submitted``, each folder is a student's, and what lies deeper is that student's too.
    path : Path
        A file. Elsewhere it belongs to the folder that it lies in, or around the unit's folder.

    Returns
    -------
    Path or None
        None if it lies directly in ``submitted``, or there in the folder of a unit: nobody can tell whose it is.
    """
    units = course.units_with_solutions()
    if path.is_relative_to(submitted(course)):
        first, *deeper = path.relative_to(submitted(course)).parts
        return submitted(course) / first if deeper and first not in units else None
    return next(above for above in path.parents if above.name not in units)


def flaw_of(student: str) -> str:
    """Say why nbgrader or a table could not handle a student's name; empty if they can."""
    if len(student.encode(errors="replace")) > _BYTES:
        return f"expected a student's name of at most {_BYTES} bytes in UTF-8"
    if shown(student) != student or not student.strip() == student != "":
        return f"expected a student's name of printable letters, without space around it, got {student!a}"
    if any(letter in student for letter in _MARKUP):
        return f"expected a student's name without {' '.join(_MARKUP)}, got {student!a}"
    return ""


def shown(student: str) -> str:
    """Write a name that can be shown and can name files; one that had to be changed for that ends with a hash."""
    shown = "".join("�" if unicodedata.category(letter) in _UNSHOWN else letter for letter in student)
    if shown == student and len(shown.encode()) <= _BYTES:
        return student
    cut = shown.encode()[: _BYTES // 2].decode(errors="ignore")
    return f"{cut}~{hashlib.sha256(os.fsencode(student)).hexdigest()[:8]}"
