"""System calls of Linux that a learner's code never needs, and that would get around its limits.

A process may make a user namespace, and in it a file system in memory without a limit; it may keep files in memory that
no limit counts, or share memory that no process is charged for; sockets of some families bypass every network
namespace; and some calls are known attack surfaces of the kernel. The filter refuses them all. It is a program for the
kernel's packet filter; see the kernel's ``Documentation/userspace-api/seccomp_filter.rst``.
"""

import errno
import platform
import struct

# Name, number on x86_64 (the kernel's asm/unistd_64.h) and on aarch64 (asm-generic/unistd.h).
TABLE = """
    mount 165 40           umount2 166 39         pivot_root 155 41       chroot 161 51        unshare 272 97
    setns 308 268          memfd_create 319 279   shmget 29 194           msgget 68 186        keyctl 250 219
    add_key 248 217        request_key 249 218    bpf 321 280             perf_event_open 298 241
    userfaultfd 323 282    ptrace 101 117         process_vm_readv 310 270                     process_vm_writev 311 271
    io_uring_setup 425 425 open_tree 428 428      move_mount 429 429      fsopen 430 430       fsconfig 431 431
    fsmount 432 432        fspick 433 433         pidfd_getfd 438 438     mount_setattr 442 442
    memfd_secret 447 447   semget 64 190
"""
WORDS = TABLE.split()
REFUSED = {
    machine: {name: int(number) for name, number in zip(WORDS[::3], WORDS[column::3], strict=True)}
    for column, machine in ((1, "x86_64"), (2, "aarch64"))
}
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
MMAP = {"x86_64": 9, "aarch64": 222}
SHARED_ANONYMOUS = 0x21  # MAP_SHARED and MAP_ANONYMOUS: memory that remains when no process maps it any more
SOCKET = {"x86_64": 41, "aarch64": 198}
FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK, which a network namespace confines
CLONE_NEWUSER = 0x10000000
FIRST_OF_X32 = 0x40000000  # the same calls once more, under other numbers

LOAD, AND, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCH, FIRST_ARGUMENT, FOURTH_ARGUMENT = 0, 4, 16, 40  # offsets in struct seccomp_data
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
NEXT = 0


def program(machine: str = "") -> bytes:
    """Return the filter for a machine.

    Parameters
    ----------
    machine : str
        ``x86_64`` or ``aarch64``, for which TensorFlow is built; this machine by default.

    Returns
    -------
    bytes
        An array of the kernel's ``struct sock_filter``.

    Raises
    ------
    ValueError
        If it is another machine.
    """
    machine = machine or platform.machine()
    if machine not in REFUSED:
        raise ValueError(f"expected a processor among {', '.join(REFUSED)}, got {machine}")
    refused = [(JUMP_EQUAL, number) for number in REFUSED[machine].values()]
    if machine == "x86_64":
        refused.append((JUMP_AT_LEAST, FIRST_OF_X32))
    end = 3 + len(refused) + 5 + 4 + 2 + len(FAMILIES) + 2  # the place of the instruction that refuses
    code = [_instruction(LOAD, ARCH), _instruction(JUMP_EQUAL, ARCHITECTURE[machine], NEXT, end - 2)]
    code.append(_instruction(LOAD, NUMBER))
    code += [_instruction(test, value, end - 4 - index, NEXT) for index, (test, value) in enumerate(refused)]
    code += [
        # Its flags are in memory, which no filter can read: without it, the C library uses clone.
        _instruction(JUMP_EQUAL, CLONE3, NEXT, 1),
        _instruction(RETURN, REFUSE | errno.ENOSYS),
        _instruction(JUMP_EQUAL, CLONE[machine], NEXT, 2),
        _instruction(LOAD, FIRST_ARGUMENT),
        _instruction(JUMP_ANY_BIT, CLONE_NEWUSER, len(FAMILIES) + 8, len(FAMILIES) + 7),
        _instruction(JUMP_EQUAL, MMAP[machine], NEXT, 3),
        _instruction(LOAD, FOURTH_ARGUMENT),
        _instruction(AND, SHARED_ANONYMOUS),
        _instruction(JUMP_EQUAL, SHARED_ANONYMOUS, len(FAMILIES) + 4, len(FAMILIES) + 3),
        _instruction(JUMP_EQUAL, SOCKET[machine], NEXT, len(FAMILIES) + 2),
        _instruction(LOAD, FIRST_ARGUMENT),
        *(_instruction(JUMP_EQUAL, family, len(FAMILIES) - i, NEXT) for i, family in enumerate(FAMILIES)),
        _instruction(RETURN, REFUSE | errno.EAFNOSUPPORT),
        _instruction(RETURN, ALLOW),
        _instruction(RETURN, REFUSE | errno.EPERM),
    ]
    return b"".join(code)


def _instruction(operation: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    """One ``struct sock_filter``; jumps count the instructions that are skipped."""
    return struct.pack("<HBBI", operation, when_true, when_false, value)
