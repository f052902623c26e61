"""A class of hostile, broken and honest submissions, as data: what each hands in, and what it must earn.

Most put a cell in the place of the answer. Many of these doubles are wrong, and right only if an attack succeeds: then
the points tell. ``@gradebook@`` and the like stand for real paths of the course, and for ports of the machine.
"""

import copy
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from tests.support.tiny_course import HALF_RIGHT, RIGHT, TEXT, UNIT, WRONG, cell

Notebook = dict[str, Any]
COUNTING = "02_counting"
COUNTING_TEXT = '''# Counting

```{code-cell} ipython3
---
nbgrader: {grade: false, grade_id: upto, locked: false, schema_version: 3, solution: true, task: false}
---
def upto(n):
    """Yield 0, 1 and so on: n numbers."""
    ### BEGIN SOLUTION
    yield from range(n)
    ### END SOLUTION
```

+++ {"tags": ["explanation"]}

`yield from` hands on what another iterator yields.

```{code-cell} ipython3
---
nbgrader: {grade: true, grade_id: test_upto, locked: true, points: 1, schema_version: 3, solution: false, task: false}
---
from course_lib.checks import passed

assert list(upto(3)) == [0, 1, 2], "three numbers"
passed("upto", points=1)
```

```{code-cell} ipython3
---
nbgrader:
  {grade: true, grade_id: test_upto_hidden, locked: true, points: 4, schema_version: 3, solution: false, task: false}
---
### BEGIN HIDDEN TESTS
import numpy as np

from course_lib.checks import forbid_names, passed

forbid_names(upto, "arange")
secret_count = 4
came = list(upto(secret_count))
assert len(came) == secret_count, "so many numbers"
credit = np.sum([number == index for index, number in enumerate(came)])
passed("upto", points=4)
credit
### END HIDDEN TESTS
```
'''
TEXTS = {UNIT: TEXT, COUNTING: COUNTING_TEXT}
ANSWERS = {UNIT: "double", COUNTING: "upto"}
MAXIMA = {UNIT: 3, COUNTING: 5}
UPTO = "def upto(n):\n    return iter(range(n))"
# What no process of a learner holds. Not written out, so that it stands in no submission.
HIDDEN = "'_'.join(('secret', 'number'))"


@dataclass(frozen=True)
class Case:
    """A submission, and what must come of it.

    Attributes
    ----------
    points : float
        What it must earn.
    code : str
        Put in the place of the answer; nothing is, if it is empty.
    change : callable or None
        Changes the notebook then, in place.
    content : callable or None
        Makes the file's bytes of the notebook; its JSON by default.
    place : callable or None
        Makes something else than a file with bytes, at a path; it knows the course's paths.
    status, message : str
        Patterns of the status, and of the words to the learner.
    changes, audit_flags : str
        Words of what was changed and restored, and of what an instructor may want to look at.
    unit : str
        In whose folder it lies.
    folder : str
        Where, if not in one that is called like the student.
    file : str
        Its name, if not that of the unit.
    recorded : bool
        Whether it comes into the gradebook.
    """

    points: float
    code: str = ""
    change: Callable[[Notebook], object] | None = None
    content: Callable[[Notebook], bytes] | None = None
    place: Callable[[Path, Mapping[str, str]], object] | None = None
    status: str = "graded"
    message: str = ""
    changes: str = ""
    audit_flags: str = ""
    unit: str = UNIT
    folder: str = ""
    file: str = ""
    recorded: bool = True


def added(*sources: str) -> Callable[[Notebook], None]:
    """Add cells of one's own behind the answer."""

    def change(notebook: Notebook) -> None:
        own = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]
        notebook["cells"][2:2] = own

    return change


def prize(attack: str) -> str:
    """Write a double that is right if an attack, a function of that name, returns something true."""
    return f"""{attack}

try:
    won = bool(attack())
except Exception:
    won = False


import numpy as np


def double(x):
    return (2 if won else 3) * np.asarray(x)
"""


def shown(folder: str, beginning: str) -> str:
    """Write the name of a folder that has to be changed to be shown."""
    return f"{beginning}~{hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]}"


HONEST = {
    "Ada": Case(3, RIGHT),
    "Emmy": Case(1, HALF_RIGHT, message="a negative number stays negative"),
    "Grace": Case(0, WRONG, message="got:          6"),
    "Hypatia": Case(3, "double = lambda x: [2 * each for each in x] if isinstance(x, list) else x + x"),
    "Katherine": Case(0, message="NotImplementedError"),
    "Lise": Case(1, "def double(x):\n    return 4.0", message="a negative number stays negative"),
    "Mary": Case(3, RIGHT),
    "Rosalind": Case(1, HALF_RIGHT),
    "Sofia": Case(3, f"import tensorflow as tf\n{RIGHT.replace('2 *', 'tf.constant(2.0) *')}"),
    "Zoë": Case(3, RIGHT),
    "Alan": Case(5, UPTO, unit=COUNTING),
    "Donald": Case(2, "def upto(n):\n    return [0, 1] + (n - 2) * [7]", unit=COUNTING, message="three numbers"),
    "Edsger": Case(0, unit=COUNTING, message="NotImplementedError"),
    "Tony": Case(1, "def upto(n):\n    return range(3)", unit=COUNTING, message="so many numbers"),
    "Annie": Case(
        3,
        "from array import array\ndef double(x):\n"
        "    return array('d', [2 * each for each in x]) if isinstance(x, list) else 2 * x",
    ),
    "Dorothy": Case(
        3,
        "from collections import deque\ndef double(x):\n"
        "    return deque(2 * each for each in x) if isinstance(x, list) else 2 * x",
    ),
    "Vera": Case(5, "from collections import deque\ndef upto(n):\n    return deque(range(n))", unit=COUNTING),
    "Barbara": Case(
        5, "class upto(list):\n    __init__ = lambda self, n: list.__init__(self, range(n))", unit=COUNTING
    ),
}

