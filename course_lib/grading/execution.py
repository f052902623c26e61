"""Running the cells of a notebook, in a kernel that does not depend on settings outside the course."""

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

# -P: no file in the notebook's folder may replace a module that the kernel itself imports.
KERNEL = [sys.executable, "-P", "-m", "course_lib.grading.sandbox.kernel_app", "-f", "{connection_file}"]
KERNEL_ENVIRONMENT = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # otherwise the debugger warns about frozen modules
}
SKIP = "skip-execution"  # nbclient skips cells with this tag
MAX_PRINTED_CHARS = 1_000_000  # characters that a cell may print; the rest is dropped


class WakingChannel(AsyncZMQSocketChannel):
    """A channel that does not miss a message while another one is sent.

    Sending clears the socket's notification of an incoming message, so that a waiting reader keeps waiting. A notebook
    with a widget sends while its reply is due, and hung until the time limit of its cell; see nbclient's issue 312.
    """

    def send(self, msg: Any) -> None:
        """Send a message, and check for messages that arrived in the meantime."""
        super().send(msg)
        self.socket.get(zmq.EVENTS)  # this wakes a waiting reader


class CourseClient(AsyncKernelClient):
    """A client that does not miss replies."""

    shell_channel_class = WakingChannel


class CourseKernel(AsyncKernelManager):
    """A kernel of the interpreter that runs this code, regardless of what is installed as ``python3``.

    It is reached through sockets in its own folder: TCP ports are chosen before the kernel opens them, so when many
    kernels start at once, one sometimes finds its port taken.
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
        """Launch it without the terminal: the output of a crash there is of no use."""
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
    """nbgrader's step that runs a learner's notebook to its end, within its limits.

    Cells tagged ``demo`` (training shows, timings) are left out. Other tags have no effect: a test always runs. A cell
    is stopped at ``Execute.timeout`` seconds; if it cannot be stopped, or the kernel dies, the run ends with a
    ``CourseError``.
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
    """Tag the demonstrations as cells to skip, and remove every other tag."""
    for cell in notebook.cells:
        tags = cell.metadata.pop("tags", [])
        if "demo" in tags and not (is_grade(cell) or is_solution(cell)):
            cell.metadata["tags"] = ["demo", SKIP]


def execute(notebook: NotebookNode, config: Config, folder: Path | None = None) -> NotebookNode:
    """Run a learner's notebook to its end, despite errors; see `ExecuteAll`.

    Parameters
    ----------
    notebook : NotebookNode
        It is changed: it gets outputs.
    config : Config
        nbgrader's; ``Execute.timeout`` is the limit of a cell in seconds.
    folder : Path, optional
        The working folder of the kernel; by default a temporary folder, which is removed afterwards.

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
    """Kill kernels, including those that are about to start, until no notebook runs.

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
