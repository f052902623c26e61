"""A learner's kernel, as the trusted process sees it."""

import logging
import socket
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from ipykernel.kernelspec import RESOURCES
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.grading.sandbox.connection import MESSAGE_POLL_S, Connection, UnreadError
from course_lib.grading.sandbox.launch import command
from course_lib.grading.sandbox.limits import Limits
from course_lib.grading.sandbox.outputs import Outputs, error
from course_lib.grading.sandbox.provisioner import DATA, SandboxProvisioner

START_TIMEOUT_S = 120  # seconds until a kernel must answer; on an idle machine it takes less than one
LATE_OUTPUTS_S = 1  # seconds after the reply until the end of the outputs counts as lost
# A single expression, so that it leaves no name behind.
READY = "__import__('course_lib.grading.sandbox.kernel_main', fromlist=['ready']).ready({agent!r}, {data!r})"

log = logging.getLogger(__name__)


class KernelDiedError(CourseError):
    """The learner's kernel is gone; the message says why, for the learner."""


class KernelStartError(CourseError):
    """The learner's kernel did not start; the learner's code is not the cause."""


class _Manager(KernelManager):
    """A kernel manager that asks for the sandbox's provisioner."""

    provisioner: SandboxProvisioner
    settings: dict[str, Any]

    @property
    def kernel_spec(self) -> KernelSpec:
        """The specification, from no file."""
        chosen = {"kernel_provisioner": {"provisioner_name": "pixelwise-sandbox", "config": self.settings}}
        return KernelSpec(
            resource_dir=RESOURCES, argv=command(), display_name="learner", language="python", metadata=chosen
        )


