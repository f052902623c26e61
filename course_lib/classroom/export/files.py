"""The files of an export, and writing them."""

import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.files import write_aside

_EARLIEST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Export:
    """The files for a system.

    Attributes
    ----------
    texts : dict of str to str
        By name.
    archives : dict of str to (mapping of str to (Path or str))
        Zip files by name: the files or texts in each, by the name that they have there.
    lines : list of str
        What a person should look at.
    notes : list of str
        What is good to know.
    """

    texts: dict[str, str] = field(default_factory=dict)
    archives: dict[str, Mapping[str, Path | str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> list[Path]:
        """Write the files into a folder, each under a temporary name first.

        Returns
        -------
        list of Path
            The files.
        """
        for name, text in self.texts.items():
            write_aside(folder / name, text)
        for name, files in self.archives.items():
            _write_zip(folder / name, files)
        return [folder / name for name in (*self.texts, *self.archives)]


def _write_zip(path: Path, files: Mapping[str, Path | str]) -> None:
    """Write a zip file that never holds more than one file in memory: pages with pictures are large."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, file in files.items():
                content = file.encode() if isinstance(file, str) else file.read_bytes()
                entry = zipfile.ZipInfo(name, _EARLIEST)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3  # Unix, whose permissions follow
                entry.external_attr = (0o100755 if content.startswith(b"#!") else 0o100644) << 16
                archive.writestr(entry, content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)  # exists only if writing failed
