"""Hints in a text file: the colors of some places in photographs."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

import numpy as np

from course_lib.color import normalize_lab, rgb_to_lab
from course_lib.coloring.scale import working_size
from course_lib.errors import ArgumentError, CourseError
from course_lib.files import TextError, read_text

if TYPE_CHECKING:  # importing it takes seconds, because of TensorFlow
    from course_lib.hypercolumn_colorizer.hints import Hint

FORM = "IMAGE ROW COLUMN #RRGGBB, such as: portrait.jpg 120 85 #7b3f00"
_HINT = re.compile(r"(\S.*?)\s+(\d{1,9})\s+(\d{1,9})\s+#([0-9a-fA-F]{6})")


class FileHint(NamedTuple):
    """A line of a file of hints.

    Attributes
    ----------
    image : str
        The photograph's file name.
    row, column : int
        A pixel of the upright photograph at its full size, counted from 0 at its top left.
    rgb : (int, int, int)
        Its color in sRGB, 0 to 255.
    line : str
        Where the hint is, for messages: ``hints.txt:3``.
    """

    image: str
    row: int
    column: int
    rgb: tuple[int, int, int]
    line: str


def read_hints(path: Path) -> list[FileHint]:
    """Read hints from a text file, one per line: ``IMAGE ROW COLUMN #RRGGBB``.

    Parameters
    ----------
    path : Path
        A UTF-8 text. Empty lines are ignored.

    Returns
    -------
    list of FileHint
        In their order.

    Raises
    ------
    ArgumentError
        If the file cannot be read, is not a UTF-8 text, or has other lines; the message names each of these lines.
    """
    try:
        lines = read_text(path).split("\n")
    except OSError as error:
        raise ArgumentError(f"{path}: {error.strerror}") from error
    except TextError as error:
        raise ArgumentError(str(error)) from error
    hints, wrong = [], []
    for number, line in enumerate(lines, 1):
        found = _HINT.fullmatch(line.strip())
        if found:
            image, row, column, color = found.groups()
            red, green, blue = bytes.fromhex(color)
            hints.append(FileHint(image, int(row), int(column), (red, green, blue), f"{path}:{number}"))
        elif line.strip():
            wrong.append(f"{path}:{number}: expected {FORM}; got {line.strip()!r}")
    if wrong:
        raise ArgumentError("\n".join(wrong))
    return hints


def hints_for(hints: Iterable[FileHint], photograph: Path) -> list[FileHint]:
    """Select the hints for a photograph: those with the name of its file, however its accents are encoded."""
    return [hint for hint in hints if normalize("NFC", hint.image) == normalize("NFC", photograph.name)]


def working_hints(hints: Sequence[FileHint], height: int, width: int) -> "list[Hint]":
    """Move hints to the working picture of their photograph.

    Parameters
    ----------
    hints : sequence of FileHint
        All of one photograph.
    height, width : int
        Of the photograph in pixels.

    Returns
    -------
    list of Hint
        For each hint, its pixel in the working picture, and normalized ab.

    Raises
    ------
    CourseError
        If a hint is outside of the photograph.
    """
    from course_lib.hypercolumn_colorizer.hints import Hint

    moved = []
    small = working_size(height, width)
    for hint in hints:
        if hint.row >= height or hint.column >= width:
            raise CourseError(
                f"{hint.line}: expected a row from 0 to {height - 1} and a column from 0 to {width - 1}, "
                f"got {hint.row} and {hint.column}"
            )
        row, column = int((hint.row + 0.5) * small[0] / height), int((hint.column + 0.5) * small[1] / width)
        _, a, b = normalize_lab(rgb_to_lab(np.array(hint.rgb, np.uint8))).tolist()
        moved.append(Hint(row, column, (a, b)))
    return moved
