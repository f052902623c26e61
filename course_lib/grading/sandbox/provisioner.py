"""Starting a learner's kernel, in the sandbox or, if requested, without it."""

import logging
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Bool, Dict, Unicode

from course_lib.grading.sandbox import bubblewrap, launch, zygote
from course_lib.grading.sandbox.kernel_main import KernelSettings
from course_lib.grading.sandbox.limits import Limits, cgroup_support, group
from course_lib.grading.sandbox.resource_monitor import ResourceMonitor, tree

KILL_TIMEOUT_S = 5  # seconds until a killed process must be gone
DATA = "data"  # beside the connection file

log = logging.getLogger(__name__)


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel whose command is `kernel_main`, over ipc; its settings say what it may do.

    The folder of the connection file is the one folder that both sides see, and the kernel can only read it: the
    listening sockets in it are made here. All processes of the kernel end with it, with this process, and on `kill`.
    If the environment names a zygote, the kernel is a fork of it.
    """

    limits = Dict(help="What the kernel may use: the fields of `Limits`.").tag(config=True)
    data = Unicode(help="A folder to copy beside the connection file, but for notebooks.").tag(config=True)
    isolated = Bool(True, help="Whether to use bubblewrap.").tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._resources = ExitStack()
        self._watch: ResourceMonitor | None = None
        self._status: int | None = None
        self._fork: zygote.ForkedKernel | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Write the connection file."""
        if self.parent is None or self.parent.transport != "ipc":
            raise ValueError("expected a kernel manager with transport 'ipc'")
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Make the sockets and start the kernel; it gets nothing of this process's environment."""
        settings = self._settings()
        forked = self.isolated and self._forked_by_zygote(os.environ.get(zygote.VARIABLE, ""), settings)
        if not forked:
            self._start(settings, [*cmd, settings.dumps()], list(settings.listening.values()))
        log.debug("kernel %s, %s", self.pid, "forked by the zygote" if forked else "started by itself")
        tops = [int(self.pid or 0), *([self._fork.pid] if self._fork else [])]
        self._watch = ResourceMonitor(tops, Limits(**self.limits), self.end)
        self._watch.start()
        return self.connection_info

    def _forked_by_zygote(self, path: str, settings: KernelSettings) -> bool:
        """Let the zygote fork the kernel into a new sandbox; tell whether that succeeded."""
        if not path or self.parent is None:
            return False
        self._start(settings, launch.HOLD)
        try:
            holder = self._held()
            fork = zygote.ForkedKernel(Path(path), self.parent.connection_file, settings, holder.pid)
        except OSError as error:  # the zygote is gone, or the system refuses
            log.warning("the zygote could not fork a kernel: %s", error)
            self.end()
            return False
        self._fork = self._resources.enter_context(fork)
        return True

    def _held(self) -> psutil.Process:
        """Wait until the sandbox exists, and find the process that holds it."""
        if self.process is None or self.process.stdout is None or not self.process.stdout.readline():
            raise OSError("the sandbox did not start")
        return self._first_inside()

    def _settings(self) -> KernelSettings:
        """Make the sockets, the folder with the data, and the kernel's settings."""
        told = self.connection_info
        folder = Path(told["ip"]).parent
        user = bubblewrap.stranger() if self.isolated else None
        ports = (told["shell_port"], told["iopub_port"], told["stdin_port"], told["control_port"])
        listening = {str(port): self._listen(f"{told['ip']}-{port}") for port in ports}
        if self.data:
            shutil.copytree(self.data, folder / DATA, ignore=shutil.ignore_patterns("*.ipynb", ".*"))
        if user is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, user, user)
        ops = launch.user_ops()
        return KernelSettings(
            home=bubblewrap.HOME if self.isolated else str(folder / "home"),
            user=user,
            listening=listening,
            limits=launch.rlimits(Limits(**self.limits), self.isolated),
            environment={"TF_USER_OPS": str(ops)} if ops else {"PIXELWISE_OPS": "reference"},
            readable=[str(folder), *([str(ops)] if ops else [])],
        )

    def _listen(self, path: str) -> int:
        """Make a listening socket, and return its open file."""
        listener = self._resources.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(path)
        listener.listen()
        return listener.fileno()

    def _start(self, settings: KernelSettings, command: Sequence[str], open_files: Sequence[int] = ()) -> None:
        """Start a command in its sandbox and group, with some of this process's open files."""
        limits = Limits(**self.limits)
        before, needed = launch.unsandboxed_command(settings), list[int]()
        if self.isolated:
            readable = map(Path, settings.readable)
            sandboxed = bubblewrap.bwrap_command(readable, settings.environment, limits, settings.user)
            before, needed = self._resources.enter_context(sandboxed)
        joining, environment = self._resources.enter_context(group(limits, cgroup_support()))
        self.process = subprocess.Popen(
            [*joining, *before, *command],
            env=environment,
            pass_fds=[*needed, *open_files],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if command is launch.HOLD else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.pid = self.process.pid

    async def poll(self) -> int | None:
        """Return the exit status of the kernel, None while it runs."""
        return None if self.running() else self._status

    def running(self) -> bool:
        """Tell whether the kernel runs."""
        if self._status is None and self._fork:
            self._status = self._fork.status()
        if self._status is None and self.process:
            self._status = self.process.poll()
        return self._status is None

    async def send_signal(self, signum: int) -> None:
        """Interrupt the kernel inside, or end everything."""
        if signum != signal.SIGINT:
            self.end()
        else:
            with suppress(psutil.Error, IndexError, ValueError):  # gone, or not started yet
                self._kernel().send_signal(signum)

    def _kernel(self) -> psutil.Process:
        """Find the kernel."""
        if self._fork:
            return psutil.Process(self._fork.pid)
        return self._first_inside() if self.isolated else psutil.Process(self.pid)

    def _first_inside(self) -> psutil.Process:
        """Find the first process in the sandbox other than bubblewrap's own."""
        return min(psutil.Process(self.pid).children()[0].children(), key=psutil.Process.create_time)

    def end(self) -> None:
        """Kill every process of the kernel. In the sandbox, the system does that when its first process dies."""
        running = self.process
        if running and running.poll() is None:
            top, *below = tree(running.pid)
            # The topmost bubblewrap process ends last, by itself, when all others are gone.
            for processes in (below, [top]):
                for process in processes:
                    with suppress(psutil.Error):
                        process.kill()
                with suppress(subprocess.TimeoutExpired):
                    running.wait(KILL_TIMEOUT_S if self.isolated else 0)

    async def cleanup(self, restart: bool = False) -> None:
        """Close what the kernel used."""
        if self._watch:
            self._watch.stop()
        self._resources.close()
        await super().cleanup(restart)

    def death(self) -> str:
        """Explain why the kernel is gone."""
        if self._watch and self._watch.verdict:
            return f"it {self._watch.verdict}"
        status = self._status or 0
        if -64 < status < 0 or 128 < status < 192:
            name = signal.Signals(abs(status) % 128).name
            words = {
                "SIGKILL": "it was killed by the system: too little memory?",
                "SIGXCPU": f"it used more than {Limits(**self.limits).cpu_s} s of processor time",
            }
            return words.get(name, f"it crashed ({name})")
        return f"it ended itself: exit, quit or os._exit (status {status})"
