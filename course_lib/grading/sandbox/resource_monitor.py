"""Watching the memory and the number of processes of a learner's kernel from outside."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from course_lib.grading.sandbox.limits import Limits

RESOURCE_POLL_S = 0.2  # seconds between checks
SANDBOX = 3  # processes of a sandbox besides those of the kernel


class ResourceMonitor(threading.Thread):
    """A thread that ends a kernel whose processes use too many resources.

    It also measures the process that reads the kernel's messages: a flood of them fills its memory.

    Parameters
    ----------
    pids : sequence of int
        The topmost processes.
    limits : Limits
        The limits, of which `memory_bytes` and `processes` are used.
    end : callable
        Kills all of them.

    Attributes
    ----------
    verdict : str
        Why the kernel was ended; empty if it was not.
    """

    def __init__(self, pids: Sequence[int], limits: Limits, end: Callable[[], None]) -> None:
        super().__init__(name="watch", daemon=True)
        self.verdict = ""
        self._pids, self._limits, self._end = pids, limits, end
        self._stopped = threading.Event()
        self._own = psutil.Process().memory_info().rss

    def run(self) -> None:
        """Check again and again."""
        while not self.verdict and not self._stopped.wait(RESOURCE_POLL_S):
            self.verdict = self._look()
        if self.verdict:
            self._end()

    def stop(self) -> None:
        """End the thread, and wait until it has ended."""
        self._stopped.set()
        self.join()

    def _look(self) -> str:
        """Say which limit is exceeded; empty if none is."""
        if psutil.Process().memory_info().rss - self._own > self._limits.memory_bytes:
            return "sent more than the grader's memory holds"
        processes = [process for pid in self._pids for process in tree(pid)]
        if sum(map(_threads, processes)) > self._limits.processes + SANDBOX:
            return f"started more than {self._limits.processes} processes and threads"
        if sum(map(_resident, processes)) <= self._limits.memory_bytes:
            return ""
        if sum(map(_share, processes)) <= self._limits.memory_bytes:
            return ""
        return f"used more than {self._limits.memory_bytes / 2**30:.2g} GiB of memory"


def tree(pid: int) -> list[psutil.Process]:
    """List a process and all its descendants, without reading the table of all processes if possible."""
    found: list[psutil.Process] = []
    with suppress(psutil.Error):
        found.append(psutil.Process(pid))
        if not Path(f"/proc/{pid}/task/{pid}/children").exists():
            return found + found[0].children(recursive=True)
    for process in found:  # grows during the loop
        for thread in _children_by_thread(process.pid):
            with suppress(OSError, psutil.Error):
                found += map(psutil.Process, map(int, thread.read_text(encoding="ascii").split()))
    return found


def _children_by_thread(pid: int) -> list[Path]:
    """Find the files that list the children of each thread of a process; none if it is gone."""
    with suppress(OSError):
        return [*Path(f"/proc/{pid}/task").glob("*/children")]
    return []


def _threads(process: psutil.Process) -> int:
    """Count the threads of a process; 0 if it is gone."""
    with suppress(psutil.Error):
        return process.num_threads()
    return 0


def _resident(process: psutil.Process) -> int:
    """Measure its memory; memory that several processes share counts several times."""
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _share(process: psutil.Process) -> int:
    """Measure its memory, with a proportional part of shared memory; slower, and not on all systems."""
    with suppress(psutil.Error, AttributeError):
        return int(process.memory_full_info().pss)
    return _resident(process)
