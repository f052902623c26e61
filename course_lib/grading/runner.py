"""Grading submissions: execute them, several at once, and record them, one after the other."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, OverwriteCells, OverwriteKernelspec

from course_lib.course import Course
from course_lib.grading.execution import execute, stop_all
from course_lib.grading.gradebook import record
from course_lib.grading.report import Grade
from course_lib.grading.scores import score
from course_lib.grading.submissions import Submission, read_submission
from course_lib.release import build_source, generate

RESTORE = (ClearOutput, OverwriteKernelspec, OverwriteCells, CheckCellMetadata)


def grade(
    course: Course, submissions: Sequence[Submission], jobs: int, on_grade: Callable[[Grade], None]
) -> list[Grade]:
    """Grade submissions; one that cannot be graded says why, and does not touch the others.

    Parameters
    ----------
    course : Course
        Whose gradebook, tests and points.
    submissions : sequence of Submission
        Of a unit that a student handed in twice, none is graded: which one counts is not for a program to say.
    jobs : int
        How many run at once. Each has a kernel, a process of its own.
    on_grade : callable
        Called with each grade as it is recorded.

    Returns
    -------
    list of Grade
        In the order of the submissions.

    Raises
    ------
    ReleaseError
        If a unit itself breaks a rule.
    """
    for unit in dict.fromkeys(submission.unit for submission in submissions):
        register(course, unit)
    grades: dict[Submission, Grade] = {}
    counts = Counter((submission.student, submission.unit) for submission in submissions)
    with ThreadPoolExecutor(jobs) as pool:
        running = {
            pool.submit(run, course, submission, counts[submission.student, submission.unit]): submission
            for submission in submissions
        }
        try:
            for future in as_completed(running):
                submission = running[future]
                grades[submission] = _record(course, submission, future)
                on_grade(grades[submission])
        except BaseException:  # Ctrl-C, above all: no submission may run on
            stop_all(list(running))
            raise
    return [grades[submission] for submission in submissions]


def register(course: Course, unit: str) -> None:
    """Enter a unit's tests and points into the gradebook, as they are now."""
    course.classroom.mkdir(exist_ok=True)
    build_source(course, unit)
    generate(course, unit, database=True)


def run(course: Course, submission: Submission, count: int = 1) -> NotebookNode:
    """Restore the tests of a submission and execute it.

    Parameters
    ----------
    course : Course
        Whose gradebook knows the unit.
    submission : Submission
        What to run; its file stays as it is.
    count : int
        How many notebooks of the unit the student handed in.

    Returns
    -------
    NotebookNode
        With its tests restored and its outputs.

    Raises
    ------
    ValueError
        If it is not the only one, or cannot be read, restored or executed to its end.
    """
    if count > 1:
        raise ValueError(f"expected one notebook of {submission.unit}, found {count}; this one is {submission.path}")
    config = course.nbgrader_config()
    notebook = read_submission(submission)
    resources = {
        "nbgrader": {
            "student": submission.student,
            "assignment": submission.unit,
            "notebook": submission.unit,
            "db_url": config.CourseDirectory.db_url,
        }
    }
    _require_solutions(config.CourseDirectory.db_url, submission.unit, notebook)
    try:
        for step in RESTORE:
            notebook, resources = step(config=config)(notebook, resources)
    except RuntimeError as error:
        raise ValueError(f"nbgrader refuses it: {error}") from error
    # nbgrader puts a deleted test back as a plain dict
    return execute(nbformat.from_dict(notebook), config)


def _require_solutions(db_url: str, unit: str, notebook: NotebookNode) -> None:
    """Refuse a notebook that lacks a solution cell: nbgrader cannot tell then where the tests belong."""
    there = {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells}
    with Gradebook(db_url) as gradebook:
        names = [cell.name for cell in gradebook.find_notebook(unit, unit).solution_cells]
    missing = [f"'{name}'" for name in names if name not in there]
    if missing:
        raise ValueError(
            f"expected the solution cells {', '.join(missing)}, found none: they were deleted or made anew"
        )


def _record(course: Course, submission: Submission, future: Future[NotebookNode]) -> Grade:
    """Record what ran; turn whatever went wrong with this submission into words."""
    try:
        notebook = future.result()
        exercises = score(notebook)
        record(course, submission, notebook)
    except Exception as error:  # a submission is a stranger's file: nothing in it may stop the others
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        return Grade(submission.student, submission.unit, 0, _maximum(course, submission.unit), f"error: {reason}")
    points, maximum = sum(e.points for e in exercises), sum(e.max_points for e in exercises)
    return Grade(submission.student, submission.unit, points, maximum, "graded", exercises)


def _maximum(course: Course, unit: str) -> float:
    with Gradebook(course.nbgrader_config().CourseDirectory.db_url) as gradebook:
        return float(gradebook.find_assignment(unit).max_score)
