"""A course of one exercise that needs NumPy alone, for tests that grade for real."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from course_lib.answers import bank_of
from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.release import release, released
from tests.support.courses import build_course

UNIT = "01_doubling"
RIGHT = "import numpy as np\n\ndef double(x):\n    return 2 * np.asarray(x)"
WRONG = "import numpy as np\n\ndef double(x):\n    return 3 * np.asarray(x)"
HALF_RIGHT = "import numpy as np\n\ndef double(x):\n    return np.abs(2 * np.asarray(x))"
TEXT = '''# Doubling

```{code-cell} ipython3
import numpy as np
```

```{code-cell} ipython3
---
nbgrader: {grade: false, grade_id: double, locked: false, schema_version: 3, solution: true, task: false}
---
def double(x):
    """Twice a number."""
    ### BEGIN SOLUTION
    return 2 * np.asarray(x)
    ### END SOLUTION
```

+++ {"tags": ["explanation"]}

An array doubles every number at once.

```{code-cell} ipython3
---
nbgrader: {grade: true, grade_id: test_double, locked: true, points: 1, schema_version: 3, solution: false, task: false}
---
import sys

from course_lib.checks import call, passed

print("words on stderr", file=sys.stderr)
call(double, 2.0).equals(4.0)
passed("double", points=1)
```

```{code-cell} ipython3
---
nbgrader:
  {grade: true, grade_id: test_double_hidden, locked: true, points: 2, schema_version: 3, solution: false, task: false}
---
### BEGIN HIDDEN TESTS
from course_lib.checks import call, passed

secret_number = -7
assert double(secret_number) < 0, "a negative number stays negative"
call(double, [1.0, secret_number]).equals([2.0, 2.0 * secret_number])
passed("double", points=2)
### END HIDDEN TESTS
```
'''

QUESTION = """
Why does doubling keep the sign?

+++ {"nbgrader": {"grade": true, "grade_id": "question_sign", "locked": false, "points": 0, "schema_version": 3,\
 "solution": true, "task": false}}

### BEGIN SOLUTION

**Model answer.** Twice a number lies on its side of zero.

**Rubric.**

- All: the side of zero.

### END SOLUTION
"""


def write_bank(unit: Path, exercise: str = "double") -> None:
    """Write two right and six wrong answers to an exercise that doubles a number, as the rules ask for."""
    right = "### right: {n}\n\n```python\ndef double(x):\n    return {n} * x / {n} + x\n```\n"
    wrong = "### wrong: {n}\n\nSays: expected\n\n```python\ndef double(x):\n    return {n} * x\n```\n"
    answers = [right.format(n=n) for n in (1, 2)] + [wrong.format(n=n) for n in range(3, 9)]
    write_aside(bank_of(unit, exercise), "\n".join(answers).replace("double", exercise))


def make_course(
    root: Path,
    *,
    timeout: int = 300,
    units: tuple[str, ...] = (UNIT,),
    text: str = TEXT,
    question_points: float = 0,
    bank: Callable[[Path], object] = write_bank,
    settings: str = "",
) -> Course:
    """Make and release a course with this project's own nbgrader_config.py and other settings."""
    settings = f"c.Execute.timeout = {timeout}\nc.Questions.points = {question_points}\n{settings}\n"
    course = build_course(root, dict.fromkeys(units, text), bank, settings)
    release(course, units)
    return course


def untouched(course: Course) -> dict[str, Any]:
    """Read the released notebook as plain JSON."""
    return dict(json.loads(released(course, UNIT).read_text(encoding="utf-8")))


def cell(notebook: dict[str, Any], grade_id: str) -> dict[str, Any]:
    """Find a cell by its id."""
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def answered(course: Course, code: str, exercise: str = "double") -> dict[str, Any]:
    """Put an answer into the released notebook."""
    notebook = untouched(course)
    cell(notebook, exercise)["source"] = code
    return notebook


def submit(folder: Path, student: str, content: dict[str, Any] | str | bytes) -> Path:
    """Write a submission the way nbgrader lays them out."""
    path = folder / student / UNIT / f"{UNIT}.ipynb"
    path.parent.mkdir(parents=True)
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


class Words(HTMLParser):
    """The text of a page, without its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(page)

    def handle_data(self, data: str) -> None:
        """Add a piece of text."""
        self.text += data
