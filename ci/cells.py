"""What the cells of an executed notebook took."""

from collections.abc import Mapping
from dataclasses import dataclass

from nbformat import NotebookNode

from ci.text import plain

SHOWN_CHARS = 60


@dataclass(frozen=True)
class Cell:
    """A code cell that ran.

    Attributes
    ----------
    number : int
        Its place among all cells of the notebook, from 1.
    id : str
        Its id in the notebook.
    name : str
        Its ``grade_id``, or the beginning of its first line.
    seconds : float
        Wall time.
    peak_mb : int
        Megabytes of the kernel and the processes below it, at the most; see `ci.memory`.
    """

    number: int
    id: str
    name: str
    seconds: float
    peak_mb: int


def record_peaks(notebook: NotebookNode, peaks: Mapping[int, int]) -> None:
    """Note the peak memory of cells in their metadata.

    Parameters
    ----------
    notebook : NotebookNode
        Is changed.
    peaks : mapping
        Megabytes by the index of the cell.
    """
    for index, peak in peaks.items():
        notebook.cells[index].metadata["peak_mb"] = peak


def measured_cells(notebook: NotebookNode) -> tuple[Cell, ...]:
    """Collect the code cells that ran, also one that was stopped, from the metadata of an executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        Executed by papermill, which notes how long each cell took.

    Returns
    -------
    tuple of Cell
        In order.
    """
    return tuple(
        Cell(number, cell.get("id", ""), _name(cell), round(seconds, 2), cell.metadata.get("peak_mb", 0))
        for number, cell in enumerate(notebook.cells, 1)
        if cell.cell_type == "code" and (seconds := cell.metadata.get("papermill", {}).get("duration")) is not None
    )


def _name(cell: NotebookNode) -> str:
    first_line = cell.source.strip().partition("\n")[0]
    name = cell.metadata.get("nbgrader", {}).get("grade_id") or first_line
    return plain(name if len(name) <= SHOWN_CHARS else f"{name[:SHOWN_CHARS]}…")