ARANGE = "import numpy as np\ndef upto(n):\n    return np.arange(n)"
LOOP = "while True:\n    pass"
SWALLOWING = """import time
while True:
    try:
        time.sleep(9)
    except BaseException:
        pass
"""


def within(body: str) -> str:
    """Write a double that does this."""
    return "def double(x):\n" + "".join(f"    {line}\n" for line in body.splitlines())


ENDS = {
    "loops in the cell": Case(3, f"{RIGHT}\n{LOOP}"),
    "loops in the function": Case(0, within(LOOP), message="stopped after .* endless loop"),
    "swallows interrupts": Case(0, f"{WRONG}\n{SWALLOWING}", status=r"cell 3 \(double\): .*could not be stopped"),
    "swallows interrupts in the function": Case(
        0, within(SWALLOWING), status=r"the kernel died in cell 4 \(test_double\): .*could not be stopped"
    ),
    "never comes back from C": Case(0, f"{WRONG}\nsum(iter(int, 1))", status="could not be stopped"),
    "os._exit in the cell": Case(
        0, f"{RIGHT}\nimport os\nos._exit(0)", status="the kernel died in cell 3 .*ended itself", audit_flags="os._exit"
    ),
    "os._exit in the function": Case(
        0, "import os\ndef double(x):\n    os._exit(0)", status=r"the kernel died in cell 4 \(test_double\): it ended"
    ),
    "os._exit after the first test": Case(
        1,
        "import os\ndef double(x):\n    return 2 * x if x == 2 else os._exit(0)",
        status=r"the kernel died in cell 5 \(test_double_hidden\)",
    ),
    "os._exit in the first test": Case(
        2,
        "import os\nimport numpy as np\ndef double(x):\n    return np.asarray(x) * 2 if x != 2 else os._exit(0)",
        status=r"the kernel died in cell 4 \(test_double\): it ended itself",
        message="KernelDied: the kernel died in cell 4",
    ),
    "os._exit in a cell of one's own": Case(
        3, RIGHT, added("import os\nos._exit(0)"), status="the kernel died in cell 3: it ended itself"
    ),
    "os._exit in many cells": Case(
        0, RIGHT, added(*["import os\nos._exit(0)"] * 20), status="cell 3: .*cell 4: .*cell 5: .*cell 6: it ended"
    ),
    "sys.exit in the cell": Case(3, f"{RIGHT}\nimport sys\nsys.exit(1)"),
    "sys.exit in the function": Case(0, "import sys\ndef double(x):\n    sys.exit(0)", message="SystemExit"),
    "leaves the notebook": Case(3, f"{RIGHT}\nexit()"),
    "kills itself": Case(0, f"{RIGHT}\nimport os\nos.kill(os.getpid(), 9)", status="the kernel died in cell 3"),
    "kills everybody": Case(0, f"{WRONG}\nimport os\nos.kill(-1, 9)\nos.killpg(0, 9)", status="the kernel died"),
    "crashes": Case(0, f"{RIGHT}\nimport ctypes\nctypes.string_at(0)", status=r"it crashed \(SIGSEGV\)"),
    "interrupts the test": Case(0, "def double(x):\n    raise KeyboardInterrupt", message="KeyboardInterrupt"),
    "raises what Python does not know": Case(
        0, "class passed(BaseException): pass\ndef double(x):\n    raise passed('✓ double: 3 points')", message="passed"
    ),
}

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

