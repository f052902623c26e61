"""Programs that run within limits, and leave no process behind."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

# A stricter hard limit is kept: raising it fails, which is ignored. At the soft limit of processor time, a program gets
# a signal that it can handle; a second later it is killed.
_SHELL = (
    'for limit in "-c 0" "-S -t $1" "-H -t $2" "-d $3" "-f $4"; do ulimit $limit 2>/dev/null; done; shift 4; exec "$@"'
)
_BLOCK = 512  # bytes, the unit of `ulimit -f`
# No other environment variables are passed on: compilers and loaders obey many of them.
_KEPT = ("PATH", "HOME", "SDKROOT", "DEVELOPER_DIR")


@dataclass(frozen=True)
class Limits:
    """Limits for a program, and for each process that it starts.

    Attributes
    ----------
    cpu_s : int
        Seconds of processor time per process.
    memory_bytes : int
        Memory for data of a process, in bytes.
    file_bytes : int
        Length of a file, in bytes.
    wall_s : float
        Seconds until all of them are killed.
    """

    cpu_s: int
    memory_bytes: int
    file_bytes: int
    wall_s: float


class Program:
    """A program that runs in a ``with`` statement; at the end its whole process group is killed.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments.
    folder : Path
        Where it runs.
    limits : Limits
        What it may use.
    said : file
        The file to which its output goes.
    stdin : file, optional
        Its standard input.
    opened : sequence of file
        Open files that it inherits, with the same descriptors.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        limits: Limits,
        said: IO[Any],
        stdin: IO[Any] | None = None,
        opened: Sequence[IO[Any]] = (),
    ) -> None:
        numbers = [limits.cpu_s, limits.cpu_s + 1, limits.memory_bytes // 1024, limits.file_bytes // _BLOCK]
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self._end = time.monotonic() + limits.wall_s
        self._process: subprocess.Popen[Any] | None = None
        self._start = partial(
            subprocess.Popen,
            ["/bin/sh", "-c", _SHELL, "sh", *map(str, numbers), *command],
            cwd=folder,
            env=kept | {"LC_ALL": "C", "TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=said,
            stderr=subprocess.STDOUT,
            pass_fds=[file.fileno() for file in opened],
            start_new_session=True,
        )

    def __enter__(self) -> "Program":
        try:
            # Ctrl-C interrupts only the main thread. Here it would leave a program behind that nobody knows about.
            with ThreadPoolExecutor(1) as pool:
                pool.submit(self._begin).result()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _begin(self) -> None:
        self._process = self._start()

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):  # macOS: only zombies are left
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait(self) -> int | None:
        """Wait for its end.

        Returns
        -------
        int or None
            Its exit status, or the negative number of the signal that killed it; None if its time has run out.

        Raises
        ------
        RuntimeError
            If it has not been started.
        """
        if self._process is None:
            raise RuntimeError("expected a program in a with statement, which starts it")
        try:
            return self._process.wait(max(0.0, self._end - time.monotonic()))
        except subprocess.TimeoutExpired:
            return None
