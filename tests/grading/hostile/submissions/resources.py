"""Submissions that use up memory, processes, files or output."""

from tests.grading.hostile.submissions.case import Case, prize, within
from tests.support.tiny_course import RIGHT, WRONG

FORKS = """import os, time
for _ in range({count}):
    if os.fork() == 0:
        x = b'x' * ({mib} * 2**20)
        time.sleep(60)
time.sleep(1)
"""
# Sleeps as soon as there is no room, and so does each of its children.
BOMB = """import os, time
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(60)
"""
FILES = """import os
with open('holes', 'wb') as file:
    try:
        file.truncate(50 * 2**30)
    except OSError:
        pass
with open('full', 'wb') as file:
    while True:
        file.write(bytes(2**20))
"""
UNSEEN = """
import mmap

def attack():
    kept, block = [], b'x' * 2**26
    for _ in range(20):
        shared = mmap.mmap(-1, 2**26)
        shared[:] = block
        shared.madvise(mmap.MADV_DONTNEED)  # out of the process, not out of memory
        kept.append(shared)
    return all(shared[-1] == 120 for shared in kept)
"""
SEMAPHORES = """
import ctypes

def attack():
    system = ctypes.CDLL(None)
    return all(system.semget(0, 32_000, 0o600) >= 0 for _ in range(600))
"""
TOO_MUCH = {
    "memory in the cell": Case(3, f"{RIGHT}\nx = bytearray(5 * 2**30)"),
    "memory bit by bit": Case(3, f"{RIGHT}\nx = []\nwhile True:\n    x.append(b'x' * 2**26)"),
    "memory in the function": Case(0, within("return len(bytearray(5 * 2**30))"), message="MemoryError"),
    "memory in many processes": Case(0, f"{WRONG}\n{FORKS.format(count=10, mib=200)}", status="GiB|memory|graded"),
    "many threads": Case(
        0,
        f"{WRONG}\nimport threading, time\nfor _ in range(1000):\n"
        "    threading.Thread(target=time.sleep, args=(60,)).start()",
        status="graded|more than 64 processes",
    ),
    "many processes": Case(
        0, f"{WRONG}\n{FORKS.format(count=1000, mib=0)}", status="graded|more than 64 processes|stopped"
    ),
    "a fork bomb": Case(0, f"{WRONG}\n{BOMB}", status="graded|more than 64 processes|stopped", audit_flags="os.fork"),
    "prints 100 MB": Case(3, f"{RIGHT}\nfor _ in range(100):\n    print('x' * 1_000_000)"),
    "prints 100 MB at once": Case(3, f"{RIGHT}\nprint('x' * 100_000_000)"),
    "prints 100 MB in the function": Case(0, within("print('x' * 100_000_000)\nreturn 3 * x")),
    "displays 100 MB": Case(
        3,
        f"{RIGHT}\nfrom IPython.display import HTML, display\nfor _ in range(50):\n    display(HTML('x' * 2_000_000))",
    ),
    "displays 100 MB at once": Case(3, f"{RIGHT}\nfrom IPython.display import HTML\nHTML('x' * 100_000_000)"),
    "prints what is no text": Case(3, f"{RIGHT}\nprint('\\ud800 \\x00 \\x1b[999;1m' * 1000)\n'\\ud800'"),
    "writes many GB": Case(3, f"{RIGHT}\n{FILES}"),
    "memory that no process shows": Case(0, prize(UNSEEN)),
    "memory in semaphores": Case(0, prize(SEMAPHORES)),
    "raises 120 MB of errors": Case(
        3,
        f"{RIGHT}\nshell = get_ipython()\nfor _ in range(60):\n"
        "    shell._showtraceback(ValueError, ValueError('x'), ['y' * 20_000] * 100)",
        audit_flags="get_ipython",
    ),
}
