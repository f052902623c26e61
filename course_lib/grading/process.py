"""Grading one submission in a separate process, which is forked with all imports done, and may die."""

import atexit
import io
import logging
import multiprocessing
import os
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cache
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess

import psutil

from course_lib.grading import preload
from course_lib.grading.models import GradingJob, GradingResult, not_graded
from course_lib.grading.sandbox.zygote import VARIABLE, start_zygote

# Imported once, by the process from which the others are forked. The second is the program itself, which
# multiprocessing imports in each process.
PRELOADED = ["course_lib.grading.forkserver", "course_lib.cli"]
START_AND_END_S = (
    180  # seconds for start and end, beyond a submission's own limit, which the grading process itself enforces
)
LOG_FORMAT = "%(asctime)s %(name)s: %(message)s"
RESULT_POLL_S = 0.5  # seconds between checks whether the result is still wanted

# Several threads start processes, and in each multiprocessing cleans up after all of them.
_starting = threading.Lock()

log = logging.getLogger(__name__)

Grader = Callable[[GradingJob], GradingResult]


def grade_apart(
    grader: Grader,
    job: GradingJob,
    canceled: Callable[[], bool] = lambda: False,
    modules: tuple[str, ...] = preload.EVERYTHING,
) -> GradingResult:
    """Grade a submission in a new process, and survive whatever that process does.

    Parameters
    ----------
    grader : callable
        Runs in the new process: takes the job, returns the result.
    job : GradingJob
        The submission.
    canceled : callable
        Tells whether the result is no longer wanted; then the process is killed.
    modules : tuple of str
        What notebooks and tests use, to be imported once for all submissions: the first call decides it for the
        processes in which tests run.

    Returns
    -------
    GradingResult
        The grader's own; or an error that is not final, if the process failed, died, was canceled, or ran on after
        the limit of a submission and `START_AND_END_S`.
    """
    with tempfile.TemporaryDirectory(prefix="pixelwise-", dir=_short_folder(), ignore_cleanup_errors=True) as folder:
        return _grade_in(folder, grader, job, canceled, modules)


def _short_folder() -> str:
    """Choose the folder for temporary files: socket paths have at most 108 bytes, of which the processes need half."""
    folder = tempfile.gettempdir()
    return folder if len(os.fsencode(folder)) <= 50 else "/tmp"


def _grade_in(
    folder: str, grader: Grader, job: GradingJob, canceled: Callable[[], bool], modules: tuple[str, ...]
) -> GradingResult:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    receiver, sender = context.Pipe(duplex=False)
    environment = os.environ | {"TMPDIR": folder, preload.VARIABLE: " ".join(modules)}
    start = time.monotonic()
    limit = job.limits.submission_s + START_AND_END_S
    process = None
    try:
        with _starting:
            environment[VARIABLE] = _zygote_socket(modules) if job.isolated else ""
            process = context.Process(target=_work, args=(sender, grader, job, environment))
            # The first process starts the one from which all are forked; that one reads this.
            os.environ[preload.VARIABLE] = environment[preload.VARIABLE]
            try:
                process.start()
            finally:
                del os.environ[preload.VARIABLE]
        log.debug("%s, %s: process %d", job.student, job.unit, process.pid)
        sender.close()
        while not wait([receiver, process.sentinel], RESULT_POLL_S):
            if canceled():
                return not_graded(job, "nobody waits for it any more", final=False)
            if time.monotonic() - start > limit:
                return not_graded(job, f"stopped after {limit:g} s: the grading process hung", final=False)
        result: GradingResult = receiver.recv()
    except (EOFError, OSError) as error:
        if process is None or process.pid is None:
            return not_graded(job, f"the grading process did not start: {error}", final=False)
        return not_graded(job, f"the grading process died ({_end(_joined(process))})", final=False)
    else:
        return result
    finally:
        if process is not None and process.pid is not None:
            if not wait([process.sentinel], timeout=0):  # later, another process may have its number
                kill_tree(process.pid)
            _joined(process)
        sender.close()
        receiver.close()


def _joined(process: ForkServerProcess) -> int | None:
    """Wait until a process that is ending has ended; return its exit status."""
    wait([process.sentinel])
    with _starting:
        process.join()
    return process.exitcode


@cache
def _zygote_socket(modules: tuple[str, ...]) -> str:
    """Start the process from which learners' kernels are forked; it ends with this one."""
    stack = ExitStack()
    atexit.register(stack.close)
    try:
        return str(stack.enter_context(start_zygote(modules)))
    except OSError as error:
        log.warning("no zygote, so each kernel imports by itself: %s", error)
        return ""


def _work(sender: Connection, grader: Grader, job: GradingJob, environment: dict[str, str]) -> None:
    """Grade, and send the result; outside of the terminal's process group, so that Ctrl-C does not interrupt a test."""
    os.setsid()
    # This process was forked from one that may have started with another environment.
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = environment["TMPDIR"]
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with _logged() as records:
            result = grader(job)
        result = replace(result, log=result.log + records.getvalue())
    except Exception as error:  # a mistake of the grader must not stop the other submissions
        reason = f"the grader failed: {type(error).__name__}: {error}"
        result = not_graded(job, reason, log=traceback.format_exc(), final=False)
    sender.send(result)


@contextmanager
def _logged() -> Iterator[io.StringIO]:
    """Collect what the course logs within the block."""
    records = io.StringIO()
    handler = logging.StreamHandler(records)
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    logger = logging.getLogger("course_lib")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield records
    finally:
        logger.removeHandler(handler)


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
