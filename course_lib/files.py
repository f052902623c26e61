"""Reading texts that people write, and writing files so that nobody ever reads an incomplete one."""

import os
import re
import unicodedata
from pathlib import Path

from course_lib.errors import CourseError

# Control characters except tab and line feed, Unicode's own line ends, and a byte order mark within a text. Editors
# hardly show them, and programs disagree on whether they end a line: Markdown and Python say no, `str.splitlines` says
# yes.
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_NAMES = {"\x0b": "VERTICAL TAB", "\x0c": "FORM FEED", "\x85": "NEXT LINE", "\ufeff": "BYTE ORDER MARK"}


class TextError(CourseError):
    """A text is not UTF-8, or contains characters that no text should; each line of the message names file and line."""


def read_text(path: Path) -> str:
    r"""Read a text that people write, as UTF-8.

    Parameters
    ----------
    path : Path
        The file. A byte order mark at its start is dropped; line ends may be those of Unix, Windows or old Macs.

    Returns
    -------
    str
        The text, with ``\n`` at the ends of lines.

    Raises
    ------
    TextError
        If it is not UTF-8, or contains control characters, U+0085, U+2028, U+2029 or another byte order mark.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextError(f"{path}: expected UTF-8, got something else: {error}") from None
    found = [
        f"{path}:{number}: expected no U+{ord(character):04X} ({_name(character)}), which some programs take for the "
        f"end of a line or cannot show; remove it, or in a string of code write {character!a}"
        for number, line in enumerate(text.split("\n"), 1)
        for character in dict.fromkeys(_REFUSED.findall(line))
    ]
    if found:
        raise TextError("\n".join(found))
    return text


def _name(character: str) -> str:
    return _NAMES[character] if character in _NAMES else unicodedata.name(character, "a control character")


def write_aside(path: Path, content: str | bytes) -> None:
    """Write a file under a temporary name and rename it, so that readers find either the old or the new content.

    Parameters
    ----------
    path : Path
        The file; its folder is made if needed.
    content : str or bytes
        Text is written as UTF-8.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        aside.write_bytes(content.encode() if isinstance(content, str) else content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)  # exists only if writing failed


def remove_leftovers(folder: Path, name: str) -> None:
    """Remove temporary files that killed processes left behind in `write_aside`.

    Parameters
    ----------
    folder : Path
        The folder of the files. No other process may be writing them at the same time.
    name : str
        The files' name, or a pattern as for `Path.glob`.
    """
    for leftover in folder.glob(f"{name}.*.tmp"):
        leftover.unlink(missing_ok=True)
