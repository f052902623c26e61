"""Reading answer banks, and saying what is wrong with them."""

import re
from pathlib import Path

import pytest

from course_lib.answers import Answer, read_answers
from course_lib.course import Course
from tests.units import ROOT

BANK = '''# Answers to a unit

Some words about this bank.

## double

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

## triple

### right: with: a colon

````python
TEXT = """
```python
### wrong: fenced in a fence
```
"""
````
'''
ANSWERS = [
    Answer("double", "a sum", True, (), "def double(x):\n    return x + x\n", 7),
    Answer(
        "double",
        "no return",
        False,
        ("`return` is missing", "got", "None"),
        'def double(x):\n    """Twice.\n\n    ### right: a heading in code\n\n    Says: nothing\n    """\n',
        16,
    ),
    Answer("triple", "with: a colon", True, (), 'TEXT = """\n```python\n### wrong: fenced in a fence\n```\n"""\n', 36),
]


def bank(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "answers.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_bank_in_the_order_of_the_file(tmp_path: Path) -> None:
    assert read_answers(bank(tmp_path, BANK)) == ANSWERS


def test_lines_are_those_of_the_headings(tmp_path: Path) -> None:
    lines = BANK.splitlines()
    for answer in read_answers(bank(tmp_path, BANK)):
        assert lines[answer.line - 1].endswith(f": {answer.title}")


@pytest.mark.parametrize("text", ["", "# Answers\n\nNone yet.\n", "## double\n"])
def test_a_bank_may_be_empty(tmp_path: Path, text: str) -> None:
    assert read_answers(bank(tmp_path, text)) == []


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("## double", "", 7, "expected '## exercise' before the first answer, found none"),
        ("### right: a sum", "### a sum", 7, "expected '### right: …' or '### wrong: …', got '### a sum'"),
        (
            "### right: a sum",
            "### Right: a sum",
            7,
            "expected '### right: …' or '### wrong: …', got '### Right: a sum'",
        ),
        ("```python\ndef double(x):\n    return x + x\n```", "", 7, "expected one block of code, found 0"),
        ("It may be explained.", "```python\nx = 1\n```", 7, "expected one block of code, found 2"),
        ("### wrong: no return", "### wrong: no return\n\n#### A remark", 16, "expected one block of code, found 0"),
        ("Says: ", "They say: ", 16, "expected a line 'Says: …' with words of the feedback, found none"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, before: str, after: str, line: int, words: str) -> None:
    path = bank(tmp_path, BANK.replace(before, after))
    with pytest.raises(ValueError, match=f"^{re.escape(f'{path}:{line}: {words}')}$"):
        read_answers(path)


def test_words_that_are_empty_are_no_words(tmp_path: Path) -> None:
    text = "## double\n\n### wrong: silent\n\nSays: \n\n```python\nx = 1\n```\n"
    with pytest.raises(ValueError, match=r":3: expected a line 'Says: …' with words of the feedback, found none$"):
        read_answers(bank(tmp_path, text))


def test_another_encoding_is_said_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.md"
    path.write_bytes("## größe\n".encode("latin-1"))
    with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: expected UTF-8, got something else: "):
        read_answers(path)


@pytest.mark.parametrize("unit", Course(ROOT).units_with_solutions())
def test_headings_and_answers_of_our_banks_are_as_many(unit: str) -> None:
    path = Course(ROOT).solutions / unit / "answers.md"
    answers = read_answers(path)
    headings = re.findall(r"^### (?:right|wrong): .*\n\n(?:Says: |```python)", path.read_text(encoding="utf-8"), re.M)
    assert len(answers) == len(headings) > 0
    for answer in answers:
        compile(answer.code, answer.title, "exec")
