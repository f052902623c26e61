"""The figures of demonstrations, which are not run for a grade, as the learner handed them in."""

import binascii
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

MAX_FIGURES_CHARS = 10_000_000  # characters of all figures together, in base64
MAX_ALTERNATIVE_CHARS = 1_000  # characters of a text alternative
_KINDS = ("image/png", "image/jpeg")


def add_figures(notebook: NotebookNode, submitted: bytes) -> None:
    """Give cells that were not run the figures of the submitted notebook.

    Parameters
    ----------
    notebook : NotebookNode
        The executed notebook. A code cell without an execution count gets the figures of the cell with the same source,
        but no other outputs.
    submitted : bytes
        The file that was handed in. If anything is wrong with it, it counts as having no figures.
    """
    figures: dict[str, list[NotebookNode]] = {}
    with suppress(ValueError, RecursionError):
        for cell in _listed(json.loads(submitted.decode("utf-8-sig", "replace")), "cells"):
            figures[_text(cell.get("source"))] = [*_figures(cell)]
    left = MAX_FIGURES_CHARS
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.execution_count is None:
            for figure in figures.get(cell.source, []):
                left -= sum(map(len, figure.data.values()))
                if left >= 0:
                    cell.outputs.append(figure)


def _figures(cell: dict[str, Any]) -> Iterator[NotebookNode]:
    """Yield the pictures among the outputs of an untrusted cell, rebuilt."""
    for output in _listed(cell, "outputs"):
        for kind in _KINDS:
            picture = "".join(_text(_table(output.get("data")).get(kind)).split())
            with suppress(binascii.Error, ValueError):
                if binascii.a2b_base64(picture, strict_mode=True):
                    alternative = _text(_table(_table(output.get("metadata")).get(kind)).get("alt"))
                    described = {kind: {"alt": alternative[:MAX_ALTERNATIVE_CHARS]}} if alternative else {}
                    yield new_output("display_data", {kind: picture}, metadata=described)
                    break


def _table(value: Any) -> dict[str, Any]:
    """Return a JSON object; anything else counts as an empty one."""
    return value if isinstance(value, dict) else {}


def _listed(data: Any, name: str) -> list[dict[str, Any]]:
    """Return a list of JSON objects; anything else is left out."""
    found = _table(data).get(name)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _text(value: Any) -> str:
    """Read a text, which may be a list of lines."""
    lines = value if isinstance(value, list) else [value]
    return "".join(line for line in lines if isinstance(line, str))
