"""Many submissions at once on this machine: for each, a thread waits, and a separate process grades it."""

import threading
import traceback
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from course_lib.grading.models import GradingJob, GradingResult, not_graded
from course_lib.grading.preload import EVERYTHING
from course_lib.grading.process import Grader, grade_apart

AHEAD = 2  # submissions in memory for each one that runs

OnStart = Callable[[str, str], None]


def grade_all(
    grader: Grader,
    jobs: Iterable[GradingJob],
    workers: int,
    on_start: OnStart | None = None,
    modules: tuple[str, ...] = EVERYTHING,
) -> Generator[tuple[GradingJob, GradingResult]]:
    """Grade submissions, `workers` at once.

    Parameters
    ----------
    grader : callable
        Takes a job, returns its result; see `process.grade_apart`.
    jobs : iterable of GradingJob
        Is read as they are needed: only a few are in memory.
    workers : int
        How many run at once.
    on_start : callable, optional
        Called, in another thread, with student and unit of each job when it begins.
    modules : tuple of str
        What notebooks and tests use, to be imported once for all jobs; see `needed_modules`.

    Yields
    ------
    (GradingJob, GradingResult)
        In the order in which they finish. When the generator is closed, running jobs are killed first.
    """
    canceled = threading.Event()

    def grade(job: GradingJob) -> GradingResult:
        try:
            if on_start:
                on_start(job.student, job.unit)
            return grade_apart(grader, job, canceled.is_set, modules)
        except Exception as error:  # a mistake of ours must not stop the other submissions
            reason = f"the grader failed: {type(error).__name__}: {error}"
            return not_graded(job, reason, log=traceback.format_exc(), final=False)

    waiting = iter(jobs)
    running: dict[Future[GradingResult], GradingJob] = {}
    with ThreadPoolExecutor(workers) as threads:
        try:
            while True:
                for job in islice(waiting, AHEAD * workers - len(running)):
                    running[threads.submit(grade, job)] = job
                if not running:
                    return
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(done), done.result()
        finally:
            canceled.set()
            threads.shutdown(cancel_futures=True)
