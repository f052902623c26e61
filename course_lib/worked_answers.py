"""The instructor's answers with their explanations, for learners who are stuck, and a record of which were opened."""

from dataclasses import dataclass

from course_lib.cells import is_exercise, is_explanation, is_question
from course_lib.course import Course
from course_lib.release import read_unit
from course_lib.rules import marks_in


@dataclass(frozen=True)
class WorkedAnswer:
    """How the instructor answers an exercise or a question.

    Attributes
    ----------
    code : str
        Python, or C++ below ``%%cpp``; empty for a question.
    words : str
        Markdown: why the code is written this way, or a question's model answer with its rubric.
    """

    code: str
    words: str


def worked_answers(course: Course, unit: str) -> dict[str, WorkedAnswer]:
    """Read the answers to a unit.

    Parameters
    ----------
    course : Course
        With solutions.
    unit : str
        Its full name.

    Returns
    -------
    dict of str to WorkedAnswer
        By exercise or question, in the order of the unit.

    Raises
    ------
    CourseError
        If the text of the unit cannot be read.
    """
    answers = {}
    last = ""
    for cell in read_unit(course.solutions / unit / f"{unit}.md").cells:
        source = "\n".join(line for line in cell.source.split("\n") if line.strip() not in marks_in(cell)).strip()
        if is_exercise(cell):
            last = cell.metadata.nbgrader.grade_id
            answers[last] = WorkedAnswer(source, "")
        elif is_explanation(cell) and last:
            answers[last] = WorkedAnswer(answers[last].code, source)
        elif is_question(cell):
            answers[cell.metadata.nbgrader.grade_id] = WorkedAnswer("", source)
    return answers


def note_opened(course: Course, unit: str, name: str) -> None:
    """Record that a learner has opened an answer: in an empty file, which nothing else writes or removes."""
    path = course.work / ".opened" / unit / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def opened(course: Course, unit: str) -> list[str]:
    """Name the exercises and questions of a unit whose answers a learner has opened."""
    return sorted(path.name for path in (course.work / ".opened" / unit).glob("*"))
