"""The C++ compiler of this machine."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from course_lib.errors import CourseError

# The last one is conda's, which is found beside Python even if its environment is not activated.
COMPILERS = ("g++", "c++", "clang++", f"{platform.machine()}-conda-linux-gnu-c++")


class BuildError(CourseError):
    """Something could not be compiled; the message says why, and what to do."""


def find_compiler() -> tuple[str, str]:
    """Find a C++ compiler that runs, ``$CXX`` first.

    Returns
    -------
    tuple of str, str
        Its path, and the first line of its version.

    Raises
    ------
    BuildError
        If no compiler was found, or ``$CXX`` does not run.
    """
    wanted = os.environ.get("CXX")
    for name in (wanted,) if wanted else COMPILERS:
        path = program(name)
        said = answer(path, "--version") if path else ""
        if said:
            return path, said.splitlines()[0]
    if wanted:
        raise BuildError(f"expected a C++ compiler, but $CXX, {wanted!r}, does not run: unset it or correct it")
    raise BuildError(
        "expected a C++ compiler, found none: apt install g++ (Debian, Ubuntu), dnf install gcc-c++ (Fedora), "
        "xcode-select --install (macOS), conda install cxx-compiler (conda)"
    )


def program(name: str) -> str:
    """Find a program beside Python, where pip and conda put them, or on PATH; empty if it is not found."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name) or ""


def answer(path: str, *arguments: str) -> str:
    """Run a program and return what it prints; empty if it fails or hangs."""
    try:
        done = subprocess.run([path, *arguments], capture_output=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace").strip()