FAULTY = "type('Faulty test', (Exception,), {})('\\n1/1 Ada, 01_doubling: 0/3 graded\\x1b[2J')"
HOOKS = {
    "transforms the input": Case(
        0,
        f"""{WRONG}
def transform(lines):
    return ['pass\\n' if 'assert' in line or 'call' in line else line for line in lines]
get_ipython().input_transformers_cleanup.append(transform)
get_ipython().input_transformers_post.append(transform)
""",
        audit_flags="touches hooks of IPython or Python: get_ipython",
    ),
    "transforms the tree": Case(
        0,
        f"""{WRONG}
import ast
class NoTest(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
    def visit_Expr(self, node):
        return ast.Pass() if 'double' in ast.unparse(node) else node
get_ipython().ast_transformers.append(NoTest())
""",
        audit_flags="touches hooks",
    ),
    "forges the display hook": Case(
        0,
        """import sys
from IPython.display import publish_display_data
class Hook(type(sys.displayhook)):
    def __call__(self, result=None):
        self.session.send(self.pub_socket, 'execute_result', {
            'data': {'text/plain': '4'}, 'metadata': {}, 'execution_count': 1}, parent=self.parent_header)
sys.displayhook.__class__ = get_ipython().displayhook.__class__ = Hook
def upto(n):
    sys.displayhook(4)
    return [7] * n
""",
        unit=COUNTING,
        audit_flags="sys.displayhook",
    ),
    "forges what is displayed": Case(
        0,
        """class Format(type(get_ipython().display_formatter)):
    def format(self, *args, **kwargs):
        return {'text/plain': '4'}, {}
get_ipython().display_formatter.__class__ = Format
def upto(n):
    return [7] * n
""",
        unit=COUNTING,
        audit_flags="get_ipython",
    ),
    "looks like a number": Case(
        0, "class Number:\n    __repr__ = lambda self: '4.0'\ndef double(x):\n    return Number()", message="Number"
    ),
    "looks like all credit": Case(
        0,
        "class Credit(int):\n    __repr__ = __str__ = lambda self: '4'\n"
        "    __radd__ = __add__ = lambda *args: Credit(4)\n"
        "    __eq__ = lambda *args: Credit(4)\n    __hash__ = None\n"
        "def upto(n):\n    return [Credit(9) for _ in range(n)]",
        unit=COUNTING,
    ),
    "reads In": Case(
        0,
        f"def double(x):\n    return (2 if {HIDDEN} in repr(In) else 3) * x",
        audit_flags="reads what other cells held",
    ),
    "reads the caller's frame": Case(
        0,
        f"""import inspect, sys
def double(x):
    frame = sys._getframe()
    while frame:
        names = {{*frame.f_globals, *frame.f_locals, *frame.f_code.co_names}}
        if {HIDDEN} in names or 'call' in frame.f_globals:
            return 2 * x
        frame = frame.f_back
    return 3 * x
""",
        audit_flags="looks at frames",
    ),
    "searches the memory": Case(
        0,
        prize(
            "import gc, linecache\n\ndef attack():\n"
            f"    word = {HIDDEN}\n"
            "    dicts = [thing for thing in gc.get_objects() if type(thing) is dict]\n"
            "    return any(word in table for table in dicts) or word in repr(linecache.cache)"
        ),
        audit_flags="objects in memory",
    ),
    "patches numpy.testing": Case(
        0,
        f"""{WRONG}
import numpy.testing
for name in dir(numpy.testing):
    if name.startswith('assert'):
        setattr(numpy.testing, name, lambda *args, **kwargs: None)
np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True
""",
        audit_flags="writes into a library: numpy.allclose",
    ),
    "patches the checks": Case(
        0,
        f"""{WRONG}
import course_lib.checks, course_lib.checks.results, course_lib.checks.calls
class Happy:
    equals = has_shape = has_dtype = lambda self, *args, **kwargs: self
course_lib.checks.call = course_lib.checks.calls.call = lambda *args, **kwargs: Happy()
course_lib.checks.Result.equals = course_lib.checks.results.close = lambda *args, **kwargs: True
""",
        audit_flags="writes into a library: course_lib.checks.call",
    ),
    "puts other modules in place": Case(
        0,
        f"""{WRONG}
import sys, types
happy = types.ModuleType('course_lib.checks')
happy.call = happy.passed = lambda *args, **kwargs: happy
happy.equals = lambda *args, **kwargs: happy
for name in [name for name in sys.modules if name.startswith('course_lib.checks')]:
    sys.modules[name] = happy
""",
        audit_flags="sys.modules",
    ),
    "patches Python": Case(
        0, f"{WRONG}\nimport builtins\nbuiltins.AssertionError = builtins.abs = builtins.sum = lambda *args: 0"
    ),
    "stands in for the checks": Case(
        0,
        f"{WRONG}\nclass Happy:\n    equals = lambda *args: None\ncall = passed = lambda *args, **kwargs: Happy()",
        audit_flags="gives another meaning to call, which tests use",
    ),
    "overrides run_cell": Case(
        0,
        f"""{WRONG}
shell = get_ipython()
was = shell.run_cell
shell.run_cell = shell.run_cell_async = lambda source, *args, **kwargs: was('1')
""",
        message="your code stopped answering",
        audit_flags="get_ipython",
    ),
    "an error called like a faulty test": Case(3, RIGHT, added(f"raise {FAULTY}")),
    "an error called like a faulty test in the answer": Case(3, f"{RIGHT}\nraise {FAULTY}"),
    "speaks to the terminal": Case(
        3, f"{RIGHT}\n!true \x1b]0;owned\x1b\\\x1b[2J", audit_flags="starts a program: !true �]0;owned"
    ),
    "overrides showtraceback": Case(
        0,
        f"""{WRONG}
shell = get_ipython()
type(shell).showtraceback = type(shell)._showtraceback = lambda *args, **kwargs: None
shell.showtraceback = shell._showtraceback = shell.showsyntaxerror = lambda *args, **kwargs: None
shell.set_custom_exc((BaseException,), lambda *args, **kwargs: None)
""",
        audit_flags="get_ipython",
    ),
    "renders its errors": Case(
        0,
        "class E(Exception):\n    _render_traceback_ = lambda self: ['✓ double: 3 points']\n"
        "def double(x):\n    raise E()",
        audit_flags="_render_traceback_",
    ),
    "traces": Case(
        0,
        f"""import sys
seen = set()
def spy(frame, event, arg):
    seen.update(frame.f_code.co_names)
def double(x):
    sys.settrace(spy)
    sys.setprofile(spy)
    return (2 if {HIDDEN} in seen else 3) * x
""",
        message="CheckFailed|got",
        audit_flags="sys.settrace",
    ),
}

