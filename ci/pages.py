"""The report of a run for people: a page per notebook, and ``index.html`` with all outcomes and figures."""

import html
from collections.abc import Sequence
from pathlib import Path

import jinja2
import nbformat
from nbconvert import HTMLExporter
from traitlets.config import Config

from ci.comparison import Comparison
from ci.figures import alternative, figures
from ci.verdict import Outcome
from course_lib.files import write_aside
from course_lib.formulas import CSS
from course_lib.markdown import MathMLRenderer, to_html

# nbconvert's page without what comes from the network: require.js, MathJax, mermaid and widgets.
_PAGE = """\
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}<style>{{ resources.formulas_css }}</style>{%- endblock -%}
{%- block data_latex -%}
<div class="jp-RenderedLatex jp-OutputArea-output">{{ output.data['text/latex'] | markdown2html }}</div>
{%- endblock -%}
{%- block data_png -%}
{{ super() | replace('<img ', '<img alt="' ~ output | picture_alternative ~ '" ', 1) }}
{%- endblock -%}
"""
_STATIC_OUTPUTS = ["text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain"]
_INDEX = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


@jinja2.pass_context
def _markdown(context: jinja2.runtime.Context, text: str) -> str:
    """Convert the text of a cell as nbconvert does, except its formulas."""
    attachments = context.get("cell", {}).get("attachments", {})
    return to_html(text, MathMLRenderer(escape=False, attachments=attachments))


def write_pages(
    outcomes: Sequence[Outcome], seconds: float, folder: Path, title: str, comparison: Comparison | None = None
) -> None:
    """Write ``UNIT.html`` for every notebook and ``index.html`` over them.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One per notebook.
    seconds : float
        Wall time of the run.
    folder : Path
        Where the pages go.
    title : str
        Heading of the index.
    comparison : Comparison, optional
        What has changed since the last run, if there was one.
    """
    config = Config({"NbConvertBase": {"display_data_priority": _STATIC_OUTPUTS}})
    exporter = HTMLExporter(config=config, raw_template=_PAGE)
    exporter.register_filter("markdown2html", _markdown)
    exporter.register_filter("picture_alternative", lambda output: html.escape(alternative(output) or "Figure"))
    rows = []
    for outcome in outcomes:
        notebook = None
        if outcome.notebook.is_file():
            notebook = nbformat.read(outcome.notebook, as_version=4)
            page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": outcome.unit}, "formulas_css": CSS})
            write_aside(folder / f"{outcome.unit}.html", page)
        rows.append({"outcome": outcome, "page": notebook is not None, "figures": list(figures(notebook or _EMPTY))})
    template = _INDEX.get_template("index.html.j2")
    index = template.render(title=title, rows=rows, seconds=seconds, comparison=comparison)
    write_aside(folder / "index.html", index)


_EMPTY = nbformat.v4.new_notebook()
