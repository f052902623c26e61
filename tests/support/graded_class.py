"""A class whose work is graded without a kernel: what an answer earns, and what its tests say, is agreed here."""

from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_lib.checks.failure import rendered
from course_lib.course import Course
from course_lib.grading import base_grading
from course_lib.grading.base_grading import GradeOptions
from course_lib.grading.collect.find import find_submissions
from course_lib.grading.grade import Run, grade_class
from course_lib.grading.models import GradingJob, GradingResult
from course_lib.grading.restore.normalize import normalize
from course_lib.grading.scores import answer_checksums, score
from tests.support.tiny_course import QUESTION, RIGHT, TEXT, answered, cell, make_course, submit

TRIPLE = RIGHT.replace("2 *", "3 *")
LOST_SIGN = RIGHT.replace("2 * np.asarray(x)", "np.abs(2 * np.asarray(x))")
THREE_TIMES, NO_SIGN = "three times, not twice", "the sign is lost"
_IMPORT = "import numpy as np\n```\n"
# What the visible check and the hidden test say of an answer with these words; nothing of any other answer.
_SAID = {
    "3 *": (THREE_TIMES, THREE_TIMES),
    "abs": ("", NO_SIGN),
}


def make_class(
    root: Path, codes: Mapping[str, str], words: Mapping[str, str] | None = None, question_points: float = 2
) -> Course:
    """Make a course of one exercise and one question, and grade the work of students; see `tests.support.tiny_course`.

    Parameters
    ----------
    root : Path
        The new course.
    codes : mapping of str to str
        The code of each student.
    words : mapping of str to str, optional
        What some of them answer to the question.
    question_points : float
        What the question is worth.
    """
    text = TEXT.replace(_IMPORT, f"{_IMPORT}\n## Twice a number\n\nDouble $x$.\n", 1)
    course = make_course(root, text=text + QUESTION, question_points=question_points)
    for student, code in codes.items():
        notebook = answered(course, code)
        if words and student in words:
            cell(notebook, "question_sign")["source"] = words[student]
        submit(course.classroom / "submitted", student, notebook)
    grade(course)
    return course


def grade(course: Course) -> Run:
    """Do what `course grade` does, without running anything."""
    found = find_submissions(course, [course.classroom / "submitted"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base_grading, "grade_all", lambda grader, jobs, *_: ((job, _graded(job)) for job in jobs))
        return grade_class(course, found, GradeOptions(isolated=False), lambda _: None)


def _graded(job: GradingJob) -> GradingResult:
    notebook = normalize(job.submission, nbformat.reads(job.source, as_version=4)).notebook
    code = _cell(notebook, "double").source
    said = next((said for words, said in _SAID.items() if words in code), ("", ""))
    for grade_id, cause in zip(("test_double", "test_double_hidden"), said, strict=True):
        _test(_cell(notebook, grade_id), cause)
    picture = new_output("display_data", data={"text/html": "<b>bold</b><script>document.title = 'hacked'</script>"})
    _cell(notebook, "double").outputs = [picture]
    exercises, text = score(notebook), nbformat.writes(notebook)
    return GradingResult(job.student, job.unit, None, exercises, answer_checksums(notebook), text, isolated=False)


def _test(test: NotebookNode, cause: str) -> None:
    test.execution_count = 1
    if cause:
        message = f"double(2.0)\n  expected:     4\n  got:          6\n  likely cause: {cause}"
        test.outputs = [new_output("error", ename="CheckFailed", evalue=message, traceback=rendered(message))]


def _cell(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    return next(each for each in notebook.cells if each.metadata.get("nbgrader", {}).get("grade_id") == grade_id)
