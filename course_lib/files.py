"""Writing files so that nobody ever reads half of one."""

import os
from pathlib import Path


def write_aside(path: Path, text: str) -> None:
    """Write a file next to its place and rename it, so that its place holds the old or the new text.

    Parameters
    ----------
    path : Path
        Where the text belongs; the folder is made if need be.
    text : str
        Written as UTF-8.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)  # there only where writing failed
