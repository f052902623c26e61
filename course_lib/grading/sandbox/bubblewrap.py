"""The sandbox of bubblewrap: no network, no home, no secrets, and only the library of the course."""

import os
import platform
import secrets
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from shutil import which

import course_lib
from course_lib.course import SHIPPED, Course
from course_lib.grading.sandbox import seccomp
from course_lib.grading.sandbox.limits import Limits

INSTALL = "install bubblewrap: apt install bubblewrap (Debian, Ubuntu) or dnf install bubblewrap (Fedora)"
ALLOW = (
    "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, or on Ubuntu "
    "kernel.apparmor_restrict_unprivileged_userns=0), or grade as root"
)
CONTAINER = (
    "in a container, start that with --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
    "--security-opt systempaths=unconfined"
)
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime")
# Of the course. Folders without answers and names, such as its tests, may be readable if they cannot be left out.
PRIVATE = ("solutions", "build", "classroom", "work", "notebooks", ".git")
TMP, SHARED = "/tmp", "/dev/shm"  # new and empty inside
SHARED_BYTES = 64 * 2**20
HOME = f"{TMP}/learner"
# Root's user may write to system settings, even without root's privileges.
READ_ONLY = ("--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/")
STRANGERS = (61184, 65519)  # user ids that no person has; systemd uses them for services
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": HOME,
    "USER": "learner",
    "LANG": "C.UTF-8",
    "CUDA_VISIBLE_DEVICES": "-1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "1",  # see `course_lib`
    # Submissions are graded in parallel, one processor for each.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    **dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"),
}


def available() -> str:
    """Check whether learners' code can be isolated here.

    Returns
    -------
    str
        Empty if it can; otherwise the reason, and what to do about it.
    """
    if platform.system() != "Linux" or platform.machine() not in seccomp.REFUSED:
        here, there = f"{platform.system()} on {platform.machine()}", " or ".join(seccomp.REFUSED)
        return f"learners' code can be isolated on Linux ({there}) only, this is {here}; grade there"
    if which("bwrap") is None:
        return f"bubblewrap is not here; {INSTALL}"
    return "" if stranger() else _unavailable(None)


def stranger() -> int | None:
    """Choose a user to run a kernel: one that owns nothing on this machine, and usually a different one each time.

    Returns
    -------
    int or None
        None if this process cannot change its user.
    """
    first, last = STRANGERS
    may_choose = os.geteuid() == 0 and not _unavailable(first)
    return secrets.choice(range(first, last + 1)) if may_choose else None


def _bubblewrap() -> str:
    """Find the program."""
    return which("bwrap") or "bwrap"


def failure(code: str) -> str:
    """Run Python in the sandbox, like a learner's kernel; return its last message if it fails, otherwise nothing."""
    return _failure(_bubblewrap(), stranger(), code)


def _unavailable(user: int | None) -> str:
    """Say why Python does not run in the sandbox as this user, and what to do about it; empty if it does."""
    said = _failure(_bubblewrap(), user, "import course_lib.grading")
    return f"bubblewrap is here, but does not work: {said}; {_advice(said)}" if said else ""


