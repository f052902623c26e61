"""Reading any submitted file as a notebook."""

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_lib.errors import CourseError

MAX_FILE_BYTES = 100_000_000  # bytes of a file; with pictures, a notebook has a few millions
CELLS = 10_000
MAX_TEXT_CHARS = 10_000_000  # characters of all cells together, without outputs and pictures
CODE = 1_000_000  # of them in code
FORMAT = 4  # of nbformat; newer minor versions only add
PICTURES = ("image/png", "image/jpeg", "image/gif")
_KINDS = {"markdown": "markdown", "heading": "markdown", "html": "markdown", "raw": "raw"}  # all others are code
KINDS = {"code", *_KINDS.values()}


@dataclass(frozen=True)
class Cell:
    """A cell as it was handed in, without its outputs.

    Attributes
    ----------
    number : int
        Its place in the notebook, counted from 1.
    kind : str
        ``code``, ``markdown`` or ``raw``.
    source : str
        Its text.
    cell_id : str
        Its id; empty if it has none, as in formats before 4.5.
    nbgrader : dict
        Its nbgrader metadata; empty in a cell without any.
    tags : tuple of str
        Its tags.
    attachments : dict
        Pictures pasted into its text: by name, then MIME type, in base64.
    """

    number: int
    kind: str
    source: str
    cell_id: str = ""
    nbgrader: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def grade_id(self) -> str:
        """The cell's name for nbgrader; empty for a cell that is not graded."""
        return _text(self.nbgrader.get("grade_id"))


def read_bytes(path: Path) -> bytes:
    """Read a file that may be a notebook.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    CourseError
        If it is not a regular file, or larger than 100 MB; then it is not loaded.
    OSError
        If it cannot be read, which says nothing about the notebook.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise CourseError("expected a notebook, found something that is no file")
    _check_size(status.st_size)
    return path.read_bytes()


def _check_size(size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise CourseError(f"expected a notebook of at most {MAX_FILE_BYTES / 1e6:.0f} MB, found {size / 1e6:.0f} MB")


def read_cells(content: bytes) -> tuple[list[Cell], list[str]]:
    """Read the cells of a notebook in any format from 2 to 4, or in a newer one, as far as it is like 4.

    Parameters
    ----------
    content : bytes
        A file, in any encoding of Unicode.

    Returns
    -------
    cells : list of Cell
        The cells, without outputs. Missing parts of a cell count as empty.
    changes : list of str
        What had to be converted, replaced or left out, one line for each.

    Raises
    ------
    CourseError
        If it is not a notebook; the message is for the instructor.
    """
    _check_size(len(content))
    changes: list[str] = []
    notebook = _parse(_decode(content, changes), changes)
    if notebook.get("nbformat", FORMAT) != FORMAT:
        changes.append(f"format {_text(str(notebook['nbformat']))[:20]}: converted")
    if not _table(_table(notebook.get("metadata")).get("kernelspec")):
        changes.append("no kernel was named: put back")
    listed = _listed(notebook)
    if not listed:
        raise CourseError("expected a notebook, found one without cells")
    if len(listed) > CELLS:
        raise CourseError(f"expected a notebook of at most {CELLS} cells, found {len(listed)}")
    cells = [_cell(number, cell) for number, cell in enumerate(listed, 1) if isinstance(cell, dict)]
    if len(cells) < len(listed):
        changes.append(f"{len(listed) - len(cells)} entries that are not cells: left out")
    for limit, what, kinds in ((MAX_TEXT_CHARS, "letters", KINDS), (CODE, "letters of code", {"code"})):
        if (length := sum(len(cell.source) for cell in cells if cell.kind in kinds)) > limit:
            raise CourseError(f"expected a notebook of at most {limit} {what}, found {length}")
    return cells, changes


def _decode(content: bytes, changes: list[str]) -> str:
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        if b"\0" in content or not content.lstrip().startswith(b"{"):
            raise CourseError("expected a notebook, found a file that is not text") from None
    changes.append("bytes that are not UTF-8: replaced by �")
    return content.decode(encoding, errors="replace")


def _parse(text: str, changes: list[str]) -> dict[str, Any]:
    """Read the first JSON value of a text; anything after it is ignored."""
    text = text.strip("\0 \t\r\n")
    if not text:
        raise CourseError("expected a notebook, found an empty file")
    if text.startswith("<"):
        raise CourseError("expected a notebook, found a web page")
    try:
        notebook, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} of {len(text.splitlines())}"
        raise CourseError(f"expected a notebook, found broken JSON in {where}; is the file incomplete?") from None
    except (ValueError, RecursionError) as error:  # a number of many digits, lists in lists in lists
        raise CourseError(f"expected a notebook, found other JSON: {error}") from None
    if not isinstance(notebook, dict):
        raise CourseError("expected a notebook, found other JSON")
    if text[end:].strip():
        changes.append("text after the notebook's end: left out")
    return notebook


def _listed(notebook: dict[str, Any]) -> list[Any]:
    """List the raw cells; formats before 4 kept them in worksheets."""
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        sheets = [_table(sheet).get("cells") for sheet in notebook["worksheets"]]
        cells = [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet]
    if not isinstance(cells, list):
        raise CourseError("expected a notebook, found other JSON, without a list of cells")
    return cells


def _cell(number: int, cell: dict[str, Any]) -> Cell:
    metadata = _table(cell.get("metadata"))
    kind = _KINDS.get(_text(cell.get("cell_type")), "code")
    source = _text(cell.get("source", cell.get("input")))
    if cell.get("cell_type") == "heading":
        level = cell.get("level")
        source = f"{'#' * (level if isinstance(level, int) and 0 < level < 7 else 1)} {source}"
    tags = metadata.get("tags")
    return Cell(
        number,
        kind,
        source,
        _text(cell.get("id")),
        _table(metadata.get("nbgrader")),
        tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        dict(_attachments(cell.get("attachments"))),
    )


def _attachments(attachments: Any) -> Iterator[tuple[str, dict[str, str]]]:
    for name, files in _table(attachments).items():
        whole = {kind: data for kind, data in _table(files).items() if kind in PICTURES and isinstance(data, str)}
        if whole:
            yield _text(name), whole


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """Join lines, if it is a list; replace half surrogate pairs, which cannot be written."""
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    if not isinstance(value, str):
        return ""
    return value.replace("\r\n", "\n").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
