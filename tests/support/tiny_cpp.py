"""A course of one exercise in C++: of a map, the first column, multiplied by the scale, for each location."""

from pathlib import Path

from course_lib.answers import bank_of
from course_lib.course import Course
from course_lib.files import write_aside
from tests.support import tiny_course

STUB = '    #error "write this function, then delete this line"'
SOLUTION = """    for (int i = 0; i < count * channels; ++i) {
        out[i] = scale * map[i % channels];
    }"""
DECLARED = """void sample(const float* map, int height, int width, int channels,
            const float* yx, int count, float scale, float* out) {
"""
# Written by a learner.
RIGHT = f"%%cpp sample\n{DECLARED}{SOLUTION}\n}}"
WRONG = RIGHT.replace("scale *", "2 * scale *")
BROKEN = RIGHT.replace("channels];", "channels]")
PYTHON = "import numpy as np\n\ndef sample(map, yx, scale):\n    return scale * np.repeat(map[0, :1], len(yx), axis=0)"
TEXT = f"""# Kernels

```{{code-cell}} ipython3
---
nbgrader: {{grade: false, grade_id: given, locked: true, schema_version: 3, solution: false, task: false}}
---
from course_lib.native import use_cpp_cells

use_cpp_cells()
```

```{{code-cell}} ipython3
---
nbgrader: {{grade: false, grade_id: sample, locked: false, schema_version: 3, solution: true, task: false}}
---
%%cpp sample
{DECLARED}    // ### BEGIN SOLUTION
{SOLUTION}
    // ### END SOLUTION
}}
```

+++ {{"tags": ["explanation"]}}

One loop visits every channel of every location.

```{{code-cell}} ipython3
---
nbgrader:
  {{grade: true, grade_id: test_sample, locked: true, points: 1, schema_version: 3, solution: false, task: false}}
---
import numpy as np

from course_lib.checks import call, passed, require_cpp

require_cpp(sample)
visible_map = np.arange(1, 25, dtype=np.float32).reshape(2, 3, 4)
call(sample, visible_map, np.zeros((1, 2), np.float32), 4.0).equals([[4.0, 8.0, 12.0, 16.0]])
passed("sample", points=1)
```

```{{code-cell}} ipython3
---
nbgrader:
  {{grade: true, grade_id: test_sample_hidden, locked: true, points: 2, schema_version: 3, solution: false,
    task: false}}
---
### BEGIN HIDDEN TESTS
import numpy as np

from course_lib.checks import call, forbid_names, passed, require_cpp

require_cpp(sample)
forbid_names(sample, "resize")
secret_map = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
call(sample, secret_map, np.zeros((1, 2), np.float32), 0.5).equals([[0.0, 0.5, 1.0, 1.5]])
passed("sample", points=2)
### END HIDDEN TESTS
```
"""


def write_bank(unit: Path) -> None:
    """Write two right and six wrong answers, in C++ and as changes to it."""
    right = "### right: {}\n\n```cpp\n{}\n```\n"
    wrong = "### wrong: {0} times\n\nFrom: loop\nSays: every value is {0} times\n\n```diff\n-{1}\n+{2}\n```\n"
    line = SOLUTION.splitlines()[1]
    answers = [right.format("loop", RIGHT), right.format("product", RIGHT.replace("scale *", "1.0 * scale *"))]
    answers += [wrong.format(n, line, line.replace("scale *", f"{n} * scale *")) for n in range(2, 8)]
    write_aside(bank_of(unit, "sample"), "\n".join(answers))


def make_course(root: Path, settings: str = "") -> Course:
    """Make and release the course."""
    return tiny_course.make_course(root, text=TEXT, bank=write_bank, settings=settings)
