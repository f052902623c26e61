"""The student of a submission, and the student's name."""

import hashlib
import os
import unicodedata
from pathlib import Path

from course_lib.course import Course

_BYTES = 128  # what fits nbgrader's gradebook, with room for the names of files made from it
_MARKUP = '<>"'  # formgrader would take them for HTML
_UNSHOWN = ("Cc", "Cs", "Zl", "Zp")  # Unicode categories: control, half of a surrogate pair or not UTF-8, line ends


def submitted(course: Course) -> Path:
    """Path of the classroom's folder of submissions."""
    return course.classroom.resolve() / "submitted"


def owner(course: Course, path: Path) -> Path | None:
    """Find the folder of the student whose file this is.

    Parameters
    ----------
    course : Course
        In its ``submitted``, each folder belongs to a student, with everything in it.
    path : Path
        A file. Outside of ``submitted``, its owner is the folder that contains it, or that contains the unit's folder.

    Returns
    -------
    Path or None
        None if it is directly in ``submitted``, or there in a unit's folder: then its owner is unknown.
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
    """Return a name that is printable and valid in file names; if it had to be changed, it ends with a hash."""
    shown = "".join("�" if unicodedata.category(letter) in _UNSHOWN else letter for letter in student)
    if shown == student and len(shown.encode()) <= _BYTES:
        return student
    cut = shown.encode()[: _BYTES // 2].decode(errors="ignore")
    return f"{cut}~{hashlib.sha256(os.fsencode(student)).hexdigest()[:8]}"
