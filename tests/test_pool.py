import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Queue

import psutil
import pytest
from distributed import Client

from course_lib.grading import pool, process
from course_lib.grading.kernel.limits import Limits
from course_lib.grading.outcome import Job, Outcome
from course_lib.grading.results import grader_version
from tests.stub_grader import job, obey

ROOT = Path(__file__).resolve().parent.parent
NOTHING = "1"  # a scheduler's port where nobody listens


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two workers on this machine."""
    with pool.local_pool(2) as client:
        yield client


def run(client: Client, jobs: Iterable[Job]) -> dict[str, Outcome]:
    return {job.student: outcome for job, outcome in pool.outcomes(client, obey, jobs)}


def processes_below(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def test_every_submission_comes_back_once(client: Client) -> None:
    found = [(job.student, outcome.points) for job, outcome in pool.outcomes(client, obey, map(job, "abcdefg"))]
    assert sorted(found) == [(student, 3) for student in "abcdefg"]


def test_who_asks_is_told_when_a_submission_begins(client: Client, tmp_path: Path) -> None:
    told: Queue[tuple[str, str]] = Queue()
    begun = tmp_path / "begun"
    jobs = [job("quick"), job("slow", begun=str(begun), sleep=100)]
    waiting = pool.outcomes(client, obey, jobs, lambda *named: told.put(named))
    assert next(waiting)[0].student == "quick"
    assert {told.get(timeout=60), told.get(timeout=60)} == {("quick", "01_doubling"), ("slow", "01_doubling")}
    waiting.close()


def test_each_submission_has_a_process_of_its_own(client: Client, tmp_path: Path) -> None:
    log = tmp_path / "log"
    run(client, [job(student, begun=str(log)) for student in "abcd"])
    pids = [line.split()[1] for line in log.read_text().splitlines()]
    assert len(set(pids)) == 4
    assert not any(psutil.pid_exists(int(pid)) for pid in pids)


def test_nothing_that_happens_to_one_process_touches_the_others(client: Client) -> None:
    bad = [
        job("killed", do="die", signal=signal.SIGKILL),
        job("crashed", do="die", signal=signal.SIGSEGV),
        job("left", do="exit"),
        job("failed", do="raise"),
        job("hung", Limits(submission_s=1 - process.GRACE), sleep=100),
        replace(job("old"), version="pixelwise 0.0.1"),
    ]
    jobs = [one for pair in zip(bad, map(job, "abcdef"), strict=True) for one in pair]
    found = run(client, jobs)
    assert {student for student, outcome in found.items() if outcome.status == "graded"} == set("abcdef")
    errors = {one.student: found[one.student].status for one in bad}
    assert errors.pop("killed") == "error: the grading process died (SIGKILL; too little memory?)"
    assert errors.pop("crashed") == "error: the grading process died (SIGSEGV)"
    assert errors.pop("left") == "error: the grading process died (exit status 3)"
    assert errors.pop("failed") == "error: the grader failed: KeyError: 'a mistake of the grader'"
    assert errors.pop("hung") == "error: stopped after 1 s: the grading process hung"
    assert errors.pop("old") == f"error: a worker has {grader_version()}, expected pixelwise 0.0.1"
    assert not errors
    for one in bad:
        assert not found[one.student].final
        assert (found[one.student].points, found[one.student].max_points) == (0, 3)
    assert "stub_grader.py" in found["failed"].log


def test_only_a_few_submissions_are_in_memory(client: Client) -> None:
    read = 0

    def jobs() -> Iterator[Job]:
        nonlocal read
        for number in range(20):
            read += 1
            yield job(str(number))

    for done, _ in enumerate(pool.outcomes(client, obey, jobs()), start=1):
        assert read - done <= 2 * pool.AHEAD


def test_what_runs_on_ends_when_nobody_waits_for_it(client: Client, tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs = iter([job("quick"), job("slow", begun=str(log), sleep=100)])
    waiting = pool.outcomes(client, obey, jobs)
    next(waiting)
    while not log.exists():
        time.sleep(0.05)
    pid = int(log.read_text().split()[1])
    waiting.close()
    while psutil.pid_exists(pid):
        time.sleep(0.05)
    assert run(client, [job("next")])["next"].status == "graded"


def test_nothing_listens_on_the_network(client: Client) -> None:
    me = psutil.Process()
    listening = {
        connection.laddr.ip
        for one in [me, *me.children(recursive=True)]
        for connection in one.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_a_stranger_on_this_machine_gets_no_word_in(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "CONNECTING", "2s")
    address = client.scheduler_info()["address"].replace("tls://", "tcp://")
    with pytest.raises(ValueError, match="expected a Dask scheduler"), pool.remote_pool(address):
        pass


def test_a_submission_that_kills_its_workers_is_given_up_alone() -> None:
    # The others wait on the same worker, and are lost with it. At the end the pool has just lost its worker again.
    with pool.local_pool(1) as client:
        found = run(client, [job("killer", do="kill the worker"), *map(job, "abc")])
    assert found["killer"].status.startswith("error: its worker was lost: KilledWorker: ")
    assert not found["killer"].final
    assert {found[student].status for student in "abc"} == {"graded"}


def test_a_pool_ends_with_everything_in_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pool.local_pool(1) as client:
        waiting = pool.outcomes(client, obey, [job("quick"), job("slow", begun=str(log), sleep=100)])
        next(waiting)
        while not log.exists():
            time.sleep(0.05)
        started = [
            one
            for worker in client.run(os.getpid).values()
            for one in (psutil.Process(worker), *processes_below(worker))
        ]
    assert len(started) >= 3
    assert psutil.wait_procs(started, timeout=60)[1] == []


@contextmanager
def programs(folder: Path, *libraries: Path, daemon: bool = False) -> Iterator[str]:
    """A Dask scheduler and a worker for each place of the library, each a program of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    commands = [(ROOT, ["scheduler", "--host", address])]
    commands += [(library, ["worker", address, "--nthreads", "1"]) for library in libraries]
    running = []
    with (folder / "log").open("wb") as log:
        try:
            for library, (name, *options) in commands:
                program = [sys.executable, "-m", f"distributed.cli.dask_{name}", *options, "--no-dashboard"]
                changed = {"PYTHONPATH": str(library), "DASK_DISTRIBUTED__WORKER__DAEMON": str(daemon)}
                running.append(
                    subprocess.Popen(program, cwd=folder, env={**os.environ, **changed}, stdout=log, stderr=log)
                )
            with Client(address, timeout="60s", set_as_default=False) as client:
                for number in range(1, 1 + len(libraries)):
                    client.wait_for_workers(number, timeout=60)
            yield address
        finally:
            for one in running:
                process.kill_tree(one.pid)
                one.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler with two workers."""
    with programs(tmp_path_factory.mktemp("dask"), ROOT, ROOT) as address:
        yield address


def test_the_workers_of_a_scheduler_grade(scheduler: str) -> None:
    with pool.remote_pool(scheduler) as client:
        pool.refuse_others(client, str)
        found = run(client, [*map(job, "abcd"), job("left", do="exit")])
    assert {student for student, outcome in found.items() if outcome.status == "graded"} == set("abcd")
    assert found["left"].status == "error: the grading process died (exit status 3)"


def test_workers_of_another_version_are_refused(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "course_lib", tmp_path / "course_lib")
    with (tmp_path / "course_lib" / "files.py").open("a", encoding="utf-8") as changed:
        changed.write("# another version\n")
    with (
        programs(tmp_path, tmp_path) as address,
        pool.remote_pool(address) as client,
        pytest.raises(ValueError, match="expected workers with ") as refused,
    ):
        pool.refuse_others(client, str)
    expected, found = str(refused.value).splitlines()
    assert grader_version() in expected
    assert "version: pixelwise" in found
    assert grader_version() not in found


def test_workers_that_may_start_no_process_are_refused(tmp_path: Path) -> None:
    with (
        programs(tmp_path, ROOT, daemon=True) as address,
        pool.remote_pool(address) as client,
        pytest.raises(ValueError, match="processes: start it with DASK_DISTRIBUTED__WORKER__DAEMON=False"),
    ):
        pool.refuse_others(client, str)


def test_what_runs_far_away_ends_with_its_client(scheduler: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pool.remote_pool(scheduler) as client:
        waiting = pool.outcomes(client, obey, [job("quick"), job("slow", begun=str(log), sleep=100)])
        next(waiting)
        while not log.exists():
            time.sleep(0.05)
    while psutil.pid_exists(int(log.read_text().split()[1])):
        time.sleep(0.05)
    with pool.remote_pool(scheduler) as client:
        assert run(client, [job("next")])["next"].status == "graded"


def test_a_scheduler_without_workers(tmp_path: Path) -> None:
    with programs(tmp_path) as address, pytest.raises(ValueError, match="expected workers at"):
        pool.remote_pool(address).__enter__()


def test_workers_without_a_sandbox_are_refused(scheduler: str) -> None:
    with pool.remote_pool(scheduler) as client, pytest.raises(ValueError, match="sandbox: /"):
        pool.refuse_others(client, os.getcwd)


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "CONNECTING", "1s")
    address = f"tcp://127.0.0.1:{NOTHING}"
    with pytest.raises(ValueError, match=f"expected a Dask scheduler at {address}, found none"):
        pool.remote_pool(address).__enter__()