ALL_THINGS = """
class Evil:
    __hash__ = None
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = lambda self, other: True
    __bool__ = lambda self: True
    __float__ = lambda self: 9.0
    __int__ = __index__ = __len__ = lambda self: 1
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = lambda self, other: 0
    __array__ = lambda self, *args, **kwargs: __import__('numpy').ones(2)
    __array_ufunc__ = __array_function__ = lambda self, *args, **kwargs: True
    __array_priority__ = 10**9
    __class__ = property(lambda self: float)
    __deepcopy__ = __copy__ = lambda self, *args: self
    __getattr__ = lambda self, name: self
    __call__ = lambda self, *args, **kwargs: self
"""
# Tests read what a function makes use of; see `course_lib.checks.forbid_names`.
READ = {
    "uses what is ruled out": Case(
        1, ARANGE, unit=COUNTING, message="uses `arange`, which the statement does not allow"
    ),
    "compares with it": Case(5, UPTO, added("import numpy as np\nlist(upto(4)) == list(np.arange(4))"), unit=COUNTING),
    "compares with it and times": Case(
        5, f"%%time\n{UPTO}", added("import numpy as np\nlist(upto(4)) == list(np.arange(4))"), unit=COUNTING
    ),
    "hides what it uses": Case(1, f"exec({ARANGE!r})", unit=COUNTING, message="uses `arange`", audit_flags="exec"),
    "hides its code": Case(
        1, f"{ARANGE}\nupto.__code__ = (lambda n: iter(range(n))).__code__", unit=COUNTING, message="uses `arange`"
    ),
    "is defined again": Case(1, UPTO, added(ARANGE), unit=COUNTING, message="uses `arange`"),
    "is defined again and timed": Case(1, UPTO, added(f"%%time\n{ARANGE}"), unit=COUNTING, message="uses `arange`"),
    "is defined again out of sight": Case(
        1, UPTO, added(f"exec({ARANGE!r})"), unit=COUNTING, message="uses `arange`", audit_flags="exec"
    ),
    "is defined again from a file": Case(
        1, UPTO, added(f"%%writefile x.py\n{ARANGE}", "%run -i x.py"), unit=COUNTING, message="uses `arange`"
    ),
    "is given other code": Case(
        1,
        UPTO,
        added(f"{ARANGE.replace('upto', 'other')}\nupto.__code__ = other.__code__\nupto.__globals__['np'] = np"),
        unit=COUNTING,
        message="uses `arange`",
    ),
    "is given through globals": Case(
        1, UPTO, added(f"{ARANGE.replace('upto', 'other')}\nglobals()['upto'] = other"), unit=COUNTING, message="arange"
    ),
    "is defined again too deep to read": Case(
        1,
        UPTO,
        added("import sys\nsys.setrecursionlimit(10**6)", f"{ARANGE}\nx = {'1 + ' * 1500}1"),
        unit=COUNTING,
        message="uses `arange`",
    ),
    "is defined again by a transformer": Case(
        1,
        UPTO,
        added(
            "hooks = get_ipython().input_transformers_cleanup\n"
            "hooks.append(lambda lines: [line.replace('odd', 'ar') for line in lines])",
            ARANGE.replace("arange", "oddange"),
        ),
        unit=COUNTING,
        message="uses `arange`",
        audit_flags="get_ipython",
    ),
    "takes long to read": Case(5, UPTO, added("a?\n" * 600), unit=COUNTING),
    "takes long to read in many cells": Case(5, UPTO, added(*["a?\n" * 600] * 20), unit=COUNTING),
    "is too much code": Case(0, UPTO, added("a\n" * 600_000), unit=COUNTING, status="at most 1000000 letters of code"),
    "is hard to read": Case(5, UPTO, added(f"x = {'(' * 100_000}\ny = '\ud800\0"), unit=COUNTING),
}
RETURNS = {
    "equals everything": Case(0, f"{ALL_THINGS}\ndef double(x):\n    return Evil()"),
    "is everything": Case(0, f"{ALL_THINGS}\ndouble = Evil()"),
    "counts with everything": Case(
        0, f"{ALL_THINGS}\ndef upto(n):\n    return [Evil() for _ in range(n)]", unit=COUNTING
    ),
    "subclass of ndarray": Case(
        0,
        """import numpy as np
class A(np.ndarray):
    __eq__ = __lt__ = lambda self, other: np.bool_(True)
    __array_ufunc__ = __array_function__ = lambda self, *args, **kwargs: np.bool_(True)
    __array_wrap__ = __array_finalize__ = lambda self, *args, **kwargs: None
def double(x):
    return np.zeros(np.shape(x)).view(A)
""",
        message="got",
    ),
    "subclass of float": Case(
        0,
        """class F(float):
    __hash__ = float.__hash__
    __eq__ = __lt__ = __le__ = __bool__ = lambda *args: True
    __sub__ = __rsub__ = __abs__ = lambda *args: 0.0
def double(x):
    return F(9)
""",
        message="got",
    ),
    "subclass of str": Case(
        0,
        """class S(str):
    __hash__ = str.__hash__
    __eq__ = __lt__ = lambda *args: True
    __array__ = lambda *args, **kwargs: 4.0
def double(x):
    return S('4.0')
""",
    ),
    "subclass of list": Case(
        0,
        "class L(list):\n    __eq__ = lambda *args: True\n    __contains__ = lambda *args: True\n"
        "def upto(n):\n    return L([7] * n)",
        unit=COUNTING,
    ),
    "returns 300 MB": Case(0, "import numpy as np\ndef double(x):\n    return np.zeros(300_000_000, np.uint8)"),
    "returns 10 million objects": Case(0, "def double(x):\n    return list(range(10_000_000))"),
    "returns itself": Case(0, "def double(x):\n    x = []\n    x.append(x)\n    return x", message="hold itself"),
    "returns a deep list": Case(
        0, "def double(x):\n    x = 4.0\n    for _ in range(100_000):\n        x = [x]\n    return x"
    ),
    "returns a long text": Case(0, "def double(x):\n    return 'x' * 10_000_000"),
    "returns an empty array of any size": Case(
        0, "import numpy as np\ndef double(x):\n    return np.zeros((0, 2**40))"
    ),
    "returns a long number": Case(0, "def double(x):\n    return 10**1_000_000"),
    "returns an endless generator": Case(0, "import itertools\ndef double(x):\n    return itertools.count()"),
    "counts on and on": Case(
        0,
        "import itertools\ndef upto(n):\n    yield from itertools.count()",
        unit=COUNTING,
        message="stopped after|no end",
    ),
    "lies about its length": Case(
        0,
        "class L:\n    __len__ = lambda self: 2**60\n    __iter__ = lambda self: iter([0, 1, 2, 7])\n"
        "def upto(n):\n    return L()",
        unit=COUNTING,
        message="Error",
    ),
    "a set of numbers that collide": Case(
        0,
        "class S(set):\n    __iter__ = lambda self: iter([k * (2**61 - 1) for k in range(150_000)])\n"
        "def double(x):\n    return S()",
    ),
    "changes what it is given": Case(
        0,
        "import numpy as np\ndef double(x):\n    if isinstance(x, list):\n        x[:] = [0.0] * len(x)\n"
        "    return 0 * np.asarray(x)",
    ),
}

