"""Submissions that never end, or end their process."""

from tests.grading.hostile.submissions.case import Case, added, within
from tests.support.tiny_course import RIGHT, WRONG

LOOP = "while True:\n    pass"
SWALLOWING = """import time
while True:
    try:
        time.sleep(9)
    except BaseException:
        pass
"""
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
