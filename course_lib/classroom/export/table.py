"""A table of a class for people: a line for each student, a column for each unit."""

from course_lib.classroom.export.files import Export
from course_lib.classroom.export.grades import ClassGrades
from course_lib.classroom.export.template import csv_text
from course_lib.classroom.roster import Student
from course_lib.grading.gradebook.tables import no_formula

_ABOUT = ("id", "last_name", "first_name", "email", "section")


def table(of_class: ClassGrades) -> Export:
    """Write the points of all students, with an empty field for a unit that a student has not handed in."""
    rows = [
        [no_formula(getattr(student, name)) for name in _ABOUT] + _points(of_class, student)
        for student in of_class.students
    ]
    return Export({"points.csv": csv_text([[*_ABOUT, *of_class.grades], *rows])})


def _points(of_class: ClassGrades, student: Student) -> list[str]:
    return [grades[student.id].points if student.id in grades else "" for grades in of_class.grades.values()]
