"""Tiny units, and a course that holds them."""

from pathlib import Path

from course_lib.answers import bank_of
from course_lib.course import Course
from course_lib.files import write_aside
from tests.support.courses import build_course, write_unit

TITLE = "# A tiny unit\n\nDouble a number.\n"
HINT = "    secret = 2\n"  # in the text of a hint as well, so it is not secret
SOLUTION = f'''def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
{HINT}    return x * secret  # a remark on the answer
    ### END SOLUTION
'''
EXPLANATION = '+++ {"tags": ["explanation"]}\n\nA product needs one step.\n'
CHECK = """from course_lib.checks import call, passed

call(double, 3).equals(6)
passed("double", points=1)
"""
HIDDEN = """# A hidden test runs here.
### BEGIN HIDDEN TESTS
from course_lib.checks import call, passed

for number in (-2, 0.5):
    call(double, number).equals(number + number, because="hidden words")
passed("double", points=2)
### END HIDDEN TESTS
"""
RIGHT = "### right: {}\n\n```python\ndef double(x):\n    return {}\n```\n"
WRONG = "### wrong: {}\n\nSays: {}\n\n```python\ndef double(x):\n    return {}\n```\n"
BANK = "\n".join(
    [
        "# Answers to double\n",
        RIGHT.format("sum", "x + x"),
        RIGHT.format("product", "2 * x"),
        WRONG.format("half", "got:          1.5", "x / 2"),
        WRONG.format("sign", "the sign is wrong", "-2 * x"),
        WRONG.format("nothing", "`return` is missing", "None"),
        WRONG.format("square", "got:          9", "x * x"),
        WRONG.format("one more", "got:          7", "2 * x + 1"),
        "### wrong: a list\n\nFrom: product\nSays: expected\n\n```diff\n-    return 2 * x\n+    return 2 * [x]\n```\n",
    ]
)


def code(source: str, header: str = "") -> str:
    """A code cell of MyST Markdown, with YAML in its header."""
    return f"```{{code-cell}} ipython3\n---\n{header or 'tags: []'}\n---\n{source}```\n"


def graded(grade_id: str, source: str, mark: str = "solution: false, grade: true, points: 1", others: str = "") -> str:
    """A cell that nbgrader knows."""
    return code(source, f"nbgrader: {{grade_id: {grade_id}, locked: true, schema_version: 3, {mark}}}\n{others}")


def unit(*more: str, solution: str = "", check: str = "", hidden: str = "") -> str:
    """The text of a unit with one exercise, `double`; each of its cells can be replaced."""
    cells = [
        f"{TITLE}\n{HINT}",
        solution or graded("double", SOLUTION, "solution: true, grade: false"),
        EXPLANATION,
        check or graded("test_double", CHECK),
        hidden or graded("test_double_hidden", HIDDEN, "solution: false, grade: true, points: 2"),
        *more,
    ]
    return "\n".join(cells)


def make_course(root: Path, **texts: str) -> Course:
    """A course of tiny units, those with the exercise with an answer bank."""
    course = build_course(root, {})
    for name, text in texts.items():
        write(course, name, text, None if text == TITLE else BANK)
    return course


def write(course: Course, name: str, text: str, bank: str | None = BANK) -> None:
    """Write, or overwrite, a unit."""
    write_unit(course, name, text)
    if bank is not None:
        write_aside(bank_of(course.solutions / name, "double"), bank)
