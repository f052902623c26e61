"""What a run leaves for people: a page per notebook, and ``index.html`` with all outcomes and figures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import nbformat
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from ci.verdict import Outcome
from course_lib.files import write_aside

# nbconvert's page without require.js, mermaid and widgets, which come from the network. MathJax does too:
# loaded asynchronously it holds up nothing, and without a network a formula stays its readable TeX source.
_PAGE = """\
{%- extends 'lab/index.html.j2' -%}
{% from 'mathjax.html.j2' import mathjax %}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}
{{ mathjax(resources.mathjax_url) | replace('<script src=', '<script async src=') }}
{%- endblock -%}
"""
_STATIC_OUTPUTS = ["text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain"]
_INDEX = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True)
class Figure:
    """A picture of a notebook: the id of its cell, and its PNG in base64."""

    cell: str
    png: str


def figures(notebook: NotebookNode) -> Iterator[Figure]:
    """Collect the PNG outputs of a notebook, in order."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                yield Figure(cell.get("id", ""), "".join(output.data["image/png"].split()))


def write_pages(outcomes: Sequence[Outcome], seconds: float, folder: Path, title: str) -> None:
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
    """
    config = Config({"NbConvertBase": {"display_data_priority": _STATIC_OUTPUTS}})
    exporter = HTMLExporter(config=config, raw_template=_PAGE)
    rows = []
    for outcome in outcomes:
        notebook = None
        if outcome.notebook.is_file():
            notebook = nbformat.read(outcome.notebook, as_version=4)
            page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": outcome.unit}})
            write_aside(folder / f"{outcome.unit}.html", page)
        rows.append({"outcome": outcome, "page": notebook is not None, "figures": list(figures(notebook or _EMPTY))})
    index = _INDEX.get_template("index.html.j2").render(title=title, rows=rows, seconds=seconds)
    write_aside(folder / "index.html", index)


_EMPTY = nbformat.v4.new_notebook()
