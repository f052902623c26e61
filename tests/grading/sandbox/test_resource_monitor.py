"""Memory and number of processes, seen from outside."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.sandbox.resource_monitor import ResourceMonitor, tree

pytestmark = pytest.mark.sandbox

MIB = 2**20
FORKS = "import os, time\nx = b'x' * (60 << 20)\nfor _ in range({forks}):\n    if os.fork() == 0: break\n"


@contextmanager
def running(code: str, processes: int = 1) -> Iterator[int]:
    """Run Python until the end of the block; each of its processes says when it is ready."""
    code += "\nos.write(1, b'ready\\n')\ntime.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(processes):
            assert process.stdout.readline() == "ready\n"
        try:
            yield process.pid
        finally:
            for found in tree(process.pid):
                found.kill()


def verdict(pid: int, limits: Limits, seconds: float) -> str:
    """Watch for a while."""
    ended = threading.Event()
    watch = ResourceMonitor([pid], limits, ended.set)
    watch.start()
    ended.wait(seconds)
    watch.stop()
    assert ended.is_set() == bool(watch.verdict)
    return watch.verdict


def test_a_tree_is_the_same_as_in_the_table_of_processes() -> None:
    with running("import os, time\nfor _ in range(3): os.fork()", processes=8) as pid:
        top = psutil.Process(pid)
        assert {process.pid for process in tree(pid)} == {pid} | {child.pid for child in top.children(recursive=True)}
        assert len(tree(pid)) == 8


def test_a_process_that_is_gone_has_no_tree() -> None:
    with running("import os, time") as pid:
        pass
    assert tree(pid) == []


@pytest.mark.parametrize("gone", ["the topmost", "a child"])
def test_a_process_may_end_while_the_tree_is_read(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with running("import os, signal, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nos.fork()", 2) as top:
        child = psutil.Process(top).children()[0].pid
        ending, listed = (top, []) if gone == "the topmost" else (child, [child])
        scandir = os.scandir

        def too_late(path: Path) -> Iterator[os.DirEntry[str]]:
            if str(path) == f"/proc/{ending}/task":
                os.kill(ending, signal.SIGKILL)
                if ending == top:
                    os.waitid(os.P_PID, top, os.WEXITED)
                while Path(f"/proc/{ending}").exists():
                    time.sleep(0.01)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", too_late)
        found = tree(top)
        monkeypatch.undo()
        if ending == top:
            os.kill(child, signal.SIGKILL)
        assert [process.pid for process in found] == [top, *listed]


@pytest.mark.parametrize(("mebibytes", "expected"), [(40, "used more than 0.039 GiB of memory"), (200, "")])
def test_memory_is_measured(mebibytes: int, expected: str) -> None:
    with running(FORKS.format(forks=0)) as pid:
        assert verdict(pid, Limits(memory_bytes=mebibytes * MIB), 1 if expected == "" else 20) == expected


def test_what_forks_share_counts_once() -> None:
    with running(FORKS.format(forks=4)) as pid:
        assert verdict(pid, Limits(memory_bytes=200 * MIB), 1) == ""


def test_processes_and_threads_are_counted_together() -> None:  # three are the sandbox's own
    threads = "import os, threading, time\nfor _ in range(9): threading.Thread(target=time.sleep, args=(60,)).start()\n"
    with running(threads) as pid:
        assert verdict(pid, Limits(processes=7), 1) == ""
        assert verdict(pid, Limits(processes=6), 20) == "started more than 6 processes and threads"


def test_the_memory_of_the_one_who_listens_is_measured_too() -> None:
    with running("import os, time") as pid:
        ended = threading.Event()
        watch = ResourceMonitor([pid], Limits(memory_bytes=50 * MIB), ended.set)
        watch.start()
        received = b"x" * (100 * MIB)
        assert ended.wait(20)
        watch.stop()
        assert (watch.verdict, len(received)) == ("sent more than the grader's memory holds", 100 * MIB)
