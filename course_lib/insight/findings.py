"""Counting the slips that checks name, and grouping the other failures by likeness."""

from collections import Counter
from collections.abc import Mapping, Sequence
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

    def key(learner: Learner) -> str:
        return read[learner.messages[exercise]].key

    kinds = groupby(sorted(failed, key=key), key)
    found = [_finding(exercise, list(alike), read) for _, alike in kinds]
    return sorted(found, key=lambda each: (not each.named, -len(each.learners), each.title))


def _finding(exercise: str, learners: list[Learner], read: Mapping[str, Failure]) -> Finding:
    counts = Counter(each.messages[exercise] for each in learners)
    message = min(counts, key=lambda each: (-counts[each], each))
    # At the end the student decides, whom nobody sees: another run shows the same example.
    order = sorted(learners, key=lambda each: (each.messages[exercise] != message, -each.earned, each.student))
    follows = Counter(name for each in learners for name in read[each.messages[exercise]].follows)
    failure = read[message]
    return Finding(
        failure.title, bool(failure.slip), tuple(order), message, counts[message], dict(sorted(follows.items()))
    )
