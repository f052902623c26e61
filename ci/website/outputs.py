"""Outputs of an executed cell, as a page without a kernel and without a network can show them."""

import base64
import hashlib
import re
from collections.abc import Mapping

from nbformat import NotebookNode, v4

from ci.figures import alternative
from ci.text import plain

LIVE = "*Shown only in a running notebook.*"
_FRAME = re.compile(r"<(iframe|script|object|embed)\b", re.IGNORECASE)
_PICTURES = {"image/png": "png", "image/jpeg": "jpg"}


def page_outputs(cell: NotebookNode, figures: dict[str, bytes]) -> list[NotebookNode]:
    """Convert the outputs of a cell.

    Parameters
    ----------
    cell : NotebookNode
        An executed code cell; it is not changed.
    figures : dict
        Receives the pictures, by the name of the file that the page shows.

    Returns
    -------
    list of NotebookNode
        Pictures refer to files beside the page and carry their text alternatives. Of other outputs the richest form
        that needs neither a kernel nor a network is left.
    """
    return [_converted(output, figures) for output in cell.get("outputs", [])]


def _converted(output: NotebookNode, figures: dict[str, bytes]) -> NotebookNode:
    if output.output_type == "stream":
        return v4.new_output("stream", name=output.name, text=plain(output.text))
    if output.output_type == "error":
        return output
    return v4.new_output("display_data", data=_richest(output, figures))


def _richest(output: NotebookNode, figures: dict[str, bytes]) -> Mapping[str, str]:
    """Choose one form of an output."""
    data = output.data
    for kind, ending in _PICTURES.items():
        if kind in data:
            picture = base64.b64decode(data[kind])
            file = f"{hashlib.sha256(picture).hexdigest()[:16]}.{ending}"
            figures[file] = picture
            return {"text/markdown": f"![{_escaped(alternative(output) or 'Figure')}]({file})"}
    if "text/html" in data:
        html = "".join(data["text/html"])
        return {"text/markdown": LIVE} if _FRAME.search(html) else {"text/html": html}
    if "text/markdown" in data:
        return {"text/markdown": data["text/markdown"]}
    return {"text/plain": plain(data.get("text/plain", ""))}


def _escaped(text: str) -> str:
    """Write a text so that Markdown finds nothing in it."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|$&~])", r"\\\1", " ".join(text.split()))
