"""Who is in the class."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass(frozen=True)
class Student:
    """One student of the class.

    Attributes
    ----------
    id : str
        The name of the student's folder in ``classroom/submitted``.
    last_name, first_name, email : str
        Empty if unknown.
    moodle, canvas, gradescope : str
        The student's id in those systems; empty if unknown.
    section : str
        The part of the class; usually empty.
    group : str
        Students with the same group hand in once; empty for a student who works alone.
    withdrawn : bool
        Whether the student has left the class.
    extensions : mapping of str to (date, datetime or timedelta)
        By the whole name of a unit: the student's own due date, or the time added to that of the class.
    """

    id: str
    last_name: str = ""
    first_name: str = ""
    email: str = ""
    moodle: str = ""
    canvas: str = ""
    gradescope: str = ""
    section: str = ""
    group: str = ""
    withdrawn: bool = False
    extensions: Mapping[str, date | timedelta] = field(default_factory=dict)


@dataclass(frozen=True)
class Roster:
    """The students of a class, in the order of the class list; empty if the class has no list."""

    students: tuple[Student, ...] = ()

    def by_id(self, student: str) -> Student | None:
        """Find a student by id; None if the list does not have it."""
        return next((each for each in self.students if each.id == student), None)

    def group_of(self, student: str) -> tuple[Student, ...]:
        """List the members of a student's group, without those who have withdrawn; the student alone without a group.

        Returns
        -------
        tuple of Student
            In the order of the list, with the student; empty if the list does not have the student.
        """
        found = self.by_id(student)
        if found is None:
            return ()
        return tuple(
            each
            for each in self.students
            if each is found or (found.group and each.group == found.group and not (each.withdrawn or found.withdrawn))
        )
