"""A small executed notebook, and what a built page says."""

import base64
import io
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4
from PIL import Image

WIDGET = "application/vnd.jupyter.widget-view+json"


def picture() -> bytes:
    """A PNG file of a few pixels."""
    file = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(file, "PNG")
    return file.getvalue()


def figure(alternative: str) -> NotebookNode:
    """The output of a cell that ends with a figure; it has a slider, too."""
    data = {"image/png": base64.b64encode(picture()).decode(), "text/plain": "<Figure>", WIDGET: {"model_id": "0"}}
    return v4.new_output("execute_result", data, metadata={"image/png": {"alt": alternative}})


def executed(released: Path) -> NotebookNode:
    """A released notebook, every code cell of which has printed a line and shown a figure."""
    notebook = nbformat.read(released, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            printed = v4.new_output("stream", name="stdout", text=f"printed by {cell.id}\n")
            cell.outputs = [printed, figure(f"A figure of {cell.id}.")]
    return notebook


class Page(HTMLParser):
    """A page of the site: its text, and its elements with their attributes, in order."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = ""
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, *tags: str) -> list[dict[str, str | None]]:
        """List the attributes of all elements of some kinds."""
        return [attributes for tag, attributes in self.elements if tag in tags]