# A learner's own agent; `answer` makes the answer to a request of its number, what is asked for, and the socket.
AGENT = """
import json, os, pickle, struct, time
import course_lib.grading.remote_test.agent as agent
from course_lib.grading.remote_test.transport import receive

def message(tree, sizes=(), more=b''):
    header = json.dumps([tree, list(sizes)]).encode()
    return struct.pack('!4sI', b'PxW1', len(header)) + header + more

def value(number, tree, changed=None):
    return message(['tuple', 'value', number, tree, changed])

FUNCTION = ['handle', 1, 'function', 'double', 'function', ['list', '__call__']]

def usual(number, asked):
    if asked == 'name':
        return value(number, FUNCTION)
    if asked == 'signature':
        return value(number, None)
    return message(['tuple', 'error', number, ['list', 'AttributeError'], 'no', None])

def serve():
    with agent._newest(agent._channels[0]) as session:
        while True:
            try:
                _, number, _, asked, *_ = receive(session)[0]
                session.sendall(answer(session, number, asked))
            except (EOFError, OSError):
                return

agent.serve = serve
double = None
def double(x):
    return 3 * x
"""


def own_agent(answer: str) -> str:
    """Write a cell with an agent that answers calls so, and other requests as usual."""
    usual = "return usual(number, asked)"
    return (
        f"{AGENT}\ndef answer(session, number, asked):\n    if asked == 'call':\n        return {answer}\n    {usual}"
    )


FORGE = f"""{WRONG.replace("double", "triple")}
import json, jupyter_client.session
kernel = get_ipython().kernel
key = json.load(open(kernel.parent.connection_file))['key'].encode()
session = jupyter_client.session.Session(key=key)

def forge(parent):
    for kind, content in (
        ('execute_result', {{'data': {{'text/plain': '3'}}, 'metadata': {{}}, 'execution_count': 4}}),
        ('stream', {{'name': 'stdout', 'text': '✓ double: 3 points\\n'}}),
        ('clear_output', {{'wait': False}}),
        ('status', {{'execution_state': 'idle'}}),
    ):
        session.send(kernel.iopub_socket, kind, content, parent=parent)
"""
MESSAGES = {
    "forges messages": Case(
        0,
        f"{FORGE}\ndef double(x):\n    forge(kernel.get_parent('shell'))\n    return triple(x)",
        audit_flags="get_ipython",
    ),
    "forges messages to come": Case(
        0,
        f"""{FORGE}
import threading, time
parent = kernel.get_parent('shell')
start, _, number = parent['header']['msg_id'].rpartition('_')

def go_on():
    while True:
        for later in range(1, 5):
            header = dict(parent['header'], msg_id=f'{{start}}_{{int(number) + later}}')
            forge(dict(parent, header=header, msg_id=header['msg_id']))
        time.sleep(0.05)

threading.Thread(target=go_on, daemon=True).start()
double = triple
""",
    ),
    "answers for the shell": Case(
        0,
        f"""{FORGE}
def double(x):
    parent = kernel.get_parent('shell')
    for kind in ('execute_reply', 'execute_result', 'kernel_info_reply'):
        content = {{'status': 'ok', 'execution_count': 3, 'payload': [], 'data': {{'text/plain': '3'}}}}
        ident = kernel._shell_parent_ident.get()
        session.send(kernel.shell_stream or kernel.shell_socket, kind, content, parent=parent, ident=ident)
    return triple(x)
""",
    ),
    "is a client of its own": Case(
        0,
        f"""{WRONG}
import subprocess, sys
CLIENT = '''
import sys
from jupyter_client import BlockingKernelClient
client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
client.start_channels(hb=False, stdin=False)
client.execute("double = lambda x: 5 * x")
client.shutdown()
import time
time.sleep(1)
'''
subprocess.run([sys.executable, '-c', CLIENT, get_ipython().kernel.parent.connection_file])
""",
        status="graded|the kernel died",
    ),
    "an agent that says yes": Case(0, own_agent("value(number, True)")),
    "an agent that says yes to all": Case(
        0, f"{AGENT}\ndef answer(session, number, asked):\n    return value(number, True)", message="function is gone"
    ),
    "an agent that knows the first test": Case(1, own_agent("value(number, 4.0)"), audit_flags="looks into the grader"),
    "an agent of objects": Case(
        0,
        own_agent("value(number, ['handle', 7, 'ndarray', None, 'object', ['list', '__eq__', '__array__', '__lt__']])"),
    ),
    "an agent that knows no test": Case(
        0, own_agent("message(['tuple', 'error', number, ['list', 'CheckFailed', 'SystemExit'], 'passed', None])")
    ),
    "an agent that answers ahead": Case(
        0, own_agent("b''.join(value(each, True) for each in range(number, number + 9))")
    ),
    "an agent that pickles": Case(
        0,
        f"""{own_agent("message(['tuple', 'value', number, ['array', 0, 'O'], None], [len(evil)], evil)")}
class Evil:
    def __reduce__(self):
        return os.system, ('touch @home@/pickled; touch /tmp/pickled',)
evil = pickle.dumps(Evil())
""",
        message="ChannelError",
    ),
    "an agent that calls the library": Case(
        0, own_agent("value(number, ['library', 'os', 'system'])"), message="ChannelError"
    ),
    "an agent that changes what it is given": Case(
        0, own_agent("value(number, -1.0, ['list', 'call', FUNCTION, ['tuple', 0.0], ['dict']])")
    ),
    "an agent of keys that collide": Case(
        0,
        own_agent("value(number, ['set', *KEYS])") + "\nKEYS = [k * (2**61 - 1) for k in range(300_000)]\n",
        message="ChannelError",
    ),
    "an agent with a long signature": Case(
        0,
        own_agent("value(number, 5.0)").replace(
            "return value(number, None)",
            "return value(number, ['tuple', ['list', *[['tuple', f'p{n}', 1, None, 'd'] for n in range(9000)]], None])",
        ),
        message="got",
    ),
    "an agent without end": Case(
        0,
        own_agent(
            "[session.sendall(message(None, [2**20]))] and [session.send(b'x') and time.sleep(0.1) for _ in range(99)]"
        ),
        message="stopped after",
    ),
    "an agent that hangs up": Case(0, own_agent("session.close() or b''"), message="stopped answering"),
    "closes every file": Case(0, f"{WRONG}\nimport os\nos.closerange(3, 500)", status="the kernel died|graded"),
}


