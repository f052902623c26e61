"""Limits for a learner's code, and how the system enforces those of memory and processes.

`course_lib.grading.notebook_runner` and `kernel_client` enforce those of time.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from shutil import which
from tempfile import mkdtemp

from traitlets.config import Config

from course_lib.errors import CourseError

GIB = 2**30
CONTROLLERS = {"memory", "pids"}
CGROUPS = Path("/sys/fs/cgroup")
OWN_GROUP = Path("/proc/self/cgroup")
BUS = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")  # where systemd-run finds the user's systemd
# The command itself joins a group, so that no child starts before it has joined.
JOIN = ("/bin/sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"')


@dataclass(frozen=True)
class Limits:
    """Limits for the code of one submission.

    Attributes
    ----------
    cell_s : float
        Seconds that a cell or a test may take; see `notebook_runner` for cells after one that reached the limit.
    submission_s : float
        Seconds that the whole submission may take.
    grace_s : float
        Seconds between an interrupt and the end of a kernel that ignores it.
    cpu_s : int
        Seconds of processor time, for each process.
    memory_bytes : int
        Memory of all processes together.
    processes : int
        Processes and threads together. A kernel that uses TensorFlow has about 40 of them.
    file_bytes : int
        Bytes of all files together.
    output_chars : int
        Characters of text that a cell may print.
    figure_chars : int
        Characters of figures, HTML and the like that a cell may display.
    outputs : int
        Number of outputs of a cell.
    """

    cell_s: float = 300.0
    submission_s: float = 1800.0
    grace_s: float = 5.0
    cpu_s: int = 1800
    memory_bytes: int = 4 * GIB
    processes: int = 512
    file_bytes: int = GIB
    output_chars: int = 1_000_000
    figure_chars: int = 10_000_000
    outputs: int = 1000

    @classmethod
    def configured(cls, config: Config) -> "Limits":
        """Read limits from nbgrader's configuration: `cell_s` is ``c.Execute.timeout``, others ``c.Limits.<name>``.

        Raises
        ------
        CourseError
            If there is no such limit, or one is not a positive number.
        """
        defaults = asdict(cls())
        said = {"cell_s": config.Execute.get("timeout", cls.cell_s), **config.Limits}
        for name, value in said.items():
            if name not in defaults:
                raise CourseError(f"expected c.Limits to set some of {', '.join(defaults)}; got {name}")
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
                raise CourseError(f"expected a positive number for the limit {name}, got {value!r}")
        return cls(**{name: type(defaults[name])(value) for name, value in said.items()})


@dataclass(frozen=True)
class CgroupSupport:
    """How the system limits the memory and the number of processes of a whole submission.

    Attributes
    ----------
    name : str
        For people.
    scope : tuple of str
        The command of systemd that makes a group; empty without systemd.
    parent : Path or None
        The group in which groups may be made.
    """

    name: str
    scope: tuple[str, ...] = ()
    parent: Path | None = None


@cache
def cgroup_support() -> CgroupSupport:
    """Find what this machine supports: systemd with cgroups v2, a delegated group, or neither.

    Returns
    -------
    CgroupSupport
        The best one; it is determined once per process.
    """
    if (CGROUPS / "cgroup.controllers").is_file():
        for scope in (("systemd-run", "--user", "--scope"), ("systemd-run", "--scope")):
            if _works([*scope, "--quiet", "--collect", *_properties(Limits()), "true"]):
                return CgroupSupport(f"cgroups v2, through {' '.join(scope)}", scope=scope)
        parent = delegated_group(OWN_GROUP.read_text(encoding="utf-8"))
        if parent:
            return CgroupSupport(f"cgroups v2, in the delegated group {parent}", parent=parent)
    return CgroupSupport("rlimits and a watch on the processes, without cgroups v2")


def limits_in_use() -> str:
    """Describe what limits memory and processes here."""
    return cgroup_support().name


def delegated_group(own: str) -> Path | None:
    """Find a group in which this process may make groups that limit memory and processes.

    Parameters
    ----------
    own : str
        The content of ``/proc/self/cgroup``; its line ``0::/path`` names the group of cgroups v2.

    Returns
    -------
    Path or None
        The process's own group or the one around it, if it is writable and delegates both controllers.
    """
    # If a process cannot see its own group, the path has dots.
    paths = [line[3:] for line in own.splitlines() if line.startswith("0::/") and ".." not in line]
    for path in paths[:1]:
        group = CGROUPS / path.lstrip("/")
        for candidate in (group, group.parent):
            with suppress(OSError):
                handed_on = set((candidate / "cgroup.subtree_control").read_text(encoding="utf-8").split())
                writable = os.access(candidate, os.W_OK) and os.access(candidate / "cgroup.procs", os.W_OK)
                if handed_on >= CONTROLLERS and writable and candidate.is_relative_to(CGROUPS):
                    return candidate
    return None


@contextmanager
def group(limits: Limits, chosen: CgroupSupport) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Make a group for a submission's processes, and remove it afterwards.

    Yields
    ------
    tuple of list of str, dict of str to str
        The words to put before a command to run it in the group, and the environment that this needs; both are empty
        without cgroups. The command itself gets an empty environment.
    """
    if chosen.scope:
        # systemd-run must find the user's bus; the command that it starts must not.
        bus = {name: os.environ[name] for name in BUS if name in os.environ}
        yield [*chosen.scope, "--quiet", "--collect", *_properties(limits), "/usr/bin/env", "-i"], bus
    elif chosen.parent:
        own = Path(mkdtemp(prefix="pixelwise-", dir=chosen.parent))
        try:
            (own / "memory.max").write_text(str(limits.memory_bytes), encoding="utf-8")
            (own / "pids.max").write_text(str(limits.processes), encoding="utf-8")
            with suppress(OSError):  # a kernel without swap accounting
                (own / "memory.swap.max").write_text("0", encoding="utf-8")
            yield [*JOIN, str(own)], {}
        finally:
            with suppress(OSError):  # not yet empty: it is gone after a restart of the machine
                own.rmdir()
    else:
        yield [], {}


def _properties(limits: Limits) -> list[str]:
    """Write the limits as options of systemd-run."""
    values = {"MemoryMax": limits.memory_bytes, "MemorySwapMax": 0, "TasksMax": limits.processes}
    values["CPUWeight"] = 100  # an equal share for each submission, for any number of processes
    return [option for name, value in values.items() for option in ("-p", f"{name}={value}")]


def _works(command: list[str]) -> bool:
    """Tell whether a command is there and succeeds."""
    if which(command[0]) is None:
        return False
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
