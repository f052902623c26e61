"""Where the course keeps what it has compiled for a user."""

import os
import tempfile
from pathlib import Path

import platformdirs


def folder(subject: str) -> Path:
    """Return the user's folder for a subject; it is made if needed.

    Parameters
    ----------
    subject : str
        Such as ``"ops"``.

    Returns
    -------
    Path
        In the system's cache folder: on Linux, ``$XDG_CACHE_HOME/pixelwise/SUBJECT`` or ``~/.cache/pixelwise/SUBJECT``.
        If that is not writable, a private folder among the temporary files.
    """
    try:
        chosen = platformdirs.user_cache_path("pixelwise") / subject
        chosen.mkdir(parents=True, exist_ok=True)
        if os.access(chosen, os.W_OK):
            return chosen
    except (OSError, RuntimeError):  # RuntimeError: the home folder is unknown
        pass
    return temporary(subject)


def temporary(subject: str) -> Path:
    """Return a folder among the temporary files to which nobody else can write."""
    shared = Path(tempfile.gettempdir()) / f"pixelwise-{subject}-{os.getuid()}"
    shared.mkdir(mode=0o700, exist_ok=True)
    found = shared.lstat()
    if shared.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o022:
        return Path(tempfile.mkdtemp(prefix=f"pixelwise-{subject}-"))
    return shared
