"""Code and prose as the words that are compared: what is easily changed without changing an answer is left out."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pygments.lexers.c_cpp import CppLexer
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Name, Number, String, Text, _TokenType

from course_lib.cells import is_cpp

MAX_CHARS = 20_000  # of an answer that are compared; nobody needs as many
_LEFT_OUT = (Text, Comment, String.Doc)
_STAND_INS = ((Number, "0"), (String, "s"), (Name, "n"))
_FIXED = (Name.Builtin, Name.Exception, Name.Namespace, Name.Decorator)  # names that a learner cannot choose
_OWN = ("self", "cls")  # whose members a learner names
_WORD = re.compile(r"\w+(?:['’.]\w+)*")


class Token(NamedTuple):
    """A word of an answer.

    Attributes
    ----------
    word : str
        What is compared.
    start, end : int
        Where it is in the text: the place of its first character, and the one after its last.
    """

    word: str
    start: int
    end: int


def code_tokens(source: str) -> list[Token]:
    """Split code into tokens; comments, docstrings and spacing are left out.

    A name that a learner can choose becomes ``n``, a number ``0``, a string ``s``. Names of Python, and those behind a
    dot, such as ``reduce_mean`` in ``tf.reduce_mean``, stay what they are.

    Parameters
    ----------
    source : str
        Python, or C++ below ``%%cpp``; it need not be valid.

    Returns
    -------
    list of Token
        In the order of the text; of a long text, those of its first 20,000 characters.
    """
    return list(_merged(_code(source[:MAX_CHARS])))


def _code(source: str) -> Iterator[Token]:
    lexer = CppLexer() if is_cpp(source) else PythonLexer()
    before = ["", ""]
    for start, kind, text in lexer.get_tokens_unprocessed(source):
        if not any(kind in left_out for left_out in _LEFT_OUT):
            is_member = before[1] == "." and before[0] not in _OWN
            yield Token(_word(kind, text, is_member), start, start + len(text))
            before = [before[1], text]


def _word(kind: _TokenType, text: str, is_member: bool) -> str:
    """Choose what stands for a piece of code."""
    if any(kind in fixed for fixed in _FIXED) or (kind in Name and is_member):
        return text
    return next((stand_in for kinds, stand_in in _STAND_INS if kind in kinds), text)


def _merged(tokens: Iterator[Token]) -> Iterator[Token]:
    """Join the parts of a string: its quotes and what is between them."""
    last: Token | None = None
    for token in tokens:
        if last and last.word == token.word == "s":
            last = Token("s", last.start, token.end)
            continue
        if last:
            yield last
        last = token
    if last:
        yield last


def prose_tokens(text: str) -> list[Token]:
    """Split an answer in words into its words, without case and punctuation.

    Parameters
    ----------
    text : str
        Markdown.

    Returns
    -------
    list of Token
        In the order of the text; of a long text, those of its first 20,000 characters.
    """
    return [Token(found[0].casefold(), found.start(), found.end()) for found in _WORD.finditer(text[:MAX_CHARS])]
