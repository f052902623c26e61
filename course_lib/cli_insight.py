"""The command ``course insight``."""

from typing import Annotated

import typer

from course_lib.classroom.roster import read_roster
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.gradebook.entries import recorded
from course_lib.insight.class_results import recorded_results
from course_lib.insight.pages import write_insight
from course_lib.insight.report import table
from course_lib.insight.unit import unit_insight
from course_lib.terminal import console


def insight(
    units: Annotated[
        list[str] | None, typer.Argument(help="Units, in whole or in part; all that were graded by default.")
    ] = None,
) -> None:
    """Show what the class got wrong: the slips that the checks name, counted; writes classroom/insight/UNIT.html."""
    course = Course.find()
    asked = [course.unit(unit) for unit in units or ()]
    results = recorded_results(course)
    graded = {result.unit for result in results}
    wanted = dict.fromkeys(asked) or [unit for unit in course.units() if unit in graded]
    if not wanted or not graded.issuperset(wanted):
        missing = ", ".join(unit for unit in wanted if unit not in graded) or "any unit"
        raise CourseError(f"expected results of {missing} in {course.results}, found none; run `course grade` first")
    entries = recorded(course.nbgrader_config(), units=wanted)
    withdrawn = {student.id for student in read_roster(course).students if student.withdrawn}
    for unit in wanted:
        found = unit_insight(course, unit, results, entries, withdrawn)
        console.print(table(found))
        if gone := sorted({result.student for result in results if result.unit == unit} & withdrawn):
            console.print(f"withdrawn, and not counted: {', '.join(gone)}", soft_wrap=True)
        console.print(f"slips, examples and a plot: {write_insight(course, found)}", soft_wrap=True)
