"""Counting the slips that checks name, and grouping the other failures by likeness."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from course_lib.insight.class_results import Learner
from course_lib.insight.messages import Failure, read_failure


@dataclass(frozen=True)
class Finding:
    """Failures of one kind in one exercise.

    Attributes
    ----------
    title : str
        The slip, as the check names it, or what the messages have in common.
    named : bool
        Whether the check names the slip.
    learners : tuple of Learner
        Those who failed in this way; those with the most frequent message come first, and among them those with the
        most points in the unit, whose answers have the fewest other faults.
    message : str
        The most frequent message.
    same : int
        The number of learners with exactly this message.
    follows : dict of str to int
        Exercises that this one uses, and the number of these learners who failed in them as well.
    """

    title: str
    named: bool
    learners: tuple[Learner, ...]
    message: str
    same: int
    follows: dict[str, int] = field(default_factory=dict)


def findings(exercise: str, learners: Sequence[Learner]) -> list[Finding]:
    """Sort the failures in one exercise into kinds.

    Parameters
    ----------
    exercise : str
        Its name.
    learners : sequence of Learner
        The class. Answers that are those of the release have no slip in them, and are left out.

    Returns
    -------
    list of Finding
        Each learner who failed is in exactly one. Named slips come first, then the most frequent.
    """
    failed = [each for each in learners if exercise in each.messages and exercise not in each.untouched]
    read = {message: read_failure(message) for message in {each.messages[exercise] for each in failed}}
    failures = [(read[each.messages[exercise]], each) for each in failed]
    kinds = groupby(sorted(failures, key=_key), _key)
    found = [_finding(list(alike)) for _, alike in kinds]
    return sorted(found, key=lambda each: (not each.named, -len(each.learners), each.title))


def _key(pair: tuple[Failure, Learner]) -> str:
    return pair[0].key


def _finding(alike: Sequence[tuple[Failure, Learner]]) -> Finding:
    counts = Counter(failure.message for failure, _ in alike)
    message = min(counts, key=lambda each: (-counts[each], each))
    # At the end the student decides, whom nobody sees: another run shows the same example.
    order = sorted(alike, key=lambda pair: (pair[0].message != message, -pair[1].earned, pair[1].student))
    follows = Counter(name for failure, _ in alike for name in failure.follows)
    first = order[0][0]
    learners = tuple(learner for _, learner in order)
    return Finding(first.title, bool(first.slip), learners, message, counts[message], dict(sorted(follows.items())))