def without(*names: str) -> Callable[[Notebook], None]:
    """Leave out cells."""

    def change(notebook: Notebook) -> None:
        notebook["cells"] = [
            part for part in notebook["cells"] if part["metadata"].get("nbgrader", {}).get("grade_id") not in names
        ]

    return change


def twice(name: str, first: str | None = None) -> Callable[[Notebook], None]:
    """Copy a cell to the end; the one before may have another text."""

    def change(notebook: Notebook) -> None:
        notebook["cells"].append(copy.deepcopy(cell(notebook, name)))
        if first is not None:
            cell(notebook, name)["source"] = first

    return change


def of_kind(kind: str, *names: str) -> Callable[[Notebook], None]:
    """Make code cells something else."""

    def change(notebook: Notebook) -> None:
        for name in names:
            found = cell(notebook, name)
            found["cell_type"] = kind
            del found["outputs"], found["execution_count"]

    return change


def marked(*names: str, **marks: object) -> Callable[[Notebook], None]:
    """Change what cells say to nbgrader."""

    def change(notebook: Notebook) -> None:
        for found in [cell(notebook, name) for name in names]:
            found["metadata"]["nbgrader"] |= marks

    return change


def tagged(*tags: object) -> Callable[[Notebook], None]:
    """Tag every cell."""

    def change(notebook: Notebook) -> None:
        for part in notebook["cells"]:
            part["metadata"]["tags"] = list(tags)

    return change


def written(name: str, source: str) -> Callable[[Notebook], None]:
    """Change the text of a cell."""
    return lambda notebook: cell(notebook, name).update(source=source)


def with_bonus(notebook: Notebook) -> None:
    """Add a test of one's own, and raise the points of the others."""
    bonus = copy.deepcopy(cell(notebook, "test_double"))
    bonus["metadata"]["nbgrader"] |= {"grade_id": "test_double_bonus", "points": 100}
    notebook["cells"].append(bonus | {"id": "bonus", "source": "100"})


def with_outputs(notebook: Notebook) -> None:
    """Hand the results of the tests in."""
    for part in notebook["cells"]:
        if part["cell_type"] == "code":
            shown = {"output_type": "execute_result", "data": {"text/plain": "3"}, "metadata": {}, "execution_count": 4}
            part |= {"outputs": [shown], "execution_count": 4}


def with_kernel(notebook: Notebook) -> None:
    """Name a kernel that nobody has."""
    notebook["metadata"]["kernelspec"] = {"name": "evil", "display_name": "Evil", "language": "bash"}


