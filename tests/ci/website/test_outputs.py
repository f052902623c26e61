"""Outputs on a page need neither a kernel nor a network."""

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output

from ci.website.outputs import LIVE, page_outputs
from tests.support.site import figure, picture


def converted(*outputs: NotebookNode) -> list[NotebookNode]:
    return page_outputs(new_code_cell(outputs=list(outputs)), {})


def data(**forms: str) -> NotebookNode:
    return new_output("display_data", {name.replace("_", "/"): value for name, value in forms.items()})


def test_a_picture_becomes_a_file_with_its_alternative() -> None:
    figures: dict[str, bytes] = {}
    (output,) = page_outputs(new_code_cell(outputs=[figure("A map [of 2 * 3] pixels.\nIt is red.")]), figures)
    ((file, content),) = figures.items()
    assert content == picture()
    assert file.endswith(".png")
    assert output.data == {"text/markdown": rf"![A map \[of 2 \* 3\] pixels. It is red.]({file})"}


def test_the_same_picture_is_one_file() -> None:
    figures: dict[str, bytes] = {}
    page_outputs(new_code_cell(outputs=[figure("One."), figure("Two.")]), figures)
    assert len(figures) == 1


def test_a_live_page_in_the_page_is_left_out() -> None:
    (output,) = converted(data(text_html='<iframe src="http://localhost:1"></iframe>', text_plain="live"))
    assert output.data == {"text/markdown": LIVE}


@pytest.mark.parametrize(
    ("forms", "shown"),
    [
        ({"text_html": "<b>1</b>", "text_plain": "1"}, {"text/html": "<b>1</b>"}),
        ({"text_markdown": "*1*", "text_plain": "1"}, {"text/markdown": "*1*"}),
        ({"text_plain": "\x1b[31m1\x1b[0m"}, {"text/plain": "1"}),
    ],
)
def test_the_richest_form_is_left(forms: dict[str, str], shown: dict[str, str]) -> None:
    (output,) = converted(data(**forms))
    assert output.data == shown


def test_printed_text_loses_its_colors() -> None:
    (output,) = converted(new_output("stream", name="stdout", text="\x1b[1mdone\x1b[0m\n"))
    assert (output.name, output.text) == ("stdout", "done\n")
