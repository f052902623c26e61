"""What a check requires of the name of an exercise before anything is called."""

from course_lib.checks.describe import describe
from course_lib.checks.failure import CheckFailed
from course_lib.checks.notebook import require_latest


def require_function(function: object) -> None:
    """Require the learner's function or class, in its latest version.

    Parameters
    ----------
    function : object
        The value of the exercise's name.

    Raises
    ------
    CheckFailed
        If the name was assigned to something else, or the latest version of its cell has failed.
    """
    if not callable(function):
        raise CheckFailed(
            f"your function is gone: its name now stands for {describe(function).splitlines()[0]}\n"
            "  likely cause: a cell assigns to this name; use another name there and run your function's cell again"
        )
    require_latest(function)
