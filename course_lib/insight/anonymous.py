"""Removing from a learner's text what says whose it is."""

import builtins
import io
import keyword
import re
import tokenize
from collections.abc import Callable, Iterable

from course_lib.cells import is_cpp
from course_lib.grading.gradebook.entries import GradebookEntry

SOMEONE = "someone"  # also a name in Python: code with a replaced name still runs
SHORTEST = 3  # letters: shorter names are usually a part of something else
_WORD = re.compile(r"[^\W_]+")
_CPP_COMMENT = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_LINE_COMMENT = re.compile(r"(?:^|(?<=\s))#[^'\"\n]*$", re.MULTILINE)
_QUOTED_LINE = re.compile(r"^( *(?:in )?line \d+[^:\n]*: [^\n]*?)\s+#[^'\"\n]*$", re.MULTILINE)


def remover(entries: Iterable[GradebookEntry], course_text: str) -> Callable[[str], str]:
    """Make a function that replaces the ids, names and addresses of a class in a text.

    Parameters
    ----------
    entries : iterable of GradebookEntry
        They say who is in the class.
    course_text : str
        Words of it, of Python and of its built-in names are kept: they identify nobody, even if they are a name.
    """
    kept = {word.casefold() for word in _WORD.findall(course_text)}
    kept |= {word.casefold() for word in (*keyword.kwlist, *dir(builtins))}
    known: set[str] = set()
    for entry in entries:
        whole = (entry.student, entry.last_name, entry.first_name, entry.email)
        known |= {*whole, *(part for text in whole for part in text.split())}
    telling = sorted((each for each in known if len(each) >= SHORTEST and each.casefold() not in kept), key=len)
    if not telling:
        return lambda text: text
    words = "|".join(map(re.escape, reversed(telling)))
    pattern = re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE)
    return lambda text: pattern.sub(SOMEONE, text)


def without_comments(code: str) -> str:
    """Take the comments out of a solution cell, and the lines that hold nothing else; Python or C++."""
    bare = _CPP_COMMENT.sub(_keep_string, code) if is_cpp(code) else _without_python_comments(code)
    before = code.split("\n")
    lines = bare.split("\n")
    if len(lines) == len(before):  # what was empty before stays
        lines = [line for line, old in zip(lines, before, strict=True) if line.strip() or not old.strip()]
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return f"{text}\n" if text.strip() else ""


def without_quoted_comments(message: str) -> str:
    """Take out the comment at the end of a line of code that a message quotes."""
    return _QUOTED_LINE.sub(r"\1", message)


def _keep_string(match: re.Match[str]) -> str:
    text = match[0]
    return text if text.startswith('"') else "\n" * text.count("\n")


def _without_python_comments(code: str) -> str:
    lines = code.split("\n")
    try:
        comments = [
            token.start
            for token in tokenize.generate_tokens(io.StringIO(code).readline)
            if token.type == tokenize.COMMENT
        ]
    except (tokenize.TokenError, SyntaxError):  # a cell with a syntax error or a magic
        return _LINE_COMMENT.sub("", code)
    for row, column in comments:
        lines[row - 1] = lines[row - 1][:column]
    return "\n".join(lines)
