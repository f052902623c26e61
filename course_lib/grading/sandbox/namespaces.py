"""Joining the namespaces of another process, and dropping privileges; see Linux's namespaces(7)."""

import ctypes
import fcntl
import os
from contextlib import ExitStack

from course_lib.grading.sandbox import seccomp

# "user" is not among them: it determines who may join the others.
JOINED = ("cgroup", "ipc", "uts", "net", "pid", "mnt")
NS_GET_USERNS = 0xB701  # from linux/nsfs.h: the user namespace that another namespace belongs to
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 22, 38, 47, 4
SECCOMP_MODE_FILTER = 2
CAPABILITIES = (0x20080522, 0)  # version 3 of the header, for this process
_C = ctypes.CDLL(None, use_errno=True)


def enter(pid: int) -> None:
    """Join the namespaces of a process; children, but not the caller itself, are in its namespace of processes.

    Parameters
    ----------
    pid : int
        A process of the same user, unless the caller is root. The caller has a single thread.

    Raises
    ------
    OSError
        If the system refuses.
    """
    with ExitStack() as stack:

        def opened(process: str, name: str) -> int:
            file = os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, file)
            return file

        own = opened("self", "user")
        user = opened(str(pid), "user")
        files = [opened(str(pid), name) for name in JOINED]
        owner = fcntl.ioctl(files[-1], NS_GET_USERNS)
        stack.callback(os.close, owner)
        # The system refuses to join the caller's own user namespace. bubblewrap makes one inside another.
        for file in (*_unless_same(owner, own), *files, *_unless_same(user, owner)):
            _check(_C.setns(file, 0))


def give_up_rights(user: int | None) -> None:
    """Become a user without privileges, permanently, and let the system refuse what no learner needs.

    Parameters
    ----------
    user : int or None
        The user to become; None to stay who one is.
    """
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_C.capset((ctypes.c_uint32 * 2)(*CAPABILITIES), nothing))
    _check(_C.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
    _check(_C.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    code = seccomp.program()
    program = _Program(len(code) // 8, ctypes.cast(ctypes.c_char_p(code), ctypes.c_void_p))
    _check(_C.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0))


class _Program(ctypes.Structure):
    """The kernel's ``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def _unless_same(file: int, other: int) -> list[int]:
    """List a namespace, unless it is the other one."""
    return [] if os.path.sameopenfile(file, other) else [file]


def _check(result: int) -> None:
    """Raise the error of a C library function."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
