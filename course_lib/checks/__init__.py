"""What an exercise says to its learner.

A test calls the learner's function, compares the result with what was expected, and either says that
the points are earned or what is wrong, in this order: what went in, what was expected, what it got,
the likely cause. Only plain data goes in and comes out.
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
    """Say that a test was passed; the last line of every test.

    Parameters
    ----------
    exercise : str
        Which one.
    points : float
        What this test is worth, as in the cell's metadata.
    """
    print(f"✓ {exercise}: {points:g} {'point' if points == 1 else 'points'}")
