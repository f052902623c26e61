"""The feedback on a submission as the gradebook has it, with the changes that people made there."""

from dataclasses import replace
from pathlib import Path

import nbformat

from course_lib.course import Course
from course_lib.grading.cache import ResultCache
from course_lib.grading.gradebook.entries import GradebookEntry, recorded_one
from course_lib.grading.gradebook.feedback import HandIn, feedback_html
from course_lib.grading.gradebook.lateness import told
from course_lib.grading.gradebook.recorded_results import RecordedResults
from course_lib.grading.models import GradingResult
from course_lib.grading.scores import ANSWERED, UNREAD, score
from course_lib.schedule import read_schedule


def recorded_feedback(course: Course, notebook: Path) -> str:
    """Write the feedback on a submission that is in the gradebook, with the changes that people made since then.

    Parameters
    ----------
    course : Course
        The course with the classroom.
    notebook : Path
        ``autograded/<student>/<unit>/<unit>.ipynb`` in the classroom.

    Returns
    -------
    str
        An HTML page.
    """
    unit, student = notebook.stem, notebook.parent.parent.name
    entry = recorded_one(course.nbgrader_config(), unit, student, read_schedule(course))
    key = RecordedResults(course.results).key(unit, student)
    if key and (result := ResultCache(course.results).load(key)):
        return feedback_page(result.credited_to(student), entry)
    executed = nbformat.read(notebook, as_version=4)
    result = GradingResult(student, unit, None, score(executed), notebook=nbformat.writes(executed))
    return feedback_page(result, entry)


def feedback_page(result: GradingResult, entry: GradebookEntry) -> str:
    """Write the feedback, with people's changes."""
    exercises = [
        replace(
            exercise,
            points=entry.exercises.get(exercise.name, (exercise.points,))[0],
            message=UNREAD if exercise.message == ANSWERED and exercise.name in entry.review else exercise.message,
        )
        for exercise in result.exercises
    ]
    notebook = nbformat.reads(result.notebook, as_version=4) if result.notebook else None
    status = "" if result.error is None else result.status
    about = (result.student, result.unit, entry.comments, status)
    words = [f"Handed in by {result.handed_in_by} for your group."] if result.handed_in_by else []
    words += filter(None, [told(entry.timing, entry.late)])
    return feedback_html(notebook, exercises, *about, HandIn(" ".join(words), entry.late))
