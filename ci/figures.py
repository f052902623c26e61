"""The figures of an executed notebook."""

from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode


@dataclass(frozen=True)
class Figure:
    """A picture of a notebook: the id of its cell, its PNG in base64, and its text alternative."""

    cell: str
    png: str
    alternative: str


def figures(notebook: NotebookNode) -> Iterator[Figure]:
    """Collect the PNG outputs of a notebook, in order."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                yield Figure(cell.get("id", ""), "".join(output.data["image/png"].split()), alternative(output))


def alternative(output: NotebookNode) -> str:
    """Read the text alternative of a picture from its metadata, where nbconvert does not look; empty if it has none."""
    return str(output.get("metadata", {}).get("image/png", {}).get("alt", ""))
