"""Many submissions at once on other machines: each is a task of a Dask scheduler."""

import logging
import multiprocessing
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from course_lib.errors import CourseError
from course_lib.grading.cache import grader_version
from course_lib.grading.models import GradingJob, GradingResult, not_graded
from course_lib.grading.parallel import AHEAD, OnStart
from course_lib.grading.process import Grader, grade_apart

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger(__name__)

CONNECTING = "10s"
# A submission may contain figures; Dask would advise loading data in another way.
LARGE = {"distributed.admin.large-graph-warning-threshold": "1GB"}


@contextmanager
def remote_pool(address: str) -> Iterator["Client"]:
    """Use the workers of a running Dask scheduler.

    Parameters
    ----------
    address : str
        For example ``tcp://10.0.0.7:8786``.

    Raises
    ------
    CourseError
        If Dask is not installed, there is no scheduler, or it has no workers.
    """
    try:
        import dask.config
        from distributed import Client
    except ModuleNotFoundError as error:
        raise CourseError(
            f"expected Dask, found no module {error.name}; install it: python -m pip install 'pixelwise[cluster]'"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=CONNECTING, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise CourseError(f"expected a Dask scheduler at {address}, found none: {reason}") from None
    with client, dask.config.set(LARGE):
        if not client.nthreads():
            raise CourseError(
                f"expected workers at the Dask scheduler {address}, found none; start `dask worker` there"
            )
        log.info("%d workers at the scheduler %s", len(client.nthreads()), address)
        yield client


def refuse_others(client: "Client", probe: Callable[[], str]) -> None:
    """Refuse workers that would grade differently from this machine.

    Parameters
    ----------
    client : distributed.Client
        Of a pool.
    probe : callable
        Run on every worker: returns what is missing there, or the empty string.

    Raises
    ------
    CourseError
        If a worker has another version of the course, or lacks something; the message names each.
    """
    expected = grader_version()
    wrong = []
    checks = (("version", grader_version, expected), ("sandbox", probe, ""), ("processes", _may_not_fork, ""))
    for name, function, good in checks:
        found: Mapping[str, Any] = client.run(function, on_error="return")
        wrong += [f"worker {worker}: {name}: {answer}" for worker, answer in found.items() if answer != good]
    if wrong:
        raise CourseError("\n".join([f"expected workers with {expected} and a sandbox, found", *wrong]))


def _may_not_fork() -> str:
    """Say why this worker cannot start the process of a submission; the empty string if it can."""
    return "start it with DASK_DISTRIBUTED__WORKER__DAEMON=False" if multiprocessing.current_process().daemon else ""


def grade_remotely(
    client: "Client", grader: Grader, jobs: Iterable[GradingJob], on_start: OnStart | None = None
) -> Generator[tuple[GradingJob, GradingResult]]:
    """Grade submissions in a pool.

    Parameters
    ----------
    client : distributed.Client
        Of a pool.
    grader : callable
        Takes a job, returns its result.
    jobs : iterable of GradingJob
        Is read as they are needed: only a few are in memory.
    on_start : callable, optional
        Called, in another thread, with student and unit when a worker begins a job.

    Yields
    ------
    (GradingJob, GradingResult)
        In the order in which they finish. A job that lost its process, or its workers even when it ran alone, has an
        error that is not final.
    """
    topic = f"pixelwise-{uuid4()}"
    if on_start:
        client.subscribe_topic(topic, lambda event: on_start(*event[1]))
    suspects = []
    try:
        for job, result in _results(client, grader, jobs, topic, AHEAD * max(1, sum(client.nthreads().values()))):
            if isinstance(result, GradingResult):
                yield job, result
            else:
                suspects.append(job)
        # A lost worker also loses the submissions that wait on it. Run one at a time, each fails only by itself.
        for job, result in _results(client, grader, suspects, topic, ahead=1):
            yield job, result if isinstance(result, GradingResult) else _lost(job, result)
    finally:
        if on_start and client.status == "running":
            client.unsubscribe_topic(topic)


def _results(
    client: "Client", grader: Grader, jobs: Iterable[GradingJob], topic: str, ahead: int
) -> Generator[tuple[GradingJob, GradingResult | Exception]]:
    """Submit jobs, a limited number at once; for a job whose worker was lost, yield Dask's exception."""
    from distributed import as_completed

    waiting = iter(jobs)
    running: dict[Any, GradingJob] = {}
    finished = as_completed(loop=client.loop)

    def add() -> None:
        for job in waiting:
            future = client.submit(_task, grader, job, topic, pure=False, retries=0)
            running[future] = job
            finished.add(future)
            break

    for _ in range(ahead):
        add()
    try:
        for future in finished:
            job = running.pop(future)
            try:
                result = future.result()
            except Exception as error:  # Dask raises the worker's exception, or its own if a worker was lost
                result = error
            future.release()
            add()
            yield job, result
    finally:
        if client.status == "running":
            client.cancel(list(running))


def _lost(job: GradingJob, error: Exception) -> GradingResult:
    """Make the result of a job whose workers were lost."""
    reason = f"its worker was lost: {type(error).__name__}: {' '.join(str(error).split())}"
    return not_graded(job, reason, final=False)


def _task(grader: Grader, job: GradingJob, topic: str) -> GradingResult:
    """Grade one submission on a worker."""
    from distributed import get_worker

    get_worker().log_event(topic, [job.student, job.unit])
    if job.version != grader_version():
        return not_graded(job, f"a worker has {grader_version()}, expected {job.version}", final=False)
    return grade_apart(grader, job, _is_canceled)


def _is_canceled() -> bool:
    """Tell whether this task was canceled, by its client or because the client is gone."""
    from distributed import get_worker

    worker = get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    return task is None or task.state not in ("executing", "long-running")
