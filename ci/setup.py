"""Set up ``.venv``: the packages of ``requirements.lock``, then this package itself.

It needs only the standard library. The file also loads in old versions of Python 3, so that these report what is
expected instead of a traceback: annotations and syntax stay simple here.
"""

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TextIO

SUPPORTED = ("3.11", "3.12", "3.13")
FREE_GB = 4

ROOT = Path(__file__).resolve().parent.parent
INPUTS = (ROOT / "requirements.lock", ROOT / "pyproject.toml", Path(__file__).resolve())
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "ready"


class SetupError(Exception):
    """What is missing, in one line."""


def main() -> int:
    """Set up what is missing.

    Returns
    -------
    int
        The exit status: 0 when ``.venv`` is ready, 1 when it could not be made, 130 when interrupted.
    """
    try:
        if is_ready():
            return 0
        require_python()
        with only_one() as lock:
            if not is_ready():
                build(lock)
    except (SetupError, OSError) as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("set-up: interrupted; the same command starts it again", file=sys.stderr)
        return 130
    return 0


def require_python() -> None:
    """Continue with a supported Python: this one, or another one on PATH, which replaces this process."""
    this = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if this not in SUPPORTED:
        for version in SUPPORTED[::-1]:
            other = shutil.which(f"python{version}")
            if other and runs(other):
                os.execv(other, [other, __file__])
        raise SetupError(f"expected Python {SUPPORTED[0]} to {SUPPORTED[-1]}, python3 on PATH is {this}")
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise SetupError(
            f"expected Python {this} with venv and ensurepip, found none; "
            f"Debian and Ubuntu: apt install python3-venv python{this}-venv"
        )


def runs(python: str) -> bool:
    """Tell whether a file is a Python that starts; version managers put stand-ins on PATH that do not."""
    quiet = subprocess.DEVNULL
    return subprocess.run([python, "-c", ""], stdout=quiet, stderr=quiet, check=False).returncode == 0


def only_one() -> TextIO:
    """Hold a lock on this file, so that two set-ups of one folder follow each other."""
    lock = open(__file__, "a")  # noqa: SIM115 - the caller closes it; network file systems lock only what is writable
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("set-up: waiting for another set-up of this folder to end", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def is_whole() -> bool:
    """Tell whether ``.venv`` was once set up completely, and its Python still exists."""
    return STAMP.is_file() and PYTHON.is_file()


def is_ready() -> bool:
    """Tell whether ``.venv`` is complete and made from the current files."""
    return is_whole() and STAMP.read_text(encoding="utf-8") == fingerprint()


def fingerprint() -> str:
    """Hash the files from which ``.venv`` is made; file times are meaningless if a newer archive was unpacked."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in INPUTS)).hexdigest() + "\n"


def build(lock: TextIO) -> None:
    """Bring ``.venv`` up to date; rebuild it if an earlier set-up was not completed.

    Parameters
    ----------
    lock : TextIO
        The lock of this set-up. Each step inherits it, so a step that outlives an interrupted set-up is waited for.
    """
    if is_whole():
        STAMP.unlink()
    else:
        require_room()
        print("set-up: once, some minutes and about 3 GB", flush=True)
        step(lock, "making .venv", sys.executable, "-m", "venv", "--clear", str(VENV))
    # Written now and renamed last: a file that is edited in between is not what the stamp says.
    aside = STAMP.with_name("ready.part")
    aside.write_text(fingerprint(), encoding="utf-8")
    pip = (str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--no-user")
    locked = ("--require-hashes", "--requirement", "requirements.lock")
    step(lock, "installing requirements.lock", *pip, *locked)
    step(lock, "installing pixelwise", *pip, "--no-deps", "--no-build-isolation", "--editable", ".")
    aside.rename(STAMP)
    print("set-up: done", flush=True)


def require_room() -> None:
    """Refuse to begin if the disk has too little room."""
    free = shutil.disk_usage(str(ROOT)).free / 1e9
    if free < FREE_GB and not VENV.exists():
        raise SetupError(f"expected {FREE_GB} GB free on the disk of this folder, found {free:.1f} GB")


def step(lock: TextIO, title: str, *command: str) -> None:
    """Run one command; show its progress on a terminal, and its last message if it fails."""
    print(f"set-up: {title}", flush=True)
    done = subprocess.run(
        command,
        cwd=str(ROOT),
        pass_fds=[lock.fileno()],
        stdout=None if sys.stdout.isatty() else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        hint = " (connections broke: is there a network?)" if "WARNING: Retrying" in said else ""
        raise SetupError(f"{title} failed: {last_words(said) or f'exit status {done.returncode}'}{hint}")


def last_words(text: str) -> str:
    """Return the line that says what went wrong: pip's last error, or the last line.

    Addresses are left out: that of a private package index may contain a password.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR: ")]
    return re.sub(r"\w+://\S+", "(address)", (errors or lines or [""])[-1].strip())


if __name__ == "__main__":
    sys.exit(main())
