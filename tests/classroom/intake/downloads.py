"""Downloads as learning management systems make them, written from their published descriptions."""

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DAY = (2026, 4, 3)


@dataclass(frozen=True)
class Entry:
    """An entry of a zip file that is unusual: its content, and anything else that a list of members can say."""

    content: bytes
    time: tuple[int, int, int] = (18, 30, 0)
    mode: int = 0o100644
    method: int = zipfile.ZIP_DEFLATED
    extra: bytes = b""
    day: tuple[int, int, int] = DAY


def write_zip(path: Path, files: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Path:
    """Write a zip file of bytes and entries; a name may be there twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            entry = content if isinstance(content, Entry) else Entry(content)
            info = zipfile.ZipInfo(name, (*entry.day, *entry.time))
            info.external_attr = entry.mode << 16
            info.compress_type = entry.method
            info.extra = entry.extra
            archive.writestr(info, entry.content)
    return path


def zipped(files: Mapping[str, Any], folder: Path) -> bytes:
    """Make a student's own zip file."""
    path = write_zip(folder / "inner.zip", files)
    content = path.read_bytes()
    path.unlink()
    return content


def metadata(folders: Mapping[str, Iterable[tuple[str, str, str]]], time: str = "2026-04-03 16:30:00.5 Z") -> bytes:
    """Write Gradescope's file for folders with their submitters: names, student ids and addresses."""
    lines = ["---"]
    for folder, submitters in folders.items():
        lines += [f"{folder}:", "  :submitters:"]
        for name, sid, email in submitters:
            lines += [f"  - :name: {name}", f"    :sid: '{sid}'", f"    :email: {email}"]
        lines += [f"  :created_at: {time}", "  :score: 9.0", "  :status: processed", "  :history: []"]
    return "\n".join(lines).encode()
