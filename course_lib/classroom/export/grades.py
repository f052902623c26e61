"""What counts: the points of each student of a class, from the gradebook and the class list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from course_lib.classroom.roster import Roster, Student
from course_lib.grading.gradebook.entries import GradebookEntry

_SHOWN = 8  # names in a line


@dataclass(frozen=True)
class Grade:
    """The points of one student for a unit.

    Attributes
    ----------
    student : Student
        Whose points they are.
    entry : GradebookEntry
        Of the student, or of the member of the student's group who handed in.
    """

    student: Student
    entry: GradebookEntry

    @property
    def points(self) -> str:
        """The points that count, in full precision, with a decimal point."""
        return f"{self.entry.points:.12g}"


@dataclass(frozen=True)
class ClassGrades:
    """The points of a class.

    Attributes
    ----------
    students : tuple of Student
        In the order of the class list, then those that only the gradebook knows; without those who have withdrawn.
    withdrawn : tuple of Student
        Those who have.
    grades : dict of str to (dict of str to Grade)
        By unit and student; a student who has handed in nothing has no grade.
    max_points : dict of str to float
        By unit.
    lines : list of str
        What a person should look at.
    """

    students: tuple[Student, ...]
    withdrawn: tuple[Student, ...] = ()
    grades: dict[str, dict[str, Grade]] = field(default_factory=dict)
    max_points: dict[str, float] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def class_grades(roster: Roster, entries: Sequence[GradebookEntry], units: Iterable[str]) -> ClassGrades:
    """Find the points of every student who has not withdrawn.

    Parameters
    ----------
    roster : Roster
        The class list; may be empty.
    entries : sequence of GradebookEntry
        The gradebook.
    units : iterable of str
        Units with submissions.

    Returns
    -------
    ClassGrades
        A student's own work counts; without any, that of the one member of the group who handed in.
    """
    withdrawn = tuple(student for student in roster.students if student.withdrawn)
    result = ClassGrades(_students(roster, entries), withdrawn)
    for unit in units:
        there = {entry.student: entry for entry in entries if entry.unit == unit}
        result.max_points[unit] = max(entry.max_points for entry in there.values())
        handed_in = {student: entry for student, entry in there.items() if entry.handed_in}
        result.grades[unit] = _of_unit(roster, result, unit, handed_in)
        waiting = [student for student, grade in result.grades[unit].items() if grade.entry.review]
        if waiting:
            result.lines.append(
                f"{unit}: exercises still wait for a person, the points so far are exported: {named(waiting)}"
            )
    return result


def _students(roster: Roster, entries: Iterable[GradebookEntry]) -> tuple[Student, ...]:
    known = {student.id: student for student in roster.students}
    in_book: dict[str, Student] = {}
    for entry in entries:
        about = Student(entry.student, entry.last_name, entry.first_name, entry.email)
        in_book.setdefault(entry.student, about)
    listed = [_completed(student, in_book.get(student.id)) for student in roster.students if not student.withdrawn]
    return (*listed, *(in_book[name] for name in sorted(in_book.keys() - known.keys())))


def _completed(student: Student, in_book: Student | None) -> Student:
    """Take from the gradebook what the class list does not say."""
    if in_book is None:
        return student
    missing = {
        name: getattr(in_book, name) for name in ("last_name", "first_name", "email") if not getattr(student, name)
    }
    return replace(student, **missing)


def _of_unit(
    roster: Roster, result: ClassGrades, unit: str, handed_in: Mapping[str, GradebookEntry]
) -> dict[str, Grade]:
    grades = {}
    for student in result.students:
        others = [other.id for other in roster.group_of(student.id) if other.id in handed_in]
        if student.id in handed_in:
            grades[student.id] = Grade(student, handed_in[student.id])
        elif len(others) == 1:
            grades[student.id] = Grade(student, handed_in[others[0]])
        elif others:
            result.lines.append(
                f"{unit}: {student.id}: expected one member of group {student.group} to hand in, got {named(others)}; "
                "left without points, enter them by hand"
            )
    return grades


def named(names: Sequence[str]) -> str:
    """List names in a line, not more than a person would read."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
