"""Which submissions run at the moment, and for how long."""

import threading
import time
from collections.abc import Callable

from course_lib.grading.models import printable

SHOWN = 2  # submissions in the line of progress

Named = tuple[str, str]  # student, unit


class Running:
    """Submissions that have begun and not ended. It may be used by several threads.

    Parameters
    ----------
    clock : callable
        Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: dict[Named, float] = {}
        self._ended: set[Named] = set()
        self._told: set[Named] = set()
        self._lock = threading.Lock()

    def begin(self, student: str, unit: str) -> None:
        """Record that a submission begins now, unless it has ended already."""
        with self._lock:
            if (student, unit) not in self._ended:
                self._begun[student, unit] = self._clock()

    def end(self, student: str, unit: str) -> None:
        """Record that a submission has ended, whether it had begun or not."""
        with self._lock:
            self._ended.add((student, unit))
            self._begun.pop((student, unit), None)

    def line(self) -> str:
        """Name the submissions that run the longest, with their seconds; empty if none runs."""
        with self._lock:
            longest, now = sorted(self._begun.items(), key=lambda item: item[1])[:SHOWN], self._clock()
        return "; ".join(_said(named, now - begun) for named, begun in longest)

    def slow(self, seconds: float) -> list[str]:
        """Name the submissions that have run for more than so many seconds, each only once."""
        with self._lock:
            now = self._clock()
            new = [(named, begun) for named, begun in self._begun.items() if now - begun > seconds]
            new = [(named, begun) for named, begun in new if named not in self._told]
            self._told |= {named for named, _ in new}
        return [_said(named, now - begun) for named, begun in new]


def _said(named: Named, seconds: float) -> str:
    return printable(f"{', '.join(named)}: {seconds:.0f} s")
