"""Reading the files that were handed in beside a notebook, such as a module that it imports."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

MOST_FILES, MOST_BYTES = 100, 20_000_000
MOST_SEEN = 10_000  # the most files that are read
PATH_BYTES = 200  # of a relative path in UTF-8
# Files that nbgrader adds to a submission, and files that Python and archive programs leave behind.
NOT_OURS = ("timestamp.txt", "submission_secret.txt", "__pycache__", "__MACOSX")
NAMED = 5  # the most files that one line names


@dataclass
class HandedIn:
    """The files beside a notebook.

    Attributes
    ----------
    files : dict of str to bytes
        Content by relative path, with slashes.
    left_out : dict of str to list of str
        Relative paths by the reason why these files were left out.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """List the files that were accepted and, for each reason, those that were not."""
        got = [f"handed in with other files: {_named(self.files)}"] if self.files else []
        return got + [f"file left out ({reason}): {_named(paths)}" for reason, paths in self.left_out.items()]


def read_beside(notebook: Path, unit: str, data: Mapping[str, bytes]) -> HandedIn:
    """Read the files that belong to a submission, in its folder and the folders below.

    Notebooks, hidden files, and files added by nbgrader, Python and archive programs do not belong to it. Neither do
    copies of the unit's files. Links are not followed.

    Parameters
    ----------
    notebook : Path
        The submitted notebook. If its folder is not named after the unit, its other files may belong to somebody else,
        and nothing is read.
    unit : str
        The unit's full name.
    data : mapping of str to bytes
        The unit's own files by relative path; no other file replaces one of them.

    Returns
    -------
    HandedIn
        At most 100 files and 20 MB.
    """
    handed_in, folder = HandedIn(), notebook.parent
    if folder.name != unit:
        return handed_in
    units_files = {path.casefold() for path in data}
    units_names = units_files.union(*map(_folders, units_files))
    free = MOST_BYTES
    for number, path in enumerate(_paths(folder, handed_in)):
        if number == MOST_SEEN:
            handed_in.left_out[f"more than {MOST_SEEN} files to look through"] = [f"{path} and others"]
            break
        try:
            _check_name(path)
            if path in data and _holds(folder / path, data[path]):
                continue
            if path.casefold() in units_names or units_files.intersection(_folders(path.casefold())):
                raise ValueError("the unit has a file or folder of this name")
            if len(handed_in.files) == MOST_FILES:
                raise ValueError(f"more than {MOST_FILES} files")
            content = _read(folder / path, free)
        except ValueError as error:
            handed_in.left_out.setdefault(str(error), []).append(path)
        except OSError:
            handed_in.left_out.setdefault("it cannot be read", []).append(path)
        else:
            handed_in.files[path] = content
            free -= len(content)
    return handed_in


def _folders(path: str) -> list[str]:
    """List the folders above a relative path."""
    return [str(above) for above in PurePosixPath(path).parents][:-1]


def _paths(folder: Path, handed_in: HandedIn) -> Iterator[str]:
    """Yield the relative paths of files that may belong to a submission, including links to folders."""

    def unreadable(error: OSError) -> None:
        path = Path(error.filename).relative_to(folder).as_posix()
        handed_in.left_out.setdefault("it cannot be read", []).append(path)

    for name, folders, files in os.walk(folder, onerror=unreadable):
        here = Path(name)
        folders[:] = sorted(below for below in folders if _may_belong(below))
        links = [below for below in folders if (here / below).is_symlink()]
        for file in sorted([*filter(_may_belong, files), *links]):
            yield (here / file).relative_to(folder).as_posix()


def _may_belong(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(".ipynb") and name not in NOT_OURS


def _check_name(path: str) -> None:
    """Refuse a path that could not be written on another machine."""
    if not path.isprintable():
        raise ValueError("its name cannot be printed")
    if len(path.encode()) > PATH_BYTES:
        raise ValueError(f"a path of more than {PATH_BYTES} bytes")


def _read(path: Path, most: int) -> bytes:
    """Read a regular file of at most `most` bytes."""
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        raise ValueError("a link" if stat.S_ISLNK(mode) else "not a regular file")
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"more than {MOST_BYTES // 1_000_000} MB together")
    return content


def _holds(path: Path, content: bytes) -> bool:
    """Tell whether a file has exactly this content."""
    with suppress(ValueError, OSError):
        return _read(path, len(content)) == content
    return False


def _named(paths: Iterable[str]) -> str:
    """List the first paths, and count the rest."""
    shown = [path if path.isprintable() else ascii(path) for path in paths]
    return ", ".join(shown[:NAMED]) + (f" and {len(shown) - NAMED} more" if len(shown) > NAMED else "")