class KernelClient:
    """A kernel that runs one learner's code; a context manager.

    Parameters
    ----------
    limits : Limits
        What the code may use.
    isolated : bool
        Whether it runs in the sandbox; otherwise it has the privileges of this process.
    data : Path, optional
        A folder of which the kernel gets a copy, without notebooks, as its working folder.
    deadline : float, optional
        When the time of the submission ends, by `time.monotonic`; by default `Limits.submission_s` after the start.

    Attributes
    ----------
    channel : socket
        Connected to the agent in the kernel.
    """

    channel: socket.socket

    def __init__(
        self, limits: Limits, isolated: bool = True, data: Path | None = None, deadline: float | None = None
    ) -> None:
        self._limits = limits
        self._end = deadline
        self._settings = {"limits": asdict(limits), "isolated": isolated, "data": str(data or "")}
        self._open = ExitStack()
        self._ended, self._replied = False, 0.0  # of the cell that was begun

    def __enter__(self) -> Self:
        """Start the kernel and its agent; raise `KernelStartError` if that fails."""
        try:
            self._start()
        except KernelDiedError as died:
            raise KernelStartError(str(died)) from died
        self._deadline = time.monotonic() + self._limits.submission_s if self._end is None else self._end
        return self

    def _start(self) -> None:
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="pixelwise-", ignore_cleanup_errors=True))
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(f"{folder}/agent")
            listener.listen()
            self._manager = _Manager(transport="ipc", connection_file=f"{folder}/kernel.json", ip=f"{folder}/port")
            self._manager.settings = self._settings
            self._manager.start_kernel()
            stack.callback(self._manager.shutdown_kernel, now=True)
            self._connection = Connection(self._manager)
            stack.callback(self._connection.close)
            self._deadline = time.monotonic() + START_TIMEOUT_S
            self._greet()
            data = f"{folder}/{DATA}" if self._settings["data"] else ""
            self.begin(READY.format(agent=f"{folder}/agent", data=data), silent=True)
            if outputs := self.finish():
                raise KernelDiedError(
                    f"it cannot import the course's library, or copy the data: {outputs[-1].get('evalue')}"
                )
            self.channel = stack.enter_context(listener.accept()[0])
            self._open = stack.pop_all()

    def __exit__(self, *raised: object) -> None:
        """Kill the kernel and everything that it started."""
        self._open.close()

    @property
    def alive(self) -> bool:
        """Tell whether the kernel runs."""
        return self._manager.provisioner.running()

    @property
    def ended(self) -> bool:
        """Tell whether the running cell has ended."""
        self._ended = self._ended or self._wait(0)
        return self._ended

    def run_cell(self, source: str, timeout: float | None = None) -> list[NotebookNode]:
        """Run a cell to its end; see `begin` and `finish`."""
        self.begin(source)
        return self.finish(timeout)

    def begin(self, source: str, silent: bool = False) -> None:
        """Let the kernel run a cell, without waiting for it.

        Parameters
        ----------
        source : str
            The cell.
        silent : bool
            Whether the cell leaves no trace in the counter and the history, and shows no value.

        Raises
        ------
        KernelDiedError
            If the kernel is gone, or the time of the submission is over.
        """
        if time.monotonic() > self._deadline:
            self.kill()
            raise KernelDiedError(f"all cells together ran for more than {self._limits.submission_s:g} s")
        if not self.alive:
            raise KernelDiedError(self._manager.provisioner.death())
        self._outputs = Outputs(self._limits)
        self._ended, self._replied = False, 0.0
        self._begun = time.monotonic()
        try:
            self._request = self._connection.execute(source, silent)
        except UnreadError:
            self.kill()
            raise KernelDiedError("it no longer reads what is sent to it") from None

    def finish(self, timeout: float | None = None) -> list[NotebookNode]:
        """Wait for the running cell; if it takes too long, it is interrupted, and killed if it continues.

        Parameters
        ----------
        timeout : float, optional
            Seconds since it began, `Limits.cell_s` by default.

        Returns
        -------
        list of NotebookNode
            Its outputs; at most what the limits allow. If it was stopped, the last one is a ``TimeoutError``.

        Raises
        ------
        KernelDiedError
            If the kernel died, or had to be killed.
        """
        seconds = min(self._limits.cell_s if timeout is None else timeout, self._deadline - self._begun)
        if self._ended or self._wait(self._begun + seconds):
            return self._outputs.kept
        log.debug("interrupting a cell after %.1f s", seconds)
        self.interrupt()
        if not self._wait(time.monotonic() + self._limits.grace_s):
            self.kill()
            raise KernelDiedError(f"a cell ran on after {round(seconds, 1):g} s and could not be stopped")
        kept = [output for output in self._outputs.kept if output.get("ename") != "KeyboardInterrupt"]
        return [*kept, error("TimeoutError", f"stopped after {round(seconds, 1):g} s; an endless loop?")]

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the kernel, as Ctrl-C would."""
        self._manager.interrupt_kernel()

    def kill(self) -> None:
        """End the kernel and everything that it started."""
        log.debug("killing the kernel")
        self._manager.provisioner.end()

    def _greet(self) -> None:
        """Wait until the kernel answers and its outputs arrive: outputs before the connection is made are lost."""
        while True:
            if time.monotonic() > self._deadline:
                raise KernelDiedError(f"the kernel did not answer within {START_TIMEOUT_S} s")
            self.begin("", silent=True)
            if self._wait(self._begun + 1, patiently=True):
                return

    def _wait(self, deadline: float, patiently: bool = False) -> bool:
        """Collect outputs until the cell has ended; tell whether it ended before the deadline."""
        while True:
            ended = not self.alive  # checked before the last messages are read
            for message in self._connection.messages(min(MESSAGE_POLL_S, max(0.0, deadline - time.monotonic()))):
                if message.parent != self._request:
                    continue
                if message.kind == "status" and message.content == {"execution_state": "idle"}:
                    return True
                if message.kind == "execute_reply":
                    self._replied = time.monotonic()
                self._outputs.add(message)
            now = time.monotonic()
            if self._replied and not patiently and now > self._replied + LATE_OUTPUTS_S:
                return True
            if ended:
                raise KernelDiedError(self._manager.provisioner.death())
            if now > deadline:
                return False
