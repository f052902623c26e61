"""The cells of a graded notebook as HTML, with limits for the page's size and the time to make it."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nbformat import NotebookNode

from course_lib.grading.gradebook import sanitized
from course_lib.grading.restore.template import visible

MAX_OUTPUT_CHARS = 20_000_000  # characters of all outputs together
MAX_MARKUP_CHARS = 500_000  # characters of Markdown and HTML that are converted
SHORTEST = 8  # a shorter line of a hidden test reveals nothing
HIDDEN = "BEGIN HIDDEN TESTS"
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")
_HEADING = re.compile(r"(</?h)([1-6])>")


def below(text: str, level: int) -> str:
    """Lower the headings of sanitized HTML so that the highest one has this level."""
    return _HEADING.sub(lambda match: f"{match[1]}{min(6, int(match[2]) + level - 1)}>", text)


def secret_lines(cells: Sequence[NotebookNode]) -> set[str]:
    """Return the lines that occur only in hidden tests."""
    shown = {line.strip() for cell in cells for line in visible(cell.source).splitlines()}
    hidden = {line.strip() for cell in cells if HIDDEN in cell.source for line in cell.source.splitlines()}
    return {line for line in hidden - shown if len(line) >= SHORTEST}


def has_picture(output: NotebookNode) -> bool:
    """Tell whether an output is shown as a picture."""
    return any(kind in output.get("data", {}) for kind in PICTURES)


class Shown:
    """Writes cells, and counts what was written.

    Parameters
    ----------
    secret : set of str
        Lines that must not be shown.
    """

    def __init__(self, secret: set[str]) -> None:
        self._secret = secret
        self._left, self._markup = MAX_OUTPUT_CHARS, MAX_MARKUP_CHARS

    def source(self, cell: NotebookNode, level: int) -> str:
        """Write the text of a cell; its headings begin with this level."""
        if cell.cell_type == "markdown":
            pasted = [pair for files in cell.get("attachments", {}).values() for pair in files.items()]
            pictures = "".join(sanitized.picture(kind, data, "Pasted picture") for kind, data in pasted)
            return below(self._marked_up(sanitized.markdown, cell.source), level) + pictures
        if cell.cell_type == "code":
            return sanitized.code(visible(cell.source) or "# A hidden test.")
        return sanitized.console(cell.source)

    def outputs(self, cell: NotebookNode, outputs: Iterable[NotebookNode], level: int, figure: str) -> list[str]:
        """Write some outputs of a cell.

        Parameters
        ----------
        cell : NotebookNode
            The cell of the outputs.
        outputs : iterable of NotebookNode
            The outputs to write.
        level : int
            Of the highest heading in them.
        figure : str
            The text alternative of pictures that have none.
        """
        hidden = HIDDEN in cell.source
        written = [self._bounded(output, hidden, figure) for output in outputs]
        return [below(text, level) for text in written if text]

    def public(self, text: str) -> str:
        """Leave out secret lines."""
        return sanitized.without_lines(text, self._secret)

    def _bounded(self, output: NotebookNode, hidden: bool, figure: str) -> str:
        """Show an output if there is room left; otherwise say once that outputs are left out."""
        if self._left <= 0:
            return ""
        shown = self._error(output, hidden) if output.output_type == "error" else self._output(output, figure)
        self._left -= len(shown)
        return shown if self._left > 0 else "<p>More output is not shown.</p>"

    def _error(self, error: NotebookNode, hidden: bool) -> str:
        """Show an error; for a hidden test only the message, because a traceback quotes the cell."""
        short = hidden and error.ename != "CheckFailed"
        lines = [f"{error.ename}: {error.evalue}"] if short else error.traceback
        return sanitized.console(self.public(sanitized.without_folders("\n".join(lines))))

    def _output(self, output: NotebookNode, figure: str) -> str:
        if output.output_type == "stream":
            return sanitized.console(self.public(_text(output.text)))
        data = {kind: _text(value) for kind, value in output.get("data", {}).items()}
        for kind in PICTURES:
            if kind in data:
                details = output.get("metadata", {}).get(kind)
                own = details.get("alt") if isinstance(details, dict) else None
                return sanitized.picture(kind, data[kind], self.public(own) if isinstance(own, str) and own else figure)
        if "text/html" in data and ("text/plain" not in data or len(data["text/html"]) <= sanitized.MAX_PIECE_CHARS):
            return self._marked_up(sanitized.html, self.public(data["text/html"]))
        for kind in ("text/markdown", "text/latex"):
            if kind in data:
                return self._marked_up(sanitized.markdown, self.public(data[kind]))
        return sanitized.console(self.public(data.get("text/plain", "(this kind of output is not shown)")))

    def _marked_up(self, convert: Callable[[str], str], text: str) -> str:
        """Convert markup; show a large amount unconverted, because converting takes time."""
        self._markup -= len(text)
        return convert(text) if self._markup > 0 else sanitized.console(text)


def _text(value: Any) -> str:
    """Join what may be a list of lines."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)
