"""The order in which answers are read: those with the same slip together, similar ones side by side."""

import hashlib
import keyword
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from course_lib.review.answers import Answer, Exercise

MOST_ARRANGED = 1_000  # different answers with one slip; further ones keep their place
_CAUSE = re.compile(r"^\s*likely cause:\s*(.*(?:\n\s{4,}.*)*)", re.MULTILINE)
_COMMENT = re.compile(r"(?m)^\s*(?:#|//).*$")
_TOKEN = re.compile(r"\d[\w.]*|\w+|[^\w\s]")


@dataclass(frozen=True)
class Group:
    """Answers with the same text and the same result, in a random order.

    Attributes
    ----------
    slip : str
        The likely cause that the tests name; otherwise the first line of their message, if there is one.
    answers : tuple of Answer
        At least one.
    """

    slip: str
    answers: tuple[Answer, ...]


def ordered(answers: Sequence[Answer], exercise: Exercise) -> list[Group]:
    """Put answers into groups, and arrange these.

    Parameters
    ----------
    answers : sequence of Answer
        Of the class.
    exercise : Exercise
        Answers to code and to a question in words are compared in different ways.

    Returns
    -------
    list of Group
        Answers that wait for a person first. Then the slip with the most answers, and last those without a message.
        Within a slip, similar groups are neighbors. Neither the names of students nor the order of their folders have
        any influence.
    """
    groups: dict[tuple[object, ...], list[Answer]] = defaultdict(list)
    for answer in sorted(answers, key=lambda each: _lot(each, exercise)):
        groups[answer.digest, answer.tests, answer.message].append(answer)
    slips: dict[str, list[Group]] = defaultdict(list)
    for alike in groups.values():
        slip = slip_of(alike[0].message)
        slips[slip].append(Group(slip, tuple(alike)))
    decided = {slip: all(_is_decided(group.answers[0]) for group in found) for slip, found in slips.items()}
    sizes = {slip: sum(len(group.answers) for group in found) for slip, found in slips.items()}
    return [
        group
        for slip in sorted(slips, key=lambda slip: (decided[slip], not slip, -sizes[slip], slip))
        for group in _arranged(slips[slip], exercise.question)
    ]


def slip_of(message: str) -> str:
    """Return what a message of the tests names as the cause, else its first line."""
    cause = _CAUSE.search(message)
    return " ".join((cause[1] if cause else message.partition("\n")[0]).split())


def _is_decided(answer: Answer) -> bool:
    """Tell whether the tests decided on the points; an answer in words waits for a person."""
    return all(points is not None for _, points in answer.tests)


def _lot(answer: Answer, exercise: Exercise) -> str:
    """Draw a lot: the same at each start, another one in each exercise."""
    return hashlib.sha256(f"{exercise.unit}\0{exercise.name}\0{answer.student}".encode()).hexdigest()


def _arranged(groups: list[Group], in_words: bool) -> list[Group]:
    """Make similar groups neighbors: leaves of a tree of clusters, by the angle between TF-IDF vectors."""
    if len(groups) < 3:
        return groups
    import numpy as np
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform
    from sklearn.feature_extraction.text import TfidfVectorizer

    here, more = groups[:MOST_ARRANGED], groups[MOST_ARRANGED:]
    tokens = [words_of(group.answers[0].source) if in_words else code_of(group.answers[0].source) for group in here]
    vectors = TfidfVectorizer(analyzer=_pairs, sublinear_tf=True).fit_transform(tokens)
    distances = np.clip(1 - (vectors @ vectors.T).toarray(), 0, 1)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=len(here) <= 300)
    return [here[leaf] for leaf in leaves_list(tree)] + more


def _pairs(tokens: Sequence[str]) -> list[str]:
    """List the tokens, and the pairs of neighbors; the end counts as one, so that an empty text has a feature."""
    ended = [*tokens, ""]
    return [*ended, *(f"{first} {second}" for first, second in pairwise(ended))]


def words_of(text: str) -> list[str]:
    """Split an answer in words."""
    return re.findall(r"\w+", text.lower())


def code_of(text: str) -> list[str]:
    """Split Python or C++ into tokens; a name that the learner chose counts as any other.

    Names of functions that are called, of attributes and of the language are kept. Lines of comments do not count.
    """
    tokens = _TOKEN.findall(_COMMENT.sub("", text))
    around = zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False)
    return [_general(token) if before != "." and after != "(" else token for before, token, after in around]


def _general(token: str) -> str:
    return "name" if token.isidentifier() and not keyword.iskeyword(token) else token
