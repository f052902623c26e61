"""Grading one submission in a process of its own, which imports nothing and may die."""

import atexit
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import cache
from multiprocessing.connection import Connection, wait

import psutil

from course_lib.grading.kernel.warm import VARIABLE, warm_up
from course_lib.grading.outcome import Job, Outcome, not_graded

# Imported once, by the process that the others are forked from. None of these starts a thread of TensorFlow.
# course_lib comes first: it silences TensorFlow.
PRELOADED = ["course_lib", "numpy", "skimage.data", "skimage.transform", "tensorflow", "course_lib.grading.single"]
GRACE = 180  # seconds beyond a submission's own limit, which the grading process keeps by itself: for start and end
PATIENCE = 0.5  # seconds between looks at whether the result is still wanted

Grader = Callable[[Job], Outcome]


def grade_apart(grader: Grader, job: Job, canceled: Callable[[], bool] = lambda: False) -> Outcome:
    """Grade a submission in a fresh process, whatever that process does.

    Parameters
    ----------
    grader : callable
        Runs in the fresh process: takes the job, returns the outcome.
    job : Job
        The submission.
    canceled : callable
        Tells that nobody waits for the outcome any more; the process is killed then.

    Returns
    -------
    Outcome
        The grader's own; or an error that is not final, if the process failed, died, was canceled, or ran on after
        the limit of a submission and `GRACE`.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sender, grader, job, _warm_socket() if job.isolated else ""))
    start = time.monotonic()
    limit = job.limits.submission_s + GRACE
    try:
        process.start()
        sender.close()
        while not wait([receiver, process.sentinel], PATIENCE):
            if canceled():
                return not_graded(job, "nobody waits for it any more", final=False)
            if time.monotonic() - start > limit:
                return not_graded(job, f"stopped after {limit:g} s: the grading process hung", final=False)
        outcome: Outcome = receiver.recv()
    except (EOFError, OSError) as error:
        if process.pid is None:
            return not_graded(job, f"the grading process did not start: {error}", final=False)
        process.join()
        return not_graded(job, f"the grading process died ({_end(process.exitcode)})", final=False)
    else:
        return outcome
    finally:
        if process.pid is not None and process.is_alive():
            kill_tree(process.pid)
            process.join()
        receiver.close()


@cache
def _warm_socket() -> str:
    """Start the process that learners' kernels are forked from; it ends with this one."""
    stack = ExitStack()
    atexit.register(stack.close)
    try:
        return str(stack.enter_context(warm_up()))
    except OSError:  # then each kernel starts by itself
        return ""


def _work(sender: Connection, grader: Grader, job: Job, warm: str) -> None:
    """Grade, and send the result. Out of the terminal's group, so that Ctrl-C there is no error in a test."""
    os.setsid()
    os.environ[VARIABLE] = warm
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        outcome = grader(job)
    except Exception as error:  # a mistake of the grader must not stop the other submissions
        reason = f"the grader failed: {type(error).__name__}: {error}"
        outcome = not_graded(job, reason, log=traceback.format_exc(), final=False)
    sender.send(outcome)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "runs in a child only"
    parent.join()
    os._exit(1)


def kill_tree(pid: int) -> None:
    """Kill a process and every process below it."""
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(pid)
        for process in [top, *top.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _end(exitcode: int | None) -> str:
    """Say how a process ended."""
    if exitcode is None or exitcode >= 0:
        return f"exit status {exitcode}"
    name = signal.Signals(-exitcode).name
    return f"{name}; too little memory?" if name == "SIGKILL" else name
