"""The page of a unit: the released notebook, with the outputs of the instructor's run."""

import copy
from dataclasses import dataclass, field

from nbformat import NotebookNode

from ci.website.facts import FACTS
from ci.website.launch import COLAB, codespace
from ci.website.outputs import page_outputs

DOWNLOADS = "downloads"  # at the root of the site
_SOLVED = "*Figures and outputs on this page are those of a run in which every exercise is solved.*"


@dataclass(frozen=True)
class UnitPage:
    """A page and the pictures beside it.

    Attributes
    ----------
    notebook : NotebookNode
        What Sphinx reads.
    figures : dict
        Pictures by the name of their file.
    """

    notebook: NotebookNode
    figures: dict[str, bytes] = field(default_factory=dict)

    @property
    def closing(self) -> str | None:
        """The last figure of the page, as Markdown."""
        shown = [output.get("data", {}) for cell in self.notebook.cells for output in cell.get("outputs", [])]
        pictures = [text for data in shown if (text := data.get("text/markdown", "")).startswith("![")]
        return pictures[-1] if pictures else None


def unit_page(
    name: str, released: NotebookNode, executed: NotebookNode | None, repository: str | None = None
) -> UnitPage:
    """Make the page of a unit.

    Parameters
    ----------
    name : str
        Full name of the unit.
    released : NotebookNode
        What learners get; it is not changed. Everything on the page but the outputs is from here, so that no answer
        and no hidden test can reach it.
    executed : NotebookNode or None
        The instructor's notebook after a run. Outputs are taken over where a cell has the same id and source.
    repository : str, optional
        The repository of the course on GitHub, such as ``owner/name``; the page says how to open the unit from there.

    Returns
    -------
    UnitPage
        The notebook, in which long checks are folded.
    """
    page = UnitPage(copy.deepcopy(released))
    ran = {} if executed is None else {cell.get("id"): cell for cell in executed.cells}
    for cell in page.notebook.cells:
        if cell.cell_type != "code":
            continue
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            cell.metadata.tags = [*cell.metadata.get("tags", []), "hide-input"]
        same = ran.get(cell.id)
        if same is not None and same.source == cell.source:
            cell.outputs = page_outputs(same, page.figures)
    first = page.notebook.cells[0]
    row = [_links(name, repository), *([] if executed is None else [_SOLVED])]
    first.source = FACTS.sub(lambda facts: "\n\n".join([facts[0], *row]), first.source, count=1)
    return page


def _links(name: str, repository: str | None) -> str:
    """Write the row of ways to get the notebook."""
    links = [f'<a href="../../{DOWNLOADS}/{name}.ipynb" download>Download this notebook</a>']
    if repository:
        links += [
            f'<a href="{codespace(repository)}">Open the course in a codespace</a>',
            f'<a href="../../{DOWNLOADS}/{COLAB}/{name}.ipynb" download>Download it for Colab</a>',
        ]
    return f'<p class="unit-links">{" ".join(links)}</p>'