TESTS = ("test_double", "test_double_hidden")
DAMAGED = {
    "deleted a test": Case(0, WRONG, without("test_double"), changes="deleted, put back: 'test_double'"),
    "deleted the tests": Case(
        3, RIGHT, without(*TESTS), changes="deleted, put back: 'test_double', 'test_double_hidden'"
    ),
    "deleted the answer": Case(0, RIGHT, without("double"), changes="deleted, put back untouched: 'double'"),
    "duplicated a test": Case(
        3, RIGHT, twice("test_double"), changes="copied, once is enough: 'test_double' (2 times)"
    ),
    "duplicated the hidden test": Case(1, HALF_RIGHT, twice("test_double_hidden"), changes="once is enough"),
    "duplicated the answer": Case(3, RIGHT, twice("double", WRONG), changes="the last one that was worked on counts"),
    "duplicated the wrong one": Case(
        0, WRONG, twice("double", RIGHT), changes="the last one that was worked on counts"
    ),
    "text for tests": Case(0, WRONG, of_kind("markdown", *TESTS), changes="made a markdown cell, code again"),
    "raw tests": Case(3, RIGHT, of_kind("raw", *TESTS), changes="made a raw cell, code again"),
    "text for an answer": Case(3, RIGHT, of_kind("markdown", "double"), changes="made a markdown cell, code again"),
    "renamed tests": Case(
        0,
        WRONG,
        lambda notebook: [marked(name, grade_id=f"my_{name}")(notebook) for name in TESTS],
        changes="grade_id lost or changed, recognized by its text or cell id: 'test_double'",
    ),
    "renamed the answer": Case(
        3, RIGHT, marked("double", grade_id="mine"), changes="grade_id lost or changed, recognized by"
    ),
    "swapped names": Case(
        0,
        WRONG,
        lambda notebook: [
            marked("test_double", grade_id="x")(notebook),
            marked("double", grade_id="test_double")(notebook),
            marked("x", grade_id="double")(notebook),
        ],
        changes="grade_id lost",
    ),
    "reordered": Case(3, RIGHT, lambda notebook: notebook["cells"].reverse(), changes="moved, put back in its place"),
    "tests first": Case(
        0,
        WRONG,
        lambda notebook: notebook["cells"].sort(key=lambda part: "test" not in str(part["metadata"])),
        changes="moved, put back in its place",
    ),
    "tagged to be skipped": Case(
        0,
        WRONG,
        tagged("skip-execution", "demo", "raises-exception"),
        changes="tags taken away",
        audit_flags="tags the test 'test_double' as skip-execution",
    ),
    "tagged and right": Case(3, RIGHT, tagged("demo", 7, None), changes="tags taken away"),
    "edited the tests": Case(
        0,
        WRONG,
        lambda notebook: [written(name, "pass")(notebook) for name in TESTS],
        changes="changed, restored: 'test_double', 'test_double_hidden'",
        audit_flags="changes the test 'test_double'",
    ),
    "emptied a test": Case(
        0, WRONG, written("test_double", ""), changes="changed, restored", audit_flags="changes the test"
    ),
    "raised the points": Case(
        3,
        RIGHT,
        marked(*TESTS, points=1000),
        changes="metadata changed, restored: 'test_double' (points)",
        audit_flags="gives the test 'test_double' other points: 1000",
    ),
    "unlocked and ungraded": Case(
        0,
        WRONG,
        marked(*TESTS, grade=False, solution=True, locked=False, task=True),
        changes="metadata changed, restored",
    ),
    "added a test": Case(0, WRONG, with_bonus),
    "handed in results": Case(0, WRONG, with_outputs),
    "schema version 1": Case(3, RIGHT, marked("double", *TESTS, schema_version=1), changes="(schema_version)"),
    "schema version 99": Case(0, WRONG, marked("double", *TESTS, schema_version=99), changes="(schema_version)"),
    "schema version three": Case(
        3, RIGHT, marked("double", *TESTS, schema_version="three"), changes="(schema_version)"
    ),
    "no schema": Case(1, HALF_RIGHT, marked("double", *TESTS, schema_version=None), changes="(schema_version)"),
    "no kernel": Case(3, RIGHT, lambda notebook: notebook["metadata"].clear(), changes="no kernel was named: put back"),
    "another kernel": Case(3, RIGHT, with_kernel),
}


def format_3(notebook: Notebook) -> bytes:
    """Write it as notebooks were in 2013."""
    return str(nbformat.v3.writes_json(nbformat.reads(json.dumps(notebook), as_version=3))).encode()


def format_4_0(notebook: Notebook) -> bytes:
    """Write it as notebooks were before cells had ids."""
    for part in notebook["cells"]:
        part.pop("id")
    return json.dumps(notebook | {"nbformat_minor": 0}).encode()


