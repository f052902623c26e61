"""Trying all answers of a unit's banks."""

import os
from collections.abc import Iterable, Sequence
from contextlib import nullcontext

import nbformat
from nbformat import NotebookNode

from course_lib.answers import Answer, read_answers
from course_lib.course import Course
from course_lib.release import build_source, generate
from course_lib.rules import exercises
from course_lib.trials.apart import Apart, apart
from course_lib.trials.here import Here
from course_lib.trials.trial import Trial, try_answers
from course_lib.trials.verdicts import Verdicts


def try_unit(
    course: Course,
    unit: str,
    trusted: bool = False,
    repeat: int = 1,
    cached: bool = False,
    told: Sequence[Trial] = (),
) -> list[Trial]:
    """Try the answers of one unit, and each exercise untouched.

    Parameters
    ----------
    course : Course
        The course of the unit.
    unit : str
        Its full name.
    trusted : bool
        Test the answers as in a grade: from a different process.
    repeat : int
        The number of times that each answer is tried.
    cached : bool
        Try only answers whose verdict is not known from an earlier run, once each; see `Verdicts`.
    told : sequence of Trial
        Trials of the other way that hold in this one, too; their answers are not tried.

    Returns
    -------
    list of Trial
        In the order of the notebook, then of the bank.

    Raises
    ------
    ReleaseError
        If the unit breaks a rule.
    CourseError
        If a cell of the notebook itself fails.
    """
    os.environ["MPLBACKEND"] = "agg"
    notebook = nbformat.read(build_source(course, unit), as_version=4)
    names = exercises(notebook)
    if not names:
        return []
    released = nbformat.reads(generate(course, unit), as_version=4)
    answers = [*_untouched(released, names), *read_answers(course.solutions / unit)]
    verdicts = Verdicts(course, unit, Apart if trusted else Here, notebook)
    known = [*told, *(verdicts.read(_without(answers, told)) if cached else ())]
    trials = known + _try(notebook, _without(answers, known), trusted, repeat)
    if cached:
        verdicts.write(trials)
    return sorted(trials, key=lambda trial: (names.index(trial.answer.exercise), trial.answer.line))


def _untouched(released: NotebookNode, names: Iterable[str]) -> list[Answer]:
    """Make a wrong answer of each untouched exercise, as a learner gets it."""
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in released.cells}
    says = ("NotImplementedError",)
    return [Answer(name, "untouched", right=False, says=says, code=cells[name].source, line=0) for name in names]


def _without(answers: Iterable[Answer], known: Iterable[Trial]) -> list[Answer]:
    found = {trial.answer for trial in known}
    return [answer for answer in answers if answer not in found]


def _try(notebook: NotebookNode, answers: Sequence[Answer], trusted: bool, repeat: int) -> list[Trial]:
    if not answers:
        return []
    with apart() if trusted else nullcontext(Here()) as place:
        return try_answers(notebook, answers, place, repeat)
