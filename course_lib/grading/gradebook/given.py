"""What people gave by hand, read from the gradebook."""

from collections.abc import Mapping

from nbgrader.api import Grade, Gradebook
from sqlalchemy import or_
from traitlets.config import Config

from course_lib.grading.gradebook.entries import LOCK_TIMEOUT_S, has_gradebook, in_transaction
from course_lib.grading.scores import ExerciseScore

Given = dict[tuple[str, str], dict[str, tuple[float | None, float]]]


def given_by_hand(config: Config) -> Given:
    """Read manual scores and extra credit.

    Parameters
    ----------
    config : Config
        nbgrader's. If there is no gradebook yet, none is made.

    Returns
    -------
    dict
        By unit and student: for each test with such points, the manual score (or None) and the extra credit.
    """
    return in_transaction(config, _read, LOCK_TIMEOUT_S) if has_gradebook(config) else {}


def _read(gradebook: Gradebook) -> Given:
    found: Given = {}
    given = or_(Grade.manual_score.is_not(None), Grade.extra_credit.is_not(None))
    for grade in gradebook.db.query(Grade).filter(given):
        submission = grade.notebook.assignment
        points = (grade.manual_score, grade.extra_credit or 0.0)
        found.setdefault((submission.name, submission.student.id), {})[grade.name] = points
    return found


def counting(exercise: ExerciseScore, given: Mapping[str, tuple[float | None, float]]) -> float:
    """Return the points of an exercise that count, with those that people gave; before a late penalty."""
    total = 0.0
    for name, earned in exercise.tests.items():
        manual, extra = given.get(name, (None, 0.0))
        total += (earned or 0.0 if manual is None else manual) + extra
    return total
