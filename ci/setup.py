"""Set up ``.venv``: the packages of ``requirements.lock``, then this package itself.

It needs only the standard library. The file also loads in old versions of Python 3, so that these report what is
expected instead of a traceback: annotations and syntax stay simple here.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Optional, TextIO

SUPPORTED = ("3.11", "3.12", "3.13")
FREE_GB = 4
PIP_INSTALL = ("--disable-pip-version-check", "install", "--no-user")

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
INPUTS = (LOCK, ROOT / "pyproject.toml", ROOT / "ci" / "setup.py", ROOT / "ci" / "installers.py")
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "ready"


sys.path.insert(0, str(ROOT))  # where the package ci is


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
            if other and runs(other, "-c", ""):
                os.execv(other, [other, __file__])
        raise SetupError(f"expected Python {SUPPORTED[0]} to {SUPPORTED[-1]}, python3 on PATH is {this}")
    if not importlib.util.find_spec("venv") or not (has_ensurepip() or importlib.util.find_spec("pip") or finds_uv()):
        raise SetupError(
            f"expected Python {this} with venv and ensurepip, found none; "
            f"Debian and Ubuntu: apt install python3-venv python{this}-venv"
        )


def has_ensurepip() -> bool:
    """Tell whether this Python makes environments with pip; Debian has that in a package of its own."""
    return importlib.util.find_spec("ensurepip") is not None


def finds_uv() -> bool:
    """Tell whether a uv on PATH can take the place of pip."""
    uv = shutil.which("uv")
    return uv is not None and runs(uv, "--version")


def runs(*command: str) -> bool:
    """Tell whether a command works; version managers put programs on PATH that do not start."""
    quiet = subprocess.DEVNULL
    return subprocess.run(command, stdout=quiet, stderr=quiet, check=False).returncode == 0


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
        print("set-up: once, a minute or two and about 3 GB", flush=True)
        without_pip = [] if has_ensurepip() else ["--without-pip"]
        step(lock, "making .venv", [sys.executable, "-m", "venv", "--clear", *without_pip, str(VENV)])
    # Written now and renamed last: a file that is edited in between is not what the stamp says.
    aside = STAMP.with_name("ready.part")
    aside.write_text(fingerprint(), encoding="utf-8")
    install(lock)
    aside.rename(STAMP)
    print("set-up: done", flush=True)


def install(lock: TextIO) -> None:
    """Install the packages by uv; by pip where uv fails, or where pip is told what uv cannot be told."""
    from ci import installers  # it does not load in old versions of Python

    pip = installers.find_pip(VENV)
    variables = installers.uv_variables(pip)
    uv = None if variables is None else installers.find_uv(VENV) or bring_uv(lock, pip)
    if uv:
        try:
            install_by(lock, [uv, "pip", "install", "--python", str(PYTHON), "--compile-bytecode"], variables)
        except SetupError as error:
            if not pip:
                raise
            print(f"set-up: {error}; pip tries instead", flush=True)
        else:
            return
    install_by(lock, [*pip, *PIP_INSTALL])


def bring_uv(lock: TextIO, pip: List[str]) -> Optional[str]:
    """Install the uv that the lock names; return None where that fails, as on a machine for which there is no uv."""
    from ci import installers

    wanted = VENV / "uv.txt"
    wanted.write_text(installers.pinned("uv", LOCK.read_text(encoding="utf-8")), encoding="utf-8")
    options = ["--only-binary", ":all:", "--require-hashes", "--requirement", str(wanted)]
    with contextlib.suppress(SetupError):
        step(lock, "installing uv", [*pip, *PIP_INSTALL, *options])
    return installers.find_uv(VENV)


def install_by(lock: TextIO, installer: List[str], variables: Optional[Dict[str, str]] = None) -> None:
    """Install what the lock names, then this package itself."""
    locked = ["--require-hashes", "--requirement", "requirements.lock"]
    step(lock, "installing requirements.lock", [*installer, *locked], variables)
    step(lock, "installing pixelwise", [*installer, "--no-deps", "--no-build-isolation", "--editable", "."], variables)


def require_room() -> None:
    """Refuse to begin if the disk has too little room."""
    free = shutil.disk_usage(str(ROOT)).free / 1e9
    if free < FREE_GB and not VENV.exists():
        raise SetupError(f"expected {FREE_GB} GB free on the disk of this folder, found {free:.1f} GB")


def step(lock: TextIO, title: str, command: List[str], variables: Optional[Dict[str, str]] = None) -> None:
    """Run one command; show its progress on a terminal, and its last message if it fails.

    Parameters
    ----------
    lock : TextIO
        The lock of this set-up.
    title : str
        What the command does.
    command : list of str
        The command.
    variables : dict, optional
        More variables for uv, which writes its progress where others write errors.
    """
    print(f"set-up: {title}", flush=True)
    shown = sys.stdout.isatty()
    done = subprocess.run(
        command,
        cwd=str(ROOT),
        env={**os.environ, **(variables or {})},
        pass_fds=[lock.fileno()],
        stdout=None if shown else subprocess.DEVNULL,
        stderr=None if shown and variables is not None else subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or b"").decode(errors="replace")
        hint = " (connections broke: is there a network?)" if "WARNING: Retrying" in said else ""
        raise SetupError(f"{title} failed: {last_words(said) or f'exit status {done.returncode}'}{hint}")


def last_words(text: str) -> str:
    """Return the line that says what went wrong: the last error, or the last line.

    Addresses are left out: that of a private package index may contain a password.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR: ", "error: "))]
    return re.sub(r"\w+://\S+", "(address)", (errors or lines or [""])[-1].strip())


if __name__ == "__main__":
    sys.exit(main())
