"""The pages of the API reference: one for each public package, which Sphinx fills from its docstrings."""

import ast
from pathlib import Path

from ci.website.docstrings import cited

# In the order of the units.
MODULES = (
    "images",
    "color",
    "color.tensors",
    "dataflow",
    "networks",
    "colorization",
    "upsampling",
    "layers",
    "segmentation",
    "unpooling",
    "attribution",
    "hypercolumns",
    "hypercolumn_colorizer",
    "ops",
    "native",
    "plots",
    "checks",
)


def api_pages(library: Path) -> dict[str, str]:
    """Write the pages. Nothing is imported, so it takes no time.

    Parameters
    ----------
    library : Path
        The package ``course_lib``.

    Returns
    -------
    dict
        Texts by path below the sources of the site.
    """
    pages = {f"api/{name}.rst": _page(f"{library.name}.{name}") for name in MODULES}
    rows = [f"   * - :doc:`{library.name}.{name} </api/{name}>`\n     - {_summary(library, name)}" for name in MODULES]
    entries = [f"   {name} </api/{name}>" for name in MODULES]
    heading = _heading("API reference")
    text = "What notebooks and projects import. Shapes, units and errors are part of each description."
    table = ["", text, "", ".. list-table::", "   :header-rows: 1", "", "   * - module", "     - subject", *rows]
    pages["api/index.rst"] = "\n".join([heading, *table, "", ".. toctree::", "   :hidden:", "", *entries, ""])
    return pages


def _page(module: str) -> str:
    return f"{_heading(module)}\n\n.. automodule:: {module}\n   :members:\n"


def _heading(text: str) -> str:
    return f"{text}\n{'=' * len(text)}"


def _summary(library: Path, name: str) -> str:
    """Read the first line of a module's docstring."""
    path = library.joinpath(*name.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join("\n".join(cited(docstring.split("\n\n")[0].split("\n"))).split())
