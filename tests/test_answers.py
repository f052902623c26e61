"""Reading answer banks, writing into them, and saying what is wrong with them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.answers import Answer, banks, read_answers, read_bank, write_entry
from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.native import as_python
from tests.support.paths import ROOT

BANK = '''# Answers to double

Some words about this bank.

### right: a sum

It may be explained.

```python
def double(x):
    return x + x
```

### wrong: no return

Says: `return` is missing
Says: got
and this line is no word of the feedback

Says: None

```python
def double(x):
    """Twice.

    ### right: a heading in code

    Says: nothing
    """
```

### wrong: half

From: with: a colon
Says: half as much

```diff
-    return 2 * x
+    return x / 2
```

### right: with: a colon

````python
TEXT = """
```python
### wrong: fenced in a fence
```
"""
def double(x):
    return 2 * x
````
'''
COLON = 'TEXT = """\n```python\n### wrong: fenced in a fence\n```\n"""\ndef double(x):\n    return 2 * x\n'
ANSWERS = [
    Answer("double", "a sum", True, (), "def double(x):\n    return x + x\n", 5),
    Answer(
        "double",
        "no return",
        False,
        ("`return` is missing", "got", "None"),
        'def double(x):\n    """Twice.\n\n    ### right: a heading in code\n\n    Says: nothing\n    """\n',
        14,
    ),
    Answer("double", "half", False, ("half as much",), COLON.replace("2 * x", "x / 2"), 32),
    Answer("double", "with: a colon", True, (), COLON, 42),
]
RIGHTS = [answer for answer in ANSWERS if answer.right]


def bank(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "double.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_bank_in_the_order_of_the_file(tmp_path: Path) -> None:
    assert read_bank(bank(tmp_path, BANK)) == ANSWERS


def test_lines_are_those_of_the_headings(tmp_path: Path) -> None:
    lines = BANK.splitlines()
    for answer in read_bank(bank(tmp_path, BANK)):
        assert lines[answer.line - 1].endswith(f": {answer.title}")


@pytest.mark.parametrize("text", ["", "# Answers\n\nNone yet.\n"])
def test_a_bank_may_be_empty(tmp_path: Path, text: str) -> None:
    assert read_bank(bank(tmp_path, text)) == []


def test_all_banks_of_a_unit(tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    folder.mkdir()
    for name in ("triple", "double"):
        (folder / f"{name}.md").write_text("### right: 0\n\n```python\nx = 0\n```\n", encoding="utf-8")
    assert [answer.exercise for answer in read_answers(tmp_path)] == ["double", "triple"]
    assert banks(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("### right: a sum", "### a sum", 5, "expected '### right: …' or '### wrong: …', got the heading 'a sum'"),
        (
            "### right: a",
            "### Right: a",
            5,
            "expected '### right: …' or '### wrong: …', got the heading 'Right: a sum'",
        ),
        ("### right: a sum", "## double", 5, "expected '### right: …' or '### wrong: …', got the heading 'double'"),
        ("```python\ndef double(x):\n    return x + x\n```", "", 5, "expected one block of code, found 0"),
        ("It may be explained.", "```python\nx = 1\n```", 5, "expected one block of code, found 2"),
        ("```diff", "```", 32, "expected a block of 'python', 'cpp' or 'diff', got one of ''"),
        ("### wrong: half", "### wrong: half\n\n### wrong: third", 32, "expected one block of code, found 0"),
        ("Says: half", "They say: half", 32, "expected a line 'Says: …' with words of the feedback, found none"),
        ("Says: half as much", "Says: ", 32, "expected a line 'Says: …' with words of the feedback, found none"),
        ("### wrong: half", "### wrong: a sum", 32, "expected a title that no other answer has"),
        (
            "From: with: a colon\n",
            "",
            32,
            "expected a line 'From: …' and a block 'diff', or neither, found one of the two",
        ),
        ("```diff", "```python", 32, "expected a line 'From: …' and a block 'diff', or neither, found one of the two"),
        ("### wrong: half", "### right: half", 32, "expected a right answer written out, found a change"),
        (
            "From: with: a colon",
            "From: no return",
            32,
            "expected 'From:' with the title of a right answer, one of 'a sum', 'with: a colon'; got 'no return'",
        ),
        (
            "From: with: a colon",
            "From: a sum",
            38,
            (
                "the change does not apply to 'a sum': expected lines that occur in the text, found none; the nearest "
                "begin at its line 2\n  expected:     return 2 * x\n  nearest:      return x + x"
            ),
        ),
        (
            "+    return x / 2",
            "return x / 2",
            39,
            (
                "the change does not apply to 'with: a colon': expected a line that begins with a space, '+' or '-', "
                "got 'return x / 2'"
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, before: str, after: str, line: int, words: str) -> None:
    path = bank(tmp_path, BANK.replace(before, after))
    with pytest.raises(CourseError, match=f"^{re.escape(f'{path}:{line}: {words}')}$"):
        read_bank(path)


def test_another_encoding_is_said_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "size.md"
    path.write_bytes("# größe\n".encode("latin-1"))
    with pytest.raises(CourseError, match=f"^{re.escape(str(path))}: expected UTF-8, got something else: "):
        read_bank(path)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    entries = [write_entry(answer, RIGHTS) for answer in ANSWERS]
    assert ["```diff" in entry for entry in entries] == [False, False, True, False]
    read = read_bank(bank(tmp_path, "\n".join(entries)))
    assert [replace(answer, line=0) for answer in read] == [replace(answer, line=0) for answer in ANSWERS]


@pytest.mark.filterwarnings("ignore:assertion is always true:SyntaxWarning")  # one of the wrong answers
@pytest.mark.parametrize("unit", Course(ROOT).units_with_solutions())
def test_headings_and_answers_of_our_banks_are_as_many(unit: str) -> None:
    for path in banks(Course(ROOT).solutions / unit):
        answers = read_bank(path)
        headings = re.findall(
            r"^### (?:right|wrong): .*\n\n(?:From: |Says: |```(?:python|cpp))", path.read_text("utf-8"), re.M
        )
        assert len(answers) == len(headings) > 0
        for answer in answers:
            compile(as_python(answer.code), answer.title, "exec")
