"""Submissions that hide the source that a check reads."""

from tests.grading.hostile.submissions.case import COUNTING, UPTO, Case, added

ARANGE = "import numpy as np\ndef upto(n):\n    return np.arange(n)"
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
