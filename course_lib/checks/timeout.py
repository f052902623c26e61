"""Waiting for a learner's code that may never end."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread, current_thread
from typing import Any

from course_lib.checks.errors import interrupted
from course_lib.checks.failure import CheckFailed

TIMEOUT_S = 5


def with_timeout(
    work: Callable[[], Any],
    given: str,
    expected: str = "an item, or the end",
    cause: str = "it waits for something that never comes: how does it learn of the end, and of an error in a thread?",
) -> Any:
    """Run something in a separate thread, since nothing can interrupt a thread that waits for another.

    Parameters
    ----------
    work : callable
        The function to run.
    given : str
        A description of it.
    expected, cause : str
        What it should do within 5 seconds, and the likely cause if it does not.

    Returns
    -------
    object
        What it returned.

    Raises
    ------
    CheckFailed
        If it takes more than 5 seconds. Then the thread keeps running.
    """
    coming: Future[Any] = Future()
    # The thread has its caller's name: a test may ask which thread the learner's code ran in.
    Thread(target=_run, args=(work, coming), name=current_thread().name, daemon=True).start()
    try:
        done = wait([coming], TIMEOUT_S).done
    except KeyboardInterrupt as error:
        raise interrupted(error, None, given) from None
    if not done:
        raise CheckFailed(
            f"{given}\n  expected:     {expected}\n  got:          nothing for {TIMEOUT_S} seconds\n"
            f"  likely cause: {cause}"
        )
    return coming.result()


def _run(work: Callable[[], Any], coming: "Future[Any]") -> None:
    try:
        coming.set_result(work())
    except BaseException as error:
        coming.set_exception(error)
