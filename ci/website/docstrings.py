"""An extension of Sphinx for docstrings that cite the references of their module, at the top of the page."""

import re
from typing import Any

from sphinx.application import Sphinx

_CITATION = re.compile(r"\[(\d+)\]_")


def cited(lines: list[str]) -> list[str]:
    """Turn a citation that the docstring itself does not define, such as ``[1]_``, into text.

    Parameters
    ----------
    lines : list of str
        A docstring.

    Returns
    -------
    list of str
        The docstring, in which every link has a target.
    """
    text = "\n".join(lines)
    return _CITATION.sub(lambda found: found[0] if f".. [{found[1]}] " in text else f"[{found[1]}]", text).split("\n")


def _process(*event: Any) -> None:
    """Change a docstring in place; its lines are the last of what the event passes on."""
    event[-1][:] = cited(event[-1])


def setup(app: Sphinx) -> dict[str, bool]:
    """Change docstrings before numpydoc reads them."""
    app.connect("autodoc-process-docstring", _process, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
