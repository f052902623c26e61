"""A process that has imported what notebooks import, and becomes learners' kernels by forking.

Importing TensorFlow takes most of the start time of a kernel. A fork has already imported it, and shares no writable
memory with other forks: each joins the namespaces of its own sandbox, which bubblewrap has made, and drops its
privileges, before any code of a learner runs. This process itself runs no learner's code, was started with a separate
environment, and has opened only its socket.
"""

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from course_lib.grading.preload import EVERYTHING, preload
from course_lib.grading.sandbox import namespaces
from course_lib.grading.sandbox.bubblewrap import ENVIRONMENT, HOME
from course_lib.grading.sandbox.kernel_main import KernelSettings, become
from course_lib.grading.sandbox.limits import CGROUPS, Limits, cgroup_support, group

VARIABLE = "PIXELWISE_ZYGOTE"  # the environment variable with the socket of the process to use
# The debugger, which ipykernel always imports, takes half of the start time of a kernel.
KERNEL = ("course_lib.grading.sandbox.kernel_app", "course_lib.grading.remote_test.agent", "ipykernel.debugger")
MAX_REQUEST_BYTES = 2**16  # bytes of a request
OPEN_FILES = 8  # the most open files of a request


@contextmanager
def start_zygote(modules: Iterable[str] = EVERYTHING) -> Iterator[Path]:
    """Start the process; it ends with the block, and with the process that called.

    Parameters
    ----------
    modules : iterable of str
        What it imports besides the kernel.

    Yields
    ------
    Path
        Its socket; `KernelClient` finds it if the environment variable `VARIABLE` has this path.
    """
    with (
        tempfile.TemporaryDirectory(prefix="pixelwise-") as folder,
        socket.socket(socket.AF_UNIX) as listener,
        # A process may move from one cgroup v2 to another only if its user may write to a common ancestor.
        group(Limits(), cgroup_support()) as (joining, environment),
    ):
        path = Path(folder, "zygote")
        listener.bind(str(path))
        listener.listen(128)
        own = [f"{name}={value}" for name, value in (ENVIRONMENT | {"HOME": folder}).items()]
        command = [sys.executable, "-P", "-m", "course_lib.grading.sandbox.zygote", str(listener.fileno()), *modules]
        with subprocess.Popen(
            [*joining, "/usr/bin/env", "-i", *own, *command],
            env=environment,
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,  # closed when this process ends, for any reason
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                yield path
            finally:
                process.kill()


class ForkedKernel:
    """A kernel that the process has forked; a context manager that closes the connection, but does not end the kernel.

    Parameters
    ----------
    path : Path
        The process's socket.
    connection_file : str
        Of the kernel.
    settings : KernelSettings
        The kernel's settings; its open files belong to this process.
    holder : int
        A process in the sandbox, whose namespaces and group the kernel joins.

    Attributes
    ----------
    pid : int
        The kernel.

    Raises
    ------
    OSError
        If there is no such process, or it fails.
    """

    def __init__(self, path: Path, connection_file: str, settings: KernelSettings, holder: int) -> None:
        with ExitStack() as stack:
            self._connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            self._connection.connect(str(path))
            request = json.dumps([connection_file, settings.dumps(), holder]).encode()
            socket.send_fds(self._connection, [request], list(settings.listening.values()))
            answer = self._connection.recv(64)
            if not answer:
                raise OSError("the zygote could not fork a kernel")
            self.pid = int(answer)
            self._connection.setblocking(False)
            stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._connection.close()

    def status(self) -> int | None:
        """Return the exit status of the kernel, None while it runs; negative for a signal."""
        try:
            return int(self._connection.recv(64) or -signal.SIGKILL)
        except BlockingIOError:
            return None


def main(listening: int, modules: Sequence[str]) -> None:
    """Import modules, and serve until the process that started this one has ended."""
    preload([*modules, *KERNEL])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody reads the exit status of a fork, so it leaves no zombie
    with socket.socket(fileno=listening) as listener:
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                _serve(connection, listener)
            connection.close()


def _serve(connection: socket.socket, listener: socket.socket) -> None:
    """Fork a kernel, send its number, wait for its end, send its exit status; never return."""
    listener.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        request, files, _, _ = socket.recv_fds(connection, MAX_REQUEST_BYTES, OPEN_FILES)
        connection_file, said, holder = json.loads(request)
        settings = KernelSettings(**json.loads(said))
        settings = KernelSettings(**vars(settings) | {"listening": dict(zip(settings.listening, files, strict=True))})
        _join_group(holder)
        namespaces.enter(holder)
        kernel = os.fork()
        if kernel == 0:
            connection.close()
            _start(connection_file, settings)
        for file in files:
            os.close(file)
        connection.sendall(str(kernel).encode())
        connection.sendall(str(os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])).encode())
    finally:
        os._exit(1)


def _join_group(holder: int) -> None:
    """Join the sandbox's cgroup v2, if there is one."""
    for line in Path(f"/proc/{holder}/cgroup").read_text(encoding="utf-8").splitlines():
        if line.startswith("0::/") and (CGROUPS / "cgroup.controllers").is_file():
            (CGROUPS / line[4:] / "cgroup.procs").write_text(str(os.getpid()), encoding="utf-8")


def _start(connection_file: str, settings: KernelSettings) -> None:
    """Become a kernel, like a newly started one; never return."""
    import numpy as np

    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    sys.argv = ["learner"]
    os.environ |= settings.environment | {"HOME": HOME}
    random.seed()
    np.random.seed()  # noqa: NPY002 - what a learner may use
    try:
        namespaces.give_up_rights(settings.user)
        become(connection_file, settings)
        os._exit(0)
    finally:
        os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
