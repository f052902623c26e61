"""Grading on the workers of a Dask scheduler."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Queue

import psutil
import pytest
from distributed import Client

from course_lib.errors import CourseError
from course_lib.grading import dask_backend, process
from course_lib.grading.cache import grader_version
from course_lib.grading.models import GradingJob, GradingResult
from tests.support.paths import ROOT
from tests.support.stub_grader import job, obey
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

NOTHING = "1"  # a scheduler's port where nobody listens


def run(client: Client, jobs: Iterable[GradingJob]) -> dict[str, GradingResult]:
    return {job.student: result for job, result in dask_backend.grade_remotely(client, obey, jobs)}


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
    with dask_backend.remote_pool(scheduler) as client:
        dask_backend.refuse_others(client, str)
        old = replace(job("old"), version="pixelwise 0.0.1")
        told: Queue[tuple[str, str]] = Queue()
        jobs = [*map(job, "abcd"), job("left", do="exit"), old]
        found = {
            job.student: result
            for job, result in dask_backend.grade_remotely(client, obey, jobs, lambda *named: told.put(named))
        }
        assert {told.get(timeout=60) for _ in jobs} == {(job.student, job.unit) for job in jobs}
    assert {student for student, result in found.items() if result.status == "graded"} == set("abcd")
    assert found["left"].status == "error: the grading process died (exit status 3)"
    assert found["old"].status == f"error: a worker has {grader_version()}, expected pixelwise 0.0.1"


def test_a_submission_that_kills_its_workers_is_given_up_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others wait on the same worker, and are lost with it."""
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "1")
    with programs(tmp_path, ROOT) as address, dask_backend.remote_pool(address) as client:
        found = run(client, [job("killer", do="kill the worker"), *map(job, "abc")])
    assert found["killer"].status.startswith("error: its worker was lost: KilledWorker: ")
    assert not found["killer"].final
    assert {found[student].status for student in "abc"} == {"graded"}


def test_workers_of_another_version_are_refused(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "course_lib", tmp_path / "course_lib")
    with (tmp_path / "course_lib" / "files.py").open("a", encoding="utf-8") as changed:
        changed.write("# another version\n")
    with (
        programs(tmp_path, tmp_path) as address,
        dask_backend.remote_pool(address) as client,
        pytest.raises(CourseError, match="expected workers with ") as refused,
    ):
        dask_backend.refuse_others(client, str)
    expected, found = str(refused.value).splitlines()
    assert grader_version() in expected
    assert "version: pixelwise" in found
    assert grader_version() not in found


def test_workers_that_may_start_no_process_are_refused(tmp_path: Path) -> None:
    with (
        programs(tmp_path, ROOT, daemon=True) as address,
        dask_backend.remote_pool(address) as client,
        pytest.raises(CourseError, match="processes: start it with DASK_DISTRIBUTED__WORKER__DAEMON=False"),
    ):
        dask_backend.refuse_others(client, str)


def test_what_runs_far_away_ends_with_its_client(scheduler: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with dask_backend.remote_pool(scheduler) as client:
        waiting = dask_backend.grade_remotely(client, obey, [job("quick"), job("slow", begun=str(log), sleep=100)])
        next(waiting)
        wait_until(log.exists)
    pid = int(log.read_text().split()[1])
    wait_until(lambda: not psutil.pid_exists(pid))
    with dask_backend.remote_pool(scheduler) as client:
        assert run(client, [job("next")])["next"].status == "graded"


def test_a_scheduler_without_workers(tmp_path: Path) -> None:
    with programs(tmp_path) as address, pytest.raises(CourseError, match="expected workers at"):
        dask_backend.remote_pool(address).__enter__()


def test_workers_without_a_sandbox_are_refused(scheduler: str) -> None:
    with dask_backend.remote_pool(scheduler) as client, pytest.raises(CourseError, match="sandbox: /"):
        dask_backend.refuse_others(client, os.getcwd)


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_backend, "CONNECTING", "1s")
    address = f"tcp://127.0.0.1:{NOTHING}"
    with pytest.raises(CourseError, match=f"expected a Dask scheduler at {address}, found none"):
        dask_backend.remote_pool(address).__enter__()


def test_without_dask_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(CourseError, match=r"expected Dask, found no module .*pip install 'pixelwise\[cluster\]'"):
        dask_backend.remote_pool("tcp://127.0.0.1:1").__enter__()
