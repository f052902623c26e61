"""What says whose a text is goes; code and the words of the course stay."""

import pytest

from course_lib.grading.gradebook.entries import GradebookEntry
from course_lib.insight.anonymous import remover, without_comments, without_quoted_comments

CLASS = [
    GradebookEntry(
        "al1815", "01", 0, 0, {}, last_name="von Lovelace", first_name="Ada", email="ada.lovelace@example.org"
    ),
    GradebookEntry("wu", "01", 0, 0, {}, last_name="Max", first_name="Array"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("by AL1815", "by someone"),
        ("'''Ada von Lovelace, ada.lovelace@example.org'''", "'''someone someone, someone'''"),
        ("ada_double(x)", "someone_double(x)"),
        ("adapted, canada, al18150", "adapted, canada, al18150"),
        ("max(array)", "max(array)"),  # a built-in name, and a word of the course
        ("wu", "wu"),  # two letters may be anything
        ("(ada)\n", "(someone)\n"),
    ],
)
def test_names(text: str, expected: str) -> None:
    assert remover(CLASS, "An array is doubled.")(text) == expected


def test_nobody() -> None:
    assert remover([], "")("Ada") == "Ada"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("# Ada\nx = 1  # Ada\n\ny = '# no comment'\n", "x = 1\n\ny = '# no comment'\n"),
        ("def f(x):\n    # Ada\n    return '''\n# text\n'''  # Ada", "def f(x):\n    return '''\n# text\n'''\n"),
        ("def f(x)\n    return x  # Ada\n", "def f(x)\n    return x\n"),  # a syntax error
        ("x = (1  # Ada\n# Ada\n", "x = (1\n"),
        ("%matplotlib inline\n!ls  # Ada\nx = 1\n", "%matplotlib inline\n!ls\nx = 1\n"),
        ("# only Ada\n", ""),
        ("\n\n", ""),
        ('%%cpp f\n#error // Ada\n/* Ada\n */ char c[] = "// no";\n', '%%cpp f\n#error\n char c[] = "// no";\n'),
    ],
)
def test_comments(code: str, expected: str) -> None:
    assert without_comments(code) == expected


def test_a_quoted_line_loses_its_comment() -> None:
    message = "f(2)\n  your function raised X\n  in line 2 of its cell: return x  # Ada\n  expected: # of rows"
    assert without_quoted_comments(message) == message.replace("  # Ada", "")
