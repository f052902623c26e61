"""An extension of Sphinx that colors cells of C++ as C++; notebooks have one language for all cells."""

from docutils import nodes
from sphinx.application import Sphinx

from course_lib.cells import is_cpp


def _mark(_: Sphinx, document: nodes.document) -> None:
    """Set the language of the cells of a page."""
    for block in document.findall(nodes.literal_block):
        if is_cpp(block.astext()):
            block["language"] = "cpp"


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at every page after it is read."""
    app.connect("doctree-read", _mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