def half(notebook: Notebook) -> bytes:
    """Lose the second half."""
    text = json.dumps(notebook).encode()
    return text[: len(text) // 2]


def plain(content: bytes) -> Callable[[Notebook], bytes]:
    """Hand in these bytes."""
    return lambda notebook: content


FORMATS = {
    "format 3": Case(3, RIGHT, content=format_3, changes="format 3: converted"),
    "format 3 and wrong": Case(0, WRONG, content=format_3, changes="format 3: converted"),
    "format 4.0": Case(1, HALF_RIGHT, content=format_4_0),
    "format 4.99": Case(3, RIGHT, lambda notebook: notebook.update(nbformat_minor=99)),
    "format 7": Case(3, RIGHT, lambda notebook: notebook.update(nbformat=7), changes="format 7: converted"),
    "corrupt": Case(0, RIGHT, content=half, status="expected a notebook, found broken JSON in line 1"),
    "empty": Case(0, content=plain(b""), status="found an empty file"),
    "zeros": Case(0, content=plain(bytes(100_000)), status="found an empty file"),
    "binary": Case(
        0, content=plain(bytes(range(256)) * 100), status="expected a notebook, found a file that is not text"
    ),
    "deep": Case(0, content=plain(b"[" * 1_000_000), status="expected a notebook, found other JSON"),
    "a long number": Case(0, content=plain(b'{"cells": ' + b"9" * 100_000 + b"}"), status="expected a notebook"),
    "no cells": Case(0, content=plain(b'{"cells": [], "nbformat": 4}'), status="found one without cells"),
    "strange cells": Case(
        0, content=plain(b'{"cells": [1, null, {"source": {"a": 1}}]}'), status="found none of its cells"
    ),
    "a web page": Case(0, content=plain(b"<!doctype html><script>alert(1)</script>"), status="found a web page"),
    "another unit": Case(
        0,
        content=lambda notebook: json.dumps(
            notebook
            | {
                "cells": [
                    {
                        "cell_type": "code",
                        "metadata": {"nbgrader": {"grade_id": name, "solution": name == "upto"}},
                        "source": UPTO if name == "upto" else "pass",
                    }
                    for name in ("upto", "test_upto", "test_upto_hidden")
                ]
            }
        ).encode(),
        status=r"expected the unit with the exercises 'double', found another one: .*'upto'",
    ),
    "a file of its own name": Case(
        3, RIGHT, file="my answers (2).ipynb", changes="called 'my answers (2).ipynb': taken for"
    ),
}


def enormous(path: Path, places: Mapping[str, str]) -> None:
    """Make a file of 200 MB, which takes up no room."""
    with path.open("wb") as file:
        file.truncate(200_000_000)


def link(path: Path, places: Mapping[str, str]) -> None:
    """Hand in the instructor's notebook."""
    path.symlink_to(places["source"])


def linked_folder(path: Path, places: Mapping[str, str]) -> None:
    """Hand in the folder of somebody who is right."""
    path.parent.rmdir()
    path.parent.symlink_to(Path(places["other"]).parent)


NO_FILES = {
    "enormous": Case(0, place=enormous, status="expected a notebook of at most 100 MB, found 200 MB"),
    "a pipe": Case(0, place=lambda path, _: os.mkfifo(path), status="found something that is no file"),
    "a link": Case(0, place=link, status="found a link, which is not followed", recorded=False),
    "a linked folder": Case(0, place=linked_folder, status="found a link, which is not followed", recorded=False),
}
NAMES = {
    "Ana María de la Cruz": Case(3, RIGHT),
    "学生 Ω ñ 🎓": Case(3, RIGHT),
    "dots.in.a.name": Case(1, HALF_RIGHT),
    "...": Case(0, WRONG),
    "..%2f..%2fgradebook": Case(0, WRONG),
    "..\\..\\gradebook.db": Case(3, RIGHT),
    "..∕..∕gradebook": Case(0, WRONG),
    "-rf": Case(3, RIGHT),
    "=1+1": Case(0, WRONG),
    "'; drop table grade; --": Case(3, RIGHT),
    "<b onclick=alert(1)>": Case(0, RIGHT, status="expected a student's name without < >", recorded=False),
    "{{ 7 * 7 }}": Case(3, RIGHT),
    "down": Case(3, RIGHT, folder="one/two/down"),
    " space around ": Case(0, RIGHT, status="expected a student's name of printable letters", recorded=False),
    shown("two\nlines", "two�lines"): Case(
        0, RIGHT, folder="two\nlines", status="expected a student's name of printable letters", recorded=False
    ),
    shown("n" * 200, "n" * 64): Case(
        0, RIGHT, folder="n" * 200, status="expected a student's name of at most 128 bytes", recorded=False
    ),
    shown(os.fsdecode(b"\xff" * 100), "�" * 21): Case(
        0,
        RIGHT,
        folder=os.fsdecode(b"\xff" * 100),
        status="expected a student's name of printable letters",
        recorded=False,
    ),
}


def many_elements(notebook: Notebook) -> None:
    """Add a text that is short, and long once it is corrected."""
    signs = "abcdefghijklmnopqrstuvwxyz0123456789"
    text = "<p>" + "".join(f"<b {a}{b}>" for a in signs for b in signs) + "<p>x" * 2000
    notebook["cells"].append({"cell_type": "markdown", "metadata": {}, "source": text})


def for_others(path: Path, places: Mapping[str, str]) -> None:
    """Hand in folders that are called like other students."""
    content = Path(places["other"]).read_bytes()
    path.write_bytes(content)
    for student in ("Mary", "Nobody"):
        (path.parent / student).mkdir()
        (path.parent / student / path.name).write_bytes(content)


SHOWN = {
    "a text of very many elements": Case(3, RIGHT, many_elements),
    "hands in for others": Case(3, place=for_others),
    "a picture with a script for its width": Case(
        3,
        f"{RIGHT}\nfrom IPython.display import display\nfor size in ({{'width': '1 onerror=alert(1) x=1'}}, [1]):\n"
        "    display({'image/png': 'AAAA', 'text/plain': 'x'}, raw=True, metadata={'image/png': size})",
    ),
    "scripts": Case(
        3,
        f"{RIGHT}\nfrom IPython.display import HTML, SVG, Javascript, Markdown, display\n"
        "for kind in (HTML, Javascript, Markdown):\n"
        "    display(kind('<script>alert(1)</script><img src=x onerror=alert(1)>'\n"
        "                 '<a href=\"javascript:alert(1)\">x</a>'))\n"
        'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>\'))\n',
    ),
}

CLASS = {
    name: case
    for group in (
        HONEST,
        ENDS,
        TOO_MUCH,
        ATTACKS,
        FILES_OUTSIDE,
        HOOKS,
        READ,
        RETURNS,
        MESSAGES,
        DAMAGED,
        FORMATS,
        NO_FILES,
        NAMES,
        SHOWN,
    )
    for name, case in group.items()
}
