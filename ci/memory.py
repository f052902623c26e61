"""The memory that a kernel takes while its cells run."""

from contextlib import suppress
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

import psutil

PERIOD = 0.2  # seconds between two samples
MB = 1e6  # bytes


class MemoryWatch:
    """Notes the peak memory of each cell of one kernel, from a thread of its own.

    A sample is the resident memory of the kernel and of all processes below it; pages that several of them share count
    for each. It is taken as a cell starts, every 0.2 s while it runs, and as it ends. A spike shorter than that can be
    missed.

    Attributes
    ----------
    peaks : dict
        The largest sample of each cell in megabytes (10⁶ bytes), by the index of the cell.
    """

    def __init__(self) -> None:
        self.peaks: dict[int, int] = {}
        self._kernel: psutil.Process | None = None
        self._cell: int | None = None
        self._lock = Lock()
        self._stop = Event()
        self._thread = Thread(target=self._sample_on, name="memory of a kernel", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def watch(self, pid: int) -> None:
        """Tell which process is the kernel."""
        self._kernel = psutil.Process(pid)

    def begin(self, cell: int) -> None:
        """Tell that a cell starts."""
        with self._lock:
            self._cell = cell
            self._sample()

    def end(self) -> None:
        """Tell that the cell has ended."""
        with self._lock:
            self._sample()
            self._cell = None

    def _sample_on(self) -> None:
        while not self._stop.wait(PERIOD):
            with self._lock:
                self._sample()

    def _sample(self) -> None:
        if self._cell is not None and self._kernel is not None:
            size = round(resident(self._kernel) / MB)
            self.peaks[self._cell] = max(size, self.peaks.get(self._cell, 0))


def resident(process: psutil.Process) -> int:
    """Add up the resident memory of a process and of all below it.

    A process below it with its own command line is a copy that has been forked and has not started its program yet. It
    shares the memory of the first, and does not count.

    Parameters
    ----------
    process : psutil.Process
        The one at the top.

    Returns
    -------
    int
        Bytes; processes that have ended count nothing.
    """
    size = 0
    with suppress(psutil.Error):
        command = process.cmdline()
        size = process.memory_info().rss
        for child in process.children(recursive=True):
            with suppress(psutil.Error):
                if child.cmdline() != command:
                    size += child.memory_info().rss
    return size
