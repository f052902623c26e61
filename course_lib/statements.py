"""The headings and the hints of exercises and questions, read from a notebook."""

import re
from typing import NamedTuple

from nbformat import NotebookNode
from nbgrader.utils import is_solution

HINT = re.compile(r"<details>\s*<summary>(Hint[^<]*)</summary>(.*?)</details>", re.DOTALL)
_HEADING = re.compile(r"^#{2,6} +(.+)", re.MULTILINE)


class Hint(NamedTuple):
    """A hint that is folded away.

    Attributes
    ----------
    title : str
        What is seen while it is folded, such as ``Hint 1``.
    text : str
        Markdown.
    """

    title: str
    text: str


class Statement(NamedTuple):
    """What a notebook says about an exercise or a question.

    Attributes
    ----------
    title : str
        Its heading, without the marks of code; empty if it has none.
    hints : tuple of Hint
        In their order.
    """

    title: str
    hints: tuple[Hint, ...]


def hints(text: str) -> tuple[Hint, ...]:
    """Find the hints in the Markdown of a cell."""
    return tuple(Hint(title.strip(), hint.strip()) for title, hint in HINT.findall(text))


def statements(notebook: NotebookNode) -> dict[str, Statement]:
    """Find the statement of each exercise and question: the text from the nearest heading above down to its cell.

    Parameters
    ----------
    notebook : NotebookNode
        Released, or an instructor's.

    Returns
    -------
    dict of str to Statement
        By exercise or question, in the order of the notebook.
    """
    found = {}
    title, text = "", ""
    for cell in notebook.cells:
        if is_solution(cell):
            found[str(cell.metadata.nbgrader["grade_id"])] = Statement(title, hints(text))
            title, text = "", ""  # of this exercise alone
        elif cell.cell_type == "markdown":
            headings = _HEADING.findall(cell.source)
            title, text = (headings[-1].replace("`", ""), cell.source) if headings else (title, text + cell.source)
    return found
