"""Writing files so that nobody ever reads half of one."""

import os
from pathlib import Path


def write_aside(path: Path, content: str | bytes) -> None:
    """Write a file next to its place and rename it, so that its place holds the old or the new content.

    Parameters
    ----------
    path : Path
        Where the content belongs; the folder is made if need be.
    content : str or bytes
        Text is written as UTF-8.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        aside.write_bytes(content.encode() if isinstance(content, str) else content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)  # there only where writing failed
