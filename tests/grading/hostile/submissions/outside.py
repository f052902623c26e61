"""Submissions that reach for the network, the grader's files and other processes."""

from tests.grading.hostile.submissions.case import Case, prize
from tests.support.tiny_course import RIGHT, WRONG

ASK = "import socket\n\ndef attack():\n    "
NETWORK = {
    "a socket": Case(
        0,
        prize(f"{ASK}return socket.create_connection(('127.0.0.1', @port@), 1)"),
        audit_flags="uses the network: socket.create_connection",
    ),
    "a URL": Case(
        0,
        prize(
            "import urllib.request\n\ndef attack():\n    try:\n"
            "        return urllib.request.urlopen('http://127.0.0.1:@port@/', timeout=0.1)\n"
            "    except TimeoutError:  # somebody is there, who does not answer\n        return True"
        ),
        audit_flags="uses the network: urllib.request",
    ),
    "a datagram": Case(  # nobody says whether it has arrived
        0,
        prize(f"{ASK}socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', @port@))"),
        audit_flags="uses the network: socket.socket",
    ),
    "a socket in a file": Case(0, prize(f"{ASK}socket.socket(socket.AF_UNIX).connect('@socket@')\n    return True")),
    "a socket without a name": Case(
        0, prize(f"{ASK}socket.socket(socket.AF_UNIX).connect('\\0@abstract@')\n    return True")
    ),
}
PLACES = ("gradebook", "source", "home", "other", "own")
SEARCH = """
import os

def attack():
    names = ('gradebook.db', '01_doubling.ipynb', '01_doubling.md', 'diary.txt')
    for folder, below, files in os.walk('/'):
        below[:] = [name for name in below if name not in ('proc', 'usr', 'site-packages')]
        if set(names) & set(files):
            return True
"""
SECRET = """
import os
from pathlib import Path

def attack():
    secret = 'canary' + ' of the environment'
    places = [repr(os.environ)]
    for path in Path('/proc').glob('[0-9]*/environ'):
        try:
            places.append(path.read_text(errors='replace'))
        except OSError:
            pass
    return any(secret in place or 'GRADER_TOKEN' in place for place in places)
"""
EDIT_GRADEBOOK = """
import sqlite3

def attack():
    with sqlite3.connect('@gradebook@') as gradebook:
        return gradebook.execute('update grade set auto_score = 99').rowcount
"""
DETACH = """
import os, subprocess, sys

DAEMON = '''
import os, time
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
while True:
    for path in ('@own@', '@other@', '@gradebook@', '@home@'):
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w') as file:
                file.write('{}')
        except OSError:
            pass
    time.sleep(0.1)
'''
subprocess.run([sys.executable, '-c', DAEMON])
"""
LEAVE = """
for folder in ('/tmp', '/dev/shm', '/var/tmp', '.', '@tmp@'):
    try:
        with open(folder + '/left for others', 'w') as file:
            file.write('2')
    except OSError:
        pass
"""
FIND = """
import glob

def attack():
    return any(glob.glob(folder + '/left for *') for folder in ('/tmp', '/dev/shm', '/var/tmp', '.', '@tmp@'))
"""
READS_AND_WRITES = (
    {
        f"reads the {place}": Case(0, prize(f"def attack():\n    return open('@{place}@', 'rb').read()"))
        for place in PLACES
    }
    | {
        f"writes to the {place}": Case(
            0, prize(f"def attack():\n    with open('@{place}@', 'a') as file:\n        return file.write(' ')")
        )
        for place in PLACES
    }
    | {
        "edits the gradebook": Case(0, prize(EDIT_GRADEBOOK)),
        "reads the environment": Case(0, prize(SECRET)),
        "looks for what others left": Case(0, prize(FIND)),
    }
)
# Which can be tried without the sandbox.
ATTACKS = NETWORK | READS_AND_WRITES
FILES_OUTSIDE = {
    "searches for files": Case(0, prize(SEARCH)),
    "writes into the library": Case(
        0,
        prize(
            "import course_lib.checks\n\ndef attack():\n"
            "    with open(course_lib.checks.__file__, 'a') as file:\n        return file.write(' ')"
        ),
    ),
    "leaves something for others": Case(0, f"{WRONG}\n{LEAVE}"),
    "detaches a process": Case(0, f"{WRONG}\n{DETACH}", audit_flags="starts or ends processes: subprocess.run"),
    "detaches, and is right": Case(3, f"{RIGHT}\n{DETACH}"),
}
