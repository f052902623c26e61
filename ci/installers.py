"""Choosing what installs packages: uv, which takes a third of the time, or pip where uv cannot do the same.

Like `setup`, it needs only the standard library.
"""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

# What pip may be told about where packages are, and the variables that tell uv the same.
UV_VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
# What changes nothing here: the lock names every version, and the packages go to an environment of their own.
WITHOUT_EFFECT = {
    "break-system-packages",
    "cache-dir",
    "config-file",
    "constraint",
    "disable-pip-version-check",
    "no-cache-dir",
    "no-color",
    "no-input",
    "prefer-binary",
    "progress-bar",
    "quiet",
    "require-virtualenv",
    "retries",
    "root-user-action",
    "user",
    "verbose",
}
# The sections of pip's settings that count when it installs, the strongest last.
SECTIONS = ("global", "install", ":env:")


def find_pip(venv: Path) -> list[str]:
    """Find a pip that installs into an environment: its own, or that of the Python which runs this.

    Parameters
    ----------
    venv : Path
        The environment.

    Returns
    -------
    list of str
        A command without its arguments; empty where there is no pip.
    """
    python = str(venv / "bin" / "python")
    if any(venv.glob("lib/python*/site-packages/pip")):
        return [python, "-m", "pip"]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", python]
    return []


def find_uv(venv: Path) -> str | None:
    """Find a uv that starts, in an environment or on PATH; version managers put files on PATH that do not."""
    for uv in (shutil.which("uv", path=venv / "bin"), shutil.which("uv")):
        if uv and subprocess.run([uv, "--version"], capture_output=True, check=False).returncode == 0:
            return uv
    return None


def pinned(package: str, lock: str) -> str:
    """Return the lines of a lock that give one package's version and hashes; empty if it lacks the package."""
    found = re.search(rf"^{re.escape(package)}==.*\n(?:[ ].*\n)*", lock, re.MULTILINE)
    return found.group() if found else ""


def uv_variables(pip: list[str]) -> dict[str, str] | None:
    """Tell uv what pip is told in its files and variables: indexes, certificates, a proxy.

    Parameters
    ----------
    pip : list of str
        The command of pip; empty without a pip.

    Returns
    -------
    dict or None
        Variables for uv; None if pip is told something for which uv has no equivalent.
    """
    if not pip:
        return {}
    listed = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False).stdout
    # Of lines in sections of one rank, the last is the strongest.
    options = {option: value for _rank, option, value in sorted(_settings(listed), key=itemgetter(0))}
    if not options.keys() <= UV_VARIABLES.keys() | WITHOUT_EFFECT:
        return None
    variables = {
        UV_VARIABLES[option]: ("," if option == "find-links" else " ").join(value.split())
        for option, value in options.items()
        if option in UV_VARIABLES
    }
    if "UV_INDEX" in variables:
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # it looks into every index, as pip does
    return variables


def _settings(listed: str) -> Iterator[tuple[int, str, str]]:
    """Read what ``pip config list`` prints: the rank of a line's section, its option, its value."""
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if section in SECTIONS:
            yield SECTIONS.index(section), option, str(ast.literal_eval(value))
