"""Where two answers are alike."""

from collections.abc import Collection
from typing import NamedTuple

from course_lib.similar.documents import Document


class Passage(NamedTuple):
    """A part of an answer that is in another one too.

    Attributes
    ----------
    start, end : int
        Where it is in the answer's text.
    numbers : tuple of int
        Equal numbers in the other answer's passages mean that they share words.
    """

    start: int
    end: int
    numbers: tuple[int, ...]


class _Stretch(NamedTuple):
    """Tokens that shared runs cover without a gap."""

    start: int
    end: int
    runs: frozenset[int]


def passages(one: Document, other: Document, shared: Collection[int]) -> tuple[list[Passage], list[Passage]]:
    """Find the passages of two answers that consist of shared runs.

    Parameters
    ----------
    one, other : Document
        The answers.
    shared : collection of int
        Hashes of the runs that count.

    Returns
    -------
    tuple of (list of Passage, list of Passage)
        Of either answer, in the order of its text. Those of the first are numbered from 1.
    """
    first, second = _stretches(one, shared), _stretches(other, shared)
    numbered = [(number, stretch.runs) for number, stretch in enumerate(first, 1)]
    return (
        [Passage(stretch.start, stretch.end, (number,)) for number, stretch in enumerate(first, 1)],
        [
            Passage(stretch.start, stretch.end, tuple(number for number, runs in numbered if runs & stretch.runs))
            for stretch in second
        ],
    )


def _stretches(document: Document, shared: Collection[int]) -> list[_Stretch]:
    """Join shared runs that touch each other."""
    groups: list[list[int]] = []
    for place in document.places(shared):
        if groups and place <= groups[-1][-1] + document.kind.run:
            groups[-1].append(place)
        else:
            groups.append([place])
    return [
        _Stretch(
            document.tokens[group[0]].start,
            document.tokens[group[-1] + document.kind.run - 1].end,
            frozenset(document.hashes[place] for place in group),
        )
        for group in groups
    ]
