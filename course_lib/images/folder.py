"""Image files in a folder."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from course_lib.images.decode import read_image
from course_lib.images.source import Broken, Named, Source, Unusual

EXTENSIONS = (".jpg", ".jpeg", ".png")
# Folders that systems make for copies, previews and deleted files: macOS archives, Synology and QNAP, Windows.
SYSTEM_FOLDERS = {
    "__macosx",
    "@eadir",
    "#recycle",
    "#snapshot",
    "@recycle",
    "$recycle.bin",
    "system volume information",
}


class Files(Source[Named]):
    """Image files with given names; yields ``(name, image)``, the image ``(H, W, channels)`` uint8.

    Parameters
    ----------
    paths : iterable of Path
        One for each name.
    names, seed, unusual, broken
        As for `Source`.
    channels : {3, 1}
        RGB or gray.

    Attributes
    ----------
    paths : list of Path
        In the order of ``names``.
    channels : int
        As given.

    Raises
    ------
    ValueError
        If `channels` is neither 1 nor 3; otherwise as for `Source`.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        names: Iterable[str],
        *,
        channels: Literal[1, 3] = 3,
        seed: int | None = None,
        unusual: Unusual = "convert",
        broken: Broken = "skip",
    ) -> None:
        if channels not in {1, 3}:
            raise ValueError(f"expected 1 or 3 channels, got {channels!r}")
        super().__init__(names, seed=seed, unusual=unusual, broken=broken)
        self.paths = list(paths)
        self.channels = channels

    def read(self, index: int) -> Named:
        """Read a file; see `Source.read`."""
        return self.names[index], read_image(self.paths[index], self.channels, convert=self.converts)


class Folder(Files):
    """JPEG and PNG files in a folder, by their extension, upper or lower case, sorted by name.

    Files and folders whose name begins with a dot, such as ``.ipynb_checkpoints`` and macOS's ``._a.jpg``, do not
    count, and neither do folders that systems make for themselves, such as ``__MACOSX`` and ``@eaDir``.

    Yields ``(name, image)``: the name relative to the folder with ``/`` in between, the image
    ``(H, W, 3)`` uint8.

    Parameters
    ----------
    path : str or Path
        The folder.
    recursive : bool
        Whether to look into folders below it; links to folders are not followed.
    seed, unusual, broken
        As for `Source`.

    Raises
    ------
    ValueError
        If there is no such folder, or no such file in it; else as for `Source`.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        recursive: bool = True,
        seed: int | None = None,
        unusual: Unusual = "convert",
        broken: Broken = "skip",
    ) -> None:
        folder = existing_folder(path)
        names = image_names(folder, recursive=recursive)
        if not names:
            raise ValueError(f"expected images ({', '.join(EXTENSIONS)}) in {folder}, got none")
        super().__init__([folder / name for name in names], names, seed=seed, unusual=unusual, broken=broken)


def existing_folder(path: str | Path) -> Path:
    """Return the path of a folder; raise `ValueError` if it does not exist."""
    if not Path(path).is_dir():
        raise ValueError(f"expected a folder, got {str(path)!r}")
    return Path(path)


def image_names(folder: Path, *, recursive: bool) -> list[str]:
    """List the image files in a folder relative to it, sorted; hidden ones (`is_hidden`) are left out."""
    names = []
    for place, below, files in os.walk(folder):
        inner = Path(place).relative_to(folder)
        images = (file for file in files if file.lower().endswith(EXTENSIONS) and not is_hidden(file))
        names += [(inner / file).as_posix() for file in images]
        below[:] = [name for name in below if not is_hidden(name)] if recursive else []
    return sorted(names)


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder with this name is meant for a system, not for people."""
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS
