#!/usr/bin/env bash
# On Linux a new process begins with the peak memory of the process that started it: resource.getrusage(RUSAGE_SELF)
# says of a Python that has just begun that it once held hundreds of megabytes, because its parent did. Linux 6,
# Python 3.11.
#
# ru_maxrss outlives execve, and execve adds what the process held before, which is a copy of its parent. So a benchmark
# that runs each way in a process of its own, and reads ru_maxrss there, reports the parent's peak if that was larger:
# a new process does not help. VmHWM in /proc/self/status belongs to the memory of the new program, and is right.
#
# Source: running it. getrusage(2) says "preserved across an execve(2)", and nothing of the parent; the documentation of
# Python's module resource mentions neither.
set -euo pipefail
[ "$(uname)" = Linux ] || { echo "expected Linux, got $(uname)" >&2; exit 1; }
python3 - <<'PYTHON'
import platform
import resource
import subprocess
import sys

CHILD = """
import resource
status = open("/proc/self/status").read().splitlines()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, next(line.split()[1] for line in status if "VmHWM" in line))
"""


def child():
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    return [int(number) // 1024 for number in done.stdout.split()]


print("Python", platform.python_version(), "Linux", platform.release())
maxrss, highest = child()
print(f"from a small parent: ru_maxrss {maxrss} MiB, VmHWM {highest} MiB")
assert maxrss < 100 and highest < 100
held = bytearray(b"1") * (300 * 2**20)
del held
print(f"the parent once held {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
maxrss, highest = child()
print(f"from that parent: ru_maxrss {maxrss} MiB, VmHWM {highest} MiB")
assert maxrss >= 300 and highest < 100
PYTHON
