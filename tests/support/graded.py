"""Entries of a gradebook, made by hand."""

from collections.abc import Iterable
from typing import Any

from course_lib.classroom.export.grades import ClassGrades, class_grades
from course_lib.classroom.roster import Roster, Student
from course_lib.grading.gradebook.entries import GradebookEntry

UNIT = "01_doubling"


def entry(student: str, points: float, unit: str = UNIT, maximum: float = 3, **more: Any) -> GradebookEntry:
    """Make an entry."""
    return GradebookEntry(student, unit, points, maximum, {"double": (points, maximum)}, **more)


def graded(points: dict[str, float], students: Iterable[Student] = (), units: Iterable[str] = (UNIT,)) -> ClassGrades:
    """Make a class with the same points in every unit."""
    entries = [entry(name, number, unit) for unit in units for name, number in points.items()]
    return class_grades(Roster(tuple(students)), entries, units)
