"""Execute one notebook with papermill, in a kernel that does not depend on settings outside the course."""

import logging
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.execute import ERROR_MARKER_TAG
from papermill.translators import PythonTranslator, papermill_translators

from ci.cells import record_peaks
from ci.memory import MemoryWatch
from course_lib.files import write_aside
from course_lib.grading.execution import CourseKernel, kernel_arguments

# A timeout and a dead kernel are reported by the returned failure, not by these: papermill logs them as well, and
# asyncio the tasks that nbclient then abandons.
for logger in ("papermill", "asyncio"):
    logging.getLogger(logger).addHandler(logging.NullHandler())


class _Translator(PythonTranslator):
    """Writes parameters as Python, with keys of a mapping as they are; papermill makes text of every key."""

    @classmethod
    def translate_dict(cls, val: Mapping[object, object]) -> str:
        return f"{{{', '.join(f'{cls.translate(key)}: {cls.translate(value)}' for key, value in val.items())}}}"


papermill_translators.register("python", _Translator)


@dataclass(frozen=True)
class Failure:
    """Why a notebook did not do what it should.

    Attributes
    ----------
    status : str
        ``failed`` or ``timeout``.
    reason : str
        A description, or ``NameOfError: message``.
    cell : int, optional
        Index of the cell where it happened, if it happened in one.
    """

    status: str
    reason: str
    cell: int | None = None


@dataclass
class _Position:
    """The position of a running notebook, reported by nbclient's hooks."""

    on_cell: Callable[[int, int], None]
    cell: int | None = None
    total: int = field(default=0)

    def start(self, notebook: NotebookNode) -> None:
        self.total = len(notebook.cells)

    def advance(self, cell: NotebookNode, cell_index: int) -> None:
        self.cell = cell_index
        self.on_cell(cell_index + 1, self.total)


def _watched_kernel(memory: MemoryWatch) -> type[CourseKernel]:
    """Make the class of a kernel whose memory is watched; papermill takes a class, not a kernel."""

    class WatchedKernel(CourseKernel):
        async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
            await super()._async_launch_kernel(kernel_cmd, **kw)
            provisioner: Any = self.provisioner  # a LocalProvisioner, which has a process
            memory.watch(provisioner.pid)

        _launch_kernel = _async_launch_kernel

    return WatchedKernel


def execute(
    source: Path,
    target: Path,
    parameters: Mapping[str, object],
    timeout: int,
    past_errors: bool,
    on_cell: Callable[[int, int], None],
) -> Failure | None:
    """Execute a notebook from its first cell.

    The kernel works in a new folder, with IPython's own settings instead of the user's; the folder is removed and
    the kernel killed at the end.

    Parameters
    ----------
    source, target : Path
        The notebook, and the file to which it is written with its outputs, cell by cell.
    parameters : mapping
        Values that replace those of the cell tagged ``parameters``.
    timeout : int
        Seconds that one cell may take.
    past_errors : bool
        Continue after a cell that raised an error.
    on_cell : callable
        Called before each cell with its number, from 1, and the number of cells.

    Returns
    -------
    Failure or None
        What stopped the notebook, unless an error in its outputs says so.
    """
    position, failure = _Position(on_cell), None
    target.parent.mkdir(parents=True, exist_ok=True)
    with MemoryWatch() as memory, tempfile.TemporaryDirectory(prefix="pixelwise-") as folder:
        work, settings = Path(folder, "work"), Path(folder, "ipython")
        work.mkdir()
        settings.mkdir()
        try:
            papermill.execute_notebook(
                source,
                target,
                parameters=dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                execution_timeout=timeout,
                iopub_timeout=timeout,
                allow_errors=past_errors,
                kernel_manager_class=_watched_kernel(memory),
                shutdown_kernel="immediate",
                extra_arguments=kernel_arguments(settings),
                resources={"metadata": {"path": str(work)}},
                on_notebook_start=position.start,
                on_cell_start=position.advance,
                on_cell_execute=lambda cell_index, **_: memory.begin(cell_index),
                on_cell_executed=lambda **_: memory.end(),
            )
        except papermill.PapermillExecutionError:
            pass  # the notebook's outputs tell
        except CellTimeoutError:
            failure = Failure("timeout", f"still running after {timeout} s", position.cell)
        except DeadKernelError:
            reason = "the kernel died: a crash in native code, os._exit, or too little memory"
            failure = Failure("failed", reason, position.cell)
    _finish(target, memory.peaks)
    return failure


def _finish(path: Path, peaks: Mapping[int, int]) -> None:
    """Note each cell's peak memory, and drop the cells in which papermill says where it stopped or could have."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if ERROR_MARKER_TAG not in cell.metadata.get("tags", [])]
    record_peaks(notebook, peaks)
    write_aside(path, nbformat.writes(notebook))
