"""An answer as it is compared: a list of overlapping runs of words."""

from bisect import bisect_right
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from course_lib.similar.tokens import Token, code_tokens, prose_tokens
from course_lib.similar.winnowing import grams


@dataclass(frozen=True)
class Kind:
    """How answers of one kind are compared.

    Attributes
    ----------
    split : callable
        Splits a text into tokens.
    run : int
        The number of tokens that are compared at once: what two answers share in fewer is ignored.
    window : int
        The number of neighboring runs of which one is a fingerprint.
    """

    split: Callable[[str], list[Token]]
    run: int
    window: int

    @property
    def least(self) -> int:
        """The number of tokens that two answers must share to share a fingerprint for sure."""
        return self.run + self.window - 1

    def hashes(self, text: str) -> list[int]:
        """Hash the runs of a text."""
        return grams([token.word for token in self.split(text)], self.run)


CODE = Kind(code_tokens, 8, 4)
PROSE = Kind(prose_tokens, 5, 4)


@dataclass(frozen=True)
class Document:
    """A student's answer to an exercise or a question.

    Attributes
    ----------
    student, exercise : str
        Whose it is, and what it answers.
    text : str
        As it was handed in.
    kind : Kind
        `CODE` or `PROSE`.
    tokens : tuple of Token
        What is compared: all but the lines that were there before the student began.
    """

    student: str
    exercise: str
    text: str
    kind: Kind
    tokens: tuple[Token, ...]

    @classmethod
    def of(cls, student: str, exercise: str, text: str, kind: Kind, stub: str = "") -> "Document":
        """Read an answer that was written into a stub."""
        given = {line.strip() for line in stub.split("\n")}
        tokens = tuple(token for token, line in _with_lines(kind.split(text), text) if line not in given)
        return cls(student, exercise, text, kind, tokens)

    @property
    def is_short(self) -> bool:
        """Tell whether it is too short to be compared."""
        return len(self.tokens) < self.kind.least

    @cached_property
    def hashes(self) -> list[int]:
        """The hash of the run that begins at each token; none for the last ones."""
        return grams([token.word for token in self.tokens], self.kind.run)

    def places(self, wanted: Collection[int]) -> list[int]:
        """Find the tokens at which wanted runs begin, by their hashes."""
        return [place for place, each in enumerate(self.hashes) if each in wanted]


def _with_lines(tokens: list[Token], text: str) -> list[tuple[Token, str]]:
    """Add the line that each token begins in."""
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    return [(token, lines[bisect_right(starts, token.start) - 1].strip()) for token in tokens]
