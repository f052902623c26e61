"""The command ``course similar``."""

from typing import Annotated

import typer

from course_lib.classroom.roster import read_roster
from course_lib.course import Course
from course_lib.grading.models import printable
from course_lib.similar.report import compare_class, write_report
from course_lib.terminal import console


def similar(
    unit: Annotated[str, typer.Argument(help="A unit, in whole or in part: 03, upsampling, 03_upsampling.")],
) -> None:
    """Report which answers in classroom/submitted resemble each other, without what the course itself says."""
    course = Course.find()
    name = course.unit_with_solutions(unit)
    roster = read_roster(course)
    groups = {student.id: student.group for student in roster.students}
    with console.status("comparing answers"):
        report = compare_class(course, name, groups)
        page, data = write_report(course, report)
    students = len(report.class_.students)
    console.print(f"{name}: {students} students, {report.pairs} pairs, {len(report.listed)} to look at")
    if gone := [
        student.id for student in roster.students if student.withdrawn and student.id in report.class_.students
    ]:
        console.print(f"withdrawn, and compared all the same: {', '.join(gone)}", soft_wrap=True)
    console.print(f"confidential: {page}, {data.name}", soft_wrap=True)
    for line in report.class_.unreadable:
        console.print(f"not compared: {printable(line)}", soft_wrap=True)
    raise typer.Exit(int(bool(report.class_.unreadable)))
