"""Ways to open a unit without setting anything up: in a codespace of GitHub, and on Colab."""

import copy
from importlib import metadata

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course_lib.colab import first_cell

COLAB = "colab"  # the folder of notebooks for Colab, below that of downloads


def codespace(repository: str) -> str:
    """Return the address at which GitHub starts a codespace of a repository, such as ``owner/name``."""
    return f"https://codespaces.new/{repository}?quickstart=1"


def colab_notebook(released: NotebookNode, repository: str) -> NotebookNode:
    """Put the cell before a notebook that installs the course on Colab.

    Parameters
    ----------
    released : NotebookNode
        What learners get; it is not changed.
    repository : str
        Where the wheel of this version is released, such as ``owner/name``.

    Returns
    -------
    NotebookNode
        A copy with one more cell.
    """
    version = metadata.version("pixelwise")
    wheel = f"https://github.com/{repository}/releases/download/v{version}/pixelwise-{version}-py3-none-any.whl"
    notebook = copy.deepcopy(released)
    notebook.cells.insert(0, new_code_cell(first_cell(wheel), id="set-up-on-colab"))
    return notebook