@cache
def _failure(program: str, user: int | None, code: str) -> str:
    """Run Python in the sandbox, with this program; return its last message if it fails, otherwise nothing."""
    code = f"import os, sys; [os.setresuid(u, u, u) for u in map(int, sys.argv[1:])]; {code}"
    arguments = [sys.executable, "-P", "-c", code, *([] if user is None else [str(user)])]
    with bwrap_command([], {}, Limits(), user) as (command, descriptors):
        done = subprocess.run(
            [program, *command[1:], *arguments],
            env={},
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {done.returncode}"]
    return said[-1] if done.returncode else ""


def _advice(said: str) -> str:
    """Say what to do about a sandbox that does not start, according to bubblewrap's last message."""
    if "nknown option" in said:
        return f"it is too old ({_version()}): install a newer one"
    if "/proc" in said or "/sys" in said:
        return CONTAINER
    if not said.startswith("bwrap: "):
        return "the sandbox starts, but Python does not run in it: is it installed where everybody may read it?"
    return ALLOW


def _version() -> str:
    """Ask bubblewrap for its version."""
    done = subprocess.run([_bubblewrap(), "--version"], capture_output=True, check=False, text=True)
    return done.stdout.strip() or "no version"


@contextmanager
def bwrap_command(
    readable: Iterable[Path], environment: dict[str, str], limits: Limits, user: int | None
) -> Iterator[tuple[list[str], list[int]]]:
    """Return the command that runs another one in the sandbox.

    Parameters
    ----------
    readable : iterable of Path
        Paths that can be read inside, besides the system, Python and the library.
    environment : dict of str to str
        Variables to add to `ENVIRONMENT`; no others are passed on.
    limits : Limits
        The limits, of which `file_bytes` is used.
    user : int or None
        The user that the command itself will become; None to make a user namespace, in which nobody has privileges.

    Yields
    ------
    tuple of list of str, list of int
        The words to put before the command, and the open files that it needs.
    """
    command = [_bubblewrap(), "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
    if user is None:
        command += ["--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000"]
    else:
        command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    command += ["--hostname", "sandbox", "--proc", "/proc", "--dev", "/dev"]
    command += ["--dev-bind", "/dev/null", "/dev/zero"]  # if it is mapped, it is memory that no limit counts
    command += [*_in_memory(SHARED, SHARED_BYTES), *_in_memory(TMP, limits.file_bytes)]
    command += _mounts({*_python(), *readable}, _private())
    for name, value in (ENVIRONMENT | environment).items():
        command += ["--setenv", name, value]
    refused, write = os.pipe()
    try:
        with os.fdopen(write, "wb") as pipe:
            pipe.write(seccomp.program())
        command += ["--seccomp", str(refused), *READ_ONLY, "--chdir", TMP, "--"]
        yield command, [refused]
    finally:
        os.close(refused)


def _python() -> set[Path]:
    """List the folders of this Python, its packages and the library, under every name that they have."""
    folders = {Path(sys.base_prefix), Path(sys.prefix), Path(course_lib.__file__).parent}
    return folders | {folder.resolve() for folder in folders}


def _private() -> set[Path]:
    """List paths that must not be read, even in a readable folder: a person's files, and most of a course."""
    roots = {SHIPPED}
    with suppress(ValueError):
        roots.add(Course.find().root)
    return {Path.home().resolve()} | {root / name for root in roots for name in PRIVATE}


def _mounts(readable: set[Path], private: set[Path]) -> list[str]:
    """Return bubblewrap's options for mounts, from the root to the leaves; deeper ones take precedence."""
    system = [path for path in map(Path, SYSTEM) if path.exists()]
    links = {path for path in system if path.is_symlink()}
    shown = readable | {path for path in system if path not in links}
    hidden = {path for path in private - shown if path.is_dir() and shown & set(path.parents)}
    mounts = {path: ["--ro-bind", str(path), str(path)] for path in shown}
    mounts |= {path: ["--symlink", str(path.readlink()), str(path)] for path in links}
    mounts |= {path: _in_memory(str(path), 4096) for path in hidden}
    # Folders on the way to a mount, which bubblewrap would make readable only for their owner.
    mounts = {above: _folder(above) for path in mounts for above in path.parents[:-1]} | mounts
    ordered = sorted(mounts, key=lambda path: (len(path.parts), path))
    return [option for path in ordered for option in mounts[path]]


def _in_memory(path: str, size: int) -> list[str]:
    """Return the options to mount a folder in memory that everybody can write to."""
    return [*_perms("1777"), *(["--size", str(size)] if _knows("--size") else []), "--tmpfs", path]


def _folder(path: Path) -> list[str]:
    """Return the options to make a folder that everybody can read."""
    return [*_perms("0755"), "--dir", str(path)]


def _perms(mode: str) -> list[str]:
    """Return the option for the permissions of what the next option makes."""
    return ["--perms", mode] if _knows("--perms") else []


def _knows(option: str) -> bool:
    """Tell whether this version of bubblewrap has an option; older versions that are still in use lack some."""
    return f" {option} " in _help(_bubblewrap())


@cache
def _help(program: str) -> str:
    """Ask a program for its options."""
    return subprocess.run([program, "--help"], capture_output=True, check=False, text=True).stdout
