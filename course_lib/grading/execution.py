"""Running the cells of a notebook, in a kernel that nothing outside the course can change."""

import tempfile
from pathlib import Path

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.utils import is_grade, is_solution
from traitlets.config import Config

KERNEL_ENVIRONMENT = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # else the debugger warns of frozen modules
}
SKIP = "skip-execution"  # nbclient leaves out cells with this tag


class CourseKernel(AsyncKernelManager):
    """A kernel of the interpreter that runs this code, whatever is installed as ``python3`` elsewhere."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel's command and environment, from no file."""
        return KernelSpec(resource_dir=RESOURCES, env=KERNEL_ENVIRONMENT, **get_kernel_dict())


def kernel_arguments(settings: Path) -> list[str]:
    """Start a kernel with IPython's own settings instead of the user's, and without its log lines."""
    return [f"--ipython-dir={settings}", "--log-level=ERROR"]


def execute(notebook: NotebookNode, config: Config, folder: Path | None = None) -> NotebookNode:
    """Run a learner's notebook to its end, past errors.

    Cells tagged ``demo`` (training shows, timings) are left out. No other tag is obeyed: a test
    runs, whatever its metadata says.

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
    ValueError
        If the kernel dies.
    """
    for cell in notebook.cells:
        tags = cell.metadata.pop("tags", [])
        if "demo" in tags and not (is_grade(cell) or is_solution(cell)):
            cell.metadata["tags"] = ["demo", SKIP]
    with tempfile.TemporaryDirectory(prefix="pixelwise-") as own:
        settings, work = Path(own, "ipython"), Path(own, "work")
        settings.mkdir()
        work.mkdir()
        step = Execute(config=config, kernel_manager_class=CourseKernel, extra_arguments=kernel_arguments(settings))
        try:
            executed, _ = step.preprocess(notebook, {"metadata": {"path": str(folder or work)}})
        except DeadKernelError as error:
            raise ValueError("the kernel died: a crash in native code, os._exit, or too little memory") from error
    return executed
