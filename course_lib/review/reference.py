"""What the instructor's text of a unit says about an exercise: the statement and the model answer."""

from dataclasses import dataclass

from course_lib.course import Course
from course_lib.release import read_unit
from course_lib.review.answers import Exercise
from course_lib.worked_answers import WorkedAnswer, worked_answers


@dataclass(frozen=True)
class Reference:
    """To read beside the answers; all of it Markdown, except code.

    Attributes
    ----------
    statement : str
        The nearest text above the answer; empty if there is no such text.
    answer : WorkedAnswer
        The instructor's.
    """

    statement: str
    answer: WorkedAnswer


def read_reference(course: Course, exercise: Exercise) -> Reference:
    """Read what a unit says; empty texts if the unit no longer has the exercise."""
    statement, found = "", ""
    for cell in read_unit(course.solutions / exercise.unit / f"{exercise.unit}.md").cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("grade_id") == exercise.name:
            found = statement
        elif cell.cell_type == "markdown" and not mark:
            statement = cell.source
    return Reference(found, worked_answers(course, exercise.unit).get(exercise.name, WorkedAnswer("", "")))
