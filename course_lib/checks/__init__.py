"""What an exercise says to its learner.

A test calls the learner's function, compares what came with what was expected, and either says that
the points are earned or what is wrong, in this order: what went in, what was expected, what came,
the likely cause. Only plain data goes in and comes out.
"""

from course_lib.checks.calls import call, own_work, raises
from course_lib.checks.came import Came
from course_lib.checks.failure import CheckFailed
from course_lib.checks.objects import iterate, iterate_until, size, tell
from course_lib.checks.parts import component, part

__all__ = [
    "Came",
    "CheckFailed",
    "call",
    "component",
    "iterate",
    "iterate_until",
    "own_work",
    "part",
    "passed",
    "raises",
    "size",
    "tell",
]


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
