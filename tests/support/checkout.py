"""A small checkout with a stand-in for Python, on which set-up is tried."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT

# Plays python3: `-m venv` makes a folder that holds the stand-in again, `-m pip` only writes down that it was called,
# and a script is run by the real Python, which takes the stand-in for itself. Under the name uv it plays that.
STAND_IN = """
import importlib.util, json, os, runpy, shutil, signal, sys, types
from pathlib import Path

me, *arguments = sys.argv[1:]
plays_uv = Path(me).name == "uv"
if arguments[0] in ("-c", "--version"):
    sys.exit()
if arguments[-2:] == ["config", "list"]:
    print(os.environ.get("PIP_IS_TOLD", ""))
elif plays_uv or arguments[0] == "-m":
    kinds = {"venv": "venv", "--editable": "package", "requirements.lock": "lock"}
    step = next((kind for word, kind in kinds.items() if word in arguments), "uv")
    told = sorted(f"{name}={os.environ[name]}" for name in ("UV_DEFAULT_INDEX",) if name in os.environ)
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(json.dumps([step, os.getcwd(), "uv" if plays_uv else "python", *told, *arguments]) + chr(10))
    if step == "venv":
        shutil.rmtree(arguments[-1], ignore_errors=True)
        Path(arguments[-1], "bin").mkdir(parents=True)
        shutil.copy(me, Path(arguments[-1], "bin", "python"))
        if "--without-pip" not in arguments:
            Path(arguments[-1], "lib", "python3.11", "site-packages", "pip").mkdir(parents=True)
    print("progress of", step, flush=True)
    if step == os.environ.get("EDITS"):
        Path("pyproject.toml").write_text("# edited")
    says = json.loads(os.environ.get("SAYS", "{}"))
    if error := says.get(step) or (plays_uv and says.get(f"{step} by uv")):
        print(error, file=sys.stderr)
        sys.exit(1)
    if step == "uv":
        shutil.copy(me, Path(me).with_name("uv"))
    if step == os.environ.get("HANGS"):
        Path(os.environ["HANGING"]).touch()
        signal.pause()
else:
    for name in os.environ.get("LACKS", "").split():
        sys.modules[name] = None
    name = Path(me).name.removeprefix("python")
    version = os.environ["VERSION"] if name == "3" else name
    sys.version_info = (*map(int, version.split(".")), 0)
    sys.executable = me
    sys.argv = arguments
    runpy.run_path(arguments[0], run_name="__main__")
"""


LOCK = """\
urllib3==2.8.0 \\
    --hash=sha256:00
uv==0.13.9 \\
    --hash=sha256:01 \\
    --hash=sha256:02
    # via pixelwise
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of what set-up needs, in a folder of its own.

    Attributes
    ----------
    root : Path
        The checkout; its path holds a space.
    bin : Path
        The only folder on PATH besides the system's make and shell.
    """

    root: Path
    bin: Path

    def add_program(self, name: str) -> None:
        """Put a stand-in on PATH."""
        stand_in = self.bin.parent / "stand_in.py"
        stand_in.write_text(STAND_IN, encoding="utf-8")
        program = self.bin / name
        program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(stand_in)])} "$0" "$@"\n')
        program.chmod(0o755)

    def environment(self, **variables: str) -> dict[str, str]:
        """Describe a machine without a home, on which only the stand-ins and the tools of make are found."""
        base = {"PATH": str(self.bin), "CALLS": str(self.calls_file), "VERSION": "3.11", "HOME": "/nonexistent"}
        return {**base, **variables}

    def make(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run make on the target that sets up."""
        command = ["make", ".venv/ready", *arguments]
        return subprocess.run(
            command, cwd=self.root, env=self.environment(**variables), capture_output=True, text=True, check=False
        )

    @property
    def calls_file(self) -> Path:
        """Where the stand-ins write down that they were called."""
        return self.bin.parent / "calls"

    @property
    def stamp(self) -> Path:
        """What tells that set-up came to its end."""
        return self.root / ".venv" / "ready"

    def calls(self) -> list[list[str]]:
        """List what was called: step, working folder, program, arguments."""
        if not self.calls_file.exists():
            return []
        return [json.loads(line) for line in self.calls_file.read_text().splitlines()]

    def steps(self) -> list[str]:
        """List the steps since the last time, and forget them."""
        steps = [call[0] for call in self.calls()]
        self.calls_file.unlink(missing_ok=True)
        return steps


def make_checkout(folder: Path) -> Checkout:
    """Copy what set-up needs into a folder, and put a python3 beside it."""
    root, programs = folder / "pixel wise", folder / "bin"
    (root / "ci").mkdir(parents=True)
    programs.mkdir()
    for name in ("Makefile", "ci/setup.py", "ci/installers.py"):
        (root / name).write_bytes((ROOT / name).read_bytes())
    (root / "requirements.lock").write_text(LOCK)
    (root / "pyproject.toml").write_text("")
    make = next(path for folder in os.get_exec_path() if (path := Path(folder, "make")).is_file())
    (programs / "make").symlink_to(make)
    made = Checkout(root, programs)
    made.add_program("python3")
    return made


def start(checkout: Checkout, **variables: str) -> subprocess.Popen[str]:
    """Start set-up as the leader of a group of processes."""
    return subprocess.Popen(
        [str(checkout.bin / "python3"), str(checkout.root / "ci" / "setup.py")],
        env=checkout.environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def stop_in(checkout: Checkout, step: str, number: signal.Signals) -> subprocess.Popen[str]:
    """Start set-up and send it a signal in the middle of a step; that step may go on."""
    hanging = checkout.bin.parent / "hanging"
    running = start(checkout, HANGS=step, HANGING=str(hanging))
    while not hanging.exists() and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(number)
    running.wait()
    return running


def end_group(stopped: subprocess.Popen[str]) -> str:
    """End what a stopped set-up left behind, and return what it said."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(stopped.pid, signal.SIGKILL)
    return stopped.communicate()[1]
