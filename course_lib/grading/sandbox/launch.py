"""Settings for the start of a learner's kernel: limits of the system, and the compiled user operations."""

import os
import sys
from functools import cache
from pathlib import Path

from course_lib.grading.preload import VARIABLE
from course_lib.grading.sandbox import bubblewrap
from course_lib.grading.sandbox.kernel_main import KernelSettings
from course_lib.grading.sandbox.limits import Limits

OPEN_FILES = 512
# In the sandbox: reports that the sandbox is ready, and runs as long as it exists.
HOLD = ("/bin/sh", "-c", "echo; exec sleep infinity")


def command() -> list[str]:
    """Return the command of a kernel, as in a kernel specification."""
    return [sys.executable, "-P", "-m", "course_lib.grading.sandbox.kernel_main", "{connection_file}"]


def unsandboxed_command(settings: KernelSettings) -> list[str]:
    """Return the words before a kernel's command for a kernel with this process's privileges, but a new environment."""
    # ipykernel ends with the process that has this number.
    own = {"HOME": settings.home, "PATH": os.environ["PATH"], "JPY_PARENT_PID": str(os.getpid())}
    environment = bubblewrap.ENVIRONMENT | settings.environment | own
    return ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in environment.items())]


def rlimits(limits: Limits, isolated: bool) -> dict[str, tuple[int, int]]:
    """Choose the system's limits for each process.

    Parameters
    ----------
    limits : Limits
        For all processes together.
    isolated : bool
        Whether they run in the sandbox: the system counts the processes of one user.

    Returns
    -------
    dict of str to pair of int
        Names of `resource` with the soft and the hard limit.
    """
    chosen = {"DATA": limits.memory_bytes, "FSIZE": limits.file_bytes, "NOFILE": OPEN_FILES, "CORE": 0}
    if isolated and _counts_inside():
        chosen["NPROC"] = limits.processes
    # A process may handle the first signal; the second kills it.
    cpu = {"RLIMIT_CPU": (limits.cpu_s, limits.cpu_s + 1)}
    return cpu | {f"RLIMIT_{name}": (value, value) for name, value in chosen.items()}


def _counts_inside() -> bool:
    """Tell whether the system counts a user's processes in a sandbox separately: since Linux 5.14."""
    major, minor = (int("".join(filter(str.isdigit, part))) for part in os.uname().release.split(".")[:2])
    return bubblewrap.stranger() is not None or (major, minor) >= (5, 14)


@cache
def user_ops() -> Path | None:
    """Find the compiled user operations, so that they are not compiled again for every submission.

    Returns
    -------
    Path or None
        The folder of the library, if it was compiled; None if no notebook of this run uses TensorFlow, which finding
        it would import.
    """
    # A grading process is a fork that has imported what notebooks use, even through the library.
    if VARIABLE in os.environ and "tensorflow" not in sys.modules:
        return None
    from course_lib.ops import cache as compiled
    from course_lib.ops import library, toolchain

    named = os.environ.get(library.FOLDER_VARIABLE)
    try:
        folder = Path(named).resolve() if named else compiled.place(toolchain.find())
    except toolchain.BuildError:
        return None
    return folder if (folder / compiled.LIBRARY).is_file() else None
