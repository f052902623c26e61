"""The answers of a class to one unit."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from course_lib.course import Course
from course_lib.errors import ArgumentError, CourseError
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.restore.match import recognize, untouched
from course_lib.grading.restore.reading import read_bytes, read_cells
from course_lib.grading.restore.template import Template
from course_lib.similar.documents import CODE, PROSE, Document


@dataclass
class HandedIn:
    """What a class handed in.

    Attributes
    ----------
    students : list of str
        Everyone with a notebook that can be read, in the order of their names.
    documents : list of Document
        Their answers, without untouched ones.
    unreadable : list of str
        A line for each submission that cannot be read.
    """

    students: list[str] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def read_class(course: Course, unit: str, template: Template) -> HandedIn:
    """Read the submissions in ``classroom/submitted``, and restore which cell answers what.

    Parameters
    ----------
    course : Course
        The course of the classroom.
    unit : str
        Its full name.
    template : Template
        The unit as it was released.

    Returns
    -------
    HandedIn
        Of several notebooks of a student, the one that `find_submissions` chooses.

    Raises
    ------
    CourseError
        If there are no submissions.
    """
    folder = course.classroom / "submitted"
    submissions = [submission for submission in find_submissions(course, [folder]) if submission.unit == unit]
    if not submissions:
        raise ArgumentError(f"expected notebooks of {unit} in {folder}, found none")
    found = HandedIn()
    for submission in submissions:
        try:
            if submission.problem:
                raise CourseError(submission.problem)
            documents = list(_documents(submission.student, read_bytes(submission.path), template))
        except (CourseError, OSError) as error:
            found.unreadable.append(f"{submission.student}: {error}")
        else:
            found.students.append(submission.student)
            found.documents += documents
    return found


def _documents(student: str, content: bytes, template: Template) -> Iterator[Document]:
    cells, _ = read_cells(content)
    for index, cell in sorted(recognize(cells, template).solutions.items()):
        if not untouched(cell, index, template):
            stub = template.cells[index]
            kind = CODE if stub.cell_type == "code" else PROSE
            yield Document.of(student, template.name(index), cell.source, kind, stub.source)
