"""An extension of Sphinx that writes formulas as MathML: no script, no font and no network is needed to show them."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from course_lib.formulas import mathml

log = logging.getLogger(__name__)


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    _write(translator, node, display=False)


def _block(translator: HTML5Translator, node: nodes.math_block) -> None:
    _write(translator, node, display=True)


def _write(translator: HTML5Translator, node: nodes.Element, *, display: bool) -> None:
    """Write a formula; one that cannot be converted is a warning, which ends the build."""
    try:
        translator.body.append(mathml(node.astext(), display=display))
    except ValueError as error:
        log.warning("%s", error, location=node)
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer under the name ``mathml``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
