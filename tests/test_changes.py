"""A change applies in exactly one place, or it is said why not."""

import difflib
import random

import pytest

from course_lib.changes import ChangeError, apply_change, find_change

TEXT = """def clip(x):
    if x < 0:
        return 0

    if x > 1:
        return 1

    return x
"""


CUT = TEXT.replace("clip", "cut").replace("    return x\n", "    # in between\n    return x\n")


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ("-    return x\n+    return -x\n", "    return x\n", "    return -x\n"),
        ("-    if x < 0:\n-        return 0\n-\n", "    if x < 0:\n        return 0\n\n", ""),
        (" def clip(x):\n+    x = 2 * x\n", "def clip(x):\n", "def clip(x):\n    x = 2 * x\n"),
        ("         return 1\n\n+    x = 2\n", "return 1\n\n", "return 1\n\n    x = 2\n"),
        (" \n+    # in between\n     return x\n@@\n-def clip(x):\n+def cut(x):\n", TEXT, CUT),
    ],
    ids=["replaced", "removed", "added", "an empty line is kept", "two parts in any order"],
)
def test_changes_worked_by_hand(change: str, before: str, after: str) -> None:
    assert apply_change(TEXT, change) == TEXT.replace(before, after)


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (" def clip(x):\nx = 2\n", 2, "expected a line that begins with a space, '+' or '-', got 'x = 2'"),
        ("+import math\n", 1, "expected a line that is kept or removed, which names the place; found none"),
        ("-    return x\n@@\n def clip(x):\n", 3, "expected a line that is added or removed, found none"),
        ("-    return x\n@@\n@@\n", 3, "expected a line that is kept or removed, which names the place; found none"),
        ("", 1, "expected a line that is kept or removed, which names the place; found none"),
        ("\n-", 1, "expected lines that occur in the text, found none"),
        ("+x\n\n", 1, "expected lines that occur once in the text, found them at its lines 4, 7; keep more lines"),
        (
            " def clip(x):\n-    if x < 0:\n@@\n-    if x < 0:\n         return 0\n",
            4,
            "expected parts that change different lines, got two that overlap",
        ),
        (
            " \n-    if x >= 1:\n",
            1,
            (
                "expected lines that occur in the text, found none; the nearest begin at its line 4\n"
                "  expected: \n  expected:     if x >= 1:\n  nearest:  \n  nearest:      if x > 1:"
            ),
        ),
    ],
)
def test_what_does_not_fit_is_said_with_its_line(change: str, line: int, words: str) -> None:
    with pytest.raises(ChangeError) as caught:
        apply_change(TEXT, change)
    assert caught.value.line == line
    assert str(caught.value).startswith(words)


def test_a_change_longer_than_its_text() -> None:
    with pytest.raises(ChangeError, match="the nearest begin at its line 1\n"):
        apply_change("x\n", " x\n y\n-z\n")


def test_a_change_that_is_found_applies() -> None:
    """Any text into any other, of lines that often repeat."""
    chance = random.Random(0)
    for _ in range(300):
        old, new = [
            "".join(chance.choices(["a\n", "  b\n", "\n", "@@\n", "-d\n"], k=chance.randint(1, 8))) for _ in "12"
        ]
        change = find_change(old, new)
        assert (apply_change(old, change) if change else old) == new


def test_a_change_that_is_found_is_short() -> None:
    assert find_change(TEXT, TEXT) == ""
    assert find_change(TEXT, TEXT.replace("x > 1", "x >= 1")) == "-    if x > 1:\n+    if x >= 1:\n"
    # Around the one line that is added at an empty line, which occurs twice, one more is kept.
    assert find_change(TEXT, TEXT.replace("0\n\n", "0\n\n\n")) == "         return 0\n+\n"


def test_a_change_is_no_longer_than_a_unified_diff() -> None:
    new = TEXT.replace("x < 0", "x < 1").replace("return x", "return -x")
    unified = list(difflib.unified_diff(TEXT.splitlines(), new.splitlines(), n=0))
    assert find_change(TEXT, new).count("\n") <= len(unified)
