"""Figures of cells that are not run, taken from a file of which nothing is known."""

import base64
import json
from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_lib.grading.restore import figures
from course_lib.grading.restore.figures import add_figures

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def executed(*sources: str) -> NotebookNode:
    """A notebook of which only the first cell was run."""
    cells = [new_code_cell(source) for source in sources]
    cells[0].execution_count = 1
    return new_notebook(cells=[new_markdown_cell("text"), *cells])


def handed_in(**outputs: Any) -> bytes:
    """A submission with a cell for each source; its outputs may be anything."""
    cells = [{"cell_type": "code", "source": source, "outputs": found} for source, found in outputs.items()]
    return json.dumps({"nbformat": 4, "cells": cells}).encode()


def display(data: Any, **others: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, **others}


def shown(content: bytes, *sources: str) -> list[list[NotebookNode]]:
    """The outputs that each code cell has then."""
    notebook = executed("run", *sources)
    add_figures(notebook, content)
    return [cell.outputs for cell in notebook.cells[1:]]


def test_figures_of_cells_that_were_not_run() -> None:
    described = display({"image/png": PNG}, metadata={"image/png": {"alt": "a curve", "width": "1 onerror=x"}})
    content = handed_in(run=[display({"image/png": PNG})], plot=[described], other=[display({"image/png": PNG})])
    expected = new_output("display_data", {"image/png": PNG}, metadata={"image/png": {"alt": "a curve"}})
    assert shown(content, "plot", "changed") == [[], [expected], []]


def test_a_text_may_be_a_list_of_lines() -> None:
    cells = [{"source": ["plot\n", "(1)"], "outputs": [display({"image/jpeg": [f"{PNG[:4]}\n", PNG[4:]]})]}]
    content = b"\xef\xbb\xbf" + json.dumps({"cells": cells}).encode()
    assert shown(content, "plot\n(1)")[1] == [new_output("display_data", {"image/jpeg": PNG})]


@pytest.mark.parametrize(
    "output",
    [
        None,
        "text",
        {"output_type": "stream", "text": PNG},
        display(None),
        display([PNG]),
        display({"image/png": 7}),
        display({"image/png": {"a": 1}}),
        display({"image/png": ""}),
        display({"image/png": "no base64!"}),
        display({"image/png": f'{PNG}"><script>'}),
        display({"image/svg+xml": "<svg/>"}),
        display({"text/html": "<b>"}),
    ],
)
def test_what_is_no_picture_is_passed_over(output: Any) -> None:
    assert shown(handed_in(plot=[output, display({"image/png": PNG}, metadata=[output])]), "plot")[1] == [
        new_output("display_data", {"image/png": PNG})
    ]
    assert shown(handed_in(plot=output), "plot")[1] == []


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[]", b"7", b'{"cells": 7}', b'{"cells": [7, {}]}', b"[" * 100_000, b'{"cells": {}}']
)
def test_a_file_that_is_no_notebook_has_no_figures(content: bytes) -> None:
    assert shown(content, "plot") == [[], []]


def test_figures_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MAX_FIGURES_CHARS", 2 * len(PNG))
    content = handed_in(plot=[display({"image/png": PNG})] * 3, more=[display({"image/png": PNG})])
    assert [len(outputs) for outputs in shown(content, "plot", "more")] == [0, 2, 0]
