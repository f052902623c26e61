"""Names of files in an archive: which are safe to write, and which are of no interest."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

PART_BYTES, PATH_BYTES = 200, 400  # of a name and of a whole path, in UTF-8
_NO_WORK = ("__macosx", "__pycache__", "thumbs.db", "desktop.ini")
_ASK = "ask for an ordinary zip file of the files"


def split(name: str) -> tuple[tuple[str, ...], str]:
    """Split the name of a member into its parts, and say what is wrong with it.

    Parameters
    ----------
    name : str
        As it is in the archive; Windows' programs separate parts by backslashes.

    Returns
    -------
    parts : tuple of str
        With whole letters (NFC), where macOS writes a letter and its accent apart.
    flaw : str
        Why a file must not be written under this name, and what to do; usually empty.
    """
    parts = tuple(unicodedata.normalize("NFC", part) for part in re.split(r"[/\\]", name) if part not in ("", "."))
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return parts, f"expected a path inside the archive, got an absolute one; {_ASK}"
    if ".." in parts:
        return parts, f"expected a path inside the archive, got one that leads out of it; {_ASK}"
    if not all(part.isprintable() for part in parts):
        return parts, "expected a name of printable letters, got others; unpack it, rename the file, collect the folder"
    lengths = [len(part.encode()) for part in parts]
    if max(lengths, default=0) > PART_BYTES or sum(lengths) > PATH_BYTES:
        most = f"{PART_BYTES} bytes, and {PATH_BYTES} with its folders"
        return parts, f"expected a name of at most {most}, got a longer one; unpack it, shorten it, collect the folder"
    return parts, ""


def is_work(parts: Iterable[str]) -> bool:
    """Tell whether a file may be somebody's work: not hidden, and not added by an operating system or by Python."""
    return not any((part.startswith(".") and part != "..") or part.casefold() in _NO_WORK for part in parts)


def collisions(paths: Iterable[PurePosixPath]) -> Iterator[tuple[PurePosixPath, PurePosixPath]]:
    """Yield each path that cannot be beside an earlier one on every disk, and that one.

    They are equal, differ only in upper and lower case, or one is a folder of the other.
    """
    files: dict[PurePosixPath, PurePosixPath] = {}
    folders: dict[PurePosixPath, PurePosixPath] = {}
    for path in paths:
        key = PurePosixPath(str(path).casefold())
        above = [each for each in key.parents if each.name]
        other = files.get(key) or folders.get(key) or next((files[each] for each in above if each in files), None)
        if other is not None:
            yield path, other
        files[key] = path
        folders.update(dict.fromkeys(above, path))
