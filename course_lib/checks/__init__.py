"""Checks of exercises, and their messages to learners.

A test calls the learner's function, compares the result with what was expected, and says either that the points are
earned or what is wrong, in this order: the call, what was expected, what it got, the likely cause. Arguments and
results are plain data.
"""

from course_lib.checks import notebook
from course_lib.checks.calls import call, call_for_effect, forbid_names, require_cpp
from course_lib.checks.failure import CheckFailed
from course_lib.checks.items import column, item
from course_lib.checks.objects import call_method, iterate, iterate_until, length
from course_lib.checks.refusals import raises
from course_lib.checks.results import Result, require

__all__ = [
    "CheckFailed",
    "Result",
    "call",
    "call_for_effect",
    "call_method",
    "column",
    "forbid_names",
    "item",
    "iterate",
    "iterate_until",
    "length",
    "passed",
    "raises",
    "require",
    "require_cpp",
]

notebook.install()


def passed(exercise: str, points: float) -> None:
    """Report that a test was passed; call it in the last line of every test.

    Parameters
    ----------
    exercise : str
        Its name.
    points : float
        The points of this test, as in the cell's metadata.
    """
    print(f"✓ {exercise}: {points:g} {'point' if points == 1 else 'points'}")
