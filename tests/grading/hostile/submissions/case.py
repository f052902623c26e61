"""What a submission of the hostile class is, and how attacks are written.

Most put a cell in the place of the answer. Many of these doubles are wrong, and right only if an attack succeeds: then
the points tell. ``@gradebook@`` and the like stand for real paths of the course, and for ports of the machine.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.tiny_course import TEXT, UNIT

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
import tensorflow  # so that every process begins with it, as for most units

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


def within(body: str) -> str:
    """Write a double that does this."""
    return "def double(x):\n" + "".join(f"    {line}\n" for line in body.splitlines())


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
