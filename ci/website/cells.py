"""An extension of Sphinx for cells: those of C++ are colored as C++, and what unfolds a check says so to everyone."""

import html

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from course_lib.cells import is_cpp


def _color(_: Sphinx, document: nodes.document) -> None:
    """Set the language of the cells of a page; notebooks have one language for all cells."""
    for block in document.findall(nodes.literal_block):
        if is_cpp(block.astext()):
            block["language"] = "cpp"


def _fold(translator: HTML5Translator, node: HideCodeCellNode) -> None:
    """Begin a folded cell. MyST-NB's own has a label for screen readers that differs from what is to be seen."""
    classes = html.escape(" ".join(["admonition", "hide", *node["classes"]]))
    summary = f'<summary><p class="admonition-title">{html.escape(node["prompt_show"])}</p></summary>'
    translator.body.append(f'<details class="{classes}">{summary}\n')


def _end(translator: HTML5Translator, _: HideCodeCellNode) -> None:
    translator.body.append("</details>\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at every page after it is read, and write folded cells."""
    app.connect("doctree-read", _color)
    app.add_node(HideCodeCellNode, override=True, html=(_fold, _end))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
