"""Running the cells of a notebook, in a kernel that nothing outside the course can change."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import zmq
from ipykernel.kernelspec import RESOURCES
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade, is_solution
from traitlets.config import Config

from course_lib.errors import CourseError

# -P: nothing in the notebook's folder may stand in for what the kernel itself imports.
KERNEL = [sys.executable, "-P", "-m", "course_lib.grading.sandbox.kernel_app", "-f", "{connection_file}"]
KERNEL_ENVIRONMENT = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # else the debugger warns of frozen modules
}
SKIP = "skip-execution"  # nbclient leaves out cells with this tag
MAX_PRINTED_CHARS = 1_000_000  # characters that a cell may print; the rest is dropped


class WakingChannel(AsyncZMQSocketChannel):
    """A channel on which no message is overlooked while another one is sent.

    Sending takes the notice off the socket that something has come, and who waits for that waits on. A notebook with a
    widget sends while its reply is due, and hung for as long as a cell may take; see nbclient's issue 312.
    """

    def send(self, msg: Any) -> None:
        """Send a message, and look at what has come meanwhile."""
        super().send(msg)
        self.socket.get(zmq.EVENTS)  # this wakes who waits


class CourseClient(AsyncKernelClient):
    """A client whose replies are not overlooked."""

    shell_channel_class = WakingChannel


class CourseKernel(AsyncKernelManager):
    """A kernel of the interpreter that runs this code, whatever is installed as ``python3`` elsewhere.

    It is reached through sockets in a folder of its own: TCP ports are chosen before the kernel
    takes them, and of many kernels that start at once, one now and then finds its port taken.
    """

    def __init__(self, **settings: Any) -> None:
        self._sockets = tempfile.TemporaryDirectory(prefix="pixelwise-", ignore_cleanup_errors=True)
        file = str(Path(self._sockets.name, "kernel.json"))
        super().__init__(transport="ipc", connection_file=file, client_factory=CourseClient, **settings)

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel's command and environment, from no file."""
        return KernelSpec(
            resource_dir=RESOURCES, argv=KERNEL, env=KERNEL_ENVIRONMENT, display_name="Python 3", language="python"
        )

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        """Launch it off the terminal: what a crash leaves there is of no use."""
        await super()._async_launch_kernel(
            kernel_cmd, **kw, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )

    _launch_kernel = _async_launch_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart)
        if not restart:
            self._sockets.cleanup()

    cleanup_resources = _async_cleanup_resources


def kernel_arguments(settings: Path) -> list[str]:
    """Start a kernel with IPython's own settings instead of the user's, and without its log lines."""
    return [f"--ipython-dir={settings}", "--log-level=ERROR"]


class ExecuteAll(Execute):
    """nbgrader's step that runs a learner's notebook, to its end and within its limits.

    Cells tagged ``demo`` (training shows, timings) are left out. No other tag is obeyed: a test
    runs, whatever its metadata says. A cell is stopped at ``Execute.timeout`` seconds; if it cannot
    be stopped, or the kernel dies, the notebook is given up with a ``CourseError``.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"kernel_manager_class": CourseKernel, "shutdown_kernel": "immediate", **settings})
        self.error_on_timeout = {
            "ename": "TimeoutError",
            "evalue": f"stopped after {self.timeout} s; an endless loop?",
            "traceback": [f"TimeoutError: stopped after {self.timeout} s; an endless loop?"],
        }
        self._printed: dict[int, int] = {}

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], km: CourseKernel | None = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Run every cell; outputs are written into ``nb``."""
        _mend_tags(nb)
        self._printed = {}
        with tempfile.TemporaryDirectory(prefix="pixelwise-", ignore_cleanup_errors=True) as settings:
            self.extra_arguments = kernel_arguments(Path(settings))
            try:
                return super().preprocess(nb, resources, km)
            except DeadKernelError as error:
                raise CourseError("the kernel died: a crash in native code, os._exit, or too little memory") from error
            except CellTimeoutError as error:
                raise CourseError(f"a cell ran on after {self.timeout} s and could not be stopped") from error

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Keep an output, unless the cell has printed too much already."""
        if msg["msg_type"] == "stream":
            printed = self._printed.get(cell_index, 0)
            self._printed[cell_index] = printed + len(msg["content"]["text"])
            msg["content"]["text"] = msg["content"]["text"][: max(MAX_PRINTED_CHARS - printed, 0)]
            if not msg["content"]["text"]:
                return None
        return super().output(outs, msg, display_id, cell_index)


def _mend_tags(notebook: NotebookNode) -> None:
    """Tag the demonstrations to be left out, and take every other tag away."""
    for cell in notebook.cells:
        tags = cell.metadata.pop("tags", [])
        if "demo" in tags and not (is_grade(cell) or is_solution(cell)):
            cell.metadata["tags"] = ["demo", SKIP]


def execute(notebook: NotebookNode, config: Config, folder: Path | None = None) -> NotebookNode:
    """Run a learner's notebook to its end, past errors; see `ExecuteAll`.

    Parameters
    ----------
    notebook : NotebookNode
        Is changed: it gets outputs.
    config : Config
        nbgrader's; ``Execute.timeout`` is the limit of a cell in seconds.
    folder : Path, optional
        Where the kernel works; a folder of its own that is removed afterwards, by default.

    Returns
    -------
    NotebookNode
        The same notebook.

    Raises
    ------
    CourseError
        If the kernel dies, or a cell cannot be stopped.
    """
    with tempfile.TemporaryDirectory(prefix="pixelwise-", ignore_cleanup_errors=True) as own:
        executed, _ = ExecuteAll(config=config).preprocess(notebook, {"metadata": {"path": str(folder or own)}})
    return executed


def stop_all(futures: Sequence[Future[Any]]) -> None:
    """Kill kernels, also those that were just about to start, until no notebook runs.

    Every process below this one is killed; a notebook that still runs then ends as with a dead kernel.

    Parameters
    ----------
    futures : sequence of Future
        Each runs one notebook, in a thread of this process.
    """
    for future in futures:
        future.cancel()
    while not all(future.done() for future in futures):
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        time.sleep(0.1)
