"""The report of a run for people: a page per notebook, and ``index.html`` with all outcomes and figures."""

import html
from collections.abc import Sequence
from pathlib import Path

import jinja2
import nbformat
from nbconvert import HTMLExporter
from traitlets.config import Config

from ci.comparison import Comparison
from ci.figures import Figure, alternative, figures
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
{%- block html_head_js_mathjax -%}<style>{{ resources.css }}</style>{%- endblock -%}
{%- block data_latex -%}
<div class="jp-RenderedLatex jp-OutputArea-output">{{ output.data['text/latex'] | markdown2html }}</div>
{%- endblock -%}
{%- block data_png -%}
{{ super() | replace('<img ', '<img alt="' ~ output | picture_alternative ~ '" ', 1) }}
{%- endblock -%}
"""
_CSS = CSS + Path(__file__).with_name("contrast.css").read_text(encoding="utf-8")
_STATIC_OUTPUTS = ["text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain"]
_INDEX = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


@jinja2.pass_context
def _markdown(context: jinja2.runtime.Context, text: str) -> str:
    """Convert the text of a cell as nbconvert does, except its formulas."""
    attachments = context.get("cell", {}).get("attachments", {})
    return to_html(text, MathMLRenderer(escape=False, attachments=attachments))


def write_page(notebook: Path, unit: str, folder: Path) -> None:
    """Write ``UNIT.html``, the page of an executed notebook.

    Parameters
    ----------
    notebook : Path
        Where it lies.
    unit : str
        Its whole name.
    folder : Path
        Where the page goes.
    """
    config = Config({"NbConvertBase": {"display_data_priority": _STATIC_OUTPUTS}})
    exporter = HTMLExporter(config=config, raw_template=_PAGE)
    exporter.register_filter("markdown2html", _markdown)
    exporter.register_filter("picture_alternative", lambda output: html.escape(alternative(output) or "Figure"))
    cells = nbformat.read(notebook, as_version=4)
    page, _ = exporter.from_notebook_node(cells, {"metadata": {"name": unit}, "css": _CSS})
    write_aside(folder / f"{unit}.html", page)


def write_index(
    outcomes: Sequence[Outcome], seconds: float, folder: Path, title: str, comparison: Comparison | None = None
) -> None:
    """Write ``index.html``: all outcomes and figures, with links to the pages that are there.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One per notebook.
    seconds : float
        Wall time of the run.
    folder : Path
        Where it goes, beside the pages.
    title : str
        Its heading.
    comparison : Comparison, optional
        What has changed since the last run, if there was one.
    """
    rows = [
        {
            "outcome": outcome,
            "page": (folder / f"{outcome.unit}.html").is_file(),
            "figures": _figures(outcome.notebook),
        }
        for outcome in outcomes
    ]
    template = _INDEX.get_template("index.html.j2")
    index = template.render(title=title, rows=rows, seconds=seconds, comparison=comparison)
    write_aside(folder / "index.html", index)


def _figures(notebook: Path) -> list[Figure]:
    """List the figures of an executed notebook; none if it could not be executed."""
    return list(figures(nbformat.read(notebook, as_version=4))) if notebook.is_file() else []
