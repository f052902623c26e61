"""Rules for the text of a unit that help every reader, with eyes, ears or little time."""

import re
from collections.abc import Iterator

from nbformat import NotebookNode

from course_lib.cells import is_explanation
from course_lib.statements import hints

LONGEST_HINT = 120  # words
# What must be in the cell where a unit first uses the acronym; or the unit that explains it, as in "IU (unit 05)".
ACRONYMS = {
    "CUDA": "graphics card",
    "FCN": "fully convolutional",
    "GIL": "lock",
    "GPU": "graphics card",
    "HED": "edge",
    "IU": "intersection over union",
    "KL": "Kullback",
    "LMDB": "database",
    "MSE": "mean squared error",
    "PSNR": "signal-to-noise ratio",
    "SGD": "gradient descent",
}
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_NOT_PROSE = re.compile(r"`[^`]*`|\$\$.*?\$\$|\$[^$\n]+\$|\]\([^)]*\)|<[^>]+>", re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) +(?!(?:BEGIN|END) [A-Z]{2})(.+)", re.MULTILINE)  # but for nbgrader's marks
_PICTURE = re.compile(r"!\[\s*\]\([^)]*\)|<img\b(?![^>]*\balt=[\"'][^\"'>])[^>]*>")
_TABLE = re.compile(r"^(\|.*\|) *\n\|[ :|-]+\| *$", re.MULTILINE)


def text_problems(notebook: NotebookNode) -> Iterator[str]:
    """Check the Markdown of an instructor notebook.

    Parameters
    ----------
    notebook : NotebookNode
        Its explanations, which a release leaves out, are not checked.

    Yields
    ------
    str
        What is expected, and what was found.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown" and not is_explanation(cell)]
    texts = [_FENCED.sub("", cell.source) for cell in cells]
    yield from _headings("\n".join(texts))
    for text in texts:
        for picture in _PICTURE.findall(text):
            yield f"a picture needs a text alternative, found {picture!r}"
        for header in _TABLE.findall(text):
            if not all(cell.strip() for cell in header.strip("|").split("|")):
                yield f"every column of a table needs a heading, found {header!r}"
        for title, hint in hints(text):
            if (words := len(hint.split())) > LONGEST_HINT:
                yield f"a hint has at most {LONGEST_HINT} words, found {words} in {title!r}: {hint[:40]!r}"
    yield from _acronyms(texts)


def _headings(text: str) -> Iterator[str]:
    """Find headings that leave out a level, and titles after the first heading."""
    last = 0
    for marks, title in _HEADING.findall(text):
        level = len(marks)
        if last == 0 and level > 1:
            yield f"the first heading is the title ('# …'), found {marks} {title}"
        elif level == 1 and last:
            yield f"a unit has one title, found another: # {title}"
        elif level > last + 1:
            yield f"after a heading of level {last} comes one of at most {last + 1}, found {marks} {title}"
        last = level


def _acronyms(texts: list[str]) -> Iterator[str]:
    """Find acronyms that are used before they are explained; the first cell may promise them."""
    left = dict(ACRONYMS)
    for text in texts[1:]:
        prose = _NOT_PROSE.sub(" ", text)
        for acronym in [name for name in left if re.search(rf"\b{name}s?\b", prose)]:
            explanation = left.pop(acronym)
            unit_named = re.search(rf"\b{acronym}\b[^.]{{0,40}}\bunit \d\d\b", prose)
            if explanation.lower() not in " ".join(text.lower().split()) and not unit_named:
                yield f"{acronym} is explained where it is first used ('{explanation}'), found no explanation"
